"""Reads a workbook of any size in a stream: rows as they come, shared texts on disk."""

from __future__ import annotations

import os
import re
import tempfile
import weakref
import zipfile
import zlib
from array import array
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from pathlib import Path, PurePosixPath
from typing import Final
from xml.parsers import expat

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused
from shuke.core.tables.xlsx_values import number_text

_PIECE: Final = 1 << 16
_FLUSH: Final = 1 << 20
_DATE_FORMATS: Final = frozenset([*range(14, 23), *range(27, 37), *range(45, 48), *range(50, 59)])
_NO_DATE_PART = re.compile(r'"[^"]*"|\[[^\]]*\]|\\.|_.')
_LETTERS = re.compile(r"[A-Z]+")

Start = Callable[[str, dict[str, str]], None]
End = Callable[[str], None]
Text = Callable[[str], None]


class StreamedWorkbook:
    """Sheet names and rows of a workbook; memory does not grow with the file."""

    def __init__(self, path: Path) -> None:
        self._archive = zipfile.ZipFile(path)
        weakref.finalize(self, self._archive.close)
        self._sheets: dict[str, str] = {}
        self._date_styles: set[int] = set()
        self._epoch = datetime(1899, 12, 30)  # noqa: DTZ001 - Excel's days have no zone
        self._texts = _Texts()
        self._read_outline()
        self._read_styles()
        self._read_texts()
        self.sheet_names = list(self._sheets)

    def rows(self, name: str) -> Iterator[tuple[int, list[str]]]:
        """The rows of a sheet with the numbers Excel shows."""
        sheet = _Sheet(self._texts, self._date_styles, self._epoch)
        for _piece in _parsed(self._archive, self._sheets[name], sheet.start, sheet.end, sheet.text):
            yield from sheet.done
            sheet.done.clear()

    def _read_outline(self) -> None:
        targets: dict[str, str] = {}
        names: dict[str, str] = {}

        def relation(tag: str, attributes: dict[str, str]) -> None:
            if tag == "Relationship":
                target = attributes.get("Target", "")
                targets[attributes.get("Id", "")] = target.lstrip("/") if target[:1] == "/" else f"xl/{target}"

        def outline(tag: str, attributes: dict[str, str]) -> None:
            if tag == "sheet":
                names[attributes.get("name", "")] = attributes.get("id", "")
            elif tag == "workbookPr" and attributes.get("date1904") in {"1", "true"}:
                self._epoch = datetime(1904, 1, 1)  # noqa: DTZ001 - Excel's days have no zone

        self._read("xl/_rels/workbook.xml.rels", relation)
        self._read("xl/workbook.xml", outline)
        files = set(self._archive.namelist())
        for name, relation_id in names.items():
            target = str(PurePosixPath(targets.get(relation_id, "")))
            if target in files and target.startswith("xl/worksheets/"):
                self._sheets[name] = target

    def _read_styles(self) -> None:
        dates = set(_DATE_FORMATS)
        styles = 0
        within = False

        def start(tag: str, attributes: dict[str, str]) -> None:
            nonlocal styles, within
            if tag == "numFmt" and _shows_date(attributes.get("formatCode", "")):
                dates.add(int(attributes.get("numFmtId", "0")))
            elif tag == "cellXfs":
                within = True
            elif tag == "cellStyles":
                within = False
            elif tag == "xf" and within:
                if int(attributes.get("numFmtId", "0")) in dates:
                    self._date_styles.add(styles)
                styles += 1

        self._read("xl/styles.xml", start)

    def _read_texts(self) -> None:
        parts: list[str] = []
        is_text, is_reading_aid = False, False

        def start(tag: str, _attributes: dict[str, str]) -> None:
            nonlocal is_text, is_reading_aid
            is_text = tag == "t"
            is_reading_aid = is_reading_aid or tag == "rPh"

        def end(tag: str) -> None:
            nonlocal is_text, is_reading_aid
            is_text = False
            if tag == "rPh":
                is_reading_aid = False
            elif tag == "si":
                self._texts.add("".join(parts))
                parts.clear()

        def text(piece: str) -> None:
            if is_text and not is_reading_aid:
                parts.append(piece)

        self._read("xl/sharedStrings.xml", start, end, text)
        self._texts.finish()

    def _read(self, member: str, start: Start, end: End = lambda _tag: None, text: Text = lambda _piece: None) -> None:
        if member in self._archive.namelist():
            for _piece in _parsed(self._archive, member, start, end, text):
                pass


