"""What a member's points are made of, what lapses soon, what all points are worth."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from shuke.core import clock, sql
from shuke.ledger import queries as ledger
from shuke.ledger.queries import Expiring
from shuke.loyalty.queries.rulebook import POINTS
from shuke.loyalty.queries.worth import worth

_PAGE = 1000


@dataclass(frozen=True, slots=True)
class PointsSummary:
    """剩余积分 = 交易产生 + 额外调整 + 累计推荐 + 其他 − 使用 − 过期, exactly; all whole points.

    `left` is what is hers: `spendable` + `pending` + `reserved` − `debt` (spendable is 0 while there is debt).
    `earned` is net of what refunds took back.
    """

    left: int
    earned: int
    adjusted: int
    referred: int
    other: int
    spent: int
    lapsed: int
    spendable: int
    pending: int
    reserved: int
    debt: int
    worth_fen: int


@dataclass(frozen=True, slots=True)
class Liability:
    """What all points in circulation would cost by the rate in force, in fen."""

    points: int
    pending: int
    debt: int
    worth_fen: int


@dataclass(frozen=True, slots=True)
class AdjustmentMade:
    """One adjustment by hand: of how many members, how many points in all, why and by whom."""

    reason: str
    member_count: int
    amount: int
    at: datetime
    by: str


def points_summary(merchant_id: int, member_id: int) -> PointsSummary:
    """A member's points as parts that add up exactly to what is left."""
    now = ledger.balance(merchant_id, POINTS, member_id)
    earned = adjusted = referred = other = spent = 0
    before: tuple[datetime, int] | None = None
    while True:
        page = ledger.statement(merchant_id, POINTS, member_id, before=before, limit=_PAGE)
        for line in page:
            if line.state == "released" or line.kind == "released":
                continue  # set aside and set free again: nothing was used
            if line.state == "expired" and line.amount < 0:
                continue
            if line.source.startswith("order:"):
                earned += line.amount
            elif line.kind == "adjusted":
                adjusted += line.amount
            elif line.kind == "referred":
                referred += line.amount
            elif line.state in _USES or line.kind == "given_back":
                spent -= line.amount
            else:
                other += line.amount
        if len(page) < _PAGE:
            break
        before = page[-1].cursor
    left = now.active + now.pending + now.reserved - now.debt
    spent -= now.reserved
    if spent < 0:  # reserved by somebody who was joined to her since: it came with what she brought
        other, spent = other - spent, 0
    lapsed = earned + adjusted + referred + other - spent - left
    return PointsSummary(
        left,
        earned,
        adjusted,
        referred,
        other,
        spent,
        lapsed,
        now.spendable,
        now.pending,
        now.reserved,
        now.debt,
        worth(merchant_id).fen(max(0, left)),
    )


def expiring_soon(merchant_id: int, member_id: int | None = None, *, days: int = 30) -> list[Expiring]:
    """Points that lapse within some days, soonest first; of everybody when no member is named."""
    return ledger.expiring(merchant_id, POINTS, member_id, clock.now() + timedelta(days=days))


def lapsing_points(merchant_id: int, *, days: int = 30) -> int:
    """How many points of everybody's lapse within some days."""
    return ledger.expiring_total(merchant_id, POINTS, clock.now() + timedelta(days=days))


def liability(merchant_id: int) -> Liability:
    """Points in circulation (pending and reserved ones included) and what they are worth."""
    sums = ledger.totals(merchant_id, POINTS)
    points = sums.active + sums.pending + sums.reserved
    return Liability(points, sums.pending, sums.debt, worth(merchant_id).fen(points))


def adjustments(merchant_id: int, *, limit: int = 50) -> list[AdjustmentMade]:
    """Adjustments by hand, the latest first."""
    return [
        AdjustmentMade(*row)
        for row in sql.rows(
            "SELECT reason, member_count, amount, at, by FROM loyalty_adjustment WHERE merchant_id = %(merchant_id)s"
            " ORDER BY at DESC, id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "limit": limit},
        )
    ]


_USES = frozenset({"spent", "reserved"})
