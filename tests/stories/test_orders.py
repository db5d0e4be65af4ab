"""From an order to points, welcome points and a level: facts told by the worker's own function."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from typing import Any

import pytest

from shuke import stories
from shuke.core import clock, facts, progress, sql
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.members.events import MemberRemoved
from tests.loyalty.make_trade import holding, member, record, take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


def tell(place: Place) -> None:
    while facts.drain(place.merchant_id):
        pass


@pytest.fixture
def ruled(alice: Place) -> Place:
    with tenant(alice.merchant_id):
        spec = PointsRuleSpec.model_validate({"start_on": date(2026, 1, 1), "signup_points": 20})
        loyalty.save_points_rule(alice.merchant_id, spec, by=alice.by)
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
        for kind, run in ((loyalty.BACKFILL, loyalty.backfill), (loyalty.REVIEW_ALL, loyalty.review_all)):
            job = progress.latest(alice.merchant_id, kind)
            assert job is not None
            run(alice.merchant_id, job.id)
    return alice


def standing(place: Place) -> tuple[Any, ...]:
    with tenant(place.merchant_id):
        found = queries.level_of(place.merchant_id, member(place))
        assert found is not None
        return (*holding(place), found.standing.level_no)


def test_a_finished_order_brings_points_welcome_points_and_a_level(ruled: Place) -> None:
    with tenant(ruled.merchant_id):
        take(ruled, record("1001", paid_yuan=600))
    tell(ruled)
    assert standing(ruled) == (620, 0, 0, 2)


def test_a_refund_takes_back_points_and_the_level(ruled: Place) -> None:
    with tenant(ruled.merchant_id):
        take(ruled, record("1001", paid_yuan=600))
    tell(ruled)
    with tenant(ruled.merchant_id):
        take(ruled, record("1001", paid_yuan=600, refund_fen=20000))
    tell(ruled)
    assert standing(ruled) == (420, 0, 0, 1)


def test_telling_twice_and_in_one_go_gives_the_same(ruled: Place) -> None:
    with tenant(ruled.merchant_id):
        take(ruled, record("1001", paid_yuan=600, state="shipped"))
        take(ruled, record("1001", paid_yuan=600))
        take(ruled, record("1001", paid_yuan=600, refund_fen=20000))
    tell(ruled)
    assert standing(ruled) == (420, 0, 0, 1)
    with tenant(ruled.merchant_id):
        told = [one for one in facts.timeline(ruled.merchant_id, member(ruled)) if one.kind == "trade.order_changed"]
        for one in reversed(told):
            facts._stories["trade.order_changed"](ruled.merchant_id, [one])
    assert standing(ruled) == (420, 0, 0, 1)


def test_after_all_facts_are_told_every_check_holds(ruled: Place) -> None:
    with tenant(ruled.merchant_id):
        take(ruled, *(record(f"30{n:02}", nick=f"买家{n % 5}", paid_yuan=50 * n + 10) for n in range(25)))
    tell(ruled)
    with tenant(ruled.merchant_id):
        assert facts.pending_count(ruled.merchant_id) == 0
        assert checks.run(ruled.merchant_id) == []
        assert sum(queries.level_counts(ruled.merchant_id).values()) == 5


def test_a_removed_member_keeps_neither_welcome_points_nor_level(alice: Place) -> None:
    with tenant(alice.merchant_id):
        spec = PointsRuleSpec.model_validate(
            {"start_on": date(2026, 1, 1), "signup_points": 20, "signup_condition": "none"}
        )
        loyalty.save_points_rule(alice.merchant_id, spec, by=alice.by)
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
        take(alice, record("1001"))
    tell(alice)
    with tenant(alice.merchant_id):
        member_id = member(alice)
        assert holding(alice) == (120, 0, 0)
        sql.run("DELETE FROM members_member WHERE merchant_id = %(m)s", {"m": alice.merchant_id})
        gone = MemberRemoved(member_id=member_id, happened_at=clock.now(), source="import:1")
        facts.publish(alice.merchant_id, [gone])
    tell(alice)
    with tenant(alice.merchant_id):
        assert holding(alice) == (100, 0, 0)
        assert sql.rows("SELECT member_id FROM loyalty_standing") == []


def test_every_story_is_short_and_holds_no_tables_and_no_arithmetic() -> None:
    for path in Path(stories.__file__).parent.glob("*_*.py"):
        text = path.read_text()
        if path.name != "__init__.py":
            assert len(text.splitlines()) <= 40
            assert [token for token in ("sql.", "objects.", " + ", " - ", " * ") if token in text] == []
