"""Refund reports: before or after the orders, again, in another state, undone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from shuke.cli.sample_platforms import write_platform
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.platforms.platform import RefundRecord
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.actions.undoing import run_undo_to_end
from tests.loyalty.make_trade import line_record, record
from tests.make import Place
from tests.trade.exports import UNTIL, take, written
from tests.trade.test_importing import counts, stand


def refund(
    refund_no: str = "9001", order_no: str = "1000000000000000001", fen: int = 3000, **more: Any
) -> RefundRecord:
    values: dict[str, Any] = {
        "refund_no": refund_no, "order_no": order_no, "title": "羊毛围巾", "outer_id": "", "paid_fen": None, "refund_fen": fen,
        "state": "refunded", "reason": "尺码不合适", "explanation": "打 13900001111 给我", "goods_state": "", "with_return": None,
        "is_partial": True, "paid_at": None, "asked_at": None, "finished_at": None, "doubts": (), "row_number": 2,
    } | more  # fmt: skip
    return RefundRecord(
        **values, row_hash=repr(sorted(values.items())).encode()[:16] + str(fen).encode() + values["state"].encode()
    )


def amounts(place: Place) -> list[tuple[Any, ...]]:
    return sql.rows("SELECT total_fen, paid_fen, refund_fen, report_refund_fen FROM trade_order ORDER BY order_no")


ORDER = "1000000000000000001"


def test_a_refund_lowers_what_stayed_paid_and_falls_on_its_line(shop: Place) -> None:
    by = shop.by
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=None, by=by)
    lines = [line_record(ORDER, "10000000001", 60), line_record(ORDER, "10000000002", 40, title="茶盘")]
    trade.take_lines(shop.merchant_id, shop.shop_id, lines, import_id=None, by=by)
    taken = trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(title="茶盘")], import_id=5, by=by)
    assert taken == (1, 0, 0, 0)
    assert amounts(shop) == [(10000, 7000, 3000, 3000)]
    assert sql.rows("SELECT title, gross_fen, refund_fen FROM trade_line WHERE NOT is_vanished ORDER BY line_key") == [
        (lines[0].title, 6000, 0),
        ("茶盘", 4000, 3000),
    ]
    again = trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(title="茶盘")], import_id=6, by=by)
    assert again == (0, 0, 1, 0)
    assert amounts(shop) == [(10000, 7000, 3000, 3000)]


def test_the_report_may_come_before_the_order_list(shop: Place) -> None:
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund()], import_id=5, by=shop.by)
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=6, by=shop.by)
    assert amounts(shop) == [(10000, 7000, 3000, 3000)]


def test_a_list_that_tells_the_same_refund_is_not_counted_twice(shop: Place) -> None:
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund()], import_id=5, by=shop.by)
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER, refund_fen=3000)], import_id=6, by=shop.by)
    assert amounts(shop) == [(10000, 7000, 3000, 0)]


@pytest.mark.parametrize("state", ["asked", "returning", "refused", "closed"])
def test_only_what_was_paid_back_counts_and_it_stays_so(shop: Place, state: str) -> None:
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=None, by=shop.by)
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(state=state)], import_id=5, by=shop.by)
    assert amounts(shop) == [(10000, 10000, 0, 0)]
    assert trade.take_refunds(shop.merchant_id, shop.shop_id, [refund()], import_id=6, by=shop.by) == (0, 1, 0, 0)
    assert amounts(shop) == [(10000, 7000, 3000, 3000)]
    older = trade.take_refunds(
        shop.merchant_id, shop.shop_id, [refund(state=state, reason="别的")], import_id=7, by=shop.by
    )
    assert older == (0, 0, 0, 1)
    assert amounts(shop) == [(10000, 7000, 3000, 3000)]


def test_a_refund_is_never_more_than_was_paid(shop: Place) -> None:
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=None, by=shop.by)
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(fen=99999)], import_id=5, by=shop.by)
    assert amounts(shop) == [(10000, 0, 10000, 10000)]


def test_what_the_buyer_wrote_lies_sealed(shop: Place) -> None:
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(reason="请打 13900001111")], import_id=5, by=shop.by)
    [(reason, sealed)] = sql.rows("SELECT reason, explanation_sealed FROM trade_refund")
    assert reason == "请打 139****1111"
    assert b"1111" not in bytes(sealed)


def test_refunds_are_told_beside_their_order_as_they_were_told_last(shop: Place) -> None:
    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=None, by=shop.by)
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(state="asked")], import_id=5, by=shop.by)
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund(reason="尺码不合适")], import_id=6, by=shop.by)
    [order_id] = [row[0] for row in sql.rows("SELECT id FROM trade_order")]
    [told] = queries.refunds_of(shop.merchant_id, [order_id])[order_id]
    assert (told.refund_fen, told.state, told.reason) == (3000, "refunded", "尺码不合适")
    assert queries.refunds_of(shop.merchant_id, [order_id + 1]) == {}


def test_reports_by_file_in_any_order_converge_and_are_undone(alice: Place, charlie: Place, tmp_path: Path) -> None:
    # The order lists of this shop know of the refunds already; a report must change nothing then.
    report = write_platform(tmp_path, "taobao_refunds", orders=400, buyers=150, until=UNTIL)
    lists = written(tmp_path)
    for path in lists:
        take(alice, path)
    before = stand(alice)
    told = take(alice, report)
    rows, new, *_ = counts(alice, told)
    assert rows == new > 0
    assert stand(alice) == before
    first = take(charlie, report)
    for path in reversed(lists):
        take(charlie, path)
    assert stand(charlie) == before
    assert counts(charlie, take(charlie, report))[3] == rows
    with tenant(charlie.merchant_id):
        trade.undo(charlie.merchant_id, first, by=charlie.by)
    run_undo_to_end(charlie.merchant_id, first)
    with tenant(charlie.merchant_id):
        assert sql.scalar("SELECT count(*) FROM trade_refund") == 0
    assert stand(charlie) == before


def test_undoing_a_report_gives_back_what_it_took(shop: Place) -> None:
    from shuke.trade.actions.undoing import take_back

    trade.take_orders(shop.merchant_id, shop.shop_id, [record(ORDER)], import_id=3, by=shop.by)
    trade.take_refunds(shop.merchant_id, shop.shop_id, [refund()], import_id=5, by=shop.by)
    take_back(shop.merchant_id, 5, by=shop.by)
    assert amounts(shop) == [(10000, 10000, 0, 0)]
    assert sql.rows("SELECT gross_fen, refund_fen FROM trade_line WHERE NOT is_vanished") == [(10000, 0)]
