"""What every order line yields in points and growth, by the rule of the day on which its order counted."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction
from functools import lru_cache
from typing import NamedTuple, TypeVar
from zoneinfo import ZoneInfo

from shuke.loyalty.rules.multiples import PLAIN, Multiple, OwnAt, multiple_of
from shuke.loyalty.rules.order_line import OrderLine
from shuke.loyalty.rules.terms import ONE, Dated, Expiry, LevelAt, Moment, Terms, Version

V = TypeVar("V", bound=Dated)
Moments = tuple[datetime | None, datetime | None, datetime | None]

MOMENTS: tuple[Moment, ...] = ("placed", "paid", "finished")
_RANK = {moment: rank for rank, moment in enumerate(MOMENTS)}


class Yield(NamedTuple):
    """What one line has yielded in all by now: `earned` by the rule, `points` and `growth` after refunds.

    `times` is the multiplier in all, `own_times` what of it her level, her paid membership or her birthday gave, as
    `own` says. A line that does not count has `version` None and zeros. `available_at` is None until the order is
    finished.
    """

    line_id: int
    order_id: int
    order_no: str
    member_id: int
    eligible_fen: int
    refund_fen: int
    earned: int
    points: int
    growth: int
    times: Fraction
    own_times: Fraction
    own: str
    version: Version | None
    counted_at: datetime | None
    available_at: datetime | None
    expires_at: datetime | None

    @property
    def day_times(self) -> Fraction:
        """What of the multiplier the member day gave."""
        if self.times is self.own_times:  # no member day, as on nearly all days
            return ONE
        return self.times / self.own_times if self.own_times else ONE


@dataclass(slots=True)
class _Order:
    lines: list[OrderLine]
    version: Version
    counted_at: datetime
    day: date
    multiple: Multiple
    eligible: list[int]
    points: int
    growth: int
    available_at: datetime | None


def yields(
    lines: Iterable[OrderLine],
    versions: Sequence[Version],
    *,
    zone: ZoneInfo,
    level_at: LevelAt | None = None,
    own_at: OwnAt | None = None,
    blacklisted: Mapping[int, datetime] | None = None,
) -> list[Yield]:
    """One Yield per line, whatever the order in which the lines come.

    Where a version caps days or months, `lines` must hold all orders of their members. `level_at(member_id, instant)`
    is the level held then, `own_at` what a paid membership or her birthday multiply by; `blacklisted` says since when a member earns nothing. Points of an order are rounded down
    once and shared out to its lines by largest remainder, so that the lines add up exactly to the order.
    """
    newest_first = ranked(versions)
    orders: dict[int, list[OrderLine]] = {}
    for line in lines:
        orders.setdefault(line.order_id, []).append(line)
    found: list[Yield] = []
    counting: list[_Order] = []
    for group in orders.values():
        if len(group) > 1:
            group.sort(key=_line_place)
        order = _reckon(group, newest_first, zone, level_at, own_at, blacklisted or {})
        if order is None:
            found += [_nothing(line) for line in group]
        else:
            counting.append(order)
    if any(version.terms.has_period_caps for version in versions):
        _cap_periods(counting)
    for order in counting:
        _share_out(order, zone, found)
    return found


def by_order(found: Iterable[Yield]) -> list[Yield]:
    """One Yield an order, the sum of its lines'. `line_id` is that of its first line that counts."""
    orders: dict[int, Yield] = {}
    for one in found:
        known = orders.get(one.order_id)
        if known is None or known.version is None:
            orders[one.order_id] = one
        elif one.version is not None:
            orders[one.order_id] = known._replace(
                eligible_fen=known.eligible_fen + one.eligible_fen,
                refund_fen=known.refund_fen + one.refund_fen,
                earned=known.earned + one.earned,
                points=known.points + one.points,
                growth=known.growth + one.growth,
            )
    return [_after_refunds(one) if one.refund_fen and one.version else one for one in orders.values()]


