"""What points in circulation would cost, how they moved month by month, and how many will probably lapse."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from shuke.analytics import rules
from shuke.analytics.rules import Breakage, Fates
from shuke.core import clock, sql
from shuke.ledger import queries as ledger
from shuke.ledger.queries import Totals
from shuke.loyalty.queries.worth import worth

POINTS = "points"


@dataclass(frozen=True, slots=True)
class MonthMoved:
    """What moved in one month (`2026-11`), and what was in circulation at its end, owed points taken off."""

    month: str
    issued: int
    spent: int
    lapsed: int
    taken_back: int
    at_end: int


@dataclass(frozen=True, slots=True)
class MonthLapsing:
    """What lapses in one month unless it is spent."""

    month: str
    points: int
    member_count: int


@dataclass(frozen=True, slots=True)
class PointsLiability:
    """Points in circulation and their cost in fen by the rate in force; `breakage` None while history is too short."""

    sums: Totals
    circulating: int
    cost_fen: int
    never_lapsing: int
    breakage: Breakage | None
    breakage_fen: int
    months: list[MonthMoved]
    lapsing: list[MonthLapsing]

    @property
    def expected_fen(self) -> int:
        """What will probably have to be paid: the cost less what is expected to lapse."""
        return self.cost_fen - self.breakage_fen


def points_liability(merchant_id: int, zone: str, *, with_breakage: bool = True) -> PointsLiability:
    """The whole picture, from the merchant's own books; seconds for a million lots."""
    sums = ledger.totals(merchant_id, POINTS)
    circulating = sums.active + sums.pending + sums.reserved
    rate = worth(merchant_id)
    fates = _fates(merchant_id) if with_breakage else []
    open_points, never = _open(merchant_id)
    breakage = rules.expected(rules.shares(fates), open_points)
    return PointsLiability(
        sums, circulating, rate.fen(circulating), never, breakage,
        rate.fen(breakage.points) if breakage else 0, _months(merchant_id, zone),
        _lapsing(merchant_id, zone),
    )  # fmt: skip


def plan_costs(merchant_id: int) -> dict[int, int]:
    """What the points that paid memberships gave are worth in fen, by plan: those at the start and more for orders."""
    rate = worth(merchant_id)
    return {
        plan_id: rate.fen(int(Fraction(str(points))))
        for plan_id, points in sql.rows(
            """
            SELECT plan_id, sum(points) FROM (
                SELECT plan_id, bonus_points::numeric AS points FROM loyalty_term
                WHERE merchant_id = %(m)s AND taken_back_at IS NULL
                UNION ALL
                SELECT t.plan_id, x.amount * (1 - 1 / x.times) FROM (
                    SELECT member_id, happened_at, split_part(note->>'membership_times', '/', 1)::numeric
                            / coalesce(nullif(split_part(note->>'membership_times', '/', 2), ''), '1')::numeric AS times,
                        amount * ((from_state = 'issued')::int - (to_state = 'taken_back')::int) AS amount
                    FROM ledger_transfer WHERE merchant_id = %(m)s AND asset = 'points' AND note ? 'membership_times'
                ) x JOIN LATERAL (
                    SELECT plan_id FROM loyalty_term t WHERE t.merchant_id = %(m)s AND t.member_id = x.member_id
                    ORDER BY (t.starts_at <= x.happened_at) DESC, t.starts_at DESC LIMIT 1
                ) t ON true
            ) given GROUP BY plan_id
            """,
            {"m": merchant_id},
        )
    }


def _months(merchant_id: int, zone: str) -> list[MonthMoved]:
    found: list[MonthMoved] = []
    at_end = 0
    for month, issued, spent, lapsed, taken_back in sql.rows(
        """
        SELECT to_char(happened_at AT TIME ZONE %(zone)s, 'YYYY-MM') AS month,
            sum(amount * (from_state = 'issued')::int)::bigint,
            sum(amount * ((to_state = 'spent')::int - (from_state = 'spent')::int))::bigint,
            sum(amount * ((to_state = 'expired')::int - (from_state = 'expired')::int))::bigint,
            sum(amount * (to_state = 'taken_back')::int)::bigint
        FROM ledger_transfer WHERE merchant_id = %(m)s AND asset = 'points' GROUP BY month ORDER BY month
        """,
        {"m": merchant_id, "zone": zone},
    ):
        at_end += issued - spent - lapsed - taken_back
        found.append(MonthMoved(month, issued, spent, lapsed, taken_back, at_end))
    return found


