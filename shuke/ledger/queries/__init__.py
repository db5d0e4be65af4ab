"""What members hold, how it came about, what will lapse."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import count

from shuke.core import clock, sql
from shuke.ledger import rules
from shuke.ledger.actions.book import BALANCES, Book
from shuke.ledger.queries.lines import Line, journal, statement, sum_before
from shuke.ledger.rules import Balance

__all__ = [
    "Balance",
    "Coming",
    "Expiring",
    "Lapse",
    "Line",
    "Month",
    "Totals",
    "Yield",
    "balance",
    "balances",
    "by_source",
    "coming",
    "expiring",
    "expiring_total",
    "journal",
    "lapsing",
    "months",
    "open_reservations",
    "standing_keys",
    "statement",
    "sum_before",
    "taken_under",
    "totals",
]


@dataclass(frozen=True, slots=True)
class Expiring:
    """An amount that lapses at an instant unless it is spent."""

    member_id: int
    expires_at: datetime
    amount: int


@dataclass(frozen=True, slots=True)
class Coming:
    """An amount that becomes usable at an instant; None while that is not known yet."""

    available_at: datetime | None
    amount: int


@dataclass(frozen=True, slots=True)
class Lapse:
    """An amount of several members together that lapses at an instant unless they spend it."""

    expires_at: datetime
    amount: int
    member_count: int


@dataclass(frozen=True, slots=True)
class Month:
    """What moved in one month (`2026-11`), of a merchant's whole asset.

    `given` is credited in that month less what was taken back of it later, and less debits; `spent` and `expired` are
    net of what came back.
    """

    month: str
    given: int
    spent: int
    expired: int


@dataclass(frozen=True, slots=True)
class Totals:
    """A whole asset of a merchant: issued = active + pending + reserved + spent + expired + taken_back − debt."""

    issued: int = 0
    active: int = 0
    pending: int = 0
    reserved: int = 0
    spent: int = 0
    expired: int = 0
    taken_back: int = 0
    debt: int = 0


@dataclass(frozen=True, slots=True)
class Yield:
    """What a settled source stands at: `amount` in all, of it `pending`, `left` and `lapsed`."""

    member_id: int
    amount: int
    pending: int
    left: int
    lapsed: int


def balances(merchant_id: int, asset: str, member_ids: Sequence[int]) -> dict[int, Balance]:
    """Every asked member's balance as of now, whether or not the job has done yet what is due; nothing is written."""
    now = clock.now()
    params = {"merchant_id": merchant_id, "asset": asset, "members": sql.numbers(member_ids), "now": now}
    (_touched, balances), (_found, rows) = sql.at_once((BALANCES, params), (_DUE, params))
    found = {row[0]: Balance(*row[1:]) for row in balances}
    due = [row[0] for row in rows]
    if due:
        book = Book(merchant_id, asset, now, numbers=count(-1, -1))
        book.read(due)
        for account in book.accounts.values():
            rules.bring_up_to_date(account, now)
            found[account.member_id] = account.balance
    return {member_id: found.get(member_id, Balance()) for member_id in member_ids}


def balance(merchant_id: int, asset: str, member_id: int) -> Balance:
    """One member's balance."""
    return balances(merchant_id, asset, [member_id])[member_id]


def months(merchant_id: int, asset: str, zone: str, since: datetime) -> list[Month]:
    """What was given, used up and lost in each month since an instant, the oldest first."""
    return [
        Month(*row)
        for row in sql.rows(_MONTHS, {"merchant_id": merchant_id, "asset": asset, "zone": zone, "since": since})
    ]


def lapsing(merchant_id: int, asset: str, until: datetime) -> list[Lapse]:
    """What lapses from now until an instant of all members together, by moment, the soonest first."""
    return [
        Lapse(*row)
        for row in sql.rows(
            """
            SELECT expires_at, sum("left")::bigint, count(DISTINCT member_id) FROM ledger_lot
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND state = 'active'
                AND expires_at > %(now)s AND expires_at <= %(until)s
            GROUP BY expires_at ORDER BY expires_at
            """,
            {"merchant_id": merchant_id, "asset": asset, "now": clock.now(), "until": until},
        )
    ]


