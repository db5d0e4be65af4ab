"""How many of the points in circulation will probably lapse unused, from what became of earlier ones."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import sqrt

AGES = (0, 90, 180, 365)
"""Days after being earned at which an age class begins."""

ENOUGH_MEMBERS = 30
"""Fewer members whose points have come to their end say nothing about the others."""

_Z95 = 1.96


@dataclass(frozen=True, slots=True)
class Fate:
    """Of one member's points that have come to their end: how many were left at an age, and lapsed in the end."""

    member_id: int
    age_days: int
    left: int
    lapsed: int


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


def shares(fates: Iterable[Fate]) -> dict[int, Share]:
    """The share of each age class that has enough members.

    The ratio of sums, Σ lapsed / Σ left, with members as the units that vary: one member's points share her fate. Its
    error is the usual one of a ratio (Cochran, Sampling Techniques, 3rd ed., 2.11), s² = n/(n−1) · Σ(l − p·a)² / (Σa)².
    """
    found: defaultdict[int, dict[int, list[int]]] = defaultdict(dict)
    for one in fates:
        sums = found[one.age_days].setdefault(one.member_id, [0, 0])
        sums[0] += one.left
        sums[1] += one.lapsed
    result: dict[int, Share] = {}
    for age, members in found.items():
        at_risk = [pair for pair in members.values() if pair[0] > 0]
        count, left = len(at_risk), sum(pair[0] for pair in at_risk)
        if count < ENOUGH_MEMBERS:
            continue
        share = sum(pair[1] for pair in at_risk) / left
        spread = sum((lapsed - share * own) ** 2 for own, lapsed in at_risk)
        result[age] = Share(age, share, sqrt(count / (count - 1) * spread) / left, count)
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
