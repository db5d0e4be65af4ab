"""Paying with points: asking for a code, changing the price, and what the order says afterwards."""

from __future__ import annotations

from typing import Any

import pytest

from shuke.core import clock, sql
from shuke.core.actors import buyer
from shuke.core.errors import Missing
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import explain, redemption_desk
from shuke.loyalty.rules.redemption import ALPHABET
from shuke.members import actions as members
from tests.conftest import NOW
from tests.loyalty.make_redemptions import (
    HOUR,
    NO,
    again,
    ask,
    bind,
    bought,
    pools,
    refused,
    rich,
    rule,
    sentences,
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


def test_a_code_sets_points_aside_for_two_days(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    assert (one.points, one.worth_fen, one.state, one.hold) == (300, 600, "reserved", "reserved")
    assert (one.until_at, one.held_until_at) == (NOW + 48 * HOUR, NOW + 48 * HOUR + 7 * DAY)
    assert pools(shop, lotus) == (700, 300)
    assert len(one.code) == 9
    assert set(one.code) <= set(ALPHABET)
    assert queries.redemption_of_code(shop.merchant_id, f" {one.shown_code.lower()} ") == one
    assert sentences(shop, lotus) == [f"300 积分已预占，可抵 ¥6.00，抵现码 {one.shown_code}"]
    sound(shop)


def test_asking_again_gives_the_same_code(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    assert ask(shop, lotus) == one
    assert ask(shop, lotus, key="another browser") == one
    refused("open_code", ask, shop, lotus, 200, "k2")
    refused("key_reused", ask, shop, lotus, 200)
    assert pools(shop, lotus) == (700, 300)


def test_several_codes_where_the_rule_allows_them(shop: Place) -> None:
    rule(shop, open_codes=2)
    lotus = rich(shop)
    codes = {ask(shop, lotus, 100, f"k{number}").code for number in range(4)}
    assert len(codes) == 2
    assert pools(shop, lotus) == (800, 200)


@pytest.mark.parametrize("points", [0, -100, 50, 150, 5100, 10**12])
def test_only_what_is_offered_can_be_asked_for(shop: Place, lotus: int, points: int) -> None:
    refused("bad_amount", ask, shop, lotus, points)
    assert pools(shop, lotus) == (1000, 0)


def test_who_may_not_ask(shop: Place) -> None:
    lotus = rich(shop)
    refused("off", ask, shop, lotus)
    rule(shop)
    refused("not_enough", ask, shop, lotus, 1100)
    members.blacklist(shop.merchant_id, [lotus], "恶意退货", by=shop.by)
    refused("paused", ask, shop, lotus)
    with pytest.raises(Missing):
        ask(shop, 10**9)
    assert pools(shop, lotus) == (1000, 0)
    sound(shop)


def test_limits_of_a_day_hold_for_one_and_for_all(shop: Place) -> None:
    rule(shop, member_day_points=300, day_points=500, open_codes=5)
    lotus, lily = rich(shop), rich(shop, "茉莉")
    ask(shop, lotus, 200, "a")
    refused("member_day_full", ask, shop, lotus, 200, "b")
    ask(shop, lily, 200, "c")
    refused("day_full", ask, shop, rich(shop, "兰草"), 200, "d")
    third = ask(shop, rich(shop, "菊香"), 100, "e")
    sound(shop)
    loyalty.cancel_redemption(shop.merchant_id, third.id, by=buyer(third.member_id))
    ask(shop, lotus, 100, "f")
    sound(shop)
    with clock.frozen(NOW + DAY):
        ask(shop, lotus, 300, "g")
    sound(shop)


def test_a_guessed_or_altered_code_is_nobodys(shop: Place, lotus: int) -> None:
    code = ask(shop, lotus).code
    for wrong in ("", "K7M", "O" + code[1:], code[1] + code[0] + code[2:] if code[0] != code[1] else "x", "２" * 8):
        refused("code_mistyped", queries.redemption_of_code, shop.merchant_id, wrong)
    guessed = queries.redemptions.make_code(shop.merchant_id, 1, lotus, 300)
    refused("no_code", queries.redemption_of_code, shop.merchant_id, guessed)


def test_an_altered_row_makes_its_code_worthless(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    sql.run("UPDATE loyalty_redemption SET points = 900 WHERE merchant_id = %(m)s", {"m": shop.merchant_id})
    refused("no_code", queries.redemption_of_code, shop.merchant_id, one.code)


def test_cancelling_frees_the_points_once(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    for _time in range(2):
        loyalty.cancel_redemption(shop.merchant_id, one.id, by=buyer(lotus))
    assert (again(shop, one).state, again(shop, one).why) == ("released", "cancelled")
    assert pools(shop, lotus) == (1000, 0)
    assert sentences(shop, lotus)[0] == f"抵现码 {one.shown_code} 的 300 积分已退回可用：客户自己取消了"
    sound(shop)


def test_the_price_change_and_the_paid_order(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    told(shop, bought(paid_fen=12800, state="unpaid"))
    choice = redemption_desk.choices(shop.merchant_id, one)[0]
    assert choice.quote is not None
    assert (choice.order.order_no, choice.quote.before_fen, choice.quote.after_fen) == (NO, 12800, 12200)
    assert choice.quote.remark == f"积分抵 ¥6.00，抵现码 {one.shown_code}"
    bound = bind(shop, one)
    assert (bound.state, bound.order_no, bound.before_fen, bound.after_fen) == ("bound", NO, 12800, 12200)
    assert bind(shop, one) == bound
    refused("code_bound", loyalty.cancel_redemption, shop.merchant_id, one.id, by=buyer(lotus))
    for _time in range(2):
        told(shop, bought())
        done = again(shop, one)
        assert (done.state, done.hold, done.paid_fen, done.spent_points) == ("committed", "spent", 12200, 300)
        assert pools(shop, lotus) == (700, 0)
    assert sentences(shop, lotus)[0] == f"订单 {NO} 用 300 积分抵了 ¥6.00，抵现码 {one.shown_code}"
    assert balances.totals(shop.merchant_id, "points").spent == 300
    sound(shop)


def test_the_lines_of_her_history_say_what_the_points_did(shop: Place, lotus: int) -> None:
    one = ask(shop, lotus)
    line = explain.history(shop.merchant_id, lotus)[0]
    assert line.sentence == f"已预占，待抵订单 ¥6.00，−300 积分，抵现码 {one.shown_code}"
    bind(shop, one)
    told(shop, bought())
    line = explain.history(shop.merchant_id, lotus)[0]
    assert line.sentence.startswith("订单 ")
    assert line.sentence.endswith(f"用积分抵了 ¥6.00，−300 积分，抵现码 {one.shown_code}")
    told(shop, bought(refund_fen=12200, state="closed"))
    assert "已退款，用掉的积分退回，+300 积分" in explain.history(shop.merchant_id, lotus)[0].sentence
    summary = queries.points_summary(shop.merchant_id, lotus)
    assert (summary.left, summary.spent, summary.other) == (1000, 0, 1000)


@pytest.mark.parametrize(
    ("order", "why"),
    [
        ({"paid_fen": 12800}, "full_price"),
        ({"paid_fen": 12500}, "paid_more"),
        ({"paid_fen": 12199}, "paid_less"),
        ({"nick": "茉莉"}, "other_customer"),
        ({"placed_at": NOW - DAY, "paid_at": NOW - HOUR}, "paid_before"),
        ({"paid_at": NOW + 10 * DAY}, "paid_late"),
    ],
)
def test_an_order_that_does_not_fit_waits_for_a_decision(
    shop: Place, lotus: int, order: dict[str, Any], why: str
) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought(**order))
    found = again(shop, one)
    assert (found.state, found.why, found.hold) == ("mismatch", why, "reserved")
    assert pools(shop, lotus) == (700, 300)
    assert len(sentences(shop, lotus)) == 3
    sound(shop)
    decided = loyalty.decide_redemption(shop.merchant_id, one.id, "commit", by=shop.by)
    assert (decided.state, pools(shop, lotus)) == ("committed", (700, 0))
    assert loyalty.decide_redemption(shop.merchant_id, one.id, "commit", by=shop.by).state == "committed"
    refused("decided", loyalty.decide_redemption, shop.merchant_id, one.id, "release", by=shop.by)
    told(shop, bought(**order))
    assert again(shop, one).state == "committed"
    sound(shop)


def test_a_person_may_give_the_points_back(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought(paid_fen=12800))
    loyalty.decide_redemption(shop.merchant_id, one.id, "release", by=shop.by)
    told(shop, bought(paid_fen=12800, state="shipped"))
    assert (again(shop, one).state, again(shop, one).why, pools(shop, lotus)) == ("released", "decided", (1000, 0))
    sound(shop)


def test_what_a_later_import_mends_needs_no_decision(shop: Place, lotus: int) -> None:
    one = bind(shop, ask(shop, lotus))
    told(shop, bought(paid_fen=12800))
    assert again(shop, one).state == "mismatch"
    told(shop, bought(paid_fen=12200, state="shipped"))
    assert again(shop, one).state == "committed"
    sound(shop)
