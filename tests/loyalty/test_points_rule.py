"""Saving and previewing the points rule, and computing past orders again, killed in the middle or not."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest
from django.db import connection

from shuke.core import progress, sql
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.actions import points_rules
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from tests.conftest import owner_connection
from tests.loyalty.make_trade import DAY, NOON, holding, member, record, settle, take
from tests.make import Place

SINCE = date(2026, 1, 1)


def save(place: Place, **values: Any) -> PointsRuleSpec:
    spec = PointsRuleSpec.model_validate(values)
    loyalty.save_points_rule(place.merchant_id, spec, by=place.by)
    return spec


def run_backfill(place: Place) -> None:
    job = progress.latest(place.merchant_id, loyalty.BACKFILL)
    assert job is not None
    loyalty.backfill(place.merchant_id, job.id)


def issued(place: Place) -> int:
    return int(
        sql.scalar(
            "SELECT coalesce(sum(amount - revoked), 0) FROM ledger_lot WHERE merchant_id = %(m)s AND asset = 'points'",
            {"m": place.merchant_id},
        )
    )


def some_orders(place: Place, count: int = 30) -> None:
    take(
        place,
        *(
            record(f"20{n:03}", nick=f"买家{n % 7}", paid_yuan=20 + 13 * n, refund_fen=n * 100 if n % 5 == 0 else 0,
                   placed_at=NOON - (20 + 8 * n) * DAY)
            for n in range(count)
        ),
    )  # fmt: skip


def test_a_rule_from_now_on_leaves_the_past_alone(shop: Place) -> None:
    some_orders(shop)
    save(shop)
    assert progress.latest(shop.merchant_id, loyalty.BACKFILL) is None
    loyalty.backfill(shop.merchant_id, loyalty.start_backfill(shop.merchant_id))
    assert issued(shop) == 0
    rule = queries.points_rule(shop.merchant_id)
    assert rule is not None
    assert (rule.number, rule.valid_from, rule.saved_by) == (1, NOON, shop.by.label)


def test_versions_are_kept_and_the_rule_of_the_day_holds(shop: Place) -> None:
    save(shop, start_on=SINCE)
    save(shop, start_on=date(2026, 11, 1), points_per_yuan=3)
    settle(shop, record("1001"), record("1002", placed_at=NOON - 50 * DAY))
    assert holding(shop) == (400, 0, 0)
    assert [one.number for one in queries.points_rules(shop.merchant_id)] == [2, 1]


def test_a_preview_says_what_saving_and_backfill_then_give_and_writes_nothing(shop: Place) -> None:
    some_orders(shop)
    save(shop, start_on=date(2026, 6, 1))
    run_backfill(shop)
    before = issued(shop)
    transfers = sql.rows("SELECT count(*), max(id) FROM ledger_transfer")
    spec = PointsRuleSpec.model_validate(
        {"start_on": SINCE, "points_per_yuan": "1.5", "yuan_per_100_points": 2, "cap_per_month": 400}
    )
    found = queries.preview_points_rule(shop.merchant_id, spec)
    assert sql.rows("SELECT count(*), max(id) FROM ledger_transfer") == transfers
    assert (found.is_replay, found.every, found.points_before) == (False, 1, before)
    assert found.cost_fen == found.points * 2
    assert sum(month.points for month in found.months.values()) == found.points
    assert sum(one.points for one in found.levels.values()) == found.points
    assert sum(count for _low, _high, count in found.distribution) == found.member_count == 7
    loyalty.save_points_rule(shop.merchant_id, spec, by=shop.by)
    run_backfill(shop)
    assert issued(shop) == found.points != before
    assert checks.run(shop.merchant_id) == []


def test_a_rule_that_begins_now_is_played_through_the_last_twelve_months(shop: Place) -> None:
    some_orders(shop)
    take(shop, record("0001", placed_at=NOON - 500 * DAY, paid_yuan=9999))
    found = queries.preview_points_rule(shop.merchant_id, PointsRuleSpec())
    assert (found.is_replay, found.points_before, found.losing_count) == (True, 0, 0)
    assert found.points == sum(20 + 13 * n - (n if n % 5 == 0 else 0) for n in range(30))
    assert found.gaining_count == 7
    assert found.top[0].points == max(one.points for one in found.top)
    assert issued(shop) == 0


def test_the_preview_warns_of_those_who_would_lose(shop: Place) -> None:
    some_orders(shop)
    save(shop, start_on=SINCE)
    run_backfill(shop)
    found = queries.preview_points_rule(
        shop.merchant_id, PointsRuleSpec(start_on=SINCE, points_per_yuan=Decimal("0.5"))
    )
    assert (found.losing_count, found.gaining_count) == (7, 0)


@pytest.mark.django_db(transaction=True)
def test_a_backfill_killed_after_any_chunk_ends_with_the_same(alice: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points_rules, "CHUNK", 7)
    with tenant(alice.merchant_id):
        some_orders(alice)
        save(alice, start_on=SINCE, cap_per_month=500)
        job = progress.latest(alice.merchant_id, loyalty.BACKFILL)
    assert job is not None
    for _ in range(20):
        _kill_after_two_chunks(alice, job.id)
    with tenant(alice.merchant_id):
        done = progress.get(alice.merchant_id, job.id)
        assert done is not None
        assert (done.state, done.done_count, done.percent) == ("done", 30, 100)
        assert checks.run(alice.merchant_id) == []
        first = issued(alice)
        assert first > 0
        loyalty.backfill(alice.merchant_id, loyalty.start_backfill(alice.merchant_id))
        assert issued(alice) == first


def _kill_after_two_chunks(place: Place, progress_id: int) -> None:
    """One whole chunk; a second whose connection the database cuts before the commit."""
    points_rules._backfill_chunk(place.merchant_id, progress_id)
    try:
        with tenant(place.merchant_id):
            points_rules._backfill_chunk(place.merchant_id, progress_id)
            pid = sql.scalar("SELECT pg_backend_pid()")
            with owner_connection() as owner:
                owner.execute("SELECT pg_terminate_backend(%s)", [pid])
            sql.scalar("SELECT 1")
    except Exception:
        connection.close()


def test_the_checks_find_what_is_not_as_the_rules_say(shop: Place) -> None:
    save(shop, start_on=SINCE)
    run_backfill(shop)
    settle(shop, record("1001"))
    assert checks.run(shop.merchant_id) == []
    sql.run("UPDATE trade_line SET gross_fen = 5000 WHERE merchant_id = %(m)s", {"m": shop.merchant_id})
    (found,) = checks.run(shop.merchant_id)
    assert found.name == "ledger yields = rules(orders)"
    assert found.detail.endswith("100 instead of 50")


def test_the_checks_find_a_level_that_is_missing(shop: Place) -> None:
    loyalty.save_level_rule(shop.merchant_id, LevelRuleSpec(), by=shop.by)
    job = progress.latest(shop.merchant_id, loyalty.REVIEW_ALL)
    assert job is not None
    loyalty.review_all(shop.merchant_id, job.id)
    take(shop, record("1001"))
    assert [one.detail for one in checks.run(shop.merchant_id)] == [f"member {member(shop)}: level 0 instead of 1"]
    loyalty.review_levels(shop.merchant_id, [member(shop)])
    assert checks.run(shop.merchant_id) == []
