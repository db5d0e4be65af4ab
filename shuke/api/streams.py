"""Files that are sent piece by piece, each made in the merchant's scope."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Sequence
from itertools import islice

from django.http import StreamingHttpResponse

from shuke.core.tenancy import tenant

_ROWS = 500


def csv_file(merchant_id: int, pieces: Iterator[bytes], name: str) -> StreamingHttpResponse:
    """A CSV file from its pieces."""
    response = StreamingHttpResponse(_within(merchant_id, pieces), content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    return response


def csv_pieces(rows: Iterable[Sequence[str]]) -> Iterator[bytes]:
    """Rows as CSV in UTF-8 with its mark; cells have been made harmless where they come from."""
    yield "\ufeff".encode()
    left = iter(rows)
    while some := list(islice(left, _ROWS)):
        text = io.StringIO()
        csv.writer(text, lineterminator="\r\n").writerows(some)
        yield text.getvalue().encode()


def _within(merchant_id: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The call's own scope has closed when the answer is sent."""
    while True:
        with tenant(merchant_id):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece
