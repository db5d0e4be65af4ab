"""What orders yield and which levels follow, reckoned from what is kept, without writing."""

from __future__ import annotations

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import clock, sql
from shuke.loyalty.queries.owned import floors, own_times
from shuke.loyalty.queries.rulebook import SavedLevelRule, zone_of
from shuke.loyalty.queries.standings import figures_of, keep_figures, standings_of
from shuke.loyalty.rules import levels as rules
from shuke.loyalty.rules.levels import Standing
from shuke.loyalty.rules.points import Yield, by_order, yields
from shuke.loyalty.rules.terms import LevelAt, Version
from shuke.members import queries as homes
from shuke.members.queries import roll as members
from shuke.trade import queries as trade


@dataclass(frozen=True, slots=True)
class Change:
    """One member's standing before and after, with the evidence."""

    member_id: int
    before: Standing
    after: Standing
    evidence: Mapping[str, Any]
    note: str = ""


def reckon(merchant_id: int, lines: Sequence[trade.EarningLine], versions: Sequence[Version]) -> list[Yield]:
    """What orders yield by these versions, one Yield an order, with the levels and the blacklist as they are kept."""
    member_ids = {line.member_id for line in lines}
    needs_levels = any(version.terms.level_times or version.terms.has_day_times for version in versions)
    return by_order(
        yields(
            lines,
            versions,
            zone=zone_of(merchant_id),
            level_at=level_history(merchant_id, member_ids) if needs_levels else None,
            own_at=own_times(merchant_id, member_ids),
            blacklisted=members.blacklisted_since(merchant_id, member_ids),
        )
    )


def level_history(merchant_id: int, member_ids: Collection[int]) -> LevelAt:
    """A function that knows which level a member held at an instant; of her and all who were joined to her, the highest."""
    guests = homes.guests(merchant_id, member_ids)
    history: dict[int, tuple[list[datetime], list[int]]] = {}
    for member_id, at, level_no in sql.rows(
        "SELECT member_id, at, after_no FROM loyalty_levelchange WHERE merchant_id = %(merchant_id)s"
        " AND member_id = ANY(%(member_ids)s::bigint[]) ORDER BY member_id, at, id",
        {"merchant_id": merchant_id, "member_ids": sql.numbers({*member_ids, *guests})},
    ):
        moments, levels = history.setdefault(member_id, ([], []))
        moments.append(at)
        levels.append(level_no)

    def held(member_id: int, instant: datetime) -> int:
        if member_id not in history:
            return 0
        moments, levels = history[member_id]
        place = bisect_right(moments, instant)
        return levels[place - 1] if place else 0

    if not guests:
        return held
    households = defaultdict(list)
    for guest_id, home_id in guests.items():
        households[home_id].append(guest_id)
    return lambda member_id, instant: max(held(one, instant) for one in (member_id, *households[member_id]))


def reviewed(merchant_id: int, member_ids: Collection[int], rule: SavedLevelRule) -> list[Change]:
    """The changes of levels that follow from figures now; members whose standing stays as it is are left out.

    An erased member gets none, though her orders stay.
    """
    policy, zone, now = rule.policy, zone_of(merchant_id), clock.now()
    standings = standings_of(merchant_id, member_ids)
    figures = figures_of(merchant_id, policy, member_ids, until=now)
    keep = keep_figures(merchant_id, policy, standings, now)
    lifted = floors(merchant_id, member_ids, now)
    found: list[Change] = []
    for member_id in member_ids:
        before = standings.get(member_id, rules.START)
        figure = figures.get(member_id, 0)
        after = rules.review(
            before, figure, policy, now, zone, keep_figure=keep.get(member_id), floor=lifted.get(member_id)
        )
        if after != before:
            found.append(Change(member_id, before, after, _evidence(rule, after, figure, keep.get(member_id))))
    gone = members.erased(merchant_id, [one.member_id for one in found]) if found else ()
    return [one for one in found if one.member_id not in gone]


def _evidence(rule: SavedLevelRule, after: Standing, figure: int, keep_figure: int | None) -> dict[str, Any]:
    found: dict[str, Any] = {"rule": rule.number, "measure": rule.spec.measure, "figure": figure}
    if keep_figure is not None:
        found["keep_figure"] = keep_figure
    if after.level_no <= rule.policy.top:
        found["threshold"] = rule.policy.thresholds[after.level_no]
    return found
