"""Files that are sent piece by piece, each made in the merchant's scope."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice
from typing import Any
from urllib.parse import quote

from django.http import StreamingHttpResponse

from shuke.core.tenancy import tenant


def csv_file(merchant_id: int, pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """A CSV file to be saved under a name."""
    response = StreamingHttpResponse(within(merchant_id, pieces), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = attachment(name)
    return response


def within(merchant_id: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, each one made in the merchant's scope: the caller's own has closed when the answer is sent."""
    while True:
        with tenant(merchant_id):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def attachment(name: str) -> str:
    """The header by which a browser saves an answer under a name in any language."""
    return f"attachment; filename*=UTF-8''{quote(name)}"


def csv_pieces(rows: Iterable[Sequence[str]], *, size: int = 500) -> Iterator[bytes]:
    """Rows as CSV that Excel opens rightly, in UTF-8 with its mark; cells have been made harmless where they come from."""
    text = io.StringIO("\ufeff")
    text.seek(1)
    writer = csv.writer(text, lineterminator="\r\n")
    for place, row in enumerate(rows, 1):
        writer.writerow(row)
        if place % size == 0:
            yield _taken(text)
    yield _taken(text)


def json_pieces(items: Iterable[Any], *, size: int = 500) -> Iterator[bytes]:
    """Items as JSON, one on each line."""
    left = iter(items)
    while some := list(islice(left, size)):
        yield "".join(f"{json.dumps(one, ensure_ascii=False)}\n" for one in some).encode()


def _taken(text: io.StringIO) -> bytes:
    piece = text.getvalue().encode()
    text.seek(0)
    text.truncate()
    return piece
