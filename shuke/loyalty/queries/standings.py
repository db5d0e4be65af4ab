"""Who stands on which level, what is missing to the next, who is about to lose hers."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from shuke.core import clock, sql
from shuke.ledger import queries as ledger
from shuke.loyalty.queries.rulebook import GROWTH, SavedLevelRule, level_rule, zone_of
from shuke.loyalty.rules import levels as rules
from shuke.loyalty.rules.levels import Policy, Standing
from shuke.loyalty.specs import LevelWarnSpec
from shuke.members.queries import roll as members
from shuke.merchants import queries as merchants
from shuke.trade import queries as trade

_COLUMNS = "level_no, since_at, until_at, reason, is_manual, grace_until_at, under"
_WIDTH = 7
_PAGE = 10_000
_Ending = tuple[int, int, datetime, datetime | None]


@dataclass(frozen=True, slots=True)
class Way:
    """The way to the next level: `missing` in fen, orders or growth; `percent` of the next threshold, 0…99."""

    next_no: int
    next_name: str
    figure: int
    threshold: int
    missing: int
    percent: int


@dataclass(frozen=True, slots=True)
class LevelView:
    """A member's level as pages show it; `way` is None on the highest level.

    `evidence` holds `figure`, `threshold`, `measure` and `rule` of the decision, `note` the reason staff gave.
    """

    member_id: int
    standing: Standing
    name: str
    discount_permille: int
    benefits: str
    measure: str
    figure: int
    evidence: Mapping[str, Any]
    note: str
    set_by: str
    way: Way | None


@dataclass(frozen=True, slots=True)
class Step:
    """One level of the ladder with how many members stand on it."""

    no: int
    name: str
    threshold: int
    discount_permille: int
    benefits: str
    member_count: int


@dataclass(frozen=True, slots=True)
class LevelMove:
    """One change of a member's level in the past."""

    member_id: int
    at: datetime
    before_no: int
    after_no: int
    reason: str
    evidence: Mapping[str, Any]
    note: str
    by: str


@dataclass(frozen=True, slots=True)
class Warned:
    """A member who will lose her level on `ends_at` unless her `figure` reaches `needed` (fen, orders or growth)."""

    member_id: int
    level_no: int
    level_name: str
    ends_at: datetime
    figure: int
    needed: int
    is_in_grace: bool

    @property
    def missing(self) -> int:
        """What is still missing to keep it."""
        return max(0, self.needed - self.figure)


