"""What a level and all that comes with it gave one buyer, in yuan: a bare discount looks like the product's price."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.core import clock
from shuke.core.money import yuan
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.reckoning import level_history
from shuke.loyalty.queries.rulebook import POINTS, level_rule, zone_of
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.rules import gains as rules
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.specs import PostageWorthSpec
from shuke.merchants import queries as merchants
from shuke.trade import queries as trade

_PAGE = 1000
_ORDERS = 500


@dataclass(frozen=True, slots=True)
class LevelGain:
    """What a member was given besides what everybody gets, in one year.

    Points on top because of her level, her paid membership and her birthday, and what they are worth; `discount_fen` is
    what the level's price saved where the export tells list prices, `untold_count` the orders where it does not;
    `postage_fen` what free postage was worth.
    """

    year: int = 0
    extra_points: int = 0
    extra_fen: int = 0
    membership_points: int = 0
    membership_fen: int = 0
    birthday_points: int = 0
    birthday_fen: int = 0
    discount_fen: int = 0
    untold_count: int = 0
    postage_fen: int = 0

    @property
    def total_fen(self) -> int:
        """All together."""
        return self.extra_fen + self.membership_fen + self.birthday_fen + self.discount_fen + self.postage_fen


def level_gain(merchant_id: int, member_id: int) -> LevelGain:
    """What she was given since New Year in the merchant's zone, over her points lines and her last 500 orders."""
    zone = zone_of(merchant_id)
    year = clock.now().astimezone(zone).year
    since = midnight(clock.now().astimezone(zone).date().replace(month=1, day=1), zone)
    lines = _lines(merchant_id, member_id, since)
    level, membership, birthday = (_points(lines, own) for own in ("level", "membership", "birthday"))
    ratio = worth(merchant_id).fen_per_point
    discount, untold, postage = _orders(merchant_id, member_id, since)
    return LevelGain(
        year,
        int(level), rules.worth_fen(level, ratio),
        int(membership), rules.worth_fen(membership, ratio),
        int(birthday), rules.worth_fen(birthday, ratio),
        discount, untold, postage,
    )  # fmt: skip


def explain_gain(gain: LevelGain, level_name: str) -> str:
    """The gain as a sentence; empty while there is none."""
    if not gain.total_fen:
        return ""
    return _("Being %(level)s has saved you ¥%(yuan)s this year") % {"level": level_name, "yuan": yuan(gain.total_fen)}


def explain_parts(gain: LevelGain) -> list[str]:
    """What each benefit gave, a sentence each, and what cannot be told."""
    points = (
        (gain.extra_points, gain.extra_fen, _("%(points)s more points for your level, worth ¥%(yuan)s")),
        (gain.membership_points, gain.membership_fen, _("%(points)s points by paid membership, worth ¥%(yuan)s")),
        (gain.birthday_points, gain.birthday_fen, _("%(points)s points for your birthday, worth ¥%(yuan)s")),
    )
    found = [text % {"points": f"{count:,}", "yuan": yuan(fen)} for count, fen, text in points if count]
    if gain.discount_fen:
        found.append(
            _("¥%(yuan)s less than the list price by the level's discount") % {"yuan": yuan(gain.discount_fen)}
        )
    if gain.postage_fen:
        found.append(_("¥%(yuan)s of postage saved") % {"yuan": yuan(gain.postage_fen)})
    if gain.untold_count:
        text = ngettext(
            "What the discount saved on %(count)s order cannot be told: the export names no list price.",
            "What the discount saved on %(count)s orders cannot be told: the export names no list price.",
            gain.untold_count,
        )
        found.append(text % {"count": gain.untold_count})
    return found


def _lines(merchant_id: int, member_id: int, since: datetime) -> list[ledger.Line]:
    found: list[ledger.Line] = []
    before: tuple[datetime, int] | None = None
    while page := ledger.statement(merchant_id, POINTS, member_id, before=before, limit=_PAGE):
        found += [line for line in page if line.happened_at >= since]
        if page[-1].happened_at < since:
            break
        before = page[-1].cursor
    return found


def _points(lines: Sequence[ledger.Line], own: str) -> Fraction:
    """What one source gave: more points for orders by the multiplier noted, and points of its own kind."""
    name = f"{own}_times"
    more = sum(
        (rules.extra_points(line.amount, Fraction(line.note[name])) for line in lines if name in line.note), Fraction(0)
    )
    is_own = [line for line in lines if line.kind == own or line.source.startswith(f"{own}:")]
    return more + sum(line.amount for line in is_own if not (line.state == "expired" and line.amount < 0))


def _orders(merchant_id: int, member_id: int, since: datetime) -> tuple[int, int, int]:
    """Saved by the discount, orders on which that cannot be told, saved postage."""
    rule = level_rule(merchant_id)
    if rule is None:
        return 0, 0, 0
    level_at = level_history(merchant_id, [member_id])
    usual_fen = merchants.setting(merchant_id, PostageWorthSpec).postage_fen
    orders = [
        (order, rule.spec.levels[min(level_at(member_id, order.paid_at), rule.policy.top)])
        for order in trade.orders_of(merchant_id, member_id, limit=_ORDERS)
        if order.paid_at is not None and order.paid_at >= since and order.state != "closed"
    ]
    lines = trade.lines_of(merchant_id, [order.id for order, level in orders if level.discount_permille < 1000])
    discount = untold = postage = 0
    for order, level in orders:
        if level.is_post_free:
            postage += rules.postage_fen(order.post_fen, usual_fen) or 0
        if level.discount_permille == 1000:
            continue
        saved = [
            rules.discount_fen(
                0 if line.is_whole_order else line.price_fen * line.quantity, line.gross_fen, level.discount_permille
            )
            for line in lines.get(order.id, [])
            if line.gross_fen > line.refund_fen
        ]
        untold += None in saved or not saved
        discount += sum(filter(None, saved))
    return discount, untold, postage
