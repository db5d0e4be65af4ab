"""Orders yield points; refunds take back exactly what they yielded; nothing depends on how often or in which order."""

from __future__ import annotations

import random
from datetime import date
from decimal import Decimal

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.ledger import queries as holdings
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import LevelRuleSpec, LevelTimes, PointsRuleSpec
from tests.loyalty.make_trade import DAY, NOON, holding, line_record, member, record, settle, take, take_lines
from tests.make import Place

YEAR_START = date(2026, 1, 1)


def rule(place: Place, **values: object) -> PointsRuleSpec:
    """Save a rule that holds since January, without waiting for its backfill."""
    spec = PointsRuleSpec.model_validate({"start_on": YEAR_START, **values})
    loyalty.save_points_rule(place.merchant_id, spec, by=place.by)
    return spec


def test_without_a_rule_nothing_is_earned(shop: Place) -> None:
    settle(shop, record("1001"))
    assert holding(shop) == (0, 0, 0)


def test_a_finished_order_earns_and_a_recent_one_is_pending(shop: Place) -> None:
    rule(shop)
    settle(shop, record("1001", paid_yuan=199))
    assert holding(shop) == (199, 0, 0)
    settle(shop, record("1002", paid_yuan=50, placed_at=NOON - 12 * DAY))
    assert holding(shop) == (199, 50, 0)
    with clock.frozen(NOON + 6 * DAY):
        assert holding(shop) == (249, 0, 0)


