"""The invented shop's exports go through the readers without a loss, and its sums agree as real exports do."""

from __future__ import annotations

import hashlib
from collections import Counter, defaultdict
from datetime import date, timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.cli.sample_exports import LineLayout, OrderLayout, write_exports
from shuke.core.errors import Refused
from shuke.core.tables import open_table
from shuke.platforms.platform import recognise
from tests.platforms.export_rows import DOWNLOADED, SHANGHAI, UNTIL, read_file


@pytest.mark.parametrize(("layout", "lines"), [("V4", "D1"), ("V4", "D2"), ("V9", "D2"), ("V10", "D2")])
def test_generated_files_are_read_whole(tmp_path: Path, layout: OrderLayout, lines: LineLayout) -> None:
    paths = write_exports(tmp_path, orders=400, buyers=150, layout=layout, lines=lines)
    _, orders = read_file(paths[0], layout)
    _, details = read_file(paths[1], lines)
    assert (len(orders.records), orders.rejects, details.rejects) == (400, [], [])
    assert Counter(doubt for order in orders.records for doubt in order.doubts) == {}
    of_order = defaultdict(list)
    for line in details.records:
        of_order[line.order_no].append(line)
    for order in orders.records:
        parts = of_order[order.order_no]
        assert order.item_count == sum(line.quantity for line in parts)
        assert order.titles == tuple(line.title for line in parts)
        assert order.total_fen == order.goods_fen + order.post_fen
        if order.paid_at:
            assert order.paid_fen == order.total_fen - order.refund_fen
        else:
            assert order.paid_fen == 0
        if lines == "D2":
            assert order.goods_fen == sum(line.due_fen for line in parts)
    if lines == "D2":
        assert len({line.line_no for line in details.records}) == len(details.records)


def test_names_and_bytes_are_those_of_the_platform(tmp_path: Path) -> None:
    paths = write_exports(tmp_path, orders=30, buyers=10, lines="D1")
    assert [path.name for path in paths] == [
        "ExportOrderList202607030000.csv",
        "ExportOrderDetailList202607030000.csv",
    ]
    orders, details = (path.read_bytes() for path in paths)
    assert '"收货地址 ","运送方式","联系电话 "'.encode("gbk") in orders
    assert orders.count(b"\r\n") == orders.count(b"\n") == 31
    assert b'\r\n="1000000' in orders
    assert "\"'1990".encode("gbk") in orders
    assert details.splitlines()[1].endswith(b'",')


def test_the_same_seed_gives_the_same_bytes(tmp_path: Path) -> None:
    def digest(folder: str, seed: int) -> str:
        paths = write_exports(tmp_path / folder, orders=200, buyers=80, seed=seed)
        return hashlib.sha256(b"".join(path.read_bytes() for path in paths)).hexdigest()

    assert digest("a", 1) == digest("b", 1) != digest("c", 2)


def test_a_later_export_moves_the_same_orders_on(tmp_path: Path) -> None:
    early, later = (
        write_exports(tmp_path, orders=600, buyers=200, months=3, until=UNTIL, as_of=day, lines=None)[0]
        for day in (DOWNLOADED - timedelta(days=3), DOWNLOADED + timedelta(days=40))
    )
    before = {order.order_no: order for order in read_file(early, "V4")[1].records}
    after = {order.order_no: order for order in read_file(later, "V4")[1].records}
    assert before.keys() < after.keys() or before.keys() == after.keys()
    assert {order.state for order in after.values()} == {"finished", "closed"}
    moved = Counter((before[no].state, after[no].state) for no in before if before[no].state != after[no].state)
    assert set(moved) <= {
        ("unpaid", "closed"),
        ("unpaid", "finished"),
        ("paid", "finished"),
        ("paid", "closed"),
        ("shipped", "finished"),
        ("shipped", "closed"),
        ("finished", "closed"),
    }
    assert moved["shipped", "finished"] > 0
    assert all(after[no].placed_at == order.placed_at for no, order in before.items())
    unchanged = [no for no in before if before[no].row_hash == after[no].row_hash]
    assert len(unchanged) > 300


def test_the_shop_lives_like_a_shop(tmp_path: Path) -> None:
    path = write_exports(tmp_path, orders=4000, buyers=1600, until=date(2026, 12, 31), months=12, lines=None)[0]
    orders = read_file(path, "V4")[1].records
    of_buyer = Counter(order.nick for order in orders)
    days = Counter(order.placed_at.astimezone(SHANGHAI).date() for order in orders)
    assert len(of_buyer) == 1600
    assert 400 < sum(count == 1 for count in of_buyer.values()) < 1200
    assert of_buyer.most_common(1)[0][1] > 8
    assert days.most_common(1)[0][0] == date(2026, 11, 11)
    states = Counter(order.state for order in orders)
    assert 0.06 < states["closed"] / 4000 < 0.18


@settings(max_examples=120)
@given(st.lists(st.tuples(st.integers(0, 30_000), st.integers(0, 255)), max_size=20))
def test_changed_bytes_never_break_parsing(tmp_path: Path, changes: list[tuple[int, int]]) -> None:
    source = tmp_path / "source"
    if not source.exists():
        write_exports(source, orders=25, buyers=10, lines=None)
    content = bytearray(next(source.iterdir()).read_bytes())
    for place, value in changes:
        content[place % len(content)] = value
    path = tmp_path / "changed.csv"
    path.write_bytes(content)
    try:
        table = open_table(path)
        rows = list(table.rows())
    except Refused:
        return
    layout = recognise(table.header)
    if layout is not None:
        parsed = layout.read(rows, SHANGHAI)
        numbers = [record.row_number for record in parsed.records] + [reject.row_number for reject in parsed.rejects]
        assert sorted(numbers) == [row.number for row in rows]
        assert all(reject.text for reject in parsed.rejects)
