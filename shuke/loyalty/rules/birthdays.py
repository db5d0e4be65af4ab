"""When a birthday is celebrated: the stretch of days around it, 29 February included."""

from __future__ import annotations

from calendar import isleap, monthrange
from datetime import date, timedelta
from typing import Literal, NamedTuple

Stretch = Literal["day", "week", "month"]

_WEEK = timedelta(days=3)


class Feast(NamedTuple):
    """A birthday's stretch of days, both included, and the year that it belongs to."""

    year: int
    first_on: date
    last_on: date


def birthday_in(month_day: int, year: int) -> date:
    """The day on which a birthday (month × 100 + day) is kept in a year: 29 February on the 28th where there is none."""
    month, day = divmod(month_day, 100)
    if month_day == 229 and not isleap(year):
        return date(year, 2, 28)
    return date(year, month, day)


def feast(month_day: int, year: int, stretch: Stretch) -> Feast:
    """The stretch of a year's birthday: the day, three days before to three after it, or its whole month."""
    day = birthday_in(month_day, year)
    if stretch == "month":
        return Feast(year, day.replace(day=1), day.replace(day=monthrange(year, day.month)[1]))
    around = _WEEK if stretch == "week" else timedelta()
    return Feast(year, day - around, day + around)


def feast_on(month_day: int, today: date, stretch: Stretch) -> Feast | None:
    """The stretch in which a day lies; None when it lies in none. At the turn of a year it may be the next one's."""
    for year in (today.year, today.year + 1, today.year - 1):
        found = feast(month_day, year, stretch)
        if found.first_on <= today <= found.last_on:
            return found
    return None


def celebrating(today: date, stretch: Stretch) -> list[int]:
    """Every birthday (month × 100 + day) in whose stretch a day lies."""
    every = (month * 100 + day for month in range(1, 13) for day in range(1, monthrange(2000, month)[1] + 1))
    return [one for one in every if feast_on(one, today, stretch) is not None]