def _after_refunds(one: Yield) -> Yield:
    """With what the whole order keeps, so that a refund spread over many lines is rounded once and not for each line.

    An order is worth what its net amount earns; where a cap held it below that, the cap's points are kept pro rata.
    """
    if one.version is None or one.points == 0:
        return one
    terms = one.version.terms
    left = one.eligible_fen - one.refund_fen
    rate, growth_rate = terms.points_per_fen * one.times, terms.growth_per_fen
    is_capped = one.earned != int(one.eligible_fen * rate)
    points = kept(one.earned, one.eligible_fen, one.refund_fen) if is_capped else max(0, int(left * rate))
    return one._replace(points=points, growth=max(0, int(left * growth_rate)))


def counted(reached: Moments, newest_first: Sequence[Version]) -> tuple[datetime, Version] | None:
    """When an order counts that was placed, paid and finished at these instants, and by which version.

    It counts at the first of them at which the rule then in force asks for no more; None while there is none. An order
    whose moment had passed before any rule was in force does not count.
    """
    if len(newest_first) == 1:
        only = newest_first[0]
        at = reached[_RANK[only.terms.counts_when]]
        return None if at is None or at < only.valid_from else (at, only)
    for rank, at in enumerate(reached):
        if at is None:
            continue
        version = in_force(newest_first, at)
        if version is None:
            continue
        wanted = _RANK[version.terms.counts_when]
        if wanted == rank:
            return at, version
        earlier = reached[wanted] if wanted < rank else None
        if earlier is not None and in_force(newest_first, earlier) is not None:
            return at, version
    return None


def ranked(versions: Iterable[V]) -> list[V]:
    """The versions as `in_force` and `counted` want them: the one that began to hold last first.

    A version for the future begins on its day, whatever is saved before that; any other one when it is saved.
    """
    return sorted(versions, key=lambda one: (max(one.valid_from, one.saved_at), one.number), reverse=True)


def in_force(newest_first: Sequence[V], at: datetime) -> V | None:
    """The version that holds at an instant."""
    for version in newest_first:
        if version.valid_from <= at:
            return version
    return None


def kept(earned: int, eligible_fen: int, refund_fen: int) -> int:
    """What stays of a line's points after `refund_fen` of its `eligible_fen` went back, rounded down.

    Being a function of the refund in all, part refunds take back exactly the whole, in whatever steps they come.
    """
    left = eligible_fen - refund_fen
    return earned * left // eligible_fen if left > 0 else 0


