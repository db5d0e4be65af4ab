"""Delimited text files, read in blocks; one broken line costs that line and no other."""

from __future__ import annotations

import codecs
import csv
import re
from collections.abc import Iterable, Iterator
from functools import partial
from itertools import count, repeat
from pathlib import Path
from typing import Final, NamedTuple

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused
from shuke.core.tables.limits import Limits
from shuke.core.tables.row import Row
from shuke.core.tables.sniff import encoding_of, separator_of, undecodable
from shuke.core.tables.table import Answer, Ask, Table, checked_header

_BLOCK: Final = 1 << 18
_HOPELESS: Final = 1000
_new_row = partial(tuple.__new__, Row)
_SEPARATOR_LINE = re.compile(r"sep=(.)\s*")


def _nobody(_lines: list[str]) -> Answer:
    return _no


def _no() -> bool:
    return False


class _Block(NamedTuple):
    """Whole lines without their line ends, and what is wrong with some of them by their place."""

    lines: list[str]
    faults: dict[int, str]


class CsvFile(Table):
    """A CSV, TSV or semicolon file in UTF-8, UTF-16 or GB18030."""

    format = "csv"
    sheet_names = ()

    def __init__(self, path: Path, limits: Limits) -> None:
        super().__init__(path, limits)
        self.encoding = encoding_of(path)
        with path.open("rb") as file:
            head = file.read(_BLOCK)
        self._old_mac = b"\r" in head and b"\n" not in head
        self._separator, self._skip = ",", 0
        self._look_at_first_lines()
        first = next((row for batch in self._batches() for row in batch if isinstance(row, Row)), None)
        if first is None:
            raise Refused("empty", _("The file is empty."))
        if first.fault:
            raise Refused("header_broken", _("The first row, which should name the columns, cannot be read."))
        self._header_row = first.number
        self._header = checked_header(first.cells, limits)
        if next(self.rows(), None) is None:
            raise Refused("no_rows", _("The file has column names but no rows."))

    def header_of(self, sheet: str | None) -> tuple[str, ...]:  # noqa: ARG002 - there is only one
        """The raw header."""
        return self._header

    def row_estimate(self, sheet: str | None = None) -> int:  # noqa: ARG002 - there is only one
        """Line ends below the header, so a row that spans lines counts more than once."""
        end = b"\r" if self._old_mac else b"\n"
        with self.path.open("rb") as file:
            return max(0, sum(block.count(end) for block in iter(lambda: file.read(1 << 20), b"")) - 1)

    def _read(self, sheet: str | None, after: int) -> Iterator[list[Row]]:
        for batch in self._sift(sheet, after, _nobody):
            if not isinstance(batch, range):  # nobody knows any
                yield batch

    def _sift(
        self,
        sheet: str | None,  # noqa: ARG002 - there is only one
        after: int,
        ask: Ask,
    ) -> Iterator[list[Row] | range]:
        start = max(after, self._header_row)
        good, bad = 0, 0
        for batch in self._batches(start, ask):
            if isinstance(batch, range):
                good += len(batch)
                yield batch
                continue
            if not batch or batch[-1].number <= start:
                continue
            rows = batch if batch[0].number > start else [row for row in batch if row.number > start]
            rows = self._fitting(rows)
            yield rows
            lost = sum(row.fault == "undecodable" for row in rows)
            good, bad = good + len(rows) - lost, bad + lost
            if bad > _HOPELESS and bad > good:
                raise undecodable()

    def _fitting(self, rows: list[Row]) -> list[Row]:
        """The rows that are not blank; those with too few, too many or too long cells get a fault."""
        width = len(self._header)
        longest = self.limits.cell_chars
        if all(len(cells) == width and cells[0] and len(raw) <= longest for _number, cells, raw, _fault in rows):
            return rows
        return [self._fitted(row) for row in rows if row.fault or any(row.cells)]

    def _fitted(self, row: Row) -> Row:
        number, cells, raw, fault = row
        if fault is not None:
            return row
        width, longest = len(self._header), self.limits.cell_chars
        while len(cells) > width and not cells[-1]:
            cells.pop()
        if len(cells) != width:
            return Row(number, [], raw[:1000], "too_short" if len(cells) < width else "too_wide")
        if len(raw) > longest and max(map(len, cells)) > longest:
            return Row(number, [], raw[:1000], "cell_too_long")
        return row

    def _look_at_first_lines(self) -> None:
        """Find the separator in the first line that says something; Excel's own `sep=;` line is no header."""
        for place, line in enumerate(next(self._blocks(), _Block([], {})).lines):
            if said := _SEPARATOR_LINE.fullmatch(line):
                self._separator, self._skip = said[1], place + 1
                return
            if line.strip():
                self._separator = separator_of(line)
                return

    def _batches(self, start: int = 0, ask: Ask = _nobody) -> Iterator[list[Row] | range]:
        """Every record that has cells, numbered from 1 as Excel does; of blocks behind the record number `start` whose
        lines are all known, the numbers.
        """
        number = 1
        kept: list[str] = []
        skip = self._skip
        blocks = self._blocks()
        following, answer_ahead = next(blocks, None), None
        while following:
            lines, faults = following
            is_apart = number > start and not (kept or skip or faults)
            answer = (answer_ahead or ask(lines)) if is_apart else _no
            following, answer_ahead = next(blocks, None), None
            if is_apart and following and not following.faults:
                answer_ahead = ask(following.lines)
            if answer():
                yield range(number, number + len(lines))
                number += len(lines)
                continue
            answer_ahead = None  # with these lines told, another answer may be true
            if kept:
                faults = {place + len(kept): fault for place, fault in faults.items()}
                lines = kept + lines
            if skip:
                number += skip
                lines = lines[skip:]
                faults = {place - skip: fault for place, fault in faults.items()}
                skip = 0
            rows, number, kept = self._parse(lines, faults, number, is_last=False)
            yield rows
        yield self._parse(kept, {}, number, is_last=True)[0]

    def _parse(
        self, lines: list[str], faults: dict[int, str], number: int, *, is_last: bool
    ) -> tuple[list[Row], int, list[str]]:
        """The records of some lines, the number of the next record, and the lines of a record that is not complete."""
        if not faults:
            try:
                cells = list(csv.reader(lines, delimiter=self._separator, strict=True))
            except csv.Error:
                cells = []
            if len(cells) == len(lines):
                rows = list(map(_new_row, zip(count(number), cells, lines, repeat(None), strict=False)))
                return rows if all(cells) else list(filter(_has_cells, rows)), number + len(lines), []
        return self._parse_slowly(lines, faults, number, is_last=is_last)

    def _parse_slowly(
        self, lines: list[str], faults: dict[int, str], number: int, *, is_last: bool
    ) -> tuple[list[Row], int, list[str]]:
        """Record by record: a record that cannot be parsed costs its first line, and parsing goes on with the next."""
        rows: list[Row] = []
        place = 0
        stops = sorted(faults, reverse=True)
        while place < len(lines):
            while stops and stops[-1] < place:
                stops.pop()
            if place in faults:
                rows.append(Row(number, [], lines[place][:1000], faults[place]))
                place, number = place + 1, number + 1
                continue
            end = stops[-1] if stops else len(lines)
            part = [line + "\n" for line in lines[place : min(end, place + self.limits.record_lines)]]
            reader = csv.reader(part, delimiter=self._separator, strict=True)
            try:
                cells = next(reader)
                used = reader.line_num
                row = Row(number, cells, "".join(part[:used])[:-1])
            except csv.Error as error:
                is_open = "unexpected end" in str(error)
                if is_open and not is_last and end == len(lines) and len(part) < self.limits.record_lines:
                    return rows, number, lines[place:]
                fault = "cell_too_long" if "larger than field limit" in str(error) else "quotes"
                row, used = Row(number, [], part[0].rstrip("\n")[:1000], fault), 1
            if row.cells or row.fault:
                rows.append(row)
            place, number = place + used, number + 1
        return rows, number, []

    def _blocks(self) -> Iterator[_Block]:
        with self.path.open("rb") as file:
            if self.encoding == "utf-16":
                yield from self._wide_blocks(iter(lambda: file.read(_BLOCK), b""))
                return
            if self.encoding == "utf-8-sig":
                file.seek(len(codecs.BOM_UTF8))
            encoding = "gb18030" if self.encoding == "gb18030" else "utf-8"
            for data, is_too_long in self._whole_lines(iter(lambda: file.read(_BLOCK), b"")):
                yield _decoded(data, encoding, is_too_long=is_too_long)

    def _whole_lines(self, reads: Iterable[bytes]) -> Iterator[tuple[bytes, bool]]:
        """Bytes that end with a line end, and whether they are the cut-off start of an overlong line.

        Line ends are safe to look for in bytes: neither UTF-8 nor GB18030 uses 0x0A or 0x0D inside a character.
        """
        rest, is_skipping = b"", False
        for data in reads:
            block = rest + (data.replace(b"\r", b"\n") if self._old_mac else data)
            cut = block.rfind(b"\n") + 1
            if is_skipping:
                first = block.find(b"\n") + 1
                if not first:
                    rest = b""
                    continue
                block, cut, is_skipping = block[first:], cut - first, False
            if cut:
                yield block[:cut], False
            rest = block[cut:]
            if len(rest) > self.limits.line_bytes:
                yield rest[:1000] + b"\n", True
                rest, is_skipping = b"", True
        if rest and not is_skipping:
            yield rest, False

    def _wide_blocks(self, reads: Iterable[bytes]) -> Iterator[_Block]:
        """UTF-16 has line ends inside characters, so it is decoded first and cut into lines afterwards."""
        decoder = codecs.getincrementaldecoder("utf-16")("replace")
        encoded = (decoder.decode(data).encode("utf-8") for data in reads)
        for data, is_too_long in self._whole_lines(encoded):
            block = _decoded(data, "utf-8", is_too_long=is_too_long)
            bad = {place: "undecodable" for place, line in enumerate(block.lines) if "\ufffd" in line}
            yield _Block(block.lines, block.faults | bad)


