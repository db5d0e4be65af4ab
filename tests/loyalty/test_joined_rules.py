"""Orders of two records that are joined yield what the rules say of one person, and parted what they say of two."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from shuke.core import clock, progress
from shuke.core.tenancy import tenant
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PointsRuleSpec
from shuke.members import actions as members
from tests.loyalty.make_joins import join, part, tell
from tests.loyalty.make_trade import DAY, NOON, member, record, take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


def rule(place: Place, **values: Any) -> None:
    m = place.merchant_id
    with tenant(m):
        spec = PointsRuleSpec.model_validate({"start_on": date(2026, 1, 1), **values})
        loyalty.save_points_rule(m, spec, by=place.by)
    run(place, loyalty.BACKFILL, loyalty.backfill)


def run(place: Place, kind: str, job: Callable[[int, int], None]) -> None:
    with tenant(place.merchant_id):
        waiting = progress.latest(place.merchant_id, kind)
    assert waiting is not None
    job(place.merchant_id, waiting.id)


def two(place: Place, *nicks: str) -> list[int]:
    with tenant(place.merchant_id):
        take(place, *(record(f"100{number}", nick) for number, nick in enumerate(nicks)))
        found = [member(place, nick) for nick in nicks]
    tell(place)
    return found


def points(place: Place, *member_ids: int) -> list[int]:
    """What each holds; the books must be what the rules say of the orders."""
    m = place.merchant_id
    with tenant(m):
        assert checks.run(m) == []
        return [balances.balance(m, "points", one).active for one in member_ids]


def test_a_limit_of_a_day_holds_for_both_together(alice: Place) -> None:
    rule(alice, cap_per_day=150)
    first, second = two(alice, "小荷", "荷花")
    assert points(alice, first, second) == [100, 100]
    merge_id = join(alice, first, second)
    assert points(alice, first, second) == [0, 150]
    part(alice, merge_id)
    assert points(alice, first, second) == [100, 100]


def test_the_higher_level_of_the_two_counts_for_what_either_bought(alice: Place) -> None:
    m = alice.merchant_id
    levels = LevelSpec(name="店铺客户"), LevelSpec(name="银卡", threshold=Decimal(100_000))
    with tenant(m):
        loyalty.save_level_rule(m, LevelRuleSpec(for_taobao=False, levels=levels), by=alice.by)
    run(alice, loyalty.REVIEW_ALL, loyalty.review_all)
    rule(alice, level_times=[{"level_no": 1, "times": "2"}])
    first, second = two(alice, "小荷", "荷花")
    with tenant(m), clock.frozen(NOON - 25 * DAY):
        loyalty.set_level(m, [first], 1, reason="老朋友", by=alice.by)
    with tenant(m):
        take(alice, *(record(f"200{nick}", nick, placed_at=NOON - 20 * DAY) for nick in ("小荷", "荷花")))
    tell(alice)
    assert points(alice, first, second) == [300, 200]
    merge_id = join(alice, first, second)
    assert points(alice, first, second) == [0, 600]
    part(alice, merge_id)
    assert points(alice, first, second) == [300, 200]


def test_joined_orders_go_by_the_blacklisting_of_who_stands_for_her(alice: Place) -> None:
    rule(alice)
    first, second = two(alice, "小荷", "荷花")
    with tenant(alice.merchant_id), clock.frozen(NOON - 25 * DAY):
        members.blacklist(alice.merchant_id, [first], reason="恶意退货", by=alice.by)
    merge_id = join(alice, first, second)
    joined = points(alice, first, second)
    part(alice, merge_id)
    assert (joined, points(alice, first, second)) == ([0, 200], [0, 100])
