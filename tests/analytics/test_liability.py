"""What points will cost: months that add up to the books, and how many will probably lapse."""

from __future__ import annotations

from datetime import date, datetime
from decimal import Decimal

import pytest

from shuke.analytics.queries.liability import MonthMoved, points_liability
from shuke.analytics.rules import ENOUGH_MEMBERS, Fates, Share, age_class, expected, shares
from shuke.core import clock
from shuke.ledger import actions as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import PointsRuleSpec
from tests.conftest import NOW
from tests.loyalty.make_trade import DAY, member, record, take
from tests.make import Place

ZONE = "Asia/Shanghai"


def give(place: Place, amount: int, key: str, at: datetime, expires_at: datetime, *, nick: str = "小荷") -> None:
    with clock.frozen(at):
        one = ledger.Posting(member_id=member(place, nick), amount=amount, kind="bonus", key=key, expires_at=expires_at)
        ledger.post(place.merchant_id, "points", [one], by=place.by)


def spend(place: Place, amount: int, key: str, at: datetime, *, nick: str = "小荷") -> None:
    with clock.frozen(at):
        ledger.spend(place.merchant_id, "points", [ledger.Spend(member_id=member(place, nick), amount=amount, key=key)],
                     by=place.by)  # fmt: skip


@pytest.fixture
def rule(shop: Place) -> Place:
    """100 points are worth ¥2."""
    spec = PointsRuleSpec(start_on=date(2026, 1, 1), yuan_per_100_points=Decimal(2))
    loyalty.save_points_rule(shop.merchant_id, spec, by=shop.by)
    take(shop, record("1001"))
    return shop


def test_months_come_to_what_the_books_have(rule: Place) -> None:
    give(rule, 300, "a", NOW - 80 * DAY, NOW - 20 * DAY)
    spend(rule, 100, "b", NOW - 60 * DAY)
    with clock.frozen(NOW - 10 * DAY):
        ledger.expire(rule.merchant_id)
    give(rule, 50, "c", NOW, NOW + 40 * DAY)
    found = points_liability(rule.merchant_id, ZONE)
    assert found.months == [
        MonthMoved("2026-09", 300, 100, 0, 0, 200),
        MonthMoved("2026-11", 50, 0, 200, 0, 50),
    ]
    sums = found.sums
    assert found.months[-1].at_end == sums.active + sums.pending + sums.reserved - sums.debt
    assert (found.circulating, found.cost_fen, found.breakage, found.expected_fen) == (50, 100, None, 100)
    assert [(one.month, one.points, one.member_count) for one in found.lapsing] == [("2027-01", 50, 1)]


def test_the_shop_s_own_history_says_how_many_lapse(rule: Place) -> None:
    for number in range(ENOUGH_MEMBERS):
        nick = f"客{number}"
        take(rule, record(f"2{number:03}", nick))
        give(rule, 100, f"g{number}", NOW - 200 * DAY, NOW - 60 * DAY, nick=nick)
        spend(rule, 60, f"s{number}", NOW - 190 * DAY, nick=nick)
    with clock.frozen(NOW - 50 * DAY):
        ledger.expire(rule.merchant_id)
    give(rule, 1000, "young", NOW - 10 * DAY, NOW + 100 * DAY)
    give(rule, 500, "old", NOW - 100 * DAY, NOW + 100 * DAY)
    found = points_liability(rule.merchant_id, ZONE).breakage
    assert found is not None
    # Of what is young 40 in a hundred lapse; what was left after ninety days lapsed whole.
    assert found.shares == (Share(0, 0.4, 0.0, 30), Share(90, 1.0, 0.0, 30))
    assert (found.points, found.low, found.high) == (900, 900, 900)


def fates(members: list[tuple[int, int]]) -> Fates:
    """Of members, each with what was left and what lapsed."""
    left, lapsed = [sum(one[place] for one in members) for place in (0, 1)]
    squares, products, lapsed_squares = (sum(a * a for a, _l in members), sum(a * x for a, x in members),
                                         sum(x * x for _a, x in members))  # fmt: skip
    return Fates(0, len(members), left, lapsed, squares, products, lapsed_squares)


def test_too_little_history_says_nothing() -> None:
    few = fates([(100, 50)] * (ENOUGH_MEMBERS - 1))
    assert shares([few]) == {}
    assert expected({}, {0: 100}) is None
    assert expected({}, {0: 0}) is not None


def test_the_interval_is_that_of_a_ratio_over_members() -> None:
    (one,) = shares([fates([(100, 100 if number % 2 else 0) for number in range(50)])]).values()
    # p = 1/2, Σ(l − p·a)² = 50·50², n/(n−1) = 50/49: s = √(50/49·125000)/5000.
    assert (one.share, round(one.error, 6)) == (0.5, 0.071429)
    found = expected({0: one}, {0: 1000, 90: 1000})
    assert found is not None
    assert (found.points, found.low, found.high) == (1000, 720, 1280)


def test_bounds_stay_between_nothing_and_everything() -> None:
    found = expected({0: Share(0, 0.01, 0.5, 40)}, {0: 100})
    assert found is not None
    assert (found.points, found.low, found.high) == (1, 0, 99)


@pytest.mark.parametrize(("days", "age"), [(-3, 0), (0, 0), (89, 0), (90, 90), (364, 180), (365, 365), (4000, 365)])
def test_age_classes(days: int, age: int) -> None:
    assert age_class(days) == age
