"""The level that follows from figures, as pure arithmetic over years."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.loyalty.rules.levels import START, Policy, Standing, keep_threshold, qualified, review, window_start
from tests.loyalty.make_orders import ZONE

NOW = datetime(2026, 3, 10, 4, tzinfo=UTC)
DAY = timedelta(days=1)
LADDER = (0, 1, 50000, 150000, 500000)


def policy(**values: Any) -> Policy:
    return Policy(LADDER, **values)


def after(standing: Standing, figure: int, rule: Policy, now: datetime, keep: int | None = None) -> Standing:
    return review(standing, figure, rule, now, ZONE, keep_figure=keep)


def test_the_highest_reached_threshold_is_the_level() -> None:
    assert [qualified(figure, policy()) for figure in (-5, 0, 1, 49999, 50000, 10**9)] == [0, 0, 1, 1, 2, 4]


def test_a_reached_level_is_given_at_once_with_its_validity() -> None:
    got = after(START, 50000, policy(validity_months=12), NOW)
    assert got == Standing(2, NOW, datetime(2027, 3, 10, 16, tzinfo=UTC), "reached")
    assert after(got, 60000, policy(validity_months=12), NOW + 5 * DAY) is got


def test_within_its_validity_a_level_is_sure() -> None:
    got = after(START, 50000, policy(validity_months=12), NOW)
    assert after(got, 0, policy(validity_months=12), NOW + 300 * DAY) is got


def test_kept_by_meeting_it_again() -> None:
    rule = policy(validity_months=12, window="rolling", keep_percent=80)
    held = Standing(2, NOW, NOW + DAY, "reached")
    assert keep_threshold(rule, 2) == 40000
    kept = after(held, 100, rule, NOW + DAY, keep=40000)
    assert (kept.level_no, kept.reason, kept.since_at) == (2, "kept", NOW)
    assert kept.until_at == datetime(2027, 3, 11, 16, tzinfo=UTC)


def test_grace_then_one_level_down() -> None:
    rule = policy(validity_months=12, window="rolling", grace_days=30)
    held = Standing(3, NOW - 400 * DAY, NOW, "reached")
    grace = after(held, 0, rule, NOW, keep=0)
    assert (grace.level_no, grace.reason, grace.grace_until_at) == (3, "grace", NOW + 30 * DAY)
    assert after(grace, 0, rule, NOW + 29 * DAY, keep=0) == grace
    assert after(grace, 0, rule, NOW + 29 * DAY, keep=150000).reason == "kept"
    lost = after(grace, 0, rule, NOW + 30 * DAY, keep=0)
    assert (lost.level_no, lost.reason, lost.until_at) == (2, "lost", datetime(2027, 4, 9, 16, tzinfo=UTC))


@pytest.mark.parametrize(
    ("downgrade", "figure", "level_no"), [("one_down", 0, 3), ("to_match", 60000, 2), ("never", 0, 4)]
)
def test_how_far_down(downgrade: str, figure: int, level_no: int) -> None:
    held = Standing(4, NOW - 400 * DAY, NOW, "reached")
    assert after(held, figure, policy(validity_months=12, downgrade=downgrade), NOW, keep=0).level_no == level_no


def test_without_validity_a_fallen_figure_starts_the_grace_and_a_recovered_one_ends_it() -> None:
    rule = policy(window="rolling", grace_days=10)
    grace = after(Standing(2, NOW, None, "reached"), 100, rule, NOW + DAY)
    assert (grace.reason, grace.grace_until_at) == ("grace", NOW + 11 * DAY)
    assert after(grace, 50000, rule, NOW + 5 * DAY) == Standing(2, NOW, None, "kept")
    assert after(grace, 100, rule, NOW + 11 * DAY).level_no == 1


def test_a_refund_takes_a_lifetime_level_without_grace() -> None:
    assert after(Standing(2, NOW, None, "reached"), 40000, policy(), NOW + DAY).level_no == 1


def test_a_setting_by_hand_holds_until_its_day_and_then_figures_decide() -> None:
    held = Standing(4, NOW, NOW + 10 * DAY, "manual", is_manual=True)
    assert after(held, 10**9, policy(), NOW + 9 * DAY) is held
    assert after(held, 60000, policy(), NOW + 10 * DAY) == Standing(2, NOW + 10 * DAY, None, "manual_ended")


def test_a_level_the_new_ladder_lacks_becomes_the_one_that_fits() -> None:
    short = Policy((0, 1000))
    assert after(Standing(4, NOW, None, "reached"), 2000, short, NOW).level_no == 1


def test_windows_begin_at_a_midnight_of_the_shop() -> None:
    assert window_start(policy(), NOW, ZONE) is None
    assert window_start(policy(window="rolling", window_months=12), NOW, ZONE) == datetime(2025, 3, 9, 16, tzinfo=UTC)
    assert window_start(policy(window="calendar_year"), NOW, ZONE) == datetime(2025, 12, 31, 16, tzinfo=UTC)


def test_a_calendar_year_s_level_is_kept_by_the_year_its_validity_closes() -> None:
    rule = policy(window="calendar_year", validity_months=12)
    got = after(START, 50000, rule, NOW)
    end = datetime(2027, 12, 31, 16, tzinfo=UTC)
    assert got.until_at == end
    assert window_start(rule, end, ZONE) == datetime(2026, 12, 31, 16, tzinfo=UTC)
    assert after(got, 0, rule, end, keep=50000).until_at == datetime(2028, 12, 31, 16, tzinfo=UTC)


@given(st.integers(0, 4), st.integers(0, 600000), st.integers(0, 600000), st.integers(0, 800), st.integers(0, 24),
       st.integers(0, 60), st.sampled_from(["one_down", "to_match", "never"]), st.sampled_from(["lifetime", "rolling", "calendar_year"]))  # fmt: skip
def test_reviewing_twice_changes_nothing_more_and_never_leaves_her_below_her_figures(
    level_no: int, figure: int, keep: int, days: int, validity: int, grace: int, downgrade: str, window: str
) -> None:
    rule = policy(validity_months=validity, grace_days=grace, downgrade=downgrade, window=window)
    held = Standing(level_no, NOW, NOW + 100 * DAY if validity else None, "reached")
    now = NOW + days * DAY
    keep = max(keep, figure)
    once = after(held, figure, rule, now, keep=keep)
    assert once.level_no >= qualified(figure, rule)
    if once.until_at is None or once.until_at > now:
        assert after(once, figure, rule, now, keep=keep) == once
