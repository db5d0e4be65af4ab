"""Workbooks come out as text; bombs, lies and locks are refused before they do harm."""

from __future__ import annotations

import contextlib
import datetime as dt
import resource
import struct
import zipfile
from pathlib import Path
from typing import Any

import pytest

from shuke.core.errors import Refused
from shuke.core.tables import Limits, Table, open_table
from tests.core import table_zoo as zoo

STREAMED = Limits(workbook_bytes_in_memory=0)
ROWS: list[list[object]] = [
    ["订单编号", "数量", "金额", "时间", "备注"],
    ["1000000020000048300", 3, 34.04, dt.datetime(2026, 5, 16, 22, 38, 1), "谢谢"],  # noqa: DTZ001 - a cell has no zone
    [94932594309008653, 1.0, 0.1 + 0.2, "2026-05-16", None],
    [],
    ["1000000020000048301", True, 12, None, "尾"],
]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(Refused) as refused:
        open_table(path, **options)
    assert refused.value.message
    return refused.value.code


def both_ways(path: Path) -> list[Table]:
    return [open_table(path), open_table(path, limits=STREAMED)]


def test_cells_become_text_and_spoilt_numbers_stay_recognisable(tmp_path: Path) -> None:
    for table in both_ways(zoo.workbook(tmp_path, {"订单报表": ROWS})):
        assert (table.format, table.sheet_names) == ("xlsx", ("订单报表",))
        assert table.header == ("订单编号", "数量", "金额", "时间", "备注")
        assert [(row.number, row.cells) for row in table.rows()] == [
            (2, ["1000000020000048300", "3", "34.04", "2026-05-16 22:38:01", "谢谢"]),
            (3, ["9.49326E+16", "1", "0.3", "2026-05-16", ""]),
            (5, ["1000000020000048301", "TRUE", "12", "", "尾"]),
        ]


def test_each_sheet_is_a_table(tmp_path: Path) -> None:
    sheets: dict[str, list[list[object]]] = {
        "订单报表": [["订单编号", "总金额"], ["1001", "1.00"]],
        "销售明细": [["子订单编号", "标题"], ["1", "茶"], ["2", "壶"]],
        "发货报表": [],
    }
    for table in both_ways(zoo.workbook(tmp_path, sheets)):
        assert table.sheet_names == ("订单报表", "销售明细", "发货报表")
        assert table.header_of("销售明细") == ("子订单编号", "标题")
        assert table.header_of("发货报表") == ()
        assert [row.cells for row in table.rows(sheet="销售明细", after=2)] == [["2", "壶"]]
        assert list(table.rows(sheet="发货报表")) == []
        with pytest.raises(Refused):
            table.header_of("没有")


def test_rows_wider_than_the_header_are_rejected(tmp_path: Path) -> None:
    rows: list[list[object]] = [["a", "b"], [1, 2, 3], [1], ["x" * 32_767, "y" * 32_767]]
    for table in both_ways(zoo.workbook(tmp_path, {"s": rows})):
        assert [(row.number, row.fault) for row in table.rows()] == [(2, "too_wide"), (3, None), (4, None)]


def test_a_password_is_asked_for(tmp_path: Path) -> None:
    locked = zoo.encrypted(tmp_path, zoo.workbook(tmp_path, {"s": [["a", "b"], ["1", "2"]]}), "茶2026")
    assert refusal(locked) == "password_needed"
    assert refusal(locked, password="wrong") == "password_wrong"
    table = open_table(locked, password="茶2026")
    assert [row.cells for row in table.rows()] == [["1", "2"]]
    clear = table.path
    del table
    assert not clear.exists()


def test_one_table_in_an_archive_is_opened(tmp_path: Path) -> None:
    inner = zoo.workbook(tmp_path, {"s": [["a", "b"], ["1", "2"]]}).read_bytes()
    for members in ({"t.csv": b"a,b\n1,2\n"}, {"t.xlsx": inner}):
        assert [row.cells for row in open_table(zoo.archive(tmp_path, members)).rows()] == [["1", "2"]]
    assert refusal(zoo.archive(tmp_path, {"a.csv": b"a\n1\n", "b.csv": b"a\n1\n"})) == "not_a_table"
    assert refusal(zoo.archive(tmp_path, {"a.txt": zoo.archive(tmp_path, {"b.csv": b"a\n1"}).read_bytes()})) == (
        "not_a_table"
    )


