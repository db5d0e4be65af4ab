"""Paid memberships: what is sold, who holds one until when, what they brought and gave."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from fractions import Fraction
from typing import Any

from django.utils.translation import gettext as _

from shuke.core import clock, sql
from shuke.core.money import yuan
from shuke.loyalty.queries.explain import day_before, joined, plain
from shuke.loyalty.queries.rulebook import zone_of
from shuke.loyalty.rules.purchases import Offer
from shuke.loyalty.specs import LevelWarnSpec, PlanSpec
from shuke.merchants import queries as merchants


@dataclass(frozen=True, slots=True)
class SavedPlan:
    """A plan as it is sold now; retired ones are sold no more."""

    id: int
    spec: PlanSpec
    sold_from_at: datetime
    retired_at: datetime | None

    @property
    def offer(self) -> Offer:
        """The plan as orders buy it."""
        return Offer(self.id, frozenset(self.spec.products), self.sold_from_at, self.retired_at)


@dataclass(frozen=True, slots=True)
class SoldTerm:
    """One sold term as pages show it."""

    id: int
    member_id: int
    plan_id: int
    plan_name: str
    source: str
    days: int
    price_fen: int
    level_no: int | None
    bonus_points: int
    bought_at: datetime
    starts_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None
    note: str
    by: str
    times: Fraction

    @property
    def is_by_hand(self) -> bool:
        """Whether staff sold it."""
        return self.source.startswith("hand:")


@dataclass(frozen=True, slots=True)
class PlanFigures:
    """One plan's figures: members who hold it now, terms sold and taken back, income in fen of what stands."""

    holder_count: int = 0
    sold_count: int = 0
    taken_back_count: int = 0
    income_fen: int = 0


@dataclass(frozen=True, slots=True)
class Membership:
    """What a member holds now, and until when all that she paid for lasts."""

    member_id: int
    plan_name: str
    level_no: int | None
    times: Fraction
    until_at: datetime


def plans(merchant_id: int, *, with_retired: bool = True) -> list[SavedPlan]:
    """Every plan in the order in which they were made."""
    return [
        SavedPlan(row[0], PlanSpec.model_validate(sql.loads(row[1])), row[2], row[3])
        for row in sql.rows(
            "SELECT id, spec, sold_from_at, retired_at FROM loyalty_plan WHERE merchant_id = %(merchant_id)s"
            " AND (%(all)s OR retired_at IS NULL) ORDER BY id",
            {"merchant_id": merchant_id, "all": with_retired},
        )
    ]


def plan(merchant_id: int, plan_id: int) -> SavedPlan | None:
    """One plan."""
    return next((one for one in plans(merchant_id) if one.id == plan_id), None)


def memberships(merchant_id: int, member_ids: Collection[int]) -> dict[int, Membership]:
    """What these members hold now; who holds nothing is missing."""
    now = clock.now()
    found: dict[int, Membership] = {}
    for member_id, name, level_no, times, until in sql.rows(
        """
        SELECT DISTINCT ON (t.member_id) t.member_id, t.plan_name, t.level_no, t.times, last.ends_at
        FROM loyalty_term t, LATERAL (
            SELECT max(l.ends_at) AS ends_at FROM loyalty_term l
            WHERE l.merchant_id = t.merchant_id AND l.member_id = t.member_id AND l.taken_back_at IS NULL
        ) last
        WHERE t.merchant_id = %(merchant_id)s AND t.member_id = ANY(%(member_ids)s::bigint[])
            AND t.taken_back_at IS NULL AND t.starts_at <= %(now)s AND t.ends_at > %(now)s
        ORDER BY t.member_id, t.starts_at
        """,
        {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids), "now": now},
    ):
        found[member_id] = Membership(member_id, name, level_no, Fraction(times), until)
    return found


def sold_terms(
    merchant_id: int, *, member_id: int | None = None, plan_id: int | None = None, before_id: int | None = None,
    limit: int = 50,
) -> list[SoldTerm]:  # fmt: skip
    """Sold terms, the latest first; `before_id` pages on."""
    return [
        _sold(row)
        for row in sql.rows(
            "SELECT id, member_id, plan_id, plan_name, source, days, price_fen, level_no, bonus_points,"
            " bought_at, starts_at, ends_at, taken_back_at, note, by, times FROM loyalty_term"
            " WHERE merchant_id = %(merchant_id)s AND (%(member_id)s::bigint IS NULL OR member_id = %(member_id)s)"
            " AND (%(plan_id)s::bigint IS NULL OR plan_id = %(plan_id)s)"
            " AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s) ORDER BY id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "member_id": member_id, "plan_id": plan_id, "before_id": before_id,
             "limit": limit},
        )
    ]  # fmt: skip


