"""Whatever file comes first, again or is undone in between, the same stands in the end."""

from __future__ import annotations

from typing import Any

import pytest

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.platforms.platform import OrderRecord, SaleRecord
from shuke.trade import actions as trade
from shuke.trade.actions.undoing import run_undo_to_end, take_back
from tests.loyalty.make_trade import line_record, record
from tests.make import Place
from tests.trade.test_refund_report import ORDER, amounts, refund


def take(place: Place, *records: OrderRecord, import_id: int) -> trade.Taken:
    return trade.take_orders(place.merchant_id, place.shop_id, records, import_id=import_id, by=place.by)


def test_an_older_file_does_not_pay_a_refunded_order_again(shop: Place) -> None:
    take(shop, record(ORDER, refund_fen=10000), import_id=1)
    assert amounts(shop) == [(10000, 0, 10000, 0)]
    assert take(shop, record(ORDER), import_id=2) == (0, 0, 0, 1)
    assert amounts(shop) == [(10000, 0, 10000, 0)]
    assert take(shop, record(ORDER, state="shipped"), import_id=3) == (0, 0, 0, 1)
    assert amounts(shop) == [(10000, 0, 10000, 0)]


def test_a_report_told_again_after_another_is_taken(shop: Place) -> None:
    take(shop, record(ORDER), import_id=1)
    first, second = refund(state="asked"), refund(state="returning")
    for import_id, told in enumerate((first, second, first), start=2):
        trade.take_refunds(shop.merchant_id, shop.shop_id, [told], import_id=import_id, by=shop.by)
        assert sql.scalar("SELECT state FROM trade_refund ORDER BY id DESC LIMIT 1") == told.state
    assert amounts(shop) == [(10000, 10000, 0, 0)]


def test_what_details_tell_as_refunded_stays_when_the_report_is_undone(alice: Place) -> None:
    m, s = alice.merchant_id, alice.shop_id
    with tenant(m):
        take(alice, record(ORDER), import_id=1)
        trade.take_refunds(m, s, [refund(fen=3000)], import_id=2, by=alice.by)
        line = line_record(ORDER, "10000000001", 100, refund_fen=3000, refund_state="refunded")
        trade.take_lines(m, s, [line], import_id=3, by=alice.by)
        assert amounts(alice) == [(10000, 7000, 3000, 0)]
    take_back(m, 2, by=alice.by)
    with tenant(m):
        assert amounts(alice) == [(10000, 7000, 3000, 0)]


@pytest.mark.parametrize("undone", [(1, 2), (2, 1)])
def test_two_imports_undone_in_either_order_leave_nothing(alice: Place, undone: tuple[int, int]) -> None:
    m = alice.merchant_id
    imports = []
    with tenant(m):
        for state in ("paid", "finished"):
            imports.append(trade.upload(m, alice.shop_id, "orders.csv", [b"x"], by=alice.by))
            take(alice, record(ORDER, state=state), import_id=imports[-1])
            sql.run("UPDATE trade_import SET state = 'done' WHERE id = %(id)s", {"id": imports[-1]})
    for place in undone:
        with tenant(m):
            trade.undo(m, imports[place - 1], by=alice.by)
        run_undo_to_end(m, imports[place - 1])
    with tenant(m):
        assert sql.scalar("SELECT count(*) FROM trade_order WHERE removed_at IS NULL") == 0
        assert sql.scalar("SELECT count(*) FROM members_member") == 0


def sale(state: str, *line_yuan: int) -> SaleRecord:
    order = record(ORDER, paid_yuan=sum(line_yuan), state=state)
    lines = [line_record(ORDER, "", yuan, title=f"货{yuan}", state=state) for yuan in line_yuan]
    return SaleRecord(order, tuple(one._replace(line_no=None) for one in lines), (2,))


def test_an_order_with_its_lines_told_twice_by_one_file_has_them_once(shop: Place) -> None:
    for state in ("paid", "finished"):
        trade.take_sales(shop.merchant_id, shop.shop_id, [sale(state, 60, 40)], import_id=7, by=shop.by)
    assert standing_lines() == [("货60", 6000), ("货40", 4000)]


def test_a_line_that_the_order_has_no_more_vanishes(shop: Place) -> None:
    trade.take_sales(shop.merchant_id, shop.shop_id, [sale("paid", 60, 40)], import_id=7, by=shop.by)
    trade.take_sales(shop.merchant_id, shop.shop_id, [sale("finished", 60)], import_id=8, by=shop.by)
    assert standing_lines() == [("货60", 6000)]


def standing_lines() -> list[tuple[Any, ...]]:
    return sql.rows("SELECT title, gross_fen FROM trade_line WHERE NOT is_vanished ORDER BY line_key")
