"""XLSX workbooks: read by calamine when small enough for memory, otherwise in a stream."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from itertools import islice
from math import isnan
from pathlib import Path
from typing import Any, Final

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from shuke.core.errors import Refused
from shuke.core.tables.limits import Limits
from shuke.core.tables.row import Row
from shuke.core.tables.table import Table, checked_header
from shuke.core.tables.workbook import Extent

# Above this a number of Excel's has lost its last digits.
_EXACT: Final = 2**53
_BATCH: Final = 500


class XlsxFile(Table):
    """A workbook; its sheets are tables of their own."""

    format = "xlsx"
    encoding = "xlsx"

    def __init__(self, path: Path, limits: Limits, extent: Extent) -> None:
        super().__init__(path, limits)
        self._extent = extent
        if extent.columns > limits.columns:
            raise Refused("too_many_columns", _("The file has more than %(columns)d columns."), columns=limits.columns)
        if extent.rows > limits.rows + 1:
            raise Refused("too_many_rows", _("The file has more than %(rows)d rows."), rows=limits.rows)
        self._book = self._opened()
        self.sheet_names = tuple(self._book.sheet_names)
        self._headers: dict[str, tuple[int, tuple[str, ...]]] = {}
        if all(next(self.rows(sheet=name), None) is None for name in self.sheet_names):
            code = "no_rows" if any(self.header_of(name) for name in self.sheet_names) else "empty"
            message = _("The file has column names but no rows.") if code == "no_rows" else _("The file is empty.")
            raise Refused(code, message)

    def header_of(self, sheet: str | None) -> tuple[str, ...]:
        return self._header(self._name(sheet))[1]

    def row_estimate(self, sheet: str | None = None) -> int:
        return max(0, self._extent.rows - 1)

    def _name(self, sheet: str | None) -> str:
        if sheet is None:
            return self.sheet_names[0]
        if sheet not in self.sheet_names:
            raise Refused("no_such_sheet", _("The workbook has no sheet of this name."))
        return sheet

    def _header(self, name: str) -> tuple[int, tuple[str, ...]]:
        """The number of the header's row and the header."""
        if name not in self._headers:
            number, cells = next(self._filled_rows(name), (0, []))
            self._headers[name] = number, checked_header(cells, self.limits)
        return self._headers[name]

    def _read(self, sheet: str | None, after: int) -> Iterator[list[Row]]:
        rows = self._rows(sheet, after)
        return iter(lambda: list(islice(rows, _BATCH)), [])

    def _rows(self, sheet: str | None, after: int) -> Iterator[Row]:
        name = self._name(sheet)
        header_row, header = self._header(name)
        width = len(header)
        longest = self.limits.cell_chars
        for number, cells in self._filled_rows(name):
            if number <= max(after, header_row):
                continue
            raw = "\t".join(cells)
            row = Row(number, cells[:width] + [""] * (width - len(cells)), raw)
            if any(cells[width:]):
                row = Row(number, [], raw[:1000], "too_wide")
            elif "\0" in raw:
                row = Row(number, [], raw[:1000], "nul")
            elif len(raw) > longest and max(map(len, cells)) > longest:
                row = Row(number, [], raw[:1000], "cell_too_long")
            yield row

    def _filled_rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        for number, cells in enumerate(self._values(name), start=1):
            if any(cells):
                yield number, cells

    def _opened(self) -> CalamineWorkbook:
        try:
            return CalamineWorkbook.from_path(str(self.path))
        except (CalamineError, OSError) as error:
            raise Refused("damaged", _("The file is damaged. Please download it again.")) from error

    def _values(self, name: str) -> Iterator[list[str]]:
        try:
            sheet = self._book.get_sheet_by_name(name)
        except CalamineError as error:
            raise Refused("damaged", _("The file is damaged. Please download it again.")) from error
        start = sheet.start
        if start is None:
            return
        blank: list[list[str]] = [[]] * start[0]
        yield from blank
        before = [""] * start[1]
        for values in sheet.iter_rows():
            yield before + [text_of(value) for value in values]


def text_of(value: Any) -> str:
    """A cell's value as the text a CSV would hold.

    Whole numbers have no `.0`. Numbers too large to be exact come out in scientific notation, so that an order
    number Excel has spoilt is never taken for a good one.
    """
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, (int, float)):
        return number_text(value)
    if isinstance(value, dt.datetime):
        return value.strftime("%Y-%m-%d %H:%M:%S")
    return "" if value is None else str(value)


def number_text(value: float) -> str:
    """See `text_of`; other numbers keep the 15 digits that Excel shows."""
    if isnan(value):
        return ""
    if abs(value) >= _EXACT:
        return f"{value:.6G}" if "E" in f"{value:.6G}" else f"{value:.6E}"
    if value == int(value):
        return str(int(value))
    return f"{value:.15g}"
