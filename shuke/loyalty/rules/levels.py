"""Which level follows from a member's figures, her present standing and the policy."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo

from shuke.loyalty.rules.membership import Floor
from shuke.loyalty.rules.points import add_months

Measure = Literal["amount", "count", "growth"]
Window = Literal["lifetime", "rolling", "calendar_year"]
Downgrade = Literal["one_down", "to_match", "never"]
Reason = Literal[
    "reached", "kept", "grace", "lost", "rule_changed", "manual", "manual_ended", "membership", "membership_ended"
]


@dataclass(frozen=True, slots=True)
class Policy:
    """A level rule ready for reckoning; `thresholds[n]` in fen, orders or growth opens level n, level 0 asks nothing."""

    thresholds: tuple[int, ...]
    measure: Measure = "amount"
    window: Window = "lifetime"
    window_months: int = 12
    validity_months: int = 0
    keep_percent: int = 100
    grace_days: int = 0
    downgrade: Downgrade = "one_down"
    version: int = 0

    @property
    def top(self) -> int:
        """The number of the highest level."""
        return len(self.thresholds) - 1


@dataclass(frozen=True, slots=True)
class Standing:
    """The level a member holds: since when, until when it is sure (None: no end), and why.

    While a paid membership lifts her, `under` is the standing that her purchases give.
    """

    level_no: int
    since_at: datetime
    until_at: datetime | None
    reason: Reason
    is_manual: bool = False
    grace_until_at: datetime | None = None
    under: Standing | None = None

    @property
    def own(self) -> Standing:
        """What her purchases give, or what was set by hand."""
        return self.under if self.reason == "membership" and self.under is not None else self


START = Standing(0, datetime(1970, 1, 1, tzinfo=UTC), None, "reached")


def review(
    standing: Standing, figure: int, policy: Policy, now: datetime, zone: ZoneInfo, *, keep_figure: int | None = None,
    floor: Floor | None = None,
) -> Standing:  # fmt: skip
    """The standing that follows now from figures and paid membership; the very same one when nothing changes.

    `floor` is the level that a paid membership gives: she stands on it while her own is lower, and her own goes on
    underneath, with its validity. When the membership ends she stands on her own again. A level set by hand goes before.
    """
    own = review_own(standing.own, figure, policy, now, zone, keep_figure=keep_figure)
    is_lifted = standing.reason == "membership"
    if floor is not None and not own.is_manual and min(floor.level_no, policy.top) > own.level_no:
        level_no = min(floor.level_no, policy.top)
        since = standing.since_at if is_lifted and standing.level_no == level_no else now
        return Standing(level_no, since, floor.until_at, "membership", under=own)
    if is_lifted and own.level_no < standing.level_no:
        return replace(own, reason="membership_ended", since_at=now)
    return own


def review_own(
    standing: Standing, figure: int, policy: Policy, now: datetime, zone: ZoneInfo, *, keep_figure: int | None = None
) -> Standing:
    """The standing that follows now from figures alone; the very same one when nothing changes.

    `figure` is what counts in the window that ends now, `keep_figure` in the one that the validity's end closes
    (with the grace days after it). A reached level is given at once. A level is lost only when its validity and the
    grace after it are over and the keep rule is not met; a level without an end starts its grace when the figure falls.
    A level set by hand holds until its day.
    """
    if standing.is_manual:
        if standing.until_at is None or now < standing.until_at:
            return standing
        return _entered(qualified(figure, policy), policy, now, zone, "manual_ended")
    reached = qualified(figure, policy)
    if standing.level_no > policy.top:
        return _entered(max(reached, 0), policy, now, zone, "rule_changed")
    if reached > standing.level_no:
        return _entered(reached, policy, now, zone, "reached")
    if standing.level_no == 0 or policy.downgrade == "never":
        return _renewed(standing, policy, now, zone) if _is_over(standing, now) else standing
    return _at_the_end(standing, figure if keep_figure is None else keep_figure, reached, policy, now, zone)


def qualified(figure: int, policy: Policy) -> int:
    """The highest level whose threshold a figure reaches."""
    return max(0, bisect_right(policy.thresholds, figure) - 1)


def window_start(policy: Policy, until: datetime, zone: ZoneInfo) -> datetime | None:
    """From when figures count that are looked at just before `until`; None for all time."""
    if policy.window == "lifetime":
        return None
    day = (until - timedelta(microseconds=1)).astimezone(zone).date()
    if policy.window == "calendar_year":
        return midnight(date(day.year, 1, 1), zone)
    return midnight(add_months(day, -policy.window_months), zone)


def valid_until(policy: Policy, since: datetime, zone: ZoneInfo) -> datetime | None:
    """Until when a level entered at an instant is sure: a midnight, for calendar years that of a year's end."""
    if not policy.validity_months:
        return None
    day = add_months(since.astimezone(zone).date(), policy.validity_months)
    if policy.window == "calendar_year":
        return midnight(date(day.year + 1, 1, 1), zone)
    return midnight(day + timedelta(days=1), zone)


