"""How many of the points in circulation will probably lapse unused, from what became of earlier ones."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

AGES = (0, 90, 180, 365)
"""Days after being earned at which an age class begins."""

ENOUGH_MEMBERS = 30
"""Fewer members whose points have come to their end say nothing about the others."""

_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Fates:
    """Of members whose points have come to their end: what was left at an age, and lapsed in the end, added up.

    With `left` and `lapsed` of each of the `member_count` members: their sums, those of their squares, and that of
    their products.
    """

    age_days: int
    member_count: int
    left: int
    lapsed: int
    left_squares: int
    products: int
    lapsed_squares: int


@dataclass(frozen=True, slots=True)
class Share:
    """Of the points left at an age, the share that lapses, its standard error, and on how many members it rests."""

    age_days: int
    share: float
    error: float
    member_count: int


@dataclass(frozen=True, slots=True)
class Breakage:
    """Points expected to lapse unused, with the bounds within which that lies 95 times in a hundred."""

    points: int
    low: int
    high: int
    shares: tuple[Share, ...]


def age_class(days: int) -> int:
    """The age class of points so many days old."""
    return max(age for age in AGES if age <= max(0, days))


def shares(fates: Iterable[Fates]) -> dict[int, Share]:
    """The share of each age class that has enough members.

    The ratio of sums, Σ lapsed / Σ left, with members as the units that vary: one member's points share her fate. Its
    error is the usual one of a ratio (Cochran, Sampling Techniques, 3rd ed., 2.11), s² = n/(n−1) · Σ(l − p·a)² / (Σa)².
    """
    result: dict[int, Share] = {}
    for one in fates:
        count, left, lapsed = one.member_count, one.left, one.lapsed
        if count < ENOUGH_MEMBERS:
            continue
        # Σ(l − p·a)² with p = Σl / Σa, in whole numbers so that nothing cancels out.
        spread = one.lapsed_squares * left**2 - 2 * one.products * lapsed * left + one.left_squares * lapsed**2
        error = sqrt(count / (count - 1) * (spread / left**2)) / left
        result[one.age_days] = Share(one.age_days, lapsed / left, error, count)
    return result


def expected(known: Mapping[int, Share], open_points: Mapping[int, int]) -> Breakage | None:
    """What is expected to lapse of open points by age class; None while an age class that has points is not known.

    An older class that is not known takes the next younger one's share, which is lower or equal as a rule. Errors of
    the classes are added, not their squares: the same members stand behind them.
    """
    points = error = total = 0.0
    for age, left in open_points.items():
        share = next((known[one] for one in reversed(AGES) if one <= age and one in known), None)
        if not left:
            continue
        if share is None:
            return None
        points += share.share * left
        error += share.error * left
        total += left
    low, high = max(0.0, points - _Z95 * error), min(total, points + _Z95 * error)
    return Breakage(round(points), round(low), round(high), tuple(known[age] for age in sorted(known)))
