"""Keeping the member list's rows as the other modules' tables are, and handing out what is kept of a person."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.loyalty.queries import explain
from shuke.members import actions as members
from shuke.members import queries
from shuke.merchants import queries as merchants
from shuke.trade import queries as trade

BATCH = 5000
ORDERS, LINES = 1000, 1000
_MARKS = 500

_COLUMNS = (
    "last_order_at", "paid_fen", "average_fen", "points", "order_count", "level_no", "lifecycle", "status",
    "relation_source", "province", "display_name",
)  # fmt: skip

SOURCE = """
    members_member m
    LEFT JOIN trade_figures f ON f.merchant_id = m.merchant_id AND f.member_id = m.id
    LEFT JOIN ledger_balance b ON b.merchant_id = m.merchant_id AND b.member_id = m.id AND b.asset = 'points'
    LEFT JOIN loyalty_standing l ON l.merchant_id = m.merchant_id AND l.member_id = m.id
"""

# Whoever was joined to another member, or erased, is in no list.
LISTED = "m.home_id IS NULL AND m.erased_at IS NULL"

VALUES = """
    coalesce(f.last_order_at, '-infinity'), coalesce(f.paid_fen, 0), coalesce(f.average_fen, 0), coalesce(b.active, 0),
    coalesce(f.order_count, 0), coalesce(l.level_no, 0::smallint), coalesce(f.lifecycle, 'other'), m.status, m.relation_source,
    m.province, m.display_name
"""

# LATERAL with OFFSET makes it one index probe for each, whatever the planner believes of the tables.
_REFRESH = f"""
    WITH taken AS (
        DELETE FROM analytics_mark WHERE merchant_id = %(merchant_id)s AND id IN (
            SELECT id FROM (
                SELECT id, sum(cardinality(member_ids)) OVER (ORDER BY id) - cardinality(member_ids) AS before
                FROM (SELECT id, member_ids FROM analytics_mark WHERE merchant_id = %(merchant_id)s
                    ORDER BY id LIMIT {_MARKS}) AS next
            ) AS summed WHERE before < %(most)s)
        RETURNING member_ids
    ), wanted AS (
        SELECT DISTINCT member_id FROM taken, unnest(member_ids) AS member_id
    ), gone AS (
        DELETE FROM analytics_memberrow r USING wanted w
        WHERE r.merchant_id = %(merchant_id)s AND r.member_id = w.member_id AND NOT EXISTS (
            SELECT FROM members_member m WHERE m.merchant_id = r.merchant_id AND m.id = r.member_id AND {LISTED})
    )
    INSERT INTO analytics_memberrow AS r (merchant_id, member_id, {", ".join(_COLUMNS)})
    SELECT %(merchant_id)s, w.member_id, found.* FROM (SELECT member_id FROM wanted ORDER BY member_id) AS w
    CROSS JOIN LATERAL (
        SELECT {VALUES} FROM {SOURCE} WHERE m.merchant_id = %(merchant_id)s AND m.id = w.member_id AND {LISTED} OFFSET 0
    ) AS found
    ON CONFLICT (merchant_id, member_id) DO UPDATE SET ({", ".join(_COLUMNS)}) =
        ({", ".join("excluded." + name for name in _COLUMNS)})
    WHERE ({", ".join("r." + name for name in _COLUMNS)}) IS DISTINCT FROM
        ({", ".join("excluded." + name for name in _COLUMNS)})
"""


def refresh_rows(merchant_id: int, *, most: int = BATCH) -> bool:
    """Write the rows of marked members again, about `most` of them; whether marks are left.

    One at a time per merchant, and the lock is taken before the rows are read: an older reading never goes over a newer
    one. Killed half way, the marks are there as before. Needs the merchant's scope.
    """
    params = {"merchant_id": merchant_id, "most": most}
    if not _has_marks(merchant_id):
        return False
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('analytics.rows', %(merchant_id)s))", params)
    sql.run(_REFRESH, params)
    return _has_marks(merchant_id)


def _has_marks(merchant_id: int) -> bool:
    return bool(
        sql.scalar(
            "SELECT EXISTS (SELECT FROM analytics_mark WHERE merchant_id = %(merchant_id)s)",
            {"merchant_id": merchant_id},
        )
    )


def take_out(merchant_id: int, member_id: int, *, by: Actor) -> dict[str, Any]:
    """Everything that is kept of a person as plain values, clear ones included, to be given to her; the audit log tells."""
    m, profile = merchant_id, queries.profile(merchant_id, member_id)
    merchant = merchants.merchant(m)
    return {
        "shop": merchant.name if merchant else "",
        "made_at": _text(clock.now()),
        "profile": {
            "name": profile.display_name, "gender": profile.gender, "province": profile.province, "city": profile.city,
            "joined_at": _text(profile.joined_at), "tags": [name for _id, name in profile.tags],
            "groups": [name for _id, name in profile.groups],
        } if profile else {},
        "personal": members.hand_out(m, member_id, by=by),
        "identities": [{"kind": one.kind, "value": one.value or "***"} for one in queries.identities(m, member_id)],
        "attributes": [{"name": one.name, "value": one.value} for one in queries.attribute_values(m, member_id)],
        "consents": [
            {"channel": str(one.channel_label), "purpose": str(one.purpose_label), "is_given": one.is_given,
             "at": _text(one.at)}
            for one in queries.proofs(m, member_id, limit=1000)
        ],
        "orders": [
            {"order_no": one.order_no, "placed_at": _text(one.placed_at), "state": str(one.state_label),
             "paid_fen": one.paid_fen, "title": one.title}
            for one in trade.orders_of(m, member_id, limit=ORDERS)
        ],
        "points": [
            {"at": _text(told.line.happened_at), "amount": told.line.amount, "why": told.sentence}
            for told in explain.history(m, member_id, limit=LINES)
        ],
    }  # fmt: skip


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
