"""Delimited files are opened by their bytes, and a broken row costs no other."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.core.errors import Refused
from shuke.core.tables import Limits, Table, open_table
from tests.core import table_zoo as zoo

PLAIN = "订单编号,总金额,买家留言\r\n1001,12.90,谢谢\r\n1002,8.80,\r\n"


def cells(table: Table) -> list[list[str]]:
    return [row.cells for row in table.rows()]


def faults(table: Table) -> list[tuple[int, str | None]]:
    return [(row.number, row.fault) for row in table.rows()]


def refusal(path: Path, **options: Any) -> str:
    with pytest.raises(Refused) as refused:
        open_table(path, **options)
    assert refused.value.message
    return refused.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "utf-16"])
def test_every_encoding_gives_the_same_rows(tmp_path: Path, encoding: str) -> None:
    table = open_table(zoo.text(tmp_path, PLAIN, encoding=encoding))
    assert table.encoding == encoding
    assert table.header == ("订单编号", "总金额", "买家留言")
    assert [(row.number, row.cells) for row in table.rows()] == [
        (2, ["1001", "12.90", "谢谢"]),
        (3, ["1002", "8.80", ""]),
    ]


@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_the_header_tells_the_separator(tmp_path: Path, separator: str) -> None:
    table = open_table(zoo.text(tmp_path, PLAIN.replace(",", separator)))
    assert cells(table) == [["1001", "12.90", "谢谢"], ["1002", "8.80", ""]]


def test_excels_separator_line_is_no_header(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, "sep=;\r\n" + PLAIN.replace(",", ";")))
    assert [row.number for row in table.rows()] == [3, 4]


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
def test_any_line_end(tmp_path: Path, line_end: str) -> None:
    table = open_table(zoo.text(tmp_path, PLAIN.replace("\r\n", line_end)))
    assert cells(table) == [["1001", "12.90", "谢谢"], ["1002", "8.80", ""]]


def test_one_broken_character_rejects_its_line_only(tmp_path: Path) -> None:
    lines = [f"{number},1.00,谢谢掌柜".encode("gb18030") for number in range(50)]
    lines[20] = lines[20][:-1]
    table = open_table(zoo.raw(tmp_path, b"\r\n".join(["订单编号,总金额,买家留言".encode("gb18030"), *lines])))
    assert table.encoding == "gb18030"
    assert [fault for fault in faults(table) if fault[1]] == [(22, "undecodable")]
    assert len(list(table.rows())) == 50


def test_one_broken_character_does_not_make_utf8_into_gb18030(tmp_path: Path) -> None:
    lines = [f"{number},1.00,谢谢掌柜".encode() for number in range(50)]
    lines[0] = lines[0][:-1]
    table = open_table(zoo.raw(tmp_path, b"\n".join(["订单编号,总金额,买家留言".encode(), *lines])))
    assert table.encoding == "utf-8"
    assert [fault for fault in faults(table) if fault[1]] == [(2, "undecodable")]


def test_a_nul_rejects_its_row(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, "a,b\n1,2\n3,\0\n5,6\n"))
    assert faults(table) == [(2, None), (3, "nul"), (4, None)]


def test_ragged_rows_are_rejected_but_one_empty_cell_at_the_end_is_fine(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, "a,b,c\n1,2,3,\n1,2\n1,2,3,4\n\n,,\n1,2,3\n"))
    assert faults(table) == [(2, None), (3, "too_short"), (4, "too_wide"), (7, None)]
    assert next(table.rows()).cells == ["1", "2", "3"]


def test_a_quoted_line_end_belongs_to_its_cell(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, 'a,b\n"1\n2",3\n4,5\n'))
    assert [(row.number, row.cells, row.raw) for row in table.rows()] == [
        (2, ["1\n2", "3"], '"1\n2",3'),
        (3, ["4", "5"], "4,5"),
    ]


@pytest.mark.parametrize("broken", ['"x,1', '"x"y,1', 'x,"1'])
def test_an_open_quotation_mark_costs_its_line_only(tmp_path: Path, broken: str) -> None:
    good = "".join(f"{number},y\n" for number in range(100))
    table = open_table(zoo.text(tmp_path, f"a,b\n{broken}\n{good}"))
    assert faults(table)[:3] == [(2, "quotes"), (3, None), (4, None)]
    assert len(list(table.rows())) == 101


def test_a_cell_of_ten_megabytes_rejects_its_row(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, f"a,b\n1,2\n{'x' * 10_000_000},2\n{'y' * 40_000},2\n3,4\n"))
    assert faults(table) == [(2, None), (3, "too_long"), (4, "cell_too_long"), (5, None)]


def test_reading_goes_on_after_a_checkpoint(tmp_path: Path) -> None:
    path = zoo.text(tmp_path, "a,b\n" + "".join(f"{number},x\n" for number in range(2, 1002)))
    table = open_table(path)
    chunks = list(table.chunks(300))
    assert [len(chunk) for chunk in chunks] == [300, 300, 300, 100]
    assert [row.number for row in table.rows(after=601)] == list(range(602, 1002))
    assert chunks[2] == next(table.chunks(300, after=601))
    assert table.row_estimate() == 1000


def test_whole_blocks_of_known_lines_are_not_parsed(tmp_path: Path) -> None:
    filler = "x" * 500
    lines = [f"{number},{filler}" for number in range(2, 2002)]
    lines[1500] = f'1502,"{filler}\n1502,{filler}"'
    table = open_table(zoo.text(tmp_path, "\n".join(["a,b", *lines])))
    asked: list[str] = []

    def ask(some: list[str]) -> Callable[[], bool]:
        asked.extend(some)
        return lambda: set(some) <= set(lines)

    found = list(table.sifted(300, ask))
    known = [number for some in found if isinstance(some, range) for number in some]
    read = [row for some in found if not isinstance(some, range) for row in some]
    assert sorted([*known, *(row.number for row in read)]) == list(range(2, 2002))
    assert set(known).isdisjoint(row.number for row in read)
    assert len(known) > 800
    assert all(row.fault is None for row in read)
    assert f"1502,{filler}" in {row.cells[1].partition("\n")[2] for row in read}
    later = list(table.sifted(300, ask, after=1200))
    assert [
        number for some in later for number in (some if isinstance(some, range) else (row.number for row in some))
    ] == (list(range(1201, 2002)))


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "empty"),
        (b"\xef\xbb\xbf", "empty"),
        (b"\r\n \r\n", "empty"),
        (b"a,b\r\n", "no_rows"),
        (b"a,b\r\n,\r\n", "no_rows"),
        (b"a,,c\n1,2,3\n", "header_missing"),
        (b"a,b, a\n1,2,3\n", "header_twice"),
        (b"%PDF-1.7 ...", "not_a_table"),
        (b"\x89PNG\r\n\x1a\n", "not_a_table"),
        (b"\xff\xd8\xff\xe0", "not_a_table"),
        (b"<!DOCTYPE html><html>", "not_a_table"),
        (b"\xef\xbb\xbf\n <table><tr>", "not_a_table"),
        (b"Rar!\x1a\x07", "not_a_table"),
        (b"\x7fELF" + b"\0" * 500, "not_a_table"),
        (b"a,b\n" + b"\xff\xff,\xfe\xff\n" * 5000, "undecodable"),
    ],
)
def test_what_is_no_table_is_refused(tmp_path: Path, content: bytes, code: str) -> None:
    assert refusal(zoo.raw(tmp_path, content)) == code


def test_missing_and_doubled_names_are_told(tmp_path: Path) -> None:
    with pytest.raises(Refused) as refused:
        open_table(zoo.text(tmp_path, "a,,c\n1,2,3\n"))
    assert refused.value.params == {"columns": "B"}
    with pytest.raises(Refused) as refused:
        open_table(zoo.text(tmp_path, "总金额,b,总金额 \n1,2,3\n"))
    assert refused.value.params == {"columns": "总金额"}


def test_limits(tmp_path: Path) -> None:
    path = zoo.text(tmp_path, "a,b,c\n" + "1,2,3\n" * 20)
    assert refusal(path, limits=Limits(file_bytes=10)) == "too_large"
    assert refusal(path, limits=Limits(columns=2)) == "too_many_columns"
    with pytest.raises(Refused) as refused:
        list(open_table(path, limits=Limits(rows=10)).rows())
    assert refused.value.code == "too_many_rows"
    with pytest.raises(Refused) as refused:
        list(open_table(path, limits=Limits(seconds=-1.0)).rows())
    assert refused.value.code == "too_slow"


@settings(max_examples=150)
@given(st.lists(st.tuples(st.integers(0, 400), st.integers(0, 255)), max_size=12))
def test_changed_bytes_never_break_reading(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    content = bytearray(
        "订单编号,总金额,备注\r\n".encode("gb18030") + '"1001","2.00","谢谢"\r\n'.encode("gb18030") * 15
    )
    for place, value in changes:
        content[place % len(content)] = value
    try:
        table = open_table(zoo.raw(tmp_path, bytes(content)))
        rows = list(table.rows())
    except Refused:
        return
    numbers = [row.number for row in rows]
    assert numbers == sorted(set(numbers))
    assert all(row.fault or len(row.cells) == len(table.header) for row in rows)


def test_empty_cells_behind_a_header_that_has_them_too_are_no_fault(tmp_path: Path) -> None:
    table = open_table(zoo.text(tmp_path, "a,b,,,\r\n1,2,,,\r\n3,4\r\n5,6,,x,\r\n"))
    assert table.header == ("a", "b")
    assert [(row.cells, row.fault) for row in table.rows()] == [
        (["1", "2"], None), (["3", "4"], None), ([], "too_wide"),
    ]  # fmt: skip
