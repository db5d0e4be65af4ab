"""Opens any table file, hostile or broken, and streams its rows; knows no business."""

from __future__ import annotations

import weakref
from collections.abc import Callable
from pathlib import Path

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused
from shuke.core.tables.csv_file import CsvFile
from shuke.core.tables.limits import USUAL_LIMITS, Limits
from shuke.core.tables.row import FAULTS, Row, line_hashes, row_hash
from shuke.core.tables.sniff import kind_of
from shuke.core.tables.table import Answer, Table, normal
from shuke.core.tables.workbook import decrypted, examined, unpacked
from shuke.core.tables.xlsx_file import XlsxFile

__all__ = [
    "FAULTS", "USUAL_LIMITS", "Answer", "Limits", "Row", "Table", "line_hashes", "normal", "open_table", "row_hash",
]  # fmt: skip


def open_table(path: Path, *, password: str | None = None, limits: Limits = USUAL_LIMITS) -> Table:
    """Open a table file by what its bytes are, never by its name.

    Raises Refused with a message for the shopkeeper when the file is no table, is damaged, is too large, or needs a
    password. Rows that are broken do not refuse the file: they come out with a `fault`.
    """
    if path.stat().st_size > limits.file_bytes:
        raise Refused("too_large", _("The file is too large. Please split it."))
    kind = kind_of(path)
    if kind == "text":
        return CsvFile(path, limits)
    if kind == "ole":
        clear = decrypted(path, password, limits)
        return _owning(clear, lambda: _opened_zip(clear, limits))
    return _opened_zip(path, limits)


def _opened_zip(path: Path, limits: Limits) -> Table:
    found = examined(path, limits)
    if not isinstance(found, str):
        return XlsxFile(path, limits, found)
    inner = unpacked(path, found, limits)
    return _owning(inner, lambda: _opened_inner(inner, limits))


def _opened_inner(path: Path, limits: Limits) -> Table:
    """What was packed in an archive may not be an archive of an archive."""
    if kind_of(path) == "text":
        return CsvFile(path, limits)
    found = examined(path, limits) if kind_of(path) == "zip" else ""
    if isinstance(found, str):
        raise Refused(
            "not_a_table", _("This is an archive (%(kind)s). Please unpack it and upload the table inside."), kind="ZIP"
        )
    return XlsxFile(path, limits, found)


def _owning(path: Path, opened: Callable[[], Table]) -> Table:
    """A table over a temporary file that goes away with the table."""
    try:
        table = opened()
    except BaseException:
        path.unlink()
        raise
    weakref.finalize(table, path.unlink, missing_ok=True)
    return table