class _Sheet:
    """Turns the marks of one sheet's XML into rows."""

    def __init__(self, texts: _Texts, date_styles: set[int], epoch: datetime) -> None:
        self.done: list[tuple[int, list[str]]] = []
        self._texts, self._date_styles, self._epoch = texts, date_styles, epoch
        self._number, self._column = 0, 0
        self._cells: list[str] = []
        self._parts: list[str] = []
        self._kind, self._style = "", 0
        self._is_value = False

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "c":
            place = _LETTERS.match(attributes.get("r", ""))
            self._column = _column(place[0]) if place else len(self._cells)
            self._kind = attributes.get("t", "n")
            self._style = int(attributes.get("s", "0"))
            self._parts.clear()
        elif tag in {"v", "t"}:
            self._is_value = True
        elif tag == "row":
            self._number = int(attributes.get("r", self._number + 1))
            self._cells = []

    def end(self, tag: str) -> None:
        if tag in {"v", "t"}:
            self._is_value = False
        elif tag == "c":
            text = self._value("".join(self._parts))
            self._cells.extend([""] * (self._column - len(self._cells)))
            self._cells.append(text)
        elif tag == "row":
            self.done.append((self._number, self._cells))

    def text(self, piece: str) -> None:
        if self._is_value:
            self._parts.append(piece)

    def _value(self, text: str) -> str:
        if not text or self._kind in {"str", "inlineStr", "d"}:
            return text
        if self._kind == "s":
            return self._texts[int(text)]
        if self._kind == "b":
            return "TRUE" if text == "1" else "FALSE"
        if self._kind == "e":
            return ""
        number = float(text)
        if self._style in self._date_styles and 0 <= number < 3_000_000:
            moment = self._epoch + timedelta(seconds=round(number * 86_400))
            return moment.strftime("%Y-%m-%d %H:%M:%S")
        return number_text(number)


class _Texts:
    """The shared texts of a workbook, kept in a file that has no name; only their places are in memory."""

    def __init__(self) -> None:
        self._file = tempfile.TemporaryFile(prefix="shuke-")  # noqa: SIM115 - lives as long as the workbook
        weakref.finalize(self, self._file.close)
        self._ends = array("Q", [0])
        self._waiting = bytearray()

    def add(self, text: str) -> None:
        raw = text.encode()
        self._waiting += raw
        self._ends.append(self._ends[-1] + len(raw))
        if len(self._waiting) > _FLUSH:
            self.finish()

    def finish(self) -> None:
        self._file.write(self._waiting)
        self._file.flush()
        self._waiting.clear()

    def __getitem__(self, place: int) -> str:
        start, end = self._ends[place], self._ends[place + 1]
        return os.pread(self._file.fileno(), end - start, start).decode()


def _parsed(archive: zipfile.ZipFile, member: str, start: Start, end: End, text: Text) -> Iterator[None]:
    """Feed an XML member to the three functions, a piece at a time; a document type of its own is refused."""
    parser = expat.ParserCreate(namespace_separator="\n")
    parser.buffer_text = True

    def plain(name: str) -> str:
        return name.rpartition("\n")[2]

    def on_start(name: str, attributes: dict[str, str]) -> None:
        start(plain(name), {plain(key): value for key, value in attributes.items()})

    def on_doctype(*_args: object) -> None:
        raise Refused("bomb", _("The workbook defines its own entities. It was not opened."))

    parser.StartElementHandler = on_start
    parser.EndElementHandler = lambda name: end(plain(name))
    parser.CharacterDataHandler = text
    parser.StartDoctypeDeclHandler = on_doctype
    try:
        with archive.open(member) as file:
            while piece := file.read(_PIECE):
                parser.Parse(piece, False)
                yield
            parser.Parse(b"", True)
    except (expat.ExpatError, zipfile.BadZipFile, zlib.error, ValueError, IndexError, OverflowError, EOFError) as error:
        raise Refused("damaged", _("The file is damaged. Please download it again.")) from error
    yield


def _shows_date(code: str) -> bool:
    return any(letter in "ymdhsYMDHS" for letter in _NO_DATE_PART.sub("", code)) and "General" not in code


def _column(letters: str) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + ord(letter) - 64
    if number > 16_384:
        raise ValueError("no such column")
    return number - 1
