"""What a file is, told from its bytes and never from its name: kind, encoding, separator."""

from __future__ import annotations

import codecs
import re
from pathlib import Path
from typing import Final, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused

Kind = Literal["text", "zip", "ole"]

_SAMPLE: Final = 1 << 20
_ENOUGH_LINES: Final = 2000
_ENOUGH_BYTES: Final = 16 << 20

_SAVE_AGAIN = _("This is an %(kind)s file. Please open it and save it as XLSX or CSV, then upload that.")
_OTHER: Final[tuple[tuple[bytes, str, str | Promise], ...]] = (
    (b"%PDF", "PDF", _SAVE_AGAIN),
    (b"\x89PNG", "PNG", _SAVE_AGAIN),
    (b"\xff\xd8\xff", "JPEG", _SAVE_AGAIN),
    (b"GIF8", "GIF", _SAVE_AGAIN),
    (b"Rar!", "RAR", _("This is an archive (%(kind)s). Please unpack it and upload the table inside.")),
    (b"7z\xbc\xaf", "7z", _("This is an archive (%(kind)s). Please unpack it and upload the table inside.")),
    (b"\x1f\x8b", "gzip", _("This is an archive (%(kind)s). Please unpack it and upload the table inside.")),
    (b"SQLite format", "SQLite", _SAVE_AGAIN),
)
_MARKUP = re.compile(rb"\s*<(!doctype|html|head|body|table|meta|\?xml|div|script|svg)", re.IGNORECASE)
_BOMS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)


def kind_of(path: Path) -> Kind:
    """Whether the bytes are a zip, an OLE container or may be text; Refused for anything that is no table."""
    with path.open("rb") as file:
        head = file.read(4096)
    if not head.strip(b"\xef\xbb\xbf\xff\xfe \r\n\t\0"):
        raise Refused("empty", _("The file is empty."))
    if head.startswith(b"PK\x03\x04"):
        return "zip"
    if head.startswith(b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"):
        return "ole"
    for magic, kind, message in _OTHER:
        if head.startswith(magic):
            raise Refused("not_a_table", message, kind=kind)
    plain = head.removeprefix(codecs.BOM_UTF8)
    if head.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        plain = plain.replace(b"\0", b"")[2:]
    elif head.count(b"\0") > max(8, len(head) // 20):
        raise Refused("not_a_table", _("This file is no table: it has binary content."))
    if _MARKUP.match(plain):
        raise Refused(
            "not_a_table",
            _("This is a web page (HTML or XML), not a table. Please download the export again, or save it as XLSX."),
        )
    return "text"


def encoding_of(path: Path) -> str:
    """`utf-8-sig`, `utf-16`, `utf-8` or `gb18030`.

    A byte order mark decides. Otherwise the lines of the first megabytes that are not plain ASCII are tried in strict
    UTF-8 and strict GB18030; the one that fails on fewer lines is taken, UTF-8 when they are equal. So one broken
    line does not change how the others are read. Refused when more than half of the lines fail in both.
    """
    with path.open("rb") as file:
        head = file.read(4)
        for mark, encoding in _BOMS:
            if head.startswith(mark):
                return encoding
        file.seek(0)
        lines, bad_utf8, bad_gb = 0, 0, 0
        read, rest = 0, b""
        while lines < _ENOUGH_LINES and (block := file.read(_SAMPLE)):
            if block.isascii() and not rest:
                continue
            read += len(block)
            *whole, rest = (rest + block).split(b"\n")
            if len(block) < _SAMPLE or len(rest) > _SAMPLE:
                whole, rest = [*whole, rest], b""
            foreign = [line for line in whole if not line.isascii()]
            lines += len(foreign)
            bad_utf8 += sum(not _decodes(line, "utf-8") for line in foreign)
            bad_gb += sum(not _decodes(line, "gb18030") for line in foreign) if bad_utf8 else 0
            if read > _ENOUGH_BYTES:
                break
    if min(bad_utf8, bad_gb) * 2 > lines and bad_utf8:
        raise undecodable()
    return "utf-8" if bad_utf8 <= bad_gb or not bad_utf8 else "gb18030"


def undecodable() -> Refused:
    """The refusal of a file whose text is in no encoding that we read."""
    return Refused("undecodable", _("The text of the file cannot be read. Please save it as UTF-8 CSV or as XLSX."))


def _decodes(line: bytes, encoding: str) -> bool:
    try:
        line.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def separator_of(line: str) -> str:
    """Comma, tab or semicolon: whichever the header line has most often outside quotation marks."""
    bare = re.sub(r'"[^"]*"', "", line)
    return max(",\t;", key=bare.count)
