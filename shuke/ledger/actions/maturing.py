"""What time brings to whole shops: pending lots become active, active lots lapse."""

from __future__ import annotations

from datetime import datetime

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.ledger import events, rules
from shuke.ledger.actions.book import in_turn, lock, open_book

CHUNK = 2000


def mature(merchant_id: int, now: datetime | None = None) -> int:
    """Make pending lots active whose time has come, debt being repaid first; how many members had one.

    Each lot's transfer has the lot's own key, so that repeating does nothing. Works in chunks of members, each in a
    transaction of its own unless one is open.
    """
    return _in_chunks(merchant_id, now or clock.now(), rules.PENDING, "available_at", _MATURE)


def expire(merchant_id: int, now: datetime | None = None) -> int:
    """Let active lots lapse that are past their end; how many members had one. As `mature`; tells PointsLapsed."""
    return _in_chunks(merchant_id, now or clock.now(), rules.ACTIVE, "expires_at", _EXPIRE)


def _in_chunks(merchant_id: int, now: datetime, state: str, column: str, statement: str) -> int:
    count = 0
    while True:
        with tenant(merchant_id):
            found = sql.rows(
                f"SELECT DISTINCT asset, member_id FROM (SELECT asset, member_id FROM ledger_lot"
                f" WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND state = '{state}' AND {column} <= %(now)s"
                f" ORDER BY {column} LIMIT %(chunk)s) due",
                {"merchant_id": merchant_id, "now": now, "chunk": CHUNK},
            )
            for asset in in_turn(row[0] for row in found):
                members = sorted(row[1] for row in found if row[0] == asset)
                _bring_up_to_date(merchant_id, asset, members, now, statement)
        count += len(found)
        if not found:
            return count


def _bring_up_to_date(merchant_id: int, asset: str, members: list[int], now: datetime, statement: str) -> None:
    lock(merchant_id, asset, members)
    params = {"merchant_id": merchant_id, "asset": asset, "now": now}
    debtors = [
        row[0]
        for row in sql.rows(
            "SELECT member_id FROM ledger_balance WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s"
            " AND member_id = ANY(%(members)s::bigint[]) AND debt > 0",
            {**params, "members": sql.numbers(members)},
        )
    ]
    if debtors:
        book = open_book(merchant_id, asset, debtors, now, at_home=False)
        book.bring_up_to_date()
        book.save()
    others = sorted(set(members) - set(debtors))
    changed = sql.rows(statement, {**params, "members": sql.numbers(others)}) if others else []
    if statement is _EXPIRE:
        events.publish_lapsed(merchant_id, asset, dict(changed), now)


# One index probe per member, whatever the planner believes: OFFSET keeps the dates from choosing another index.
_OPEN_LOTS = """
    unnest(%(members)s::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
        SELECT id, state, available_at, expires_at, "left" FROM ledger_lot
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = wanted.id
            AND state IN ('pending', 'active') OFFSET 0
    ) lot
"""

_MATURE = f"""
    WITH found AS MATERIALIZED (
        SELECT lot.id FROM {_OPEN_LOTS} WHERE lot.state = 'pending' AND lot.available_at <= %(now)s
    ), due AS (
        UPDATE ledger_lot l SET state = 'active' FROM found
        WHERE l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.id = found.id
        RETURNING l.id, l.member_id, l.source, l.rule_id, l."left", l.available_at
    ), told AS (
        INSERT INTO ledger_transfer (merchant_id, member_id, asset, kind, from_state, to_state, amount, source, key,
            lot_id, rule_id, happened_at, by)
        SELECT %(merchant_id)s, member_id, %(asset)s, 'matured', 'pending', 'active', "left", source,
            '=mature:' || id, id, rule_id, available_at, 'system' FROM due
    )
    UPDATE ledger_balance b SET pending = b.pending - s.amount, active = b.active + s.amount
    FROM (SELECT member_id, sum("left") AS amount FROM due GROUP BY member_id) s
    WHERE b.merchant_id = (SELECT %(merchant_id)s::bigint) AND b.asset = %(asset)s AND b.member_id = s.member_id
    RETURNING b.member_id, s.amount::bigint
"""

_EXPIRE = f"""
    WITH due AS MATERIALIZED (
        SELECT lot.id, lot."left" FROM {_OPEN_LOTS} WHERE lot.state = 'active' AND lot.expires_at <= %(now)s
    ), lapsed AS (
        UPDATE ledger_lot l SET state = 'lapsed', lapsed = l.lapsed + due."left", "left" = 0
        FROM due WHERE l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.id = due.id
        RETURNING l.id, l.member_id, l.source, l.rule_id, due."left" AS amount,
            greatest(l.expires_at, l.available_at) AS at
    ), told AS (
        INSERT INTO ledger_transfer (merchant_id, member_id, asset, kind, from_state, to_state, amount, source, key,
            lot_id, rule_id, happened_at, by)
        SELECT %(merchant_id)s, member_id, %(asset)s, 'lapsed', 'active', 'expired', amount, source,
            '=expire:' || id, id, rule_id, at, 'system' FROM lapsed
    )
    UPDATE ledger_balance b SET active = b.active - s.amount
    FROM (SELECT member_id, sum(amount) AS amount FROM lapsed GROUP BY member_id) s
    WHERE b.merchant_id = (SELECT %(merchant_id)s::bigint) AND b.asset = %(asset)s AND b.member_id = s.member_id
    RETURNING b.member_id, s.amount::bigint
"""
