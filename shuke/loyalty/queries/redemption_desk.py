"""What staff ask about paying with points: the price to set, the orders it may be for, a day's codes and their sums."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shuke.core import clock
from shuke.core.money import yuan
from shuke.loyalty.events import REASONS
from shuke.loyalty.queries.redemptions import Redemption, read, specs_by_rule
from shuke.loyalty.rules import redemption as rules
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.trade import queries as trade

UNPAID_DAYS = timedelta(days=15)

STATES: dict[str, str | Promise] = {
    "reserved": gettext_lazy("Code open"),
    "bound": gettext_lazy("Price changed"),
    "committed": gettext_lazy("Points used"),
    "mismatch": gettext_lazy("To be decided"),
    "released": gettext_lazy("Free again"),
}


@dataclass(frozen=True, slots=True)
class Quote:
    """The price change an agent makes: from `before_fen` to `after_fen`, with the remark to paste."""

    order_no: str
    before_fen: int
    after_fen: int
    remark: str

    @property
    def worth_fen(self) -> int:
        """By how much."""
        return self.before_fen - self.after_fen


@dataclass(frozen=True, slots=True)
class Choice:
    """An unpaid order of hers, and what it would cost with the code; `quote` is None where `why_not` says why."""

    order: trade.Order
    quote: Quote | None
    why_not: str


@dataclass(frozen=True, slots=True)
class DaySums:
    """Codes added up: how many, what was asked for and is not free again, and what is spent of it."""

    count: int
    points: int
    worth_fen: int
    spent_points: int
    spent_fen: int


def quote(one: Redemption, order_no: str, price_fen: int) -> Quote:
    """The price to set instead of `price_fen`, and the remark that lets the import find the order."""
    remark = _("Points pay ¥%(yuan)s, code %(code)s") % {"yuan": yuan(one.worth_fen), "code": one.shown_code}
    return Quote(order_no, price_fen, price_fen - one.worth_fen, remark)


def choices(merchant_id: int, one: Redemption) -> list[Choice]:
    """Her recent unpaid orders, the latest first, each with the price to set or why it cannot be used."""
    spec = specs_by_rule(merchant_id)[one.rule_id]
    since = clock.now() - UNPAID_DAYS
    return [
        _choice(one, spec, order)
        for order in trade.orders_of(merchant_id, one.home_id)
        if order.state == "unpaid" and (order.placed_at is None or order.placed_at >= since)
    ]


def _choice(one: Redemption, spec: RedemptionRuleSpec, order: trade.Order) -> Choice:
    why = rules.fits(spec.limits(), one.worth_fen, order.total_fen, order.post_fen)
    if spec.shop_ids and order.shop_id not in spec.shop_ids:
        return Choice(order, None, _("Points may not be used in this shop."))
    if why == "part_large":
        largest = rules.largest(spec.limits(), order.total_fen - order.post_fen)
        return Choice(order, None, _("At most ¥%(yuan)s of it may be paid with points.") % {"yuan": yuan(largest)})
    if why:
        return Choice(order, None, _("Too small an order for points."))
    return Choice(order, quote(one, order.order_no, order.total_fen), "")


def day(merchant_id: int, on: date, *, states: Sequence[str] = (), agent: str = "") -> list[Redemption]:
    """All codes asked for on a day, in the order of asking; of some states, of one agent (`staff:12`)."""
    return read(
        merchant_id,
        "asked_on = %(on)s AND (%(states)s::text[] IS NULL OR state = ANY(%(states)s))"
        " AND (%(agent)s = '' OR bound_by = %(agent)s)",
        {"on": on, "states": list(states) or None, "agent": agent},
        order="asked_at, id",
    )


def to_do(merchant_id: int, *, limit: int = 50) -> list[Redemption]:
    """What waits for somebody's decision first, then codes that are open or whose order is awaited, the latest first."""
    return read(
        merchant_id,
        "(state IN ('bound', 'mismatch') OR state = 'reserved' AND until_at > %(now)s)",
        {"now": clock.now()},
        order="(state = 'mismatch') DESC, changed_at DESC, id DESC LIMIT %(limit)s",
        limit=limit,
    )


def sums(found: Sequence[Redemption]) -> DaySums:
    """A list added up; what is free again counts for nothing."""
    counted = [one for one in found if one.state in rules.COUNTED]
    return DaySums(
        len(found),
        sum(one.points for one in counted),
        sum(one.worth_fen for one in counted),
        sum(one.spent_points for one in found),
        sum(one.spent_fen for one in found),
    )


def state_words(one: Redemption) -> str:
    """Where it stands, in a word or two."""
    if one.state == rules.RESERVED and not one.is_open:
        return _("Time over")
    return str(STATES[one.state])


def why_words(one: Redemption) -> str:
    """Why it was released or does not fit, in the active language; with what was paid where that matters."""
    if not one.why:
        return ""
    why = str(REASONS.get(one.why, one.why))
    if one.why in {"full_price", "paid_more", "paid_less", "price_unknown"} and one.paid_fen is not None:
        return _("%(why)s (¥%(yuan)s paid)") % {"why": why, "yuan": yuan(one.paid_fen)}
    return why


def rule_sentences(spec: RedemptionRuleSpec) -> list[str]:
    """The rule in plain words, as buyers and staff read it."""
    if not spec.is_on:
        return [_("Points cannot be used for orders at present.")]
    said = [
        _("100 points pay ¥%(yuan)s of an order.") % {"yuan": yuan(spec.worth_fen(100))},
        _("From %(least)s points up, in steps of %(step)s, at most %(most)s for one order.")
        % {"least": f"{spec.least_points:,}", "step": f"{spec.step_points:,}", "most": f"{spec.most_points:,}"},
        _("At most %(percent)s%% of what the goods cost, without postage.")
        % {"percent": f"{spec.part_permille / 10:g}"},
    ]
    if spec.min_order_fen:
        said.append(_("Only for orders from ¥%(yuan)s on.") % {"yuan": yuan(spec.min_order_fen)})
    if spec.member_day_points:
        said.append(_("At most %(points)s points in one day.") % {"points": f"{spec.member_day_points:,}"})
    said.append(
        ngettext("A code holds for %(count)s hour.", "A code holds for %(count)s hours.", spec.hours)
        % {"count": spec.hours}
        + _("Unused by then, the points are free again.")
    )
    return said