def keep_threshold(policy: Policy, level_no: int) -> int:
    """What must be reached to keep a level, rounded up."""
    return -(-policy.thresholds[level_no] * policy.keep_percent // 100)


def midnight(day: date, zone: ZoneInfo) -> datetime:
    """The instant at which a day begins in a zone, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)


def problems_on_taobao(levels: Sequence[tuple[str, int, int]]) -> list[tuple[str, int]]:
    """What Taobao's own ladder would refuse, as (code, index) of (name, threshold, discount_permille) from level 0 up.

    Its rules (crm.grade.set): at most levels 0 to 4; thresholds strictly rising; discounts 700…1000, each level cheaper.
    """
    found: list[tuple[str, int]] = []
    if len(levels) > 5:
        found.append(("too_many", 5))
    for index, (_name, threshold, discount) in enumerate(levels):
        if not 700 <= discount <= 1000:
            found.append(("discount_range", index))
        if index >= 2 and discount >= levels[index - 1][2]:
            found.append(("not_cheaper", index))
        if index and threshold <= levels[index - 1][1]:
            found.append(("not_rising", index))
    return found


def grades_for_taobao(levels: Sequence[tuple[str, int, int]], *, by_count: bool) -> dict[str, str]:
    """The parameters of taobao.crm.grade.set for a ladder without problems, of (name, threshold, discount_permille).

    Level 0 (店铺客户) is everybody's and is not set. `amount` is in fen, `count` in orders; each is what opens the grade
    at the same place. `hierarchy` always names all four grades, false for those the ladder does not have.
    """
    above = levels[1:]
    return {
        "grade": ",".join(str(no) for no in range(1, len(levels))),
        "discount": ",".join(str(discount) for _name, _threshold, discount in above),
        "hierarchy": ",".join("true" if no < len(levels) else "false" for no in range(1, 5)),
        "count" if by_count else "amount": ",".join(str(threshold) for _name, threshold, _discount in above),
    }


def _is_over(standing: Standing, now: datetime) -> bool:
    return standing.until_at is not None and standing.until_at <= now


def _entered(level_no: int, policy: Policy, now: datetime, zone: ZoneInfo, reason: Reason) -> Standing:
    return Standing(level_no, now, valid_until(policy, now, zone) if level_no else None, reason)


def _renewed(standing: Standing, policy: Policy, now: datetime, zone: ZoneInfo) -> Standing:
    until = standing.until_at
    while until is not None and until <= now:
        until = valid_until(policy, until - timedelta(microseconds=1), zone)
    return Standing(standing.level_no, standing.since_at, until, "kept")


def _at_the_end(
    standing: Standing, keep_figure: int, reached: int, policy: Policy, now: datetime, zone: ZoneInfo
) -> Standing:  # fmt: skip
    level_no, until, grace_until = standing.level_no, standing.until_at, standing.grace_until_at
    is_met = keep_figure >= keep_threshold(policy, level_no)
    if until is not None and now < until:
        return standing
    if is_met:
        if until is None and grace_until is None:
            return standing
        return _renewed(Standing(level_no, standing.since_at, until, "kept"), policy, now, zone)
    if grace_until is None:
        grace_until = (until or now) + timedelta(days=policy.grace_days)
    if now < grace_until:
        return Standing(level_no, standing.since_at, until, "grace", grace_until_at=grace_until)
    # Without a validity there is no next term for the level below, so it would fall step by step at every look.
    steps = policy.downgrade == "one_down" and policy.validity_months
    lower = max(level_no - 1, reached) if steps else reached
    return _entered(lower, policy, now, zone, "lost")
