"""XLSX workbooks: read by calamine when small enough for memory, otherwise in a stream."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Final, Protocol

from django.utils.translation import gettext_lazy as _
from python_calamine import CalamineError, CalamineWorkbook

from shuke.core.errors import Refused
from shuke.core.tables.limits import Limits
from shuke.core.tables.row import Row
from shuke.core.tables.table import Table, checked_header
from shuke.core.tables.workbook import Extent, damaged
from shuke.core.tables.xlsx_stream import StreamedWorkbook
from shuke.core.tables.xlsx_values import text_of

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
        """The raw header of a sheet (None: the first)."""
        return self._header(self._name(sheet))[1]

    def row_estimate(self, sheet: str | None = None) -> int:  # noqa: ARG002 - of the longest
        """The last row of the longest sheet."""
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
            fitted = cells[:width] + [""] * (width - len(cells))
            raw = "\t".join(fitted)
            row = Row(number, fitted, raw)
            if any(cells[width:]):
                row = Row(number, [], raw[:1000], "too_wide")
            elif "\0" in raw:
                row = Row(number, [], raw[:1000], "nul")
            elif len(raw) > longest and max(map(len, cells)) > longest:
                row = Row(number, [], raw[:1000], "cell_too_long")
            yield row

    def _filled_rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        return ((number, cells) for number, cells in self._book.rows(name) if any(cells))

    def _opened(self) -> Workbook:
        extent, limits = self._extent, self.limits
        is_small = extent.bytes <= limits.workbook_bytes_in_memory and extent.cells <= limits.workbook_cells_in_memory
        return WorkbookInMemory(self.path) if is_small else StreamedWorkbook(self.path)


class Workbook(Protocol):
    """Two ways to read a workbook have this face."""

    sheet_names: list[str]

    def rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a sheet with the numbers Excel shows."""


class WorkbookInMemory:
    """A workbook read by calamine, which keeps a whole sheet in memory and fills its gaps."""

    def __init__(self, path: Path) -> None:
        try:
            self._book = CalamineWorkbook.from_path(str(path))
        except (CalamineError, OSError) as error:
            raise damaged() from error
        self.sheet_names = list(self._book.sheet_names)

    def rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a sheet with the numbers Excel shows."""
        try:
            sheet = self._book.get_sheet_by_name(name)
        except (CalamineError, OSError) as error:
            raise damaged() from error
        if sheet.start is None:
            return
        first, before = sheet.start[0] + 1, [""] * sheet.start[1]
        for number, values in enumerate(sheet.iter_rows(), start=first):
            yield number, before + [text_of(value) for value in values]
