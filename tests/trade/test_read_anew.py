"""The same file, read in another way: a corrected mapping, another zone, a newer version of the program."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.platforms import platform
from shuke.platforms.specs import MappingSpec
from shuke.trade import actions as trade
from shuke.trade.actions import imports
from tests.make import Place
from tests.trade.exports import blocks, take, written
from tests.trade.test_importing import counts, stand

HEADER = "单号,下单日期,完成日期,交易状态,会员手机,货品名称,应付,实付,退"
ROWS = 30

WRONG: dict[str, Any] = {
    "label": "门店系统", "order_no": "单号", "placed_at": "下单日期", "finished_at": "完成日期", "state": "交易状态",
    "own_phone": "会员手机", "title": "货品名称", "total": "应付", "refund": "退",
    "states": [{"word": "已发货", "state": "finished"}],
}  # fmt: skip
RIGHT: dict[str, Any] = {
    **WRONG, "paid": "实付", "refund": "", "finished_at": "", "states": [{"word": "已发货", "state": "shipped"}]
}  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """A file of a system that no platform knows, read wrongly at first."""
    rows = (f"8{n:09d},2026-11-01 10:00,2026-12-01,已发货,139{n:08d},龙井绿茶,120.00,100.00,30" for n in range(ROWS))
    path = tmp_path / "门店.csv"
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    return path


def take_as(place: Place, path: Path, mapping: dict[str, Any]) -> int:
    """Import a file by a mapping saved just before."""
    with tenant(place.merchant_id):
        import_id = trade.upload(place.merchant_id, place.shop_id, path.name, blocks(path), by=place.by)
        trade.save_mapping(place.merchant_id, import_id, MappingSpec(**mapping), by=place.by)
        trade.inspect(place.merchant_id, import_id)
        trade.start(place.merchant_id, import_id, by=place.by)
    trade.run(place.merchant_id, import_id)
    return import_id


def test_a_corrected_mapping_makes_every_row_news_and_its_values_stand(
    alice: Place, charlie: Place, file: Path
) -> None:
    assert counts(alice, take_as(alice, file, WRONG)) == (ROWS, ROWS, 0, 0, 0, 0)
    assert counts(alice, take_as(alice, file, {**WRONG, "label": "另一个名字"})) == (ROWS, 0, 0, ROWS, 0, 0)
    assert counts(alice, take_as(alice, file, RIGHT)) == (ROWS, 0, ROWS, 0, 0, 0)
    take_as(charlie, file, RIGHT)
    assert stand(alice) == stand(charlie)
    assert counts(alice, take_as(alice, file, RIGHT)) == (ROWS, 0, 0, ROWS, 0, 0)
    assert counts(alice, take_as(alice, file, WRONG)) == (ROWS, 0, ROWS, 0, 0, 0)
    assert counts(alice, take_as(alice, file, RIGHT)) == (ROWS, 0, ROWS, 0, 0, 0)
    assert stand(alice) == stand(charlie)


def test_so_it_is_with_rows_that_are_products(alice: Place, charlie: Place, tmp_path: Path) -> None:
    path = tmp_path / "门店.csv"
    rows = ("A001,2026-11-01,,已发货,13900001111,茶,,100.00,", "A001,2026-11-01,,已发货,13900001111,盘,,20.00,",
            "A002,2026-11-02,,已发货,13700002222,茶,,50.00,")  # fmt: skip
    path.write_text("\n".join([HEADER, *rows]) + "\n")
    wrong = {**WRONG, "content": "sales", "total": "", "refund": "", "due": "实付"}
    right = {**wrong, "states": [{"word": "已发货", "state": "shipped"}]}
    take_as(alice, path, wrong)
    assert counts(alice, take_as(alice, path, right)) == (3, 0, 3, 0, 0, 0)
    take_as(charlie, path, right)
    assert stand(alice) == stand(charlie)
    assert counts(alice, take_as(alice, path, right)) == (3, 0, 0, 3, 0, 0)


def test_what_others_told_since_is_not_moved_back(alice: Place, file: Path) -> None:
    take_as(alice, file, {**RIGHT, "paid": ""})
    with file.open() as old:
        later = old.read().replace("已发货", "完成")
    newer = file.with_name("later.csv")
    newer.write_text(later)
    finished = {**RIGHT, "states": [{"word": "完成", "state": "finished"}]}
    take_as(alice, newer, finished)
    stood = stand(alice)
    assert counts(alice, take_as(alice, file, RIGHT)) == (ROWS, 0, 0, 0, ROWS, 0)
    assert stand(alice) == stood


def test_another_zone_moves_the_times_of_the_same_file(alice: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path, orders=40, buyers=15)
    take(alice, order_list)
    take(alice, details)
    with tenant(alice.merchant_id):
        before = sql.rows("SELECT order_no, placed_at - interval '1 hour' FROM trade_order ORDER BY 1")
        merchants.edit_merchant(alice.merchant_id, name="Tea", zone="Asia/Tokyo", by=alice.by)
    assert counts(alice, take(alice, order_list))[:4] == (40, 0, 40, 0)
    with tenant(alice.merchant_id):
        assert sql.rows("SELECT order_no, placed_at FROM trade_order ORDER BY 1") == before
    assert counts(alice, take(alice, order_list))[:4] == (40, 0, 0, 40)


def test_a_version_that_reads_otherwise_looks_at_every_row_once(
    alice: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_list, details = written(tmp_path, orders=40, buyers=15)
    take(alice, order_list)
    take(alice, details)
    stood = stand(alice)
    parsed = list[int]()
    read = platform.Layout.read

    def counted(layout: platform.Layout, rows: Any, zone: Any) -> Any:
        parsed.append(len(rows))
        return read(layout, rows, zone)

    monkeypatch.setattr(platform.Layout, "read", counted)
    for reading, count in ((platform.READING, 0), (platform.READING + 1, 40), (platform.READING + 1, 0)):
        parsed.clear()
        monkeypatch.setattr(platform, "READING", reading)
        assert counts(alice, take(alice, order_list)) == (40, 0, 0, 40, 0, 0)
        assert sum(parsed) - imports.SAMPLE == count
        assert stand(alice) == stood
