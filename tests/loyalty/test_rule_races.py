"""A rule that is saved while points, levels and memberships are reckoned: whoever waited reckons by the new one."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from decimal import Decimal

import pytest

from shuke.core import clock, sql
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.memberships import memberships
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PointsRuleSpec
from tests.conftest import NOW
from tests.loyalty.make_trade import holding, member, record, take
from tests.loyalty.test_memberships import card, spec
from tests.make import Place
from tests.make_races import while_it_waits

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def noon() -> Iterator[None]:
    with clock.frozen(NOW):
        yield


def ladder(threshold: int) -> LevelRuleSpec:
    levels = LevelSpec(name="店铺客户"), LevelSpec(name="银卡", threshold=Decimal(threshold))
    return LevelRuleSpec(for_taobao=False, levels=levels)


def test_levels_are_reviewed_by_the_rule_that_was_saved_meanwhile(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        loyalty.save_level_rule(m, ladder(100), by=alice.by)
        take(alice, record("1001", paid_yuan=300))
        her = member(alice)
    with while_it_waits(m, lambda: loyalty.review_levels(m, [her])) as begin:
        loyalty.save_level_rule(m, ladder(1000), by=alice.by)
        begin()
    with tenant(m):
        found = queries.level_of(m, her)
        assert found is not None
        assert (found.standing.level_no, queries.level_moves(m, her)) == (0, [])


def test_welcome_points_follow_the_rule_that_was_saved_meanwhile(alice: Place) -> None:
    m = alice.merchant_id
    old = PointsRuleSpec(start_on=date(2026, 1, 1), signup_points=30, signup_condition="none")
    with tenant(m):
        loyalty.save_points_rule(m, old, by=alice.by)
        take(alice, record("1001"))
        her = member(alice)
    with while_it_waits(m, lambda: loyalty.grant_signup_bonus(m, [her])) as begin:
        loyalty.save_points_rule(m, old.model_copy(update={"signup_points": 50}), by=alice.by)
        begin()
    with tenant(m):
        assert holding(alice) == (50, 0, 0)


def test_orders_are_settled_by_the_rule_that_was_saved_meanwhile(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        [order_id] = take(alice, record("1001", paid_yuan=100))
    with while_it_waits(m, lambda: loyalty.settle_orders(m, [order_id])) as begin:
        loyalty.save_points_rule(m, PointsRuleSpec(start_on=date(2026, 1, 1)), by=alice.by)
        begin()
    with tenant(m):
        assert holding(alice) == (100, 0, 0)


def test_an_order_buys_the_membership_that_was_saved_meanwhile(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        order_id = card("1001", place=alice)
        her = member(alice)
    with while_it_waits(m, lambda: loyalty.take_memberships(m, [order_id])) as begin:
        loyalty.save_plan(m, spec(level_no=None), by=alice.by)
        begin()
    with tenant(m):
        assert set(memberships(m, [her])) == {her}


def test_a_membership_that_was_retired_meanwhile_is_not_sold(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        plan_id = loyalty.save_plan(m, spec(level_no=None), by=alice.by)
        take(alice, record("1001"))
        her = member(alice)

    def sell() -> None:
        with pytest.raises(Refused) as refused:
            loyalty.sell_membership(m, her, plan_id, paid_fen=9900, reason="线下付款", by=alice.by, key="k")
        assert refused.value.code == "plan_retired"

    with while_it_waits(m, sell) as begin:
        loyalty.retire_plan(m, plan_id, by=alice.by)
        begin()
    with tenant(m):
        assert memberships(m, [her]) == {}


def test_a_rule_holds_from_after_what_was_settled_before_it(alice: Place) -> None:
    """Else what counted in between was settled by the old rule, and nothing would ever reckon it anew."""
    m = alice.merchant_id
    with while_it_waits(
        m, lambda: loyalty.save_points_rule(m, PointsRuleSpec(), by=alice.by), is_frozen=False
    ) as begin:
        loyalty.settle_orders(m, [])
        begin()
        settled_at = sql.scalar("SELECT clock_timestamp()")
    with tenant(m):
        (rule,) = queries.points_rules(m)
        assert rule.valid_from > settled_at