def shares(total: int, weights: Sequence[int]) -> list[int]:
    """`total` shared out by weight, by largest remainder, the earlier first among equals; adds up exactly."""
    whole = sum(weights)
    if not whole or not total:
        return [0] * len(weights)
    if len(weights) == 1:
        return [total]
    parts = [total * weight // whole for weight in weights]
    missing = total - sum(parts)
    if missing:
        by_remainder = sorted(range(len(weights)), key=lambda i: (-(total * weights[i] % whole), i))
        for i in by_remainder[:missing]:
            parts[i] += 1
    return parts


@lru_cache(maxsize=8192)
def lapse(expiry: Expiry, months: int, day: date, zone: ZoneInfo) -> datetime | None:
    """The first instant at which points earned on a day are no longer valid: a midnight in the merchant's zone."""
    if expiry == "never":
        return None
    if expiry == "next_year_end":
        return datetime(day.year + 2, 1, 1, tzinfo=zone).astimezone(UTC)
    end = add_months(day, months) + timedelta(days=1)
    return datetime(end.year, end.month, end.day, tzinfo=zone).astimezone(UTC)


def add_months(day: date, months: int) -> date:
    """The same day some months later (earlier when negative), or that month's last day when it is shorter."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(day.day, last))
        except ValueError:
            continue
    raise AssertionError("every month has 28 days")


def _moments(line: OrderLine) -> Moments:
    # Files without a time of payment or finishing still say by their state that it happened.
    placed = line.placed_at
    paid = (line.paid_at or placed) if line.state != "unpaid" else None
    return placed, paid, (line.finished_at or paid) if line.state == "finished" else None


def _line_place(line: OrderLine) -> tuple[int, int]:
    return (line.state == "closed", line.line_id)


def _reckon(
    group: list[OrderLine],
    newest_first: Sequence[Version],
    zone: ZoneInfo,
    level_at: LevelAt | None,
    own_at: OwnAt | None,
    blacklisted: Mapping[int, datetime],
) -> _Order | None:
    first = group[0]
    reached = _moments(first)
    found = counted(reached, newest_first) if first.state != "closed" else None
    if found is None:
        return None
    at, version = found
    terms = version.terms
    if blacklisted and not terms.blacklist_earns and (since := blacklisted.get(first.member_id)) and since <= at:
        return None
    multiple = PLAIN
    numerator, denominator = terms.ratio
    if terms.is_plain:
        eligible = [line.gross_fen + line.post_fen if terms.postage_counts else line.gross_fen for line in group]
    else:
        eligible = [_eligible_fen(line, terms) for line in group]
    if own_at is not None or not terms.is_plain:
        bought_at = first.paid_at or first.placed_at or at
        multiple = multiple_of(terms, first.member_id, bought_at, zone, level_at, own_at)
        numerator, denominator = numerator * multiple.times.numerator, denominator * multiple.times.denominator
    amount = sum(eligible)
    points = amount * numerator // denominator
    if terms.cap_per_order is not None and points > terms.cap_per_order:
        points = terms.cap_per_order
    growth = amount * terms.growth_ratio[0] // terms.growth_ratio[1]
    available_at = None if reached[2] is None else reached[2] + terms.hold
    day = at.astimezone(zone).date()
    return _Order(group, version, at, day, multiple, eligible, points, growth, available_at)


def _eligible_fen(line: OrderLine, terms: Terms) -> int:
    if terms.excluded_outer_ids and line.outer_id in terms.excluded_outer_ids:
        return 0
    if terms.excluded_words and any(word in line.title.casefold() for word in terms.excluded_words):
        return 0
    return line.gross_fen + (line.post_fen if terms.postage_counts else 0)


def _cap_periods(orders: list[_Order]) -> None:
    days: defaultdict[tuple[int, date], int] = defaultdict(int)
    months: defaultdict[tuple[int, int, int], int] = defaultdict(int)
    for order in sorted(orders, key=lambda order: (order.counted_at, order.lines[0].order_id)):
        member_id, terms = order.lines[0].member_id, order.version.terms
        day, month = (member_id, order.day), (member_id, order.day.year, order.day.month)
        for cap, used in ((terms.cap_per_day, days[day]), (terms.cap_per_month, months[month])):
            if cap is not None:
                order.points = max(0, min(order.points, cap - used))
        days[day] += order.points
        months[month] += order.points


def _share_out(order: _Order, zone: ZoneInfo, found: list[Yield]) -> None:
    version, terms, eligible = order.version, order.version.terms, order.eligible
    # Points for past orders lapse as if earned on the day the rule was saved; otherwise they would arrive dead.
    expires_at = None
    if terms.expiry != "never":
        day = order.day
        if order.counted_at < version.saved_at:
            day = version.saved_at.astimezone(zone).date()
        expires_at = lapse(terms.expiry, terms.expiry_months, day, zone)
    all_points = shares(order.points, eligible) if len(eligible) > 1 else [order.points]
    all_growth = shares(order.growth, eligible) if order.growth else None
    for i, line in enumerate(order.lines):
        refund = eligible[i] if line.state == "closed" else min(line.refund_fen, eligible[i])
        points, growth = all_points[i], all_growth[i] if all_growth else 0
        found.append(
            Yield(
                line.line_id, line.order_id, line.order_no, line.member_id, eligible[i], refund, points,
                kept(points, eligible[i], refund) if refund else points,
                kept(growth, eligible[i], refund) if refund and growth else growth,
                *order.multiple, version, order.counted_at, order.available_at, expires_at,
            )
        )  # fmt: skip


def _nothing(line: OrderLine) -> Yield:
    return Yield(
        line.line_id, line.order_id, line.order_no, line.member_id, 0, 0, 0, 0, 0, ONE, ONE, "", None, None, None, None
    )  # fmt: skip
