"""What a rule would do to the shop's own customers, before it is saved; nothing is written."""

from __future__ import annotations

import heapq
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from zoneinfo import ZoneInfo

from shuke.core import clock
from shuke.loyalty.queries.reckoning import Change, reckon, reviewed
from shuke.loyalty.queries.rulebook import SavedLevelRule, level_rule, point_versions, zone_of
from shuke.loyalty.queries.standings import standings_of
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.rules import levels as rules
from shuke.loyalty.rules.points import Yield, add_months
from shuke.loyalty.rules.terms import Version
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.members.queries import roll as members
from shuke.trade import queries as trade

WHOLE_UP_TO = 200_000
"""Orders up to which every customer is looked at; above, a sample of them."""

BOUNDS = (0, 100, 500, 1000, 5000, 10000, 50000)
_PAGE = 2000
_REPLAY_MONTHS = 12


@dataclass(frozen=True, slots=True)
class Compared:
    """Points by the new rule and by what holds now."""

    points: int = 0
    points_before: int = 0


@dataclass(frozen=True, slots=True)
class Gainer:
    """One member and her points by the new rule and by what holds now."""

    member_id: int
    points: int
    points_before: int


@dataclass(frozen=True, slots=True)
class PointsPreview:
    """What a points rule would give, net of refunds, beside what holds now.

    With `is_replay` the rule begins now, so the last twelve months are played through as if it had held; else the
    figures are those after saving and backfill. `every` n > 1: one customer in n was looked at and sums are multiplied.
    `distribution` counts members by points: (more than, at most or None, members). Costs by the new rule's cash ratio.
    """

    since: datetime
    is_replay: bool
    every: int
    order_count: int
    paid_fen: int
    points: int
    points_before: int
    cost_fen: int
    cost_before_fen: int
    member_count: int
    gaining_count: int
    losing_count: int
    months: dict[str, Compared] = field(default_factory=dict)
    levels: dict[int, Compared] = field(default_factory=dict)
    top: list[Gainer] = field(default_factory=list)
    distribution: list[tuple[int, int | None, int]] = field(default_factory=list)

    @property
    def cost_permille(self) -> int:
        """What the points would cost of what was paid, in ‰."""
        return self.cost_fen * 1000 // self.paid_fen if self.paid_fen else 0


@dataclass(frozen=True, slots=True)
class LevelPreview:
    """Who would move when a level rule were saved now.

    `moves` counts members by (level before, level after), movers only; `counts` are members by level afterwards.
    `discount_fen` is what the movers' purchases of the last twelve months would cost more (> 0) in discounts.
    """

    up_count: int
    down_count: int
    same_count: int
    moves: dict[tuple[int, int], int]
    counts: dict[int, int]
    counts_before: dict[int, int]
    up: list[int]
    down: list[int]
    discount_fen: int


def preview_points_rule(merchant_id: int, spec: PointsRuleSpec, *, top: int = 10) -> PointsPreview:
    """Play a points rule through the shop's own orders, beside what holds now; seconds for 20,000 orders."""
    now, zone = clock.now(), zone_of(merchant_id)
    versions = point_versions(merchant_id)
    year_ago = rules.midnight(add_months(now.astimezone(zone).date(), -_REPLAY_MONTHS), zone)
    start = rules.midnight(spec.start_on, zone) if spec.start_on else now
    is_replay = start >= now
    since = year_ago if is_replay else start
    number = max((version.number for version in versions), default=0) + 1
    planned = Version(0, number, since, now, spec.terms())
    every = 1 + (trade.order_count(merchant_id) - 1) // WHOLE_UP_TO
    tally = _Tally(top)
    for member_ids in _pages(merchant_id, every):
        lines = trade.earning_lines(merchant_id, trade.order_ids_of_members(merchant_id, member_ids))
        after = reckon(merchant_id, lines, [planned] if is_replay else [*versions, planned])
        before = reckon(merchant_id, lines, versions) if versions else []
        if is_replay:
            before = [one for one in before if one.counted_at is not None and one.counted_at >= since]
        standings = standings_of(merchant_id, member_ids)
        tally.add(after, before, {member_id: one.level_no for member_id, one in standings.items()}, zone=zone)
    return tally.result(merchant_id, spec, since, is_replay=is_replay, every=every)