def _lapsing(merchant_id: int, zone: str) -> list[MonthLapsing]:
    return [
        MonthLapsing(*row)
        for row in sql.rows(
            """
            SELECT to_char(expires_at AT TIME ZONE %(zone)s - interval '1 second', 'YYYY-MM') AS month,
                sum("left")::bigint, count(DISTINCT member_id)
            FROM ledger_lot WHERE merchant_id = %(m)s AND asset = 'points' AND state IN ('active', 'pending')
                AND expires_at > %(now)s
            GROUP BY month ORDER BY month
            """,
            {"m": merchant_id, "zone": zone, "now": clock.now()},
        )
    ]


def _open(merchant_id: int) -> tuple[dict[int, int], int]:
    """Points that will lapse one day by age class, and those that never do."""
    found: dict[int, int] = dict.fromkeys(rules.AGES, 0)
    never = 0
    for days, lapses, points in sql.rows(
        """
        SELECT extract(day FROM %(now)s - happened_at)::int AS days, expires_at IS NOT NULL, sum("left")::bigint
        FROM ledger_lot WHERE merchant_id = %(m)s AND asset = 'points' AND state IN ('active', 'pending')
        GROUP BY 1, 2
        """,
        {"m": merchant_id, "now": clock.now()},
    ):
        if lapses:
            found[rules.age_class(days)] += points
        else:
            never += points
    return found, never


def _fates(merchant_id: int) -> list[Fates]:
    """Of lots that are past their end: what was left at each age, and what lapsed, with members as units."""
    now = clock.now()
    # Every step is over all ended lots; a merchant the planner has no figures of must not be compared row by row.
    sql.run("SELECT set_config('enable_nestloop', 'off', true)")
    found = sql.rows(_FATES, {"m": merchant_id, "now": now, "ages": list(rules.AGES), "zero": _zero(now)})
    sql.run("SELECT set_config('enable_nestloop', 'on', true)")
    return [Fates(row[0], *map(int, row[1:])) for row in found]


def _zero(now: datetime) -> datetime:
    return now.replace(year=now.year - 20)


_FATES = """
    WITH ended AS MATERIALIZED (
        SELECT id, member_id, happened_at, expires_at, amount - revoked AS amount, lapsed FROM ledger_lot
        WHERE merchant_id = %(m)s AND asset = 'points' AND expires_at <= %(now)s AND expires_at > %(zero)s
            AND amount > revoked
    ), used AS (
        SELECT e.id, t.happened_at - e.happened_at AS after, a.amount * (CASE WHEN t.from_state = 'active' THEN 1 ELSE -1 END)
            AS amount
        FROM ended e
        JOIN ledger_allocation a ON a.merchant_id = %(m)s AND a.lot_id = e.id
        JOIN ledger_transfer t ON t.merchant_id = %(m)s AND t.id = a.transfer_id
        WHERE t.from_state = 'active' AND t.to_state IN ('spent', 'reserved')
            OR t.to_state = 'active' AND t.from_state IN ('spent', 'reserved')
        UNION ALL
        SELECT e.id, t.happened_at - e.happened_at, t.amount * (CASE WHEN t.from_state = 'active' THEN 1 ELSE -1 END)
        FROM ended e JOIN ledger_transfer t ON t.merchant_id = %(m)s AND t.lot_id = e.id
        WHERE t.from_state = 'active' AND t.to_state IN ('spent', 'reserved')
            OR t.to_state = 'active' AND t.from_state IN ('spent', 'reserved')
    ), used_by AS (
        SELECT id, age, sum(amount) AS used FROM used JOIN unnest(%(ages)s::int[]) AS age
            ON after < make_interval(days => age)
        GROUP BY id, age
    ), fates AS (
        SELECT e.member_id, age, sum(greatest(e.lapsed, e.amount - coalesce(u.used, 0))) AS own,
            sum(e.lapsed)::numeric AS lapsed
        FROM ended e CROSS JOIN unnest(%(ages)s::int[]) AS age LEFT JOIN used_by u USING (id, age)
        WHERE e.expires_at > e.happened_at + make_interval(days => age)
        GROUP BY e.member_id, age
    )
    SELECT age, count(*), sum(own), sum(lapsed), sum(own * own), sum(own * lapsed), sum(lapsed * lapsed)
    FROM fates WHERE own > 0 GROUP BY age ORDER BY age
"""
