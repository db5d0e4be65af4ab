"""Figures that take long to reckon for a large merchant, and whether those that are kept of them are still good."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter, ValidationError

from shuke.analytics.queries.glance import Glance, glance
from shuke.analytics.queries.level_costs import LevelCost, level_costs
from shuke.core import clock, facts, sql

T = TypeVar("T")

LARGE = 20_000
"""Members above which figures are kept; below, reckoning takes less than a blink."""
PAUSE = timedelta(minutes=2)
"""Kept figures are reckoned again after changes, at most this often."""


@dataclass(frozen=True, slots=True)
class Figures(Generic[T]):
    """One set of figures: its name, how it is reckoned, and how it is written down."""

    name: str
    reckon: Callable[[int, ZoneInfo], T]
    written: TypeAdapter[T]


@dataclass(frozen=True, slots=True)
class Shown(Generic[T]):
    """Figures, and as of when: None while they are of this very moment."""

    figures: T
    as_of: datetime | None


GLANCE: Figures[Glance] = Figures("glance", glance, TypeAdapter(Glance))
LEVEL_COSTS: Figures[dict[int, LevelCost]] = Figures(
    "level_costs", lambda merchant_id, zone: level_costs(merchant_id, zone.key), TypeAdapter(dict[int, LevelCost])
)
ALL: tuple[Figures[Any], ...] = (GLANCE, LEVEL_COSTS)


def is_large(merchant_id: int, above: int = LARGE) -> bool:
    """Whether a merchant has so many members that figures are kept for her."""
    return bool(
        sql.scalar(
            "SELECT EXISTS (SELECT FROM analytics_memberrow WHERE merchant_id = %(m)s ORDER BY member_id OFFSET %(above)s)",
            {"m": merchant_id, "above": above},
        )
    )


def kept(merchant_id: int, wanted: Figures[T]) -> Shown[T] | None:
    """What is kept; None when nothing is, or an older version of Shuke wrote it down otherwise."""
    found = sql.rows(
        "SELECT content::text, reckoned_at FROM analytics_keptfigures WHERE merchant_id = %(m)s AND name = %(name)s",
        {"m": merchant_id, "name": wanted.name},
    )
    try:
        return Shown(wanted.written.validate_json(found[0][0]), found[0][1]) if found else None
    except ValidationError:
        return None


def is_due(merchant_id: int, wanted: Figures[T], zone: ZoneInfo) -> bool:
    """Whether kept figures are to be reckoned again: none are there, another day has begun, or something happened since."""
    found = sql.rows(
        "SELECT reckoned_at, place FROM analytics_keptfigures WHERE merchant_id = %(m)s AND name = %(name)s",
        {"m": merchant_id, "name": wanted.name},
    )
    if not found or kept(merchant_id, wanted) is None:
        return True
    reckoned_at, place = found[0]
    if reckoned_at.astimezone(zone).date() != clock.today(zone):
        return True
    return bool(clock.now() - reckoned_at >= PAUSE and place != place_now(merchant_id))


def place_now(merchant_id: int) -> str:
    """Where the merchant's facts have come to, told and untold; it moves with everything that changes figures."""
    newest = facts.newest_place(merchant_id)
    return f"{newest.xid} {newest.fact_id} {facts.pending_count(merchant_id)}"
