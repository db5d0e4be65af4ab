"""What a level gave one buyer, in yuan: a bare discount looks like the product's price, so every page says it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.utils.translation import gettext as _

from shuke.core.money import yuan
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.reckoning import level_history
from shuke.loyalty.queries.rulebook import POINTS, level_rule, points_rule
from shuke.trade import queries as trade

_PAGE = 1000
_ORDERS = 500


@dataclass(frozen=True, slots=True)
class LevelGain:
    """What levels gave a member so far.

    `extra_points` came on top because of her level, `extra_fen` is what they are worth; `discount_fen` is what she
    would have paid more for the orders she paid at her level's price, were the level's discount in their price.
    """

    extra_points: int
    extra_fen: int
    discount_fen: int

    @property
    def total_fen(self) -> int:
        """Both together."""
        return self.extra_fen + self.discount_fen


def level_gain(merchant_id: int, member_id: int) -> LevelGain:
    """What levels gave a member so far, over her points lines and her last 500 orders."""
    extra = sum((_extra(line.amount, line.note) for line in _earned(merchant_id, member_id)), Fraction(0))
    points = int(extra)
    current = points_rule(merchant_id)
    return LevelGain(points, current.spec.worth_fen(points) if current else 0, _discount_fen(merchant_id, member_id))


def explain_gain(gain: LevelGain, level_name: str) -> str:
    """The gain as a sentence; empty while there is none."""
    if not gain.total_fen:
        return ""
    return _("Being %(level)s has brought you ¥%(yuan)s so far") % {"level": level_name, "yuan": yuan(gain.total_fen)}


def _earned(merchant_id: int, member_id: int) -> list[ledger.Line]:
    found: list[ledger.Line] = []
    before: tuple[datetime, int] | None = None
    while page := ledger.statement(merchant_id, POINTS, member_id, before=before, limit=_PAGE):
        found += [line for line in page if "level_times" in line.note]
        before = page[-1].cursor
    return found


def _extra(amount: int, note: dict[str, str]) -> Fraction:
    return amount - amount / Fraction(note["level_times"])


def _discount_fen(merchant_id: int, member_id: int) -> int:
    rule = level_rule(merchant_id)
    if rule is None:
        return 0
    level_at = level_history(merchant_id, [member_id])
    saved = 0
    for order in trade.orders_of(merchant_id, member_id, limit=_ORDERS):
        if order.paid_at is None or order.state == "closed":
            continue
        level_no = min(level_at(member_id, order.paid_at), rule.policy.top)
        permille = rule.spec.levels[level_no].discount_permille
        saved += order.paid_fen * (1000 - permille) // permille
    return saved
