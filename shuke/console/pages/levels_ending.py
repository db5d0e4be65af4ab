"""Who will lose her level soon and what keeps it: filtered, and tagged or put into a group for a message."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.http import HttpResponse, QueryDict
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.console.desk import Desk, page
from shuke.core.errors import Refused
from shuke.core.typed import number, numbers
from shuke.loyalty import queries
from shuke.loyalty.queries import SavedLevelRule, Warned
from shuke.loyalty.queries.explain import amount
from shuke.loyalty.specs import LevelWarnSpec
from shuke.members import actions as organise
from shuke.members import queries as members
from shuke.merchants import queries as merchants

MOST = 1000
DAYS = (7, 14, 30, 60, 90)
LONGEST = 366


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for."""

    days: int
    level_no: int | None
    is_near: bool

    def fits(self, one: Warned) -> bool:
        """Whether a member is asked for; near is who has half of what she needs."""
        if self.level_no is not None and one.level_no != self.level_no:
            return False
        return not self.is_near or one.missing * 2 <= one.needed

    @property
    def query(self) -> str:
        """The same as an address."""
        return urlencode({"days": self.days, "level": self.level_no or "", "near": "1" if self.is_near else ""})


@page("points.view")
def show(desk: Desk) -> HttpResponse:
    """The list, the soonest first."""
    rule = queries.level_rule(desk.merchant_id)
    if rule is None:
        return desk.go("console:levels")
    wanted = _wanted(desk, desk.get)
    found = _found(desk, wanted)
    names = members.names(desk.merchant_id, [one.member_id for one in found])
    return desk.show(
        "console/levels/ending.html",
        wanted=wanted,
        days=DAYS,
        rows=[(one, names.get(one.member_id, ""), amount(rule.spec.measure, one.missing),
               amount(rule.spec.measure, one.figure), _percent(one)) for one in found],
        levels=[(no, level.name) for no, level in enumerate(rule.spec.levels) if no],
        groups=members.groups(desk.merchant_id),
        is_full=len(found) >= MOST,
        **_words(rule),
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def mark(desk: Desk) -> HttpResponse:
    """Tag the chosen ones, or put them into a group; only who is on the list."""
    query = QueryDict(desk.post.get("query", "")[:500])
    on_list = {one.member_id for one in _found(desk, _wanted(desk, query))}
    chosen = [one for one in numbers(desk.post.getlist("member")) if one in on_list]
    if not chosen:
        raise Refused("nobody", _("Please choose customers first."))
    tag, group = desk.post.get("tag", "").strip(), number(desk.post.get("group", ""))
    if group:
        organise.add_to_group(desk.merchant_id, group, chosen, by=desk.by)
    if tag:
        organise.tag(desk.merchant_id, chosen, [tag[:40]], by=desk.by)
    if not tag and not group:
        raise Refused("no_mark", _("Please give a tag or choose a group."))
    text = ngettext("%(count)d customer is marked.", "%(count)d customers are marked.", len(chosen))
    return desk.go(f"{reverse('console:levels_ending')}?{query.urlencode()}", said=text % {"count": len(chosen)})


def _found(desk: Desk, wanted: Wanted) -> list[Warned]:
    return [one for one in queries.warned(desk.merchant_id, days=wanted.days, limit=MOST) if wanted.fits(one)]


def _wanted(desk: Desk, query: QueryDict) -> Wanted:
    usual = merchants.setting(desk.merchant_id, LevelWarnSpec).warn_days
    return Wanted(
        min(number(query.get("days", "")) or usual, LONGEST),
        number(query.get("level", ""), most=99),
        query.get("near") == "1",
    )


def _percent(one: Warned) -> int:
    return min(99, max(0, one.figure) * 100 // one.needed) if one.needed else 99


def _words(rule: SavedLevelRule) -> dict[str, Any]:
    return {"has_end": bool(rule.spec.validity_months) and rule.spec.downgrade != "never"}
