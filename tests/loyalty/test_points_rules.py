"""What lines yield: every setting with exact values, and what must hold for all amounts."""

from __future__ import annotations

from datetime import UTC, date, datetime
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.loyalty.rules.points import Yield, add_months, kept, lapse, shares, yields
from shuke.loyalty.rules.terms import DayTimes
from shuke.trade.queries import EarningLine
from tests.loyalty.make_orders import DAY, START, ZONE, line, version

JUNE_20 = datetime(2026, 6, 20, 4, tzinfo=UTC)


def points(lines: list[EarningLine], *, level: int = 0, **terms: Any) -> list[int]:
    found = yields(lines, [version(**terms)], zone=ZONE, level_at=lambda _member, _at: level)
    return [one.points for one in sorted(found, key=lambda one: one.line_id)]


def one(of: EarningLine, *versions: Any, **more: Any) -> Yield:
    return yields([of], versions, zone=ZONE, **more)[0]


def test_a_yuan_gives_a_point_and_part_of_a_yuan_nothing() -> None:
    assert points([line(fen=19999)]) == [199]
    assert points([line(fen=99)]) == [0]
    assert points([line(fen=300)], points_per_fen=Fraction(1, 300)) == [1]


def test_the_order_is_rounded_once_and_shared_out_by_largest_remainder() -> None:
    assert points([line(1, 1, 5050), line(1, 2, 5050)]) == [51, 50]
    assert points([line(1, 1, 10), line(1, 2, 90), line(1, 3, 99)]) == [0, 0, 1]


def test_refunds_take_back_the_share_of_their_line() -> None:
    assert points([line(1, 1, 10000, refund_fen=298), line(1, 2, 5000)]) == [97, 50]
    assert points([line(fen=10000, refund_fen=10000)]) == [0]
    assert points([line(fen=10000, refund_fen=12000)]) == [0]


def test_a_closed_or_unfinished_order_yields_nothing() -> None:
    assert points([line(state="closed", refund_fen=10000)]) == [0]
    assert points([line(state="shipped", finished_at=None)]) == [0]
    assert points([line(state="unpaid", paid_at=None, finished_at=None)], counts_when="paid") == [0]


@pytest.mark.parametrize(("when", "at"), [("placed", 10), ("paid", 11), ("finished", 20)])
def test_an_order_counts_when_the_rule_says(when: str, at: int) -> None:
    found = one(line(paid_at=datetime(2026, 6, 11, 4, tzinfo=UTC)), version(counts_when=when, hold_days=7))
    assert found.counted_at == datetime(2026, 6, at, 4, tzinfo=UTC)
    assert found.available_at == JUNE_20 + 7 * DAY


def test_points_of_a_paid_order_are_pending_without_a_date_until_it_finishes() -> None:
    found = one(line(state="shipped", finished_at=None), version(counts_when="paid", hold_days=7))
    assert (found.points, found.available_at) == (100, None)


def test_the_rule_of_the_day_on_which_the_order_counted_holds() -> None:
    old, new = version(), version(2, JUNE_20, points_per_fen=Fraction(2, 100))
    before = line(finished_at=JUNE_20 - DAY)
    assert (one(before, old, new).points, one(line(), old, new).points) == (100, 200)


def test_an_order_counted_when_paid_stays_with_that_rule_when_it_finishes_under_another() -> None:
    old, new = version(counts_when="paid"), version(2, JUNE_20 - DAY, points_per_fen=Fraction(5, 100))
    found = one(line(), old, new)
    assert (found.points, found.version) == (100, old)


def test_an_order_placed_before_the_rule_counted_placing_counts_at_its_next_step() -> None:
    old, new = version(), version(2, datetime(2026, 6, 15, tzinfo=UTC), counts_when="placed")
    assert one(line(), old, new).counted_at == JUNE_20


def test_a_later_version_that_reaches_back_replaces_the_earlier_one() -> None:
    first, back = version(), version(2, START - 30 * DAY, saved_at=JUNE_20, points_per_fen=Fraction(3, 100))
    assert one(line(), first, back).points == 300


