"""How many times the points an order earns: her level's, her paid membership's or her birthday's, and the member day's."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import date, datetime
from fractions import Fraction
from typing import Literal, NamedTuple
from zoneinfo import ZoneInfo

from shuke.loyalty.rules.terms import ONE, DayTimes, LevelAt, Terms

Own = Literal["", "level", "membership", "birthday"]


class Span(NamedTuple):
    """A stretch of time [starts_at, ends_at) in which a member's points are multiplied, and by what."""

    starts_at: datetime
    ends_at: datetime
    times: Fraction
    own: Own


OwnAt = Callable[[int, datetime], tuple[Fraction, Own]]
"""What multiplies a member's points at an instant besides her level."""


class Multiple(NamedTuple):
    """The multiplier in all, what of it is the member's own, and what gave her that."""

    times: Fraction
    own_times: Fraction
    own: Own


PLAIN = Multiple(ONE, ONE, "")


def multiple_of(
    terms: Terms, member_id: int, bought_at: datetime, zone: ZoneInfo, level_at: LevelAt | None, own_at: OwnAt | None
) -> Multiple:
    """How many times the points of an order bought at an instant.

    Of level, paid membership and birthday the highest counts, never their product; it and the member day are
    multiplied, or the higher one counts, as the rule says.
    """
    level_no = level_at(member_id, bought_at) if level_at is not None else 0
    found: tuple[Fraction, Own] = (terms.level_times.get(level_no, ONE), "level")
    if own_at is not None and (other := own_at(member_id, bought_at))[0] > found[0]:
        found = other
    own_times, own = found
    day = ONE
    if terms.has_day_times:
        one = member_day(terms, bought_at.astimezone(zone).date())
        day = one.times if one is not None and level_no >= one.from_level else ONE
    if day is ONE and own_times >= ONE:
        return Multiple(own_times, own_times, own if own_times != ONE else "")
    times = own_times * day if terms.times_add_up else max(own_times, day)
    if day:
        own_times = times / day
    return Multiple(times, own_times, own if own_times != ONE else "")


def member_day(terms: Terms, day: date) -> DayTimes | None:
    """What a day is: a date goes before a day of the month, that before a day of the week; None for a day like others."""
    return (
        terms.date_times.get(day)
        or terms.month_day_times.get(day.day)
        or terms.week_day_times.get(day.isoweekday())
    )  # fmt: skip


def highest(spans: Iterable[Span], at: datetime) -> tuple[Fraction, Own]:
    """The highest multiplier of the spans in which an instant lies."""
    held = [one for one in spans if one.starts_at <= at < one.ends_at]
    best = max(held, key=lambda one: one.times, default=None)
    return (best.times, best.own) if best is not None and best.times > ONE else (ONE, "")


def own_at(spans: dict[int, Sequence[Span]]) -> OwnAt:
    """A function that knows what multiplies each member's points at an instant."""
    return lambda member_id, at: highest(spans.get(member_id, ()), at)
