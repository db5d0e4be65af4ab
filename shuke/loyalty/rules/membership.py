"""How the bought terms of a paid membership (付费会员) follow each other, and what holds at an instant."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo


@dataclass(frozen=True, slots=True)
class Term:
    """One bought stretch of membership: bought when, for how many days, and which level it gives (None: none).

    `starts_at` and `ends_at` follow from all the terms of the member, see `chained`.
    """

    id: int
    bought_at: datetime
    days: int
    level_no: int | None = None
    starts_at: datetime | None = None
    ends_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """The level below which a paid membership does not let a member fall, and until when."""

    level_no: int
    until_at: datetime


def chained(terms: Iterable[Term], zone: ZoneInfo) -> list[Term]:
    """The terms with their beginnings and ends, in the order in which they were bought.

    A term begins when it is bought, or when the one before it ends; it ends at a midnight of the merchant's zone, so
    that the last day counts whole. Days are calendar days: a summer time changes nothing.
    """
    found: list[Term] = []
    end: datetime | None = None
    for term in sorted(terms, key=lambda one: (one.bought_at, one.id)):
        starts_at = term.bought_at if end is None or end <= term.bought_at else end
        first = starts_at.astimezone(zone).date()
        # A term that is joined to the one before begins at a midnight, and this day is its first.
        extra = 0 if end is not None and starts_at == end else 1
        last = first + timedelta(days=term.days + extra)
        end = datetime(last.year, last.month, last.day, tzinfo=zone).astimezone(UTC)
        found.append(replace(term, starts_at=starts_at, ends_at=end))
    return found


def floor_at(terms: Sequence[Term], at: datetime) -> Floor | None:
    """The level that chained terms give at an instant, and until when that level or a higher one is paid for."""
    held = [one for one in terms if one.level_no is not None and _holds(one, at)]
    if not held:
        return None
    best = max(held, key=lambda one: one.level_no or 0)
    level_no, until = best.level_no or 0, best.ends_at or at
    for one in sorted(terms, key=lambda one: one.starts_at or at):
        if one.starts_at == until and one.level_no is not None and one.level_no >= level_no and one.ends_at:
            until = one.ends_at
    return Floor(level_no, until)


def _holds(one: Term, at: datetime) -> bool:
    return one.starts_at is not None and one.ends_at is not None and one.starts_at <= at < one.ends_at