@pytest.mark.parametrize(
    "members", [{"mimetype": b"application/vnd.oasis", "content.xml": b""}, {"xl/workbook.bin": b""}, {"a.png": b""}]
)
def test_other_packages_are_refused(tmp_path: Path, members: dict[str, bytes]) -> None:
    assert refusal(zoo.archive(tmp_path, members)) == "not_a_table"


def test_damage_is_refused(tmp_path: Path) -> None:
    content = zoo.workbook(tmp_path, {"s": [["a", "b"], ["1", "2"]]}).read_bytes()
    assert refusal(zoo.raw(tmp_path, content[: len(content) // 2])) == "damaged"
    assert refusal(zoo.raw(tmp_path, b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\0" * 600)) == "damaged"
    middle = len(content) // 2
    for place in range(60, middle, 97):
        changed = bytearray(content)
        changed[place] ^= 0x5A
        with contextlib.suppress(Refused):
            for table in both_ways(zoo.raw(tmp_path, bytes(changed))):
                list(table.rows())


def test_a_bomb_is_not_unpacked(tmp_path: Path) -> None:
    row = '<row r="1">' + zoo.inline("A1", "x" * 100) + "</row>"
    bomb = zoo.handmade(tmp_path, "<sheetData>" + row * 300_000 + "</sheetData>")
    assert refusal(bomb) == "bomb"
    assert refusal(bomb, limits=Limits(unpacked_bytes=1000)) == "too_large"


def test_a_lie_about_the_size_is_found(tmp_path: Path) -> None:
    path = zoo.handmade(tmp_path, "<sheetData><row>" + zoo.inline("A1", "x" * 5000) + "</row></sheetData>")
    content = bytearray(path.read_bytes())
    with zipfile.ZipFile(path) as packed:
        place = packed.start_dir
        size = packed.getinfo("xl/worksheets/sheet1.xml").file_size
    at = content.index(struct.pack("<L", size), place)
    content[at : at + 4] = struct.pack("<L", 100)
    assert refusal(zoo.raw(tmp_path, bytes(content))) == "damaged"


def test_entities_are_refused(tmp_path: Path) -> None:
    evil = '<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;">]>'
    sheet = f'{evil}<worksheet xmlns="{zoo.MAIN}"><sheetData/></worksheet>'
    for extra in ({"xl/worksheets/sheet1.xml": sheet}, {"xl/sharedStrings.xml": evil + "<sst/>"}):
        assert refusal(zoo.handmade(tmp_path, "", extra=extra)) == "bomb"


def test_a_far_cell_costs_no_memory(tmp_path: Path) -> None:
    head = '<row r="1">' + zoo.inline("A1", "a") + "</row>"
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    far = zoo.handmade(tmp_path, f'<sheetData>{head}<row r="1048576">{zoo.inline("GR1048576", "x")}</row></sheetData>')
    assert [(row.number, row.fault) for row in open_table(far).rows()] == [(1_048_576, "too_wide")]
    wide = zoo.handmade(tmp_path, f"<sheetData>{head}<row r='2'><c r = 'XFD2'><v>1</v></c></row></sheetData>")
    assert refusal(wide) == "too_many_columns"
    deep = zoo.handmade(tmp_path, f'<sheetData>{head}<row r="4000000"><c><v>1</v></c></row></sheetData>')
    assert refusal(deep) == "too_many_rows"
    hidden = zoo.handmade(tmp_path, "", extra={"xl/theme/theme1.xml": "<x:sheetData><c r='XFD9999999'/></x:sheetData>"})
    assert refusal(hidden) == "damaged"
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 * 1024


def test_an_empty_workbook_is_refused(tmp_path: Path) -> None:
    assert refusal(zoo.workbook(tmp_path, {"s": []})) == "empty"
    assert refusal(zoo.workbook(tmp_path, {"s": [["a", "b"]], "t": []})) == "no_rows"


def test_a_long_number_that_ends_in_a_zero_may_be_one_that_excel_rounded(tmp_path: Path) -> None:
    rows: list[list[object]] = [["订单编号", "a", "b"], [1234567890123450, 1234567890123456, 123456789012340]]
    for table in both_ways(zoo.workbook(tmp_path, {"s": rows})):
        assert [row.cells for row in table.rows()] == [["1.23457E+15", "1234567890123456", "123456789012340"]]
