"""A points rule ready for reckoning, and which versions of it there are."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from fractions import Fraction
from typing import Literal, NamedTuple, Protocol

Moment = Literal["placed", "paid", "finished"]
Expiry = Literal["never", "months", "next_year_end"]
LevelAt = Callable[[int, datetime], int]

ONE = Fraction(1)


class DayTimes(NamedTuple):
    """How many times the points of a member day are, and from which level on it is one."""

    times: Fraction
    from_level: int = 0


@dataclass(frozen=True, slots=True)
class Terms:
    """A points rule ready for reckoning: ratios as fractions of points per fen, sets for looking up."""

    points_per_fen: Fraction
    growth_per_fen: Fraction = Fraction(0)
    counts_when: Moment = "finished"
    hold_days: int = 0
    expiry: Expiry = "never"
    expiry_months: int = 12
    postage_counts: bool = False
    excluded_words: tuple[str, ...] = ()
    excluded_outer_ids: frozenset[str] = frozenset()
    blacklist_earns: bool = False
    cap_per_order: int | None = None
    cap_per_day: int | None = None
    cap_per_month: int | None = None
    level_times: Mapping[int, Fraction] = field(default_factory=dict)
    month_day_times: Mapping[int, DayTimes] = field(default_factory=dict)
    week_day_times: Mapping[int, DayTimes] = field(default_factory=dict)
    date_times: Mapping[date, DayTimes] = field(default_factory=dict)
    times_add_up: bool = True
    is_plain: bool = field(init=False)
    ratio: tuple[int, int] = field(init=False)
    growth_ratio: tuple[int, int] = field(init=False)
    hold: timedelta = field(init=False)

    def __post_init__(self) -> None:
        """Most rules ask neither what was bought nor when and by whom, and a million orders pass through here."""
        asks = (self.excluded_words, self.excluded_outer_ids, self.level_times, self.has_day_times)
        object.__setattr__(self, "is_plain", not any(asks))
        object.__setattr__(self, "ratio", self.points_per_fen.as_integer_ratio())
        object.__setattr__(self, "hold", timedelta(days=self.hold_days))
        object.__setattr__(self, "growth_ratio", self.growth_per_fen.as_integer_ratio())

    @property
    def has_period_caps(self) -> bool:
        """Whether one order's points depend on the member's other orders."""
        return self.cap_per_day is not None or self.cap_per_month is not None

    @property
    def has_day_times(self) -> bool:
        """Whether the day of buying matters."""
        return bool(self.month_day_times or self.week_day_times or self.date_times)


class Dated(Protocol):
    """A version of a rule, by what decides when it is in force."""

    @property
    def number(self) -> int:
        """Which one it is, counted by saving."""
        ...

    @property
    def valid_from(self) -> datetime:
        """From when it may hold."""
        ...

    @property
    def saved_at(self) -> datetime:
        """When it was saved."""
        ...


@dataclass(frozen=True, slots=True)
class Version:
    """One saved state of the rule. Of those with `valid_from` reached, the one that began to hold last is in force: a version
    for the future begins on its day, whatever is saved before that; any other one, for past orders too, when it is saved.
    """

    id: int
    number: int
    valid_from: datetime
    saved_at: datetime
    terms: Terms
