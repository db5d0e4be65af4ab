"""The next member day (会员日): on which day points are multiplied, by what, and for whom."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from django.utils.formats import date_format
from django.utils.translation import gettext as _

from shuke.core import clock
from shuke.loyalty.queries.explain import plain
from shuke.loyalty.queries.rulebook import level_rule, point_versions, zone_of
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.rules.multiples import member_day
from shuke.loyalty.rules.points import in_force, ranked

AHEAD = 31


@dataclass(frozen=True, slots=True)
class MemberDay:
    """A coming member day, today included."""

    on: date
    times: Fraction
    from_level: int
    from_name: str
    is_today: bool


def next_member_day(merchant_id: int, *, level_no: int | None = None) -> MemberDay | None:
    """The next one within 31 days by the rule that will then hold; with `level_no` the next that counts for that level."""
    newest_first = ranked(point_versions(merchant_id))
    if not any(version.terms.has_day_times for version in newest_first):
        return None
    zone, levels = zone_of(merchant_id), level_rule(merchant_id)
    today = clock.today(zone)
    for ahead in range(AHEAD):
        on = today + timedelta(days=ahead)
        version = in_force(newest_first, max(clock.now(), midnight(on, zone)))
        found = member_day(version.terms, on) if version is not None else None
        if found is None or found.times <= 1 or (level_no is not None and level_no < found.from_level):
            continue
        name = levels.name(found.from_level) if levels and found.from_level else ""
        return MemberDay(on, found.times, found.from_level, name, ahead == 0)
    return None


def explain_member_day(one: MemberDay) -> str:
    """When it is and what it gives, in one sentence."""
    words = {"day": date_format(one.on, _("j F")), "times": plain(one.times), "level": one.from_name}
    if one.from_name:
        text = (
            _("Today is member day: from %(level)s on, orders earn %(times)s times the points.")
            if one.is_today
            else _("Next member day: %(day)s. From %(level)s on, orders earn %(times)s times the points.")
        )
    else:
        text = (
            _("Today is member day: orders earn %(times)s times the points.")
            if one.is_today
            else _("Next member day: %(day)s. Orders earn %(times)s times the points.")
        )
    return text % words
