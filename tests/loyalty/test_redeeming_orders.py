"""Paying with points: what orders, time and refunds make of codes; wrong orders; codes that orders name themselves."""

from __future__ import annotations

import pytest

from shuke.core import clock
from shuke.core.actors import buyer
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries import redemption_desk
from shuke.loyalty.specs import PointsRuleSpec
from tests.conftest import NOW
from tests.loyalty.make_redemptions import (
    HOUR,
    NO,
    again,
    ask,
    bind,
    bought,
    coming,
    pools,
    refused,
    rich,
    rule,
    sound,
    told,
)
from tests.loyalty.make_trade import DAY
from tests.make import Place


@pytest.fixture
def lotus(shop: Place) -> int:
    """A member with 1000 points, in a shop where they pay."""
    rule(shop)
    return rich(shop)


def test_an_order_that_was_never_paid_frees_the_points(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought(state="unpaid"))
    assert again(shop, one).state == "bound"
    told(shop, bought(state="closed", is_paid=False))
    assert (again(shop, one).state, again(shop, one).why, pools(shop, lotus)) == ("released", "order_closed", (1000, 0))
    sound(shop)


def test_time_frees_unused_codes_and_orders_that_never_came(shop: Place, lotus: int) -> None:
    first, lily = ask(shop, lotus), rich(shop, "茉莉")
    second = bind(shop, ask(shop, lily, 200, "k2"))
    with clock.frozen(NOW + 48 * HOUR):
        assert not again(shop, first).is_open
        refused("code_over", bind, shop, first, NO + "9")
        assert loyalty.expire_redemptions(shop.merchant_id) == 1
        assert (again(shop, first).why, again(shop, second).state) == ("time_over", "bound")
        assert pools(shop, lotus) == (1000, 0)
        sound(shop)
    with clock.frozen(NOW + 9 * DAY):
        assert loyalty.expire_redemptions(shop.merchant_id) == 1
        assert loyalty.expire_redemptions(shop.merchant_id) == 0
        assert (again(shop, second).why, pools(shop, lily)) == ("not_seen", (1000, 0))
        sound(shop)


