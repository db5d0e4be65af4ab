"""What each level costs the shop: points on top, and discounts as far as the exports tell them."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from shuke.core import clock, sql
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries.worth import worth

FULL_PRICE = 1000  # permille


@dataclass(frozen=True, slots=True)
class LevelCost:
    """One level since New Year, in fen: extra points' worth, birthday points' worth, discounts that are told.

    `untold_count` counts orders bought at the level's price of which the export names no list price.
    """

    level_no: int
    points_fen: int = 0
    birthday_fen: int = 0
    discount_fen: int = 0
    untold_count: int = 0

    @property
    def total_fen(self) -> int:
        """All together."""
        return self.points_fen + self.birthday_fen + self.discount_fen


def level_costs(merchant_id: int, zone: str) -> dict[int, LevelCost]:
    """What each level cost since New Year in the merchant's zone; levels that cost nothing are missing.

    A line counts for the level that its member held when it was bought. Formulas as on the buyer's page.
    """
    levels = loyalty.level_rule(merchant_id)
    if levels is None:
        return {}
    params = {"m": merchant_id, "zone": zone, "now": clock.now()}
    ratio = worth(merchant_id).fen_per_point
    points: dict[tuple[int, str], Fraction] = {
        (level_no, kind): Fraction(str(amount)) for level_no, kind, amount in sql.rows(_POINTS, params)
    }
    permille = [row.discount_permille for row in levels.spec.levels]
    is_any_lower = min(permille) < FULL_PRICE  # else a year's orders are not gone through for nothing
    bought = sql.rows(_DISCOUNTS, {**params, "permille": permille}) if is_any_lower else []
    discounts = {row[0]: (int(row[1]), row[2]) for row in bought}
    found = {
        no: LevelCost(
            no, int(points.get((no, "level"), Fraction(0)) * ratio), int(points.get((no, "birthday"), Fraction(0)) * ratio),
            *discounts.get(no, (0, 0)),
        )
        for no in range(len(permille))
    }  # fmt: skip
    return {no: one for no, one in found.items() if one.total_fen or one.untold_count}


_YEAR = "date_trunc('year', %(now)s::timestamptz AT TIME ZONE %(zone)s) AT TIME ZONE %(zone)s"

_HELD = """
    LEFT JOIN LATERAL (
        SELECT after_no FROM loyalty_levelchange c
        WHERE c.merchant_id = %(m)s AND c.member_id = {member} AND c.at <= {at} ORDER BY c.at DESC, c.id DESC LIMIT 1
    ) held ON true
"""

_POINTS = f"""
    SELECT coalesce(held.after_no, 0), x.kind, round(coalesce(sum(x.amount * x.above / x.times), 0), 6) FROM (
        SELECT member_id, happened_at, amount * ((from_state = 'issued')::int - (to_state = 'taken_back')::int) AS amount,
            CASE WHEN kind = 'birthday' THEN 'birthday' ELSE 'level' END AS kind,
            CASE WHEN kind = 'birthday' THEN 1
                ELSE split_part(note->>'level_times', '/', 1)::numeric
                    - coalesce(nullif(split_part(note->>'level_times', '/', 2), ''), '1')::numeric END AS above,
            CASE WHEN kind = 'birthday' THEN 1
                ELSE nullif(split_part(note->>'level_times', '/', 1)::numeric, 0) END AS times
        FROM ledger_transfer
        WHERE merchant_id = %(m)s AND asset = 'points' AND happened_at >= {_YEAR}
            AND (note ? 'level_times' OR kind = 'birthday') AND (from_state = 'issued' OR to_state = 'taken_back')
    ) x {_HELD.format(member="x.member_id", at="x.happened_at")}
    GROUP BY 1, 2
"""

_DISCOUNTS = f"""
    SELECT level_no, coalesce(sum(greatest(0, least(list_fen - gross_fen, list_fen * (1000 - permille) / 1000))
            ) FILTER (WHERE list_fen > 0), 0)::bigint,
        count(DISTINCT order_id) FILTER (WHERE list_fen = 0)
    FROM (
        SELECT l.order_id, CASE WHEN l.line_key = '0' THEN 0 ELSE l.price_fen * l.quantity END AS list_fen, l.gross_fen, coalesce(held.after_no, 0) AS level_no,
            (%(permille)s::int[])[least(coalesce(held.after_no, 0), cardinality(%(permille)s::int[]) - 1) + 1] AS permille
        FROM trade_order o
        JOIN trade_line l ON l.merchant_id = o.merchant_id AND l.order_id = o.id AND NOT l.is_vanished
        {_HELD.format(member="o.member_id", at="o.paid_at")}
        WHERE o.merchant_id = %(m)s AND o.removed_at IS NULL AND o.state NOT IN ('closed', 'unpaid')
            AND o.member_id IS NOT NULL AND o.paid_at >= {_YEAR} AND l.gross_fen > l.refund_fen
    ) bought WHERE permille < 1000 GROUP BY level_no
"""
