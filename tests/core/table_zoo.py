"""Builds table files of every sort, the harmless and the hostile; nothing binary is kept in the repository."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import msoffcrypto.format.ooxml
import xlsxwriter

HEADER = ["订单编号", "总金额", "买家留言"]
CONTENT_TYPES = (
    '<?xml version="1.0" encoding="UTF-8"?><Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types">'
    '<Default Extension="rels" ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
    '<Override PartName="/xl/workbook.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet.main+xml"/>'
    '<Override PartName="/xl/worksheets/sheet1.xml"'
    ' ContentType="application/vnd.openxmlformats-officedocument.spreadsheetml.worksheet+xml"/></Types>'
)
OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"


def text(folder: Path, content: str, *, encoding: str = "utf-8", name: str = "table.csv") -> Path:
    """A text file with exactly these characters."""
    return raw(folder, content.encode(encoding), name=name)


def raw(folder: Path, content: bytes, *, name: str = "table.csv") -> Path:
    """A file with exactly these bytes."""
    path = folder / name
    path.write_bytes(content)
    return path


def workbook(folder: Path, sheets: dict[str, list[list[object]]], *, name: str = "table.xlsx") -> Path:
    """A workbook as a spreadsheet program writes it."""
    path = folder / name
    with xlsxwriter.Workbook(str(path), {"default_date_format": "yyyy-mm-dd hh:mm:ss"}) as book:
        for title, rows in sheets.items():
            sheet = book.add_worksheet(title)
            for number, cells in enumerate(rows):
                sheet.write_row(number, 0, cells)
    return path


def handmade(folder: Path, sheet: str, *, extra: dict[str, str] | None = None, name: str = "table.xlsx") -> Path:
    """A workbook whose only sheet has this XML between its `worksheet` tags."""
    path = folder / name
    members = {
        "[Content_Types].xml": CONTENT_TYPES,
        "_rels/.rels": f'<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/relationships">'
        f'<Relationship Id="r1" Type="{OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        "xl/workbook.xml": f'<workbook xmlns="{MAIN}" xmlns:r="{OFFICE}"><sheets>'
        '<sheet name="export" sheetId="1" r:id="r1"/></sheets></workbook>',
        "xl/_rels/workbook.xml.rels": '<Relationships xmlns="http://schemas.openxmlformats.org/package/2006/'
        f'relationships"><Relationship Id="r1" Type="{OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
        "</Relationships>",
        "xl/worksheets/sheet1.xml": f'<worksheet xmlns="{MAIN}">{sheet}</worksheet>',
    }
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for member, content in (members | (extra or {})).items():
            archive.writestr(member, content)
    return path


def inline(reference: str, value: str) -> str:
    """The XML of a cell that holds its own text."""
    return f'<c r="{reference}" t="inlineStr"><is><t>{value}</t></is></c>'


def archive(folder: Path, members: dict[str, bytes], *, name: str = "table.zip") -> Path:
    """An ordinary archive."""
    path = folder / name
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as packed:
        for member, content in members.items():
            packed.writestr(member, content)
    return path


def encrypted(folder: Path, source: Path, password: str, *, name: str = "locked.xlsx") -> Path:
    """The same workbook behind a password."""
    path = folder / name
    locked = io.BytesIO()
    msoffcrypto.format.ooxml.OOXMLFile(io.BytesIO(source.read_bytes())).encrypt(password, locked)
    path.write_bytes(locked.getvalue())
    return path