def _sold(row: tuple[Any, ...]) -> SoldTerm:
    cells: list[Any] = [*row[:-1], Fraction(row[-1])]
    return SoldTerm(*cells)


def plan_figures(merchant_id: int) -> dict[int, PlanFigures]:
    """Figures by plan; plans that nobody bought are missing."""
    return {
        row[0]: PlanFigures(*row[1:])
        for row in sql.rows(
            """
            SELECT plan_id,
                count(DISTINCT member_id) FILTER (WHERE taken_back_at IS NULL AND starts_at <= %(now)s
                    AND ends_at > %(now)s),
                coalesce(sum(quantity) FILTER (WHERE taken_back_at IS NULL), 0)::bigint,
                coalesce(sum(quantity) FILTER (WHERE taken_back_at IS NOT NULL), 0)::bigint,
                coalesce(sum(price_fen) FILTER (WHERE taken_back_at IS NULL), 0)::bigint
            FROM loyalty_term WHERE merchant_id = %(merchant_id)s GROUP BY plan_id
            """,
            {"merchant_id": merchant_id, "now": clock.now()},
        )
    }


def ending_memberships(merchant_id: int, *, days: int | None = None, limit: int | None = 500) -> list[Membership]:
    """Memberships that end within some days (by default the merchant's setting) and were not extended, soonest first.

    `limit` None gives all of them.
    """
    return [
        Membership(member_id, name, level_no, Fraction(times), until)
        for member_id, name, level_no, times, until in sql.rows(
            f"SELECT t.member_id, t.plan_name, t.level_no, t.times, t.ends_at {_ENDING}"
            " ORDER BY t.ends_at, t.member_id LIMIT %(limit)s",
            {**_soon(merchant_id, days), "limit": limit},
        )
    ]


def ending_count(merchant_id: int) -> int:
    """How many memberships end within the days of the merchant's setting and were not extended, all of them."""
    return int(sql.scalar(f"SELECT count(*) {_ENDING}", _soon(merchant_id, None)))


def _soon(merchant_id: int, days: int | None) -> dict[str, Any]:
    if days is None:
        days = merchants.setting(merchant_id, LevelWarnSpec).membership_days
    now = clock.now()
    return {"merchant_id": merchant_id, "now": now, "end": now + timedelta(days=days)}


_ENDING = """
    FROM loyalty_term t
    WHERE t.merchant_id = %(merchant_id)s AND t.taken_back_at IS NULL AND t.ends_at > %(now)s AND t.ends_at <= %(end)s
        AND NOT EXISTS (
            SELECT FROM loyalty_term l WHERE l.merchant_id = t.merchant_id AND l.member_id = t.member_id
                AND l.taken_back_at IS NULL AND l.ends_at > t.ends_at)
"""


def explain_membership(one: Membership, merchant_id: int, level_name: str = "") -> str:
    """What a member's paid membership gives her, and until when."""
    parts = [
        _("%(name)s until %(day)s") % {"name": one.plan_name, "day": day_before(one.until_at, zone_of(merchant_id))}
    ]
    if level_name:
        parts.append(_("lifts her to %(level)s at least") % {"level": level_name})
    if one.times != 1:
        parts.append(_("points ×%(times)s") % {"times": plain(one.times)})
    return joined(parts)


def explain_plan(spec: PlanSpec, level_name: str = "") -> str:
    """What a plan costs and gives, in one sentence."""
    parts = [_("¥%(yuan)s for %(days)s days") % {"yuan": yuan(spec.price_fen), "days": spec.days}]
    if level_name:
        parts.append(_("at least %(level)s") % {"level": level_name})
    if spec.times != 1:
        parts.append(_("points ×%(times)s") % {"times": plain(spec.times)})
    if spec.bonus_points:
        parts.append(_("%(points)s points at once") % {"points": spec.bonus_points})
    return joined([*parts, *(line.strip() for line in spec.benefits.splitlines() if line.strip())])