def expiring(merchant_id: int, asset: str, member_id: int | None, until: datetime) -> list[Expiring]:
    """What lapses from now until an instant, by member and moment, soonest first; of everybody when no member is named."""
    return [
        Expiring(*row)
        for row in sql.rows(
            """
            SELECT member_id, expires_at, sum("left")::bigint FROM ledger_lot
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND state = 'active'
                AND expires_at > %(now)s AND expires_at <= %(until)s
                AND (%(member_id)s::bigint IS NULL OR member_id = %(member_id)s)
            GROUP BY member_id, expires_at ORDER BY expires_at, member_id
            """,
            {"merchant_id": merchant_id, "asset": asset, "member_id": member_id, "now": clock.now(), "until": until},
        )
    ]


def expiring_total(merchant_id: int, asset: str, until: datetime) -> int:
    """How much of everybody's lapses from now until an instant."""
    return int(
        sql.scalar(
            'SELECT coalesce(sum("left"), 0) FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint)'
            " AND asset = %(asset)s AND state = 'active' AND expires_at > %(now)s AND expires_at <= %(until)s",
            {"merchant_id": merchant_id, "asset": asset, "now": clock.now(), "until": until},
        )
    )


def coming(merchant_id: int, asset: str, member_id: int) -> list[Coming]:
    """What of a member's is pending, by the moment it becomes usable, soonest first and the unknown last."""
    return [
        Coming(*row)
        for row in sql.rows(
            """
            SELECT available_at, sum("left")::bigint FROM ledger_lot
            WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = %(member_id)s
                AND state = 'pending' AND "left" > 0 AND (available_at IS NULL OR available_at > %(now)s)
            GROUP BY available_at ORDER BY available_at NULLS LAST
            """,
            {"merchant_id": merchant_id, "asset": asset, "member_id": member_id, "now": clock.now()},
        )
    ]


def totals(merchant_id: int, asset: str) -> Totals:
    """Sums over all members, computed from the transfers."""
    moved = sql.rows(
        "SELECT from_state, to_state, sum(amount)::bigint FROM ledger_transfer"
        " WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s GROUP BY from_state, to_state",
        {"merchant_id": merchant_id, "asset": asset},
    )
    sums: dict[str, int] = {}
    for from_state, to_state, amount in moved:
        sums[from_state] = sums.get(from_state, 0) - amount
        sums[to_state] = sums.get(to_state, 0) + amount
    sums.pop(rules.MOVED, None)
    return Totals(issued=-sums.pop(rules.ISSUED, 0), debt=-sums.pop(rules.DEBT, 0), **sums)


def by_source(merchant_id: int, asset: str, sources: Sequence[str]) -> dict[str, Yield]:
    """What settled sources stand at; sources that never yielded anything are left out."""
    return {
        row[0]: Yield(*row[1:])
        for row in sql.rows(
            """
            SELECT s.source, coalesce(l.holder, l.first_holder), l.amount, l.pending, l."left", l.lapsed
            FROM unnest(string_to_array(%(sources)s, chr(31))) AS s (source), LATERAL (
                SELECT max(member_id) FILTER (WHERE amount > revoked) AS holder, max(member_id) AS first_holder,
                    sum(amount - revoked)::bigint AS amount, sum("left")::bigint AS "left",
                    coalesce(sum("left") FILTER (WHERE state = 'pending'), 0)::bigint AS pending,
                    sum(lapsed)::bigint AS lapsed
                FROM ledger_lot
                WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND source = s.source AND part IS NOT NULL
            ) l WHERE l.amount IS NOT NULL
            """,
            {"merchant_id": merchant_id, "asset": asset, "sources": sql.texts(dict.fromkeys(sources))},
        )
    }


