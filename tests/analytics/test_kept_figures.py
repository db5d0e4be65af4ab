"""Figures of large merchants are exact, kept, brought up to date by a job, and say as of when they are."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from django.template import Context, Template

from shuke.analytics.actions.figures import figures, figures_at_hand, keep_figures
from shuke.analytics.jobs import bring_up_to_date, renew_figures
from shuke.analytics.queries.kept import GLANCE, LEVEL_COSTS, PAUSE, is_large, kept
from shuke.core import clock, facts, sql
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.memberships import ending_count, ending_memberships
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PlanSpec
from tests.loyalty.make_trade import DAY, NOON, member, record, take
from tests.make import Place

ZONE = ZoneInfo("Asia/Shanghai")
LADDER = LevelRuleSpec(
    for_taobao=False, window="rolling", validity_months=12,
    levels=(LevelSpec(name="店铺客户"), LevelSpec(name="银卡", threshold=Decimal(100))),
)  # fmt: skip


def everybody() -> list[int]:
    return [row[0] for row in sql.rows("SELECT id FROM members_member ORDER BY id")]


def tell(place: Place) -> None:
    while facts.drain(place.merchant_id):
        pass


def test_more_than_a_page_of_losers_is_counted_to_the_last(shop: Place) -> None:
    m = shop.merchant_id
    loyalty.save_level_rule(m, LADDER, by=shop.by)
    take(shop, *[record(str(n), f"买家{n}", 120) for n in range(450)])
    loyalty.review_levels(m, everybody())
    with clock.frozen(NOON + 360 * DAY):
        # The first three hundred bought again, which keeps their level.
        take(shop, *[record(f"again{n}", f"买家{n}", 120, placed_at=NOON + 300 * DAY) for n in range(300)])
        assert queries.warned_count(m) == 150
        every = queries.warned(m, limit=None)
        assert {one.member_id for one in every} == {member(shop, f"买家{n}") for n in range(300, 450)}
        assert queries.warned(m, limit=140) == every[:140]
        assert queries.warned(m, limit=200) == every
        assert [one.missing for one in queries.warned(m, limit=1)] == [10000]
        assert queries.warned_of(m, member(shop, "买家0")) is None
        assert loyalty.publish_endings(m) == 150


def test_more_than_a_page_of_ending_memberships_is_counted_to_the_last(shop: Place) -> None:
    m = shop.merchant_id
    loyalty.save_level_rule(m, LADDER, by=shop.by)
    plan_id = loyalty.save_plan(m, PlanSpec(name="月卡", price_fen=990, days=10, bonus_points=10), by=shop.by)
    take(shop, *[record(str(n), f"买家{n}", 10) for n in range(12)])
    for one in everybody():
        loyalty.sell_membership(m, one, plan_id, paid_fen=990, reason="活动", by=shop.by, key=f"sold {one}")
    loyalty.sell_membership(m, everybody()[0], plan_id, paid_fen=990, reason="续", by=shop.by, key="extended")
    assert len(ending_memberships(m, days=15, limit=5)) == 5
    assert len(ending_memberships(m, days=15, limit=None)) == 11
    with clock.frozen(NOON + 5 * DAY):
        assert ending_count(m) == 11


def test_a_small_shop_sees_this_very_moment(shop: Place) -> None:
    take(shop, record("1", "小荷", state="paid", placed_at=NOON - DAY))
    assert figures(shop.merchant_id, GLANCE, ZONE).figures.overview.now.order_count == 1
    take(shop, record("2", "小莲", state="unpaid", placed_at=NOON - DAY))
    shown = figures(shop.merchant_id, GLANCE, ZONE)
    assert (shown.figures.unasked_count, shown.as_of) == (1, None)
    assert sql.scalar("SELECT count(*) FROM analytics_keptfigures") == 0


@pytest.fixture
def large(alice: Place) -> Place:
    """Alice with two members, which the tests call large; everything told and listed."""
    with tenant(alice.merchant_id):
        loyalty.save_level_rule(alice.merchant_id, LADDER, by=alice.by)
        take(alice, record("1", "小荷"), record("2", "小莲", state="unpaid", placed_at=NOON - DAY))
    tell(alice)
    bring_up_to_date(alice.merchant_id)
    return alice


def seen(place: Place) -> tuple[int, object]:
    with tenant(place.merchant_id):
        shown = figures(place.merchant_id, GLANCE, ZONE, above=1)
        return shown.figures.unasked_count, shown.as_of


@pytest.mark.django_db(transaction=True)  # facts can be read once they are committed
def test_a_large_shop_sees_what_is_kept_until_the_job_reckons_again(large: Place) -> None:
    m = large.merchant_id
    with tenant(m):
        assert (is_large(m, above=1), is_large(m, above=2)) == (True, False)
        live = GLANCE.reckon(m, ZONE)
        assert figures(m, GLANCE, ZONE, above=1).figures == live
        held = kept(m, GLANCE)
        assert held is not None
        assert (held.figures, held.as_of) == (live, NOON)
        take(large, record("3", "小兰", state="unpaid", placed_at=NOON - DAY))
    assert seen(large) == (1, NOON)
    assert renew_figures(m, above=1) == ["level_costs"]  # the others are fresh enough for now
    with clock.frozen(NOON + PAUSE):
        assert renew_figures(m, above=1) == ["glance"]
        assert seen(large) == (2, NOON + PAUSE)
    tell(large)
    with clock.frozen(NOON + 3 * PAUSE):
        assert renew_figures(m, above=1) == ["glance", "level_costs"]  # what was waiting has been told
    with clock.frozen(NOON + 6 * PAUSE):
        assert renew_figures(m, above=1) == []  # nothing happened
    with clock.frozen(NOON + timedelta(hours=12, seconds=1)):
        assert renew_figures(m, above=1) == ["glance", "level_costs"]  # midnight went by in Shanghai
    assert renew_figures(m, above=100) == []


def test_an_earlier_reckoning_never_goes_over_a_later_one(large: Place) -> None:
    m = large.merchant_id
    with tenant(m):
        with clock.frozen(NOON + PAUSE):
            keep_figures(m, GLANCE, ZONE)
        keep_figures(m, GLANCE, ZONE)
        held = kept(m, GLANCE)
    assert held is not None
    assert held.as_of == NOON + PAUSE


def test_what_an_older_version_wrote_down_is_reckoned_anew(large: Place) -> None:
    m = large.merchant_id
    with tenant(m):
        keep_figures(m, GLANCE, ZONE)
        sql.run("UPDATE analytics_keptfigures SET content = '{\"overview\": 1}'")
        assert kept(m, GLANCE) is None
    assert "glance" in renew_figures(m, above=1)
    assert seen(large) == (1, NOON)


def test_costs_that_nobody_reckoned_yet_are_not_waited_for(large: Place) -> None:
    m = large.merchant_id
    with tenant(m):
        assert figures_at_hand(m, LEVEL_COSTS, ZONE, above=1) is None
        small = figures_at_hand(m, LEVEL_COSTS, ZONE)
        assert small is not None
        keep_figures(m, LEVEL_COSTS, ZONE)
        held = figures_at_hand(m, LEVEL_COSTS, ZONE, above=1)
    assert held is not None
    assert (held.figures, held.as_of) == (small.figures, NOON)


def test_the_ladder_waits_for_its_costs_and_then_says_as_of_when(large: Place) -> None:
    with tenant(large.merchant_id):
        card = Template('{% include "console/levels/ladder_card.html" %}')
        waiting = card.render(Context({"steps": [], "costs": None}))
        held = keep_figures(large.merchant_id, LEVEL_COSTS, ZONE)
        ready = card.render(Context({"steps": [], "costs": held}))
    assert 'hx-get="/console/levels/ladder/"' in waiting
    assert "hx-get" not in ready
    assert "2026-11-22 12:00" in ready
