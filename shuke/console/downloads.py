"""Files that a page streams out of a merchant's scope."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from shuke.core.tenancy import tenant


def within(merchant_id: int, pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same pieces, each one made in the merchant's scope: the page's own has closed when the answer is sent."""
    while True:
        with tenant(merchant_id):
            piece = next(pieces, None)
        if piece is None:
            return
        yield piece


def attachment(name: str) -> str:
    """The header by which a browser saves an answer under a name in any language."""
    return f"attachment; filename*=UTF-8''{quote(name)}"