def test_repeating_and_reordering_changes_nothing(shop: Place) -> None:
    rule(shop, growth_per_yuan=Decimal("0.5"))
    ids = take(shop, *(record(f"10{n:02}", nick=f"买家{n % 3}", paid_yuan=10 + n) for n in range(20)))
    shuffler = random.Random(7)
    for _ in range(4):
        shuffler.shuffle(ids)
        for start in range(0, 20, 7):
            loyalty.settle_orders(shop.merchant_id, ids[start : start + 7] + ids[:2])
    assert sum(holding(shop, f"买家{n}")[0] for n in range(3)) == sum(10 + n for n in range(20))
    assert sum(holding(shop, f"买家{n}", "growth")[0] for n in range(3)) == sum((10 + n) // 2 for n in range(20))
    count = sql.scalar("SELECT count(*) FROM ledger_transfer WHERE merchant_id = %(m)s", {"m": shop.merchant_id})
    assert count == 40


def test_part_refunds_take_back_exactly_the_whole(shop: Place) -> None:
    rule(shop)
    settle(shop, record("1001", paid_yuan=199))
    settle(shop, record("1001", paid_yuan=199, refund_fen=298))
    assert holding(shop) == (196, 0, 0)
    settle(shop, record("1001", paid_yuan=199, refund_fen=10000))
    assert holding(shop) == (99, 0, 0)
    settle(shop, record("1001", paid_yuan=199, refund_fen=19900))
    assert holding(shop) == (0, 0, 0)


def test_spent_points_that_are_taken_back_become_a_debt_that_later_earning_repays(shop: Place) -> None:
    rule(shop)
    settle(shop, record("1001", paid_yuan=100))
    ledger.spend(shop.merchant_id, "points", [ledger.Spend(member_id=member(shop), amount=80, key="s1")], by=shop.by)
    settle(shop, record("1001", paid_yuan=100, refund_fen=10000))
    assert holding(shop) == (0, 0, 80)
    settle(shop, record("1002", paid_yuan=50))
    assert holding(shop) == (0, 0, 30)
    settle(shop, record("1003", paid_yuan=50))
    assert holding(shop) == (20, 0, 0)


def test_a_detail_file_changes_nothing_of_what_the_order_yielded(shop: Place) -> None:
    rule(shop)
    ids = take(shop, record("1001", paid_yuan=100))
    loyalty.settle_orders(shop.merchant_id, ids)
    take_lines(shop, line_record("1001", "11", 60), line_record("1001", "12", 40))
    loyalty.settle_orders(shop.merchant_id, ids)
    assert holding(shop) == (100, 0, 0)
    found = holdings.statement(shop.merchant_id, "points", member(shop))
    assert [(line.amount, line.source) for line in found] == [(100, f"order:{ids[0]}")]


def test_a_closed_order_gives_back_what_it_earned_when_paid(shop: Place) -> None:
    rule(shop, counts_when="paid")
    settle(shop, record("1001", state="shipped"))
    assert holding(shop) == (0, 100, 0)
    settle(shop, record("1001", state="closed", refund_fen=10000))
    assert holding(shop) == (0, 0, 0)


def test_a_pending_paid_order_becomes_usable_after_finishing_and_the_hold(shop: Place) -> None:
    rule(shop, counts_when="paid")
    settle(shop, record("1001", state="shipped", placed_at=NOON - 5 * DAY))
    settle(shop, record("1001", placed_at=NOON - 5 * DAY))
    assert holding(shop) == (0, 100, 0)
    with clock.frozen(NOON + 12 * DAY):
        assert holding(shop) == (100, 0, 0)


def test_a_monthly_cap_holds_whichever_order_comes_first(shop: Place) -> None:
    rule(shop, cap_per_month=150)
    late, early = record("1002", placed_at=NOON - 29 * DAY), record("1001", placed_at=NOON - 30 * DAY)
    settle(shop, late)
    assert holding(shop) == (100, 0, 0)
    settle(shop, early)
    assert holding(shop) == (150, 0, 0)
    settle(shop, early._replace(refund_fen=10000, paid_fen=0, row_hash=b"x"))
    assert holding(shop) == (50, 0, 0)


def test_the_level_held_when_buying_multiplies(shop: Place) -> None:
    rule(shop, level_times=[LevelTimes(level_no=2, times=Decimal("1.5"))])
    loyalty.save_level_rule(shop.merchant_id, LevelRuleSpec(), by=shop.by)
    settle(shop, record("1001", paid_yuan=600))
    loyalty.review_levels(shop.merchant_id, [member(shop)])
    settle(shop, record("1002", paid_yuan=100, placed_at=NOON - 15 * DAY))
    assert holding(shop)[0] + holding(shop)[1] == 700
    with clock.frozen(NOON + 20 * DAY):
        settle(shop, record("1003", paid_yuan=100, placed_at=NOON + DAY))
        assert sum(holding(shop)) == 850


def test_an_order_that_turns_out_to_be_another_buyer_s_takes_its_points_along(shop: Place) -> None:
    rule(shop)
    (order_id,) = take(shop, record("1001"))
    loyalty.settle_orders(shop.merchant_id, [order_id])
    settle(shop, record("1002", nick="阿莲", paid_yuan=10))
    sql.run(
        "UPDATE trade_order SET member_id = %(to)s WHERE merchant_id = %(m)s AND id = %(id)s",
        {"m": shop.merchant_id, "id": order_id, "to": member(shop, "阿莲")},
    )
    loyalty.settle_orders(shop.merchant_id, [order_id])
    assert (holding(shop), holding(shop, "阿莲")) == ((0, 0, 0), (110, 0, 0))


def test_a_removed_order_gives_everything_back(shop: Place) -> None:
    rule(shop, growth_per_yuan=Decimal(1))
    (order_id,) = take(shop, record("1001"))
    loyalty.settle_orders(shop.merchant_id, [order_id])
    sql.run(
        "UPDATE trade_order SET removed_at = now() WHERE merchant_id = %(m)s AND id = %(id)s",
        {"m": shop.merchant_id, "id": order_id},
    )
    loyalty.settle_orders(shop.merchant_id, [order_id])
    assert (holding(shop), holding(shop, asset="growth")) == ((0, 0, 0), (0, 0, 0))


def test_charlies_merchant_is_untouched(shop: Place, charlie: Place) -> None:
    with tenant(charlie.merchant_id):
        rule(charlie)
        settle(charlie, record("1001"))
    rule(shop, points_per_yuan=Decimal(5))
    settle(shop, record("1001"))
    assert holding(shop) == (500, 0, 0)
    with tenant(charlie.merchant_id):
        assert holding(charlie) == (100, 0, 0)


def test_a_refund_spread_over_many_lines_is_rounded_once(shop: Place) -> None:
    rule(shop)
    take_lines(shop, *(line_record("1001", str(number), 7) for number in range(11, 22)))
    settle(shop, record("1001", paid_yuan=77))
    assert holding(shop) == (77, 0, 0)
    settle(shop, record("1001", paid_yuan=77, refund_fen=1650))
    assert holding(shop) == (60, 0, 0)