def standings_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, Standing]:
    """The standings that are kept; members who never left level 0 are missing."""
    return {
        row[0]: _standing(row[1:])
        for row in sql.rows(
            f"SELECT member_id, {_COLUMNS} FROM loyalty_standing"
            " WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[])",
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    }


def figures_of(
    merchant_id: int,
    policy: Policy,
    member_ids: Collection[int] | None,
    *,
    until: datetime,
    since: datetime | None = None,
) -> dict[int, int]:
    """What counts for levels, by member (None: everybody), in the window that ends at `until` or begins at `since`."""
    if policy.measure == "growth":
        return _growth(merchant_id, member_ids)
    since = since or rules.window_start(policy, until, zone_of(merchant_id))
    place = 0 if policy.measure == "amount" else 1
    # An order finished this very instant counts.
    end = until + timedelta(microseconds=1)
    found = trade.level_figures(merchant_id, member_ids, since=since, until=end)
    return {member_id: figures[place] for member_id, figures in found.items()}


def keep_figures(
    merchant_id: int, policy: Policy, standings: Mapping[int, Standing], now: datetime
) -> dict[int, int]:  # fmt: skip
    """For members whose validity has ended, what counts for keeping: the window their validity closed, grace included."""
    if policy.measure == "growth":
        return {}
    ended: defaultdict[datetime | None, list[int]] = defaultdict(list)
    for member_id, held in standings.items():
        one = held.own
        if one.until_at is not None and one.until_at <= now and not one.is_manual:
            ended[rules.window_start(policy, one.until_at, zone_of(merchant_id))].append(member_id)
    found: dict[int, int] = {}
    for since, member_ids in ended.items():
        figures = figures_of(merchant_id, policy, member_ids, until=now, since=since)
        found.update({member_id: figures.get(member_id, 0) for member_id in member_ids})
    return found


def levels_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, LevelView]:
    """Each member's level, its evidence and the way to the next; empty while there is no level rule."""
    rule = level_rule(merchant_id)
    if rule is None:
        return {}
    figures = figures_of(merchant_id, rule.policy, member_ids, until=clock.now())
    kept = {
        row[0]: row[1:]
        for row in sql.rows(
            f"SELECT member_id, {_COLUMNS}, evidence, note, set_by FROM loyalty_standing"
            " WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[])",
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    }
    return {
        member_id: _view(rule, member_id, figures.get(member_id, 0), kept.get(member_id)) for member_id in member_ids
    }


def level_of(merchant_id: int, member_id: int) -> LevelView | None:
    """One member's level; None while there is no level rule."""
    return levels_of(merchant_id, [member_id]).get(member_id)


def way_to(rule: SavedLevelRule, level_no: int, figure: int) -> Way | None:
    """What is missing to the level above; None on the highest."""
    if level_no >= rule.policy.top:
        return None
    threshold = rule.policy.thresholds[level_no + 1]
    missing = max(0, threshold - figure)
    percent = min(99, max(0, figure) * 100 // threshold) if threshold else 99
    return Way(level_no + 1, rule.name(level_no + 1), figure, threshold, missing, percent)


def ladder(merchant_id: int) -> list[Step]:
    """The levels from the lowest up with how many members stand on each; empty while there is no rule."""
    rule = level_rule(merchant_id)
    if rule is None:
        return []
    counts = level_counts(merchant_id)
    return [
        Step(no, row.name, rule.policy.thresholds[no], row.discount_permille, row.benefits, counts.get(no, 0))
        for no, row in enumerate(rule.spec.levels)
    ]


def level_counts(merchant_id: int) -> dict[int, int]:
    """How many members stand on each level; those who never left level 0 are counted there."""
    found = dict(
        sql.rows(
            "SELECT level_no, count(*) FROM loyalty_standing WHERE merchant_id = %(merchant_id)s GROUP BY level_no",
            {"merchant_id": merchant_id},
        )
    )
    others = members.member_count(merchant_id) - sum(found.values())
    return {**found, 0: found.get(0, 0) + max(0, others)}


def level_members(merchant_id: int, level_no: int, *, after_id: int = 0, limit: int = 100) -> list[int]:
    """Members on a level above 0, by rising id, to page through."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT member_id FROM loyalty_standing WHERE merchant_id = %(merchant_id)s AND level_no = %(level_no)s"
            " AND member_id > %(after_id)s ORDER BY member_id LIMIT %(limit)s",
            {"merchant_id": merchant_id, "level_no": level_no, "after_id": after_id, "limit": limit},
        )
    ]


def level_moves(merchant_id: int, member_id: int, *, limit: int = 50) -> list[LevelMove]:
    """A member's changes of level, the latest first."""
    return [
        LevelMove(member_id, at, before_no, after_no, reason, sql.loads(evidence), note, by)
        for at, before_no, after_no, reason, evidence, note, by in sql.rows(
            "SELECT at, before_no, after_no, reason, evidence, note, by FROM loyalty_levelchange"
            " WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s ORDER BY at DESC, id DESC"
            " LIMIT %(limit)s",
            {"merchant_id": merchant_id, "member_id": member_id, "limit": limit},
        )
    ]


def recent_moves(merchant_id: int, *, limit: int = 20) -> list[LevelMove]:
    """The latest changes of level of all members."""
    return [
        LevelMove(member_id, at, before_no, after_no, reason, sql.loads(evidence), note, by)
        for member_id, at, before_no, after_no, reason, evidence, note, by in sql.rows(
            "SELECT member_id, at, before_no, after_no, reason, evidence, note, by FROM loyalty_levelchange"
            " WHERE merchant_id = %(merchant_id)s ORDER BY id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "limit": limit},
        )
    ]


def warned(
    merchant_id: int, *, days: int | None = None, member_id: int | None = None, limit: int | None = 200
) -> list[Warned]:  # fmt: skip
    """Members who will lose their level within some days (the merchant's setting by default), the soonest first.

    `limit` None gives all of them.
    """
    rule = level_rule(merchant_id)
    if rule is None:
        return []
    told: list[Warned] = []
    seen, step = 0, None if limit is None else limit * 2  # many keep theirs, and it takes a look at orders to tell
    while limit is None or len(told) < limit:
        found = _ending(merchant_id, rule.policy, days, member_id, skip=seen, limit=step)
        told += _told(merchant_id, rule, found)
        if step is None or len(found) < step:
            break
        seen, step = seen + step, step * 2
    return told[:limit]


def warned_count(merchant_id: int) -> int:
    """How many members will lose their level within the days of the merchant's setting, all of them."""
    rule = level_rule(merchant_id)
    if rule is None:
        return 0
    found = _ending(merchant_id, rule.policy)
    figures = _keeping(merchant_id, rule.policy, found)
    needed = [rules.keep_threshold(rule.policy, level_no) for level_no in range(rule.policy.top + 1)]
    return sum(figures.get(member_id, 0) < needed[level_no] for member_id, level_no, _until, _grace in found)


def _ending(
    merchant_id: int, policy: Policy, days: int | None = None, member_id: int | None = None, *, skip: int = 0,
    limit: int | None = None,
) -> list[_Ending]:  # fmt: skip
    """Whose level's validity or grace ends within some days, met or not: member, level, ends of validity and grace."""
    if policy.downgrade == "never":
        return []
    if days is None:
        days = merchants.setting(merchant_id, LevelWarnSpec).warn_days
    return sql.rows(
        "SELECT member_id, level_no, until_at, grace_until_at FROM loyalty_standing"
        " WHERE merchant_id = %(merchant_id)s AND level_no BETWEEN 1 AND %(top)s AND NOT is_manual AND reason <> 'membership'"
        " AND (%(member_id)s::bigint IS NULL OR member_id = %(member_id)s)"
        " AND coalesce(grace_until_at, until_at) <= %(end)s ORDER BY coalesce(grace_until_at, until_at), member_id"
        " OFFSET %(skip)s LIMIT %(limit)s",
        {"merchant_id": merchant_id, "top": policy.top, "end": clock.now() + timedelta(days=days),
         "member_id": member_id, "skip": skip, "limit": limit},
    )  # fmt: skip


def _told(merchant_id: int, rule: SavedLevelRule, found: Sequence[_Ending]) -> list[Warned]:
    figures = _keeping(merchant_id, rule.policy, found)
    told = (
        Warned(
            member_id, level_no, rule.name(level_no), grace or until, figures.get(member_id, 0),
            rules.keep_threshold(rule.policy, level_no), grace is not None,
        )
        for member_id, level_no, until, grace in found
    )  # fmt: skip
    return [one for one in told if one.missing]


def _keeping(merchant_id: int, policy: Policy, found: Sequence[_Ending]) -> dict[int, int]:
    """What counts for keeping their level, each in the window that the end of her validity closes, by one question."""
    if policy.measure == "growth":
        return _growth(merchant_id, [row[0] for row in found])
    now, zone, place = clock.now(), zone_of(merchant_id), 0 if policy.measure == "amount" else 1
    starts = {until: rules.window_start(policy, until or now, zone) for until in {row[2] for row in found}}
    since = {member_id: starts[until] for member_id, _level_no, until, _grace in found}
    # An order finished this very instant counts.
    figures = trade.level_figures_since(merchant_id, since, until=now + timedelta(microseconds=1))
    return {member_id: both[place] for member_id, both in figures.items()}


def warned_of(merchant_id: int, member_id: int) -> Warned | None:
    """One member's warning; None while she will not lose her level soon."""
    return next(iter(warned(merchant_id, member_id=member_id, limit=1)), None)


def _growth(merchant_id: int, member_ids: Collection[int] | None) -> dict[int, int]:
    if member_ids is not None:
        found = ledger.balances(merchant_id, GROWTH, list(member_ids))
        return {member_id: one.active - one.debt for member_id, one in found.items()}
    everybody: dict[int, int] = {}
    page = members.member_ids(merchant_id, after_id=0, limit=_PAGE)
    while page:
        everybody.update(_growth(merchant_id, page))
        page = members.member_ids(merchant_id, after_id=page[-1], limit=_PAGE)
    return everybody


def _standing(row: tuple[Any, ...]) -> Standing:
    told, kept = list(row[:-1]), sql.loads(row[-1])
    if kept is None:
        return Standing(*told)
    moments = {
        name: datetime.fromisoformat(kept[name]) if kept[name] else None
        for name in ("since_at", "until_at", "grace_until_at")
    }
    told.append(Standing(**{**kept, **moments}))
    return Standing(*told)


def _view(rule: SavedLevelRule, member_id: int, figure: int, row: tuple[Any, ...] | None) -> LevelView:
    standing = _standing(row[:_WIDTH]) if row else rules.START
    evidence, note, set_by = (sql.loads(row[_WIDTH]), *row[_WIDTH + 1 :]) if row else ({}, "", "system")
    level_no = min(standing.level_no, rule.policy.top)
    level = rule.spec.levels[level_no]
    return LevelView(
        member_id, standing, level.name, level.discount_permille, level.benefits, rule.spec.measure, figure, evidence,
        note, set_by, way_to(rule, level_no, figure),
    )  # fmt: skip
