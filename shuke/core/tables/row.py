"""A row of a table file, and what can be wrong with it before anybody looks at what it says."""

from __future__ import annotations

from collections.abc import Sequence
from hashlib import blake2b
from typing import Final, NamedTuple

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

FAULTS: Final[dict[str, Promise]] = {
    "undecodable": _("The row has bytes that are no text in the encoding of the file."),
    "nul": _("The row has NUL characters."),
    "too_long": _("The row is longer than 1 MB."),
    "cell_too_long": _("A cell is longer than 32,767 characters."),
    "too_short": _("The row has fewer cells than the header."),
    "too_wide": _("The row has more cells than the header."),
    "quotes": _("The quotation marks of the row do not match."),
}


class Row(NamedTuple):
    """One row below the header.

    `number` is the one a person sees in Excel (the header is row 1), `cells` are as many as the header has, `raw` is
    the text for the reject file and for the row's hash. A row with a `fault` (a key of FAULTS) has no cells to trust.
    """

    number: int
    cells: list[str]
    raw: str
    fault: str | None = None


def row_hash(raw: str) -> bytes:
    """Eight bytes of BLAKE2b of a row's text: the same row again is known by it."""
    return blake2b(raw.encode(), digest_size=8).digest()


def line_hashes(lines: Sequence[str]) -> list[str]:
    """The `row_hash` of each line in hex, of lines that are a row each."""
    whole = "\n".join(lines).encode().split(b"\n")
    return [blake2b(line, digest_size=8).hexdigest() for line in whole]