def test_a_version_for_the_future_begins_on_its_day_whatever_is_saved_before() -> None:
    planned = version(2, JUNE_20, saved_at=JUNE_20 - 10 * DAY, points_per_fen=Fraction(2, 100))
    words, again = version(3, JUNE_20 - 5 * DAY), version(4, JUNE_20, saved_at=JUNE_20 - DAY, cap_per_order=150)
    back = version(5, START, saved_at=JUNE_20 + DAY, points_per_fen=Fraction(5, 100))
    before = line(2, 2, finished_at=JUNE_20 - DAY)
    versions = [version(), planned, words]
    assert [one(told, *versions).points for told in (before, line())] == [100, 200]
    assert one(line(), *versions, again).points == 100  # saved for the same day, it takes the planned one's place
    assert [one(told, *versions, back).points for told in (before, line())] == [500, 500]


def test_orders_before_the_programme_do_not_count() -> None:
    assert one(line(), version(valid_from=JUNE_20 + DAY)).version is None
    early_placed = one(line(), version(valid_from=JUNE_20 - DAY, counts_when="paid"))
    assert early_placed.points == 0


def test_exclusions() -> None:
    lines = [line(1, 1, 5000, title="补差价专用"), line(1, 2, 5000, outer_id="A-1"), line(1, 3, 5000)]
    terms: dict[str, Any] = {"excluded_words": ("补差价",), "excluded_outer_ids": frozenset({"A-1"})}
    assert points(lines, **terms) == [0, 0, 50]
    assert points([line(post_fen=1000)]) == [100]
    assert points([line(post_fen=1000)], postage_counts=True) == [110]


def test_the_blacklist_earns_nothing_from_its_day() -> None:
    assert one(line(), version(), blacklisted={1: JUNE_20}).points == 0
    assert one(line(), version(), blacklisted={1: JUNE_20 + DAY}).points == 100
    assert one(line(), version(blacklist_earns=True), blacklisted={1: JUNE_20}).points == 100


def test_multipliers_apply_before_the_rounding() -> None:
    times = {2: Fraction(3, 2)}
    assert points([line(fen=199)], level_times=times, level=2) == [2]
    assert points([line(fen=199)], level_times=times, level=1) == [1]
    both: dict[str, Any] = {"level_times": times, "month_day_times": {10: DayTimes(Fraction(2))}}
    assert points([line()], level=2, **both) == [300]
    assert points([line()], level=2, times_add_up=False, **both) == [200]


def test_the_day_of_paying_in_the_shops_zone_is_the_members_day() -> None:
    late = datetime(2026, 6, 10, 17, tzinfo=UTC)  # 11 June, 1:00 in Shanghai
    assert points([line(paid_at=late)], month_day_times={11: DayTimes(Fraction(2))}) == [200]
    assert points([line(paid_at=late)], week_day_times={4: DayTimes(Fraction(3))}) == [300]
    days: dict[str, Any] = {
        "date_times": {date(2026, 6, 11): DayTimes(Fraction(1, 2))},
        "month_day_times": {11: DayTimes(Fraction(2))},
    }
    assert points([line(paid_at=late)], **days) == [50]


def test_caps() -> None:
    assert points([line()], cap_per_order=30) == [30]
    same_day = [line(1, 1), line(2, 2), line(3, 3, finished_at=JUNE_20 + DAY)]
    assert points(same_day, cap_per_day=150) == [100, 50, 100]
    assert points(same_day, cap_per_month=210) == [100, 100, 10]
    assert points(list(reversed(same_day)), cap_per_month=210) == [100, 100, 10]


def test_a_refund_does_not_give_room_under_a_cap() -> None:
    assert points([line(1, 1, refund_fen=10000), line(2, 2)], cap_per_day=150) == [0, 50]


def test_growth_follows_its_own_ratio() -> None:
    found = one(line(fen=1050, refund_fen=500), version(growth_per_fen=Fraction(1, 10)))
    assert (found.points, found.growth) == (5, 55)


@pytest.mark.parametrize(
    ("expiry", "months", "end"),
    [
        ("never", 12, None),
        ("months", 1, datetime(2026, 7, 20, 16, tzinfo=UTC)),
        ("next_year_end", 12, datetime(2027, 12, 31, 16, tzinfo=UTC)),
    ],
)
def test_points_lapse_at_a_midnight_of_the_shop(expiry: str, months: int, end: datetime | None) -> None:
    assert one(line(), version(expiry=expiry, expiry_months=months)).expires_at == end