class _Tally:
    """Sums while pages of members pass by."""

    def __init__(self, top: int) -> None:
        self.top = top
        self.orders = self.paid_fen = self.members = self.gaining = self.losing = 0
        self.months: defaultdict[str, list[int]] = defaultdict(lambda: [0, 0])
        self.levels: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        self.buckets: Counter[int] = Counter()
        self.gainers: list[tuple[int, int, int]] = []
        self.sums = [0, 0]

    def add(
        self, after: Sequence[Yield], before: Sequence[Yield], levels: dict[int, int], *, zone: ZoneInfo
    ) -> None:  # fmt: skip
        by_member: defaultdict[int, list[int]] = defaultdict(lambda: [0, 0])
        for place, found in enumerate((after, before)):
            for one in found:
                if one.version is not None and one.counted_at is not None:
                    by_member[one.member_id][place] += one.points
                    self.months[_month(one.counted_at, zone)][place] += one.points
        self.orders += len({one.order_id for one in after if one.version is not None})
        self.paid_fen += sum(one.eligible_fen - one.refund_fen for one in after)
        for member_id, (points, points_before) in by_member.items():
            self._member(member_id, points, points_before, levels.get(member_id, 0))

    def _member(self, member_id: int, points: int, points_before: int, level_no: int) -> None:
        for place, value in enumerate((points, points_before)):
            self.sums[place] += value
            self.levels[level_no][place] += value
        if points:
            self.members += 1
            self.buckets[max(bound for bound in BOUNDS if bound < points)] += 1
        self.gaining += points > points_before
        self.losing += points < points_before
        if points > points_before:
            heapq.heappush(self.gainers, (points - points_before, -member_id, points))
            if len(self.gainers) > self.top:
                heapq.heappop(self.gainers)

    def result(
        self, merchant_id: int, spec: PointsRuleSpec, since: datetime, *, is_replay: bool, every: int
    ) -> PointsPreview:
        """The preview; sums of a sample are multiplied."""
        points, points_before = self.sums[0] * every, self.sums[1] * every
        upper: list[int | None] = [*BOUNDS[1:], None]
        return PointsPreview(
            since, is_replay, every, self.orders * every, self.paid_fen * every, points, points_before,
            worth(merchant_id, spec).fen(points), worth(merchant_id).fen(points_before), self.members * every,
            self.gaining * every, self.losing * every,
            months={month: _compared(pair, every) for month, pair in sorted(self.months.items())},
            levels={level_no: _compared(pair, every) for level_no, pair in sorted(self.levels.items())},
            top=[Gainer(-number, got, got - more) for more, number, got in sorted(self.gainers, reverse=True)],
            distribution=[(low, high, self.buckets[low] * every) for low, high in zip(BOUNDS, upper, strict=True)],
        )  # fmt: skip


def preview_levels(merchant_id: int, spec: LevelRuleSpec, *, samples: int = 10) -> LevelPreview:
    """Who would move when this level rule were saved now, and what that costs in discounts a year."""
    now, zone = clock.now(), zone_of(merchant_id)
    current = level_rule(merchant_id)
    number = current.number + 1 if current else 1
    planned = SavedLevelRule(0, number, now, "", spec, spec.policy(number))
    since = rules.midnight(add_months(now.astimezone(zone).date(), -_REPLAY_MONTHS), zone)
    moves: Counter[tuple[int, int]] = Counter()
    counts_before: Counter[int] = Counter()
    up: list[int] = []
    down: list[int] = []
    total = discount_fen = 0
    for member_ids in _pages(merchant_id, 1):
        total += len(member_ids)
        standings = standings_of(merchant_id, member_ids)
        counts_before.update(one.level_no for one in standings.values())
        moved = [one for one in reviewed(merchant_id, member_ids, planned) if one.after.level_no != one.before.level_no]
        moves.update((one.before.level_no, one.after.level_no) for one in moved)
        up += [one.member_id for one in moved if one.after.level_no > one.before.level_no][: samples - len(up)]
        down += [one.member_id for one in moved if one.after.level_no < one.before.level_no][: samples - len(down)]
        discount_fen += _discounts(merchant_id, moved, current, planned, since, now)
    counts_before[0] += total - sum(counts_before.values())
    counts = Counter(counts_before)
    for (before, after), count in moves.items():
        counts[before] -= count
        counts[after] += count
    up_count = sum(count for (before, after), count in moves.items() if after > before)
    down_count = sum(moves.values()) - up_count
    return LevelPreview(
        up_count, down_count, total - up_count - down_count, dict(moves), dict(+counts), dict(+counts_before), up, down,
        discount_fen,
    )  # fmt: skip


def _discounts(
    merchant_id: int, moved: Sequence[Change], current: SavedLevelRule | None, planned: SavedLevelRule,
    since: datetime, now: datetime,
) -> int:  # fmt: skip
    figures = trade.level_figures(merchant_id, [one.member_id for one in moved], since=since, until=now)
    return sum(
        figures.get(one.member_id, (0, 0))[0]
        * (_price(current, one.before.level_no) - _price(planned, one.after.level_no))
        // 1000
        for one in moved
    )


def _price(rule: SavedLevelRule | None, level_no: int) -> int:
    if rule is None:
        return 1000
    return rule.spec.levels[min(level_no, rule.policy.top)].discount_permille


def _pages(merchant_id: int, every: int) -> Iterator[list[int]]:
    after_id = 0
    while page := members.member_ids(merchant_id, after_id=after_id, limit=_PAGE * every):
        yield page[::every]
        after_id = page[-1]


def _month(at: datetime, zone: ZoneInfo) -> str:
    day = at.astimezone(zone)
    return f"{day.year}-{day.month:02d}"


def _compared(pair: Sequence[int], every: int) -> Compared:
    return Compared(pair[0] * every, pair[1] * every)
