"""What a table file may cost before it is refused."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

MEGABYTE: Final = 1 << 20


@dataclass(frozen=True, slots=True)
class Limits:
    """Upper limits of one file. Bytes, counts, characters and seconds of reading; `ratio` is unpacked to packed."""

    file_bytes: int = 2048 * MEGABYTE
    unpacked_bytes: int = 2048 * MEGABYTE
    ratio: int = 100
    columns: int = 200
    rows: int = 2_000_000
    cell_chars: int = 32_767
    line_bytes: int = MEGABYTE
    record_lines: int = 64
    seconds: float = 1800.0
    workbook_bytes_in_memory: int = 24 * MEGABYTE
    workbook_cells_in_memory: int = 1_000_000


USUAL_LIMITS: Final = Limits()
