"""Warnings that are published once: whose level or paid membership ends soon, whose membership is over."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from shuke.core import clock, facts, sql
from shuke.core.tenancy import tenant
from shuke.loyalty.events import LevelEnding, MembershipEnded, MembershipEnding
from shuke.loyalty.queries.memberships import ending_memberships
from shuke.loyalty.queries.rulebook import level_rule
from shuke.loyalty.queries.standings import warned

_ENDED_DAYS = 30


def publish_endings(merchant_id: int) -> int:
    """Publish every ending that became near since the last look; how many. Repeating publishes nothing again."""
    with tenant(merchant_id):
        return _levels(merchant_id) + _memberships(merchant_id) + _ended(merchant_id)


def _levels(merchant_id: int) -> int:
    rule = level_rule(merchant_id)
    found = [one for one in warned(merchant_id, limit=None) if one.ends_at is not None] if rule else []
    now = clock.now()
    fresh = _first(merchant_id, "level", [(one.member_id, f"{one.level_no} {one.ends_at:%Y-%m-%d}") for one in found])
    facts.publish(
        merchant_id,
        [
            LevelEnding(
                member_id=one.member_id, happened_at=now, level_no=one.level_no, level_name=one.level_name,
                days_left=max(0, (one.ends_at - now).days), missing=one.missing,
                measure=rule.spec.measure if rule else "",
            )
            for one in found
            if one.member_id in fresh
        ],
    )  # fmt: skip
    return len(fresh)


def _memberships(merchant_id: int) -> int:
    now = clock.now()
    found = ending_memberships(merchant_id, limit=None)
    fresh = _first(merchant_id, "membership", [(one.member_id, f"{one.until_at:%Y-%m-%d}") for one in found])
    facts.publish(
        merchant_id,
        [
            MembershipEnding(
                member_id=one.member_id, happened_at=now, plan_name=one.plan_name,
                days_left=max(0, (one.until_at - now).days),
            )
            for one in found
            if one.member_id in fresh
        ],
    )  # fmt: skip
    return len(fresh)


def _ended(merchant_id: int) -> int:
    now = clock.now()
    found = sql.rows(
        """
        SELECT t.member_id, t.ends_at, t.plan_name FROM loyalty_term t
        WHERE t.merchant_id = %(m)s AND t.taken_back_at IS NULL AND t.ends_at <= %(now)s AND t.ends_at > %(since)s
            AND NOT EXISTS (SELECT FROM loyalty_term l WHERE l.merchant_id = t.merchant_id
                AND l.member_id = t.member_id AND l.taken_back_at IS NULL AND l.ends_at > t.ends_at)
        """,
        {"m": merchant_id, "now": now, "since": now - timedelta(days=_ENDED_DAYS)},
    )
    fresh = _first(merchant_id, "membership_ended", [(row[0], f"{row[1]:%Y-%m-%d}") for row in found])
    facts.publish(
        merchant_id,
        [
            MembershipEnded(member_id=member_id, happened_at=ends_at, plan_name=name)
            for member_id, ends_at, name in found
            if member_id in fresh
        ],
    )
    return len(fresh)


def _first(merchant_id: int, kind: str, found: Sequence[tuple[int, str]]) -> set[int]:
    """Those of these members for whom the key is new."""
    rows = [{"member_id": member_id, "key": key} for member_id, key in found]
    return {
        row[0]
        for row in sql.rows(
            "INSERT INTO loyalty_notice (merchant_id, kind, member_id, key, at)"
            " SELECT %(m)s, %(kind)s, member_id, key, %(now)s"
            " FROM jsonb_to_recordset(%(rows)s::jsonb) AS f (member_id bigint, key text)"
            " ON CONFLICT DO NOTHING RETURNING member_id",
            {"m": merchant_id, "kind": kind, "now": clock.now(), "rows": json.dumps(rows)},
        )
    }