def open_reservations(merchant_id: int, asset: str, member_id: int) -> Mapping[int, tuple[int, datetime]]:
    """A member's reservations that are not over: id → (amount, until)."""
    return {
        row[0]: (row[1], row[2])
        for row in sql.rows(
            "SELECT id, amount, until_at FROM ledger_reservation WHERE merchant_id = (SELECT %(merchant_id)s::bigint)"
            " AND asset = %(asset)s AND member_id = %(member_id)s AND state = 'reserved' AND until_at > %(now)s",
            {"merchant_id": merchant_id, "asset": asset, "member_id": member_id, "now": clock.now()},
        )
    }


def taken_under(merchant_id: int, asset: str, keys: Collection[str]) -> dict[str, tuple[str, int]]:
    """What spendings and reservations took under their keys: (state, amount) with state reserved, spent or released.

    The amount of a spending is net of what was given back; keys that stand for neither are left out.
    """
    return {
        row[0]: (row[1], row[2])
        for row in sql.rows(
            """
            SELECT t.key, coalesce(CASE v.state WHEN 'committed' THEN 'spent' ELSE v.state END, 'spent'),
                t.amount - coalesce((
                    SELECT sum(b.amount) FROM ledger_transfer b WHERE b.merchant_id = t.merchant_id
                        AND b.cause_id = coalesce(c.id, t.id) AND b.from_state = 'spent'), 0)::bigint
            FROM ledger_transfer t
            LEFT JOIN ledger_reservation v ON v.merchant_id = t.merchant_id AND v.id = t.id
            LEFT JOIN ledger_transfer c ON c.merchant_id = t.merchant_id AND c.cause_id = t.id
                AND c.from_state = 'reserved' AND c.to_state = 'spent'
            WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.asset = %(asset)s AND t.key = ANY(%(keys)s)
                AND t.to_state IN ('reserved', 'spent')
            """,
            {"merchant_id": merchant_id, "asset": asset, "keys": list(keys)},
        )
    }


def standing_keys(merchant_id: int, keys: Collection[str]) -> set[str]:
    """Which of these keys stand under a transfer, of whatever asset and kind."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT key FROM ledger_transfer"
            " WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND key = ANY(%(keys)s)",
            {"merchant_id": merchant_id, "keys": list(keys)},
        )
    }


_DUE = """
    SELECT wanted.id FROM unnest(%(members)s::bigint[]) AS wanted (id) CROSS JOIN LATERAL (
        SELECT state, available_at, expires_at FROM ledger_lot
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = wanted.id
            AND state IN ('pending', 'active') OFFSET 0
    ) lot
    WHERE (state = 'pending' AND available_at <= %(now)s OR state = 'active' AND expires_at <= %(now)s)
    UNION
    SELECT member_id FROM ledger_reservation
    WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = ANY(%(members)s::bigint[])
        AND state = 'reserved' AND until_at <= %(now)s
"""

# Credits count where they were made: an order that is computed anew years later would leave a hole in the present month.
_MONTHS = """
    SELECT to_char(at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month, sum(given)::bigint, sum(spent)::bigint,
        sum(expired)::bigint
    FROM (
        SELECT happened_at AS at, amount - revoked AS given, 0 AS spent, 0 AS expired FROM ledger_lot
        WHERE merchant_id = %(merchant_id)s AND asset = %(asset)s AND happened_at >= %(since)s
        UNION ALL
        SELECT happened_at, CASE WHEN to_state = 'taken_back' THEN -amount ELSE 0 END,
            amount * ((to_state = 'spent')::int - (from_state = 'spent')::int),
            amount * ((to_state = 'expired')::int - (from_state = 'expired')::int)
        FROM ledger_transfer
        WHERE merchant_id = %(merchant_id)s AND asset = %(asset)s AND happened_at >= %(since)s
            AND ('spent' IN (from_state, to_state) OR 'expired' IN (from_state, to_state)
                OR to_state = 'taken_back' AND kind <> 'taken_back')
    ) moved
    GROUP BY month ORDER BY month
"""