def test_an_order_paid_in_time_counts_however_late_it_is_told(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    with clock.frozen(NOW + 20 * DAY):
        loyalty.expire_redemptions(shop.merchant_id)
        assert again(shop, one).state == "released"
        told(shop, bought())
        assert (again(shop, one).state, pools(shop, lotus)) == ("committed", (700, 0))
        sound(shop)


def test_points_used_meanwhile_are_a_matter_for_people(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    with clock.frozen(NOW + 20 * DAY):
        loyalty.expire_redemptions(shop.merchant_id)
        other = ask(shop, lotus, 1000, "k2")
        told(shop, bought())
        assert (again(shop, one).state, again(shop, one).why) == ("mismatch", "not_enough")
        refused("not_enough", loyalty.decide_redemption, shop.merchant_id, one.id, "commit", by=shop.by)
        loyalty.cancel_redemption(shop.merchant_id, other.id, by=buyer(lotus))
        told(shop, bought(state="shipped"))
        assert (again(shop, one).state, pools(shop, lotus)) == ("committed", (700, 0))
        sound(shop)


def test_refunds_bring_points_back_in_parts_that_add_up(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought())
    lots = {
        (lot.expires_at, lot.amount) for lot in balances.expiring(shop.merchant_id, "points", lotus, NOW + 200 * DAY)
    }
    assert lots == {(NOW + 100 * DAY, 700)}
    for refund, back in ((1, 0), (4066, 99), (4067, 100), (12199, 299)):
        told(shop, bought(refund_fen=refund))
        assert (again(shop, one).returned_points, again(shop, one).state) == (back, "committed")
        assert pools(shop, lotus) == (700 + back, 0)
        sound(shop)
    told(shop, bought(refund_fen=12200))
    assert (again(shop, one).state, again(shop, one).why, pools(shop, lotus)) == ("released", "refunded", (1000, 0))
    lots = {
        (lot.expires_at, lot.amount) for lot in balances.expiring(shop.merchant_id, "points", lotus, NOW + 200 * DAY)
    }
    assert lots == {(NOW + 100 * DAY, 1000)}
    sound(shop)


def test_an_order_refunded_before_it_was_told_spends_nothing(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought(refund_fen=12200, state="closed"))
    assert (again(shop, one).state, pools(shop, lotus)) == ("released", (1000, 0))
    assert balances.totals(shop.merchant_id, "points").spent == 0
    sound(shop)


def test_one_code_an_order_and_one_order_a_code(shop: Place, lotus: int) -> None:
    bind(shop, ask(shop, lotus))
    other = ask(shop, lotus, 200, "k2")
    refused("order_taken", bind, shop, other)
    assert again(shop, other).state == "reserved"
    bind(shop, other, NO + "2")
    refused("code_used", bind, shop, other, NO + "3")
    sound(shop)


@pytest.mark.parametrize(
    ("code", "number", "price", "post"),
    [
        ("part_large", NO, 1199, 0),
        ("part_large", NO, 1700, 600),
        ("no_goods", NO, 0, 0),
        ("no_goods", NO, 500, 500),
        ("no_goods", NO, 5000, -1),
        ("bad_order_no", "12", 12800, 0),
        ("bad_order_no", "订单号很长很长", 12800, 0),
    ],
)
def test_orders_that_a_code_may_not_lower(
    shop: Place, lotus: int, code: str, number: str, price: int, post: int
) -> None:
    one = ask(shop, lotus)
    refused(code, bind, shop, one, number, price, post)
    assert again(shop, one) == one


def test_the_largest_part_is_said(shop: Place, lotus: int) -> None:
    said = refused("part_large", bind, shop, ask(shop, lotus), NO, 1700, 600)
    assert said == "这笔订单最多可用积分抵 ¥5.50，请客户换一个小一点的抵现码。"


def test_other_peoples_orders_and_other_shops(shop: Place, lotus: int) -> None:
    rule(shop, shop_ids=(10**9,))
    rich(shop, "茉莉")
    told(shop, bought(NO, nick="茉莉", state="unpaid"), bought(NO + "2", state="unpaid"))
    one = ask(shop, lotus)
    refused("other_customer", bind, shop, one)
    refused("other_shop", bind, shop, one, NO + "2")
    assert "不能使用积分" in redemption_desk.choices(shop.merchant_id, one)[0].why_not


def test_an_order_paid_before_it_was_noted(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought())
    refused("order_paid", bind, shop, one, NO, 12900)
    assert again(shop, one).state == "reserved"
    assert bind(shop, one).state == "committed"
    assert pools(shop, lotus) == (700, 0)
    sound(shop)


def test_a_wrong_order_is_taken_off_again(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    other = ask(shop, lotus, 200, "k2")
    loyalty.unbind_redemption(shop.merchant_id, one.id, by=shop.by)
    assert (again(shop, one).state, again(shop, one).order_no) == ("reserved", "")
    bind(shop, one, NO + "7")
    told(shop, bought(NO + "7"))
    refused("code_used", loyalty.unbind_redemption, shop.merchant_id, one.id, by=shop.by)
    assert again(shop, other).state == "reserved"
    sound(shop)


def test_a_code_is_found_in_the_remark(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought(remark=f"老客户 积分抵现{one.shown_code}，请发顺丰"))
    found = again(shop, one)
    assert (found.state, found.found_by, found.order_no) == ("mismatch", "remark", NO)
    assert found.why == "price_unknown"
    assert redemption_desk.why_words(found) == "没有人记下改价前的金额（实付 ¥122.00）"
    sound(shop)


def test_a_remark_and_the_price_before_need_nobody(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought(paid_fen=12800, state="unpaid"))
    told(shop, bought(remark=f"{one.shown_code}"))
    found = again(shop, one)
    assert (found.state, found.before_fen, found.after_fen) == ("committed", 12800, 12200)
    assert pools(shop, lotus) == (700, 0)
    sound(shop)


def test_the_only_order_that_became_so_much_cheaper_is_hers(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought(paid_fen=12800, state="unpaid"), bought(NO + "2", paid_fen=9900, state="unpaid"))
    told(shop, bought(NO + "2", paid_fen=9800))
    assert again(shop, one).state == "reserved"
    told(shop, bought())
    assert (again(shop, one).state, again(shop, one).found_by, again(shop, one).order_no) == ("committed", "price", NO)
    sound(shop)


def test_of_two_orders_that_fit_none_is_taken(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought(paid_fen=12800, state="unpaid"), bought(NO + "2", paid_fen=9900, state="unpaid"))
    told(shop, bought(), bought(NO + "2", paid_fen=9300))
    assert again(shop, one).state == "reserved"
    sound(shop)


def test_a_cancelled_code_that_was_used_is_noticed(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    loyalty.cancel_redemption(shop.merchant_id, one.id, by=buyer(lotus))
    told(shop, bought(remark=one.code))
    assert (again(shop, one).state, again(shop, one).why) == ("mismatch", "used_cancelled")
    sound(shop)
    loyalty.decide_redemption(shop.merchant_id, one.id, "commit", by=shop.by)
    assert pools(shop, lotus) == (700, 0)
    sound(shop)


def test_earning_counts_what_was_really_paid(shop: Place, lotus: int) -> None:
    with clock.frozen(NOW - DAY):
        loyalty.save_points_rule(shop.merchant_id, PointsRuleSpec(counts_when="paid", hold_days=0), by=shop.by)
    bind(shop, ask(shop, lotus))
    with clock.frozen(NOW + 2 * HOUR):
        told(shop, bought())
        assert (pools(shop, lotus), coming(shop, lotus)) == ((700, 0), 122)
        told(shop, bought(refund_fen=6100))
        assert (pools(shop, lotus), coming(shop, lotus)) == ((700 + 150, 0), 61)
        sound(shop)
