"""What a level has given a member so far, in yuan: a bare discount would only look like the price."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from shuke.ledger import queries as ledger
from shuke.ledger.queries import Line
from shuke.loyalty.queries.rulebook import POINTS, level_rule, points_rule
from shuke.loyalty.queries.standings import LevelMove, level_moves
from shuke.trade import queries as trade
from shuke.trade.queries import Order

_ORDERS = 500
_LINES = 2000
_MOVES = 200


@dataclass(frozen=True, slots=True)
class Gain:
    """What the level gave: the discount of `order_count` orders, and more points than level 0 earns, with their worth.

    The discount is reckoned from what was paid and from today's discount of the level held on the order's day.
    """

    discount_fen: int = 0
    order_count: int = 0
    extra_points: int = 0
    extra_worth_fen: int = 0

    @property
    def total_fen(self) -> int:
        """Both together."""
        return self.discount_fen + self.extra_worth_fen


def level_gain(merchant_id: int, member_id: int) -> Gain:
    """What her levels have given a member by now; all zero while there are no levels or she never left level 0."""
    rule = level_rule(merchant_id)
    moves = level_moves(merchant_id, member_id, limit=_MOVES) if rule else []
    if rule is None or not moves:
        return Gain()
    discounts = [level.discount_permille for level in rule.spec.levels]
    savings = _savings(trade.orders_of(merchant_id, member_id, limit=_ORDERS), moves, discounts)
    extra = _extra_points(ledger.statement(merchant_id, POINTS, member_id, limit=_LINES))
    points = points_rule(merchant_id)
    return Gain(sum(savings), len(savings), extra, points.spec.worth_fen(extra) if points else 0)


def _savings(orders: Sequence[Order], moves: Sequence[LevelMove], discounts: Sequence[int]) -> list[int]:
    """What each order that got a discount would have cost more; the price before is paid ÷ discount."""
    history = sorted((move.at, move.after_no) for move in moves)
    found = []
    for order in orders:
        at, paid_fen = order.placed_at or order.paid_at, order.paid_fen
        if at is None or paid_fen <= 0 or order.state in {"unpaid", "closed"}:
            continue
        place = bisect_right([moment for moment, _level in history], at)
        level_no = min(history[place - 1][1] if place else 0, len(discounts) - 1)
        discount = discounts[level_no]
        if 0 < discount < 1000:
            found.append(paid_fen * (1000 - discount) // discount)
    return found


def _extra_points(lines: Sequence[Line]) -> int:
    """What of the earned points is the level's multiplier's doing, rounded down once."""
    extra = Fraction(0)
    for line in lines:
        times = Fraction(line.note.get("level_times", 1))
        if line.source.startswith("line:") and times > 1:
            extra += line.amount * (times - 1) / times
    return max(0, int(extra))
