"""A workbook's container: the zip is examined before anything unpacks it, a password is taken off."""

from __future__ import annotations

import re
import tempfile
import zipfile
import zlib
from pathlib import Path, PurePosixPath
from typing import IO, Final, NamedTuple

import msoffcrypto
from django.utils.translation import gettext_lazy as _
from msoffcrypto.exceptions import DecryptionError, FileFormatError, InvalidKeyError

from shuke.core.errors import Refused
from shuke.core.tables.limits import MEGABYTE, Limits

_PIECE: Final = 1 << 18
_OVERLAP: Final = 64
_MANY_MEMBERS: Final = 10_000
# Ordinary small sheets of repeated cells pass 100:1; below this size a high ratio harms nobody.
_HARMLESS_BYTES: Final = 16 * MEGABYTE
_DOCTYPES: Final = (b"<!DOCTYPE", b"<!ENTITY", b"<\0!\0D\0O\0C\0T", b"\0<\0!\0D\0O\0C\0T")
# The place of a row or cell, and the mark of a sheet, which may only be where places are looked at.
_PLACE = re.compile(rb"""\br\s*=\s*["']([A-Za-z]{0,7})([0-9]{1,10})["']""")
_SHEET = re.compile(rb"<(?:[\w.-]+:)?sheetData\b")


class Extent(NamedTuple):
    """How large a workbook is: all its bytes unpacked, the last row and the last column of its sheets."""

    bytes: int
    rows: int
    columns: int

    @property
    def cells(self) -> int:
        """Cells of the box around everything: what a reader that fills the gaps would keep in memory."""
        return self.rows * self.columns


def examined(path: Path, limits: Limits) -> Extent | str:
    """The extent of a workbook, or the name of the one table in an ordinary archive.

    Every member is unpacked once as a stream, so that declared sizes cannot lie, and no XML may bring its own
    entities. Refused when it is no table, is damaged, or is a bomb.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = archive.infolist()
            _check_sizes(members, limits)
            names = {member.filename for member in members}
            if "xl/workbook.xml" in names:
                return _extent(archive, members)
            return _only_table(names)
    except (zipfile.BadZipFile, zlib.error, RuntimeError, EOFError, OSError, ValueError) as error:
        raise damaged() from error


def _check_sizes(members: list[zipfile.ZipInfo], limits: Limits) -> None:
    unpacked = sum(member.file_size for member in members)
    packed = sum(member.compress_size for member in members)
    if len(members) > _MANY_MEMBERS or unpacked > limits.unpacked_bytes:
        raise Refused("too_large", _("The file is too large once unpacked. Please split it."))
    if unpacked > max(_HARMLESS_BYTES, packed * limits.ratio):
        raise Refused("bomb", _("The file unpacks to a suspicious size. It was not opened."))


def _extent(archive: zipfile.ZipFile, members: list[zipfile.ZipInfo]) -> Extent:
    size, rows, columns = 0, 0, 0
    for member in members:
        is_sheet = member.filename.startswith("xl/worksheets/")
        tail = b""
        with archive.open(member) as file:
            while piece := file.read(_PIECE):
                text = tail + piece
                tail = text[-_OVERLAP:]
                size += len(piece)
                if any(mark in text for mark in _DOCTYPES) and member.filename.endswith((".xml", ".rels")):
                    raise Refused("bomb", _("The workbook defines its own entities. It was not opened."))
                if is_sheet:
                    for letters, row in _PLACE.findall(text):
                        columns = max(columns, _column_number(letters.upper()))
                        rows = max(rows, int(row))
                elif _SHEET.search(text):
                    raise damaged()
    return Extent(size, rows, columns)


def _column_number(letters: bytes) -> int:
    number = 0
    for letter in letters:
        number = number * 26 + letter - 64
    return number


def _only_table(names: set[str]) -> str:
    if "xl/workbook.bin" in names:
        raise _save_as_xlsx("XLSB")
    if "mimetype" in names and "content.xml" in names:
        raise _save_as_xlsx("ODS")
    files = [name for name in names if not name.endswith("/") and not name.startswith("__MACOSX/")]
    tables = [name for name in files if PurePosixPath(name).suffix.lower() in {".csv", ".tsv", ".txt", ".xlsx"}]
    if len(files) == 1 and len(tables) == 1:
        return tables[0]
    raise Refused(
        "not_a_table", _("This is an archive (%(kind)s). Please unpack it and upload the table inside."), kind="ZIP"
    )


def unpacked(path: Path, name: str, limits: Limits) -> Path:
    """The one table of an archive as a temporary file, which the caller removes."""
    with zipfile.ZipFile(path) as archive, archive.open(name) as packed:
        return _spooled(packed, limits)


def decrypted(path: Path, password: str | None, limits: Limits) -> Path:
    """A workbook without its password, as a temporary file, which the caller removes.

    Refused with `password_needed` or `password_wrong`, or because this is an old XLS.
    """
    with path.open("rb") as file, tempfile.TemporaryFile() as clear:
        try:
            office = msoffcrypto.OfficeFile(file)
            if office.format != "ooxml":
                raise _save_as_xlsx("XLS")
            if not password:
                raise Refused("password_needed", _("The file is protected by a password. Please enter it."))
            office.load_key(password=password, verify_password=True)
            office.decrypt(clear)
        except (InvalidKeyError, DecryptionError) as error:
            raise Refused("password_wrong", _("The password is wrong.")) from error
        except (FileFormatError, OSError, ValueError, KeyError, IndexError) as error:
            raise damaged() from error
        clear.seek(0)
        return _spooled(clear, limits)


def _spooled(source: IO[bytes], limits: Limits) -> Path:
    with tempfile.NamedTemporaryFile(prefix="shuke-", suffix=".table", delete=False) as target:
        size = 0
        while piece := source.read(_PIECE):
            size += len(piece)
            if size > limits.unpacked_bytes:
                Path(target.name).unlink()
                raise Refused("too_large", _("The file is too large once unpacked. Please split it."))
            target.write(piece)
    return Path(target.name)


def damaged() -> Refused:
    """The refusal of a file that is broken."""
    return Refused("damaged", _("The file is damaged. Please download it again."))


def _save_as_xlsx(kind: str) -> Refused:
    return Refused(
        "not_a_table",
        _("This is an %(kind)s file. Please open it and save it as XLSX or CSV, then upload that."),
        kind=kind,
    )