def test_points_for_past_orders_lapse_as_if_earned_when_the_rule_was_saved() -> None:
    late = version(saved_at=datetime(2028, 5, 1, tzinfo=UTC), expiry="next_year_end")
    assert one(line(), late).expires_at == datetime(2029, 12, 31, 16, tzinfo=UTC)


def test_months_end_on_their_last_day() -> None:
    assert add_months(date(2027, 1, 31), 1) == date(2027, 2, 28)
    assert add_months(date(2026, 12, 31), -10) == date(2026, 2, 28)
    assert lapse("months", 1, date(2027, 1, 31), ZONE) == datetime(2027, 2, 28, 16, tzinfo=UTC)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**8), min_size=1, max_size=20))
def test_shares_add_up_and_differ_from_the_exact_by_less_than_one(total: int, weights: list[int]) -> None:
    parts = shares(total, weights)
    whole = sum(weights)
    assert sum(parts) == (total if whole else 0)
    assert all(
        abs(Fraction(total * weight, whole) - part) < 1 for weight, part in zip(weights, parts, strict=True) if whole
    )


@given(st.integers(0, 10**7), st.integers(1, 10**8), st.lists(st.integers(0, 10**7), max_size=10))
def test_part_refunds_take_back_exactly_the_whole(earned: int, eligible: int, steps: list[int]) -> None:
    refunded, left = 0, earned
    taken = []
    for step in [*steps, eligible]:
        refunded = min(refunded + step, eligible)
        now = kept(earned, eligible, refunded)
        assert 0 <= now <= left
        taken.append(left - now)
        left = now
    assert (left, sum(taken)) == (0, earned)


ORDERS = st.lists(
    st.tuples(st.integers(1, 3), st.integers(0, 40), st.lists(st.tuples(st.integers(0, 10**6), st.integers(0, 10**6)),
                                                              min_size=1, max_size=4)),
    max_size=8,
)  # fmt: skip


def _lines(orders: list[tuple[int, int, list[tuple[int, int]]]]) -> list[EarningLine]:
    return [
        line(order_id, order_id * 10 + place, fen, member_id=member_id, refund_fen=min(refund, fen),
             placed_at=START + day * DAY)
        for order_id, (member_id, day, parts) in enumerate(orders, start=1)
        for place, (fen, refund) in enumerate(parts)
    ]  # fmt: skip


@given(ORDERS, st.randoms())
def test_the_order_in_which_lines_come_makes_no_difference(
    orders: list[tuple[int, int, list[tuple[int, int]]]], random: Any
) -> None:
    rule = version(cap_per_day=3000, cap_per_month=9000, growth_per_fen=Fraction(1, 70), counts_when="finished")
    lines = _lines(orders)
    shuffled = lines[:]
    random.shuffle(shuffled)
    expected = sorted(yields(lines, [rule], zone=ZONE), key=lambda one: one.line_id)
    assert sorted(yields(shuffled, [rule], zone=ZONE), key=lambda one: one.line_id) == expected


@given(ORDERS, st.integers(0, 10**6))
def test_paying_more_never_earns_an_order_less(orders: list[tuple[int, int, list[tuple[int, int]]]], more: int) -> None:
    rule = version(level_times={1: Fraction(7, 3)}, cap_per_order=5000)
    for one_line in _lines(orders):
        less, greater = (
            yields([one_line._replace(gross_fen=fen, refund_fen=0)], [rule], zone=ZONE, level_at=lambda _m, _a: 1)[0]
            for fen in (one_line.gross_fen, one_line.gross_fen + more)
        )
        assert less.points <= greater.points


@given(ORDERS)
def test_lines_of_an_order_earn_exactly_what_the_order_earns(
    orders: list[tuple[int, int, list[tuple[int, int]]]],
) -> None:
    found = yields(_lines(orders), [version()], zone=ZONE)
    for number, (_member, _day, parts) in enumerate(orders, start=1):
        assert sum(one.earned for one in found if one.order_id == number) == sum(fen for fen, _refund in parts) // 100