def _decoded(data: bytes, encoding: str, *, is_too_long: bool) -> _Block:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        return _decoded_by_line(data, encoding, is_too_long=is_too_long)
    lines = text.replace("\r\n", "\n").split("\n")
    if not lines[-1]:
        lines.pop()
    faults = {}
    if "\0" in text:
        faults = {place: "nul" for place, line in enumerate(lines) if "\0" in line}
    if is_too_long:
        faults[0] = "too_long"
    return _Block(lines, faults)


def _decoded_by_line(data: bytes, encoding: str, *, is_too_long: bool) -> _Block:
    lines: list[str] = []
    faults: dict[int, str] = {}
    for place, line in enumerate(_split(data)):
        try:
            lines.append(line.decode(encoding))
        except UnicodeDecodeError:
            lines.append(line.decode(encoding, "replace"))
            faults[place] = "too_long" if is_too_long else "undecodable"
        if b"\0" in line:
            faults[place] = "nul"
    return _Block(lines, faults)


def _split(data: bytes) -> list[bytes]:
    """Lines without their ends (`splitlines` would also cut at a lone 0x0D)."""
    parts = data.replace(b"\r\n", b"\n").split(b"\n")
    return parts if parts[-1] else parts[:-1]


def _has_cells(row: Row) -> bool:
    return bool(row.cells)
