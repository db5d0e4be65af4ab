"""Her points: what they are made of, and every line with its reason."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date

from django.http import HttpResponse
from django.utils import timezone

from shuke.core import typed
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries import explain
from shuke.loyalty.queries.explain import Told
from shuke.portal.visit import Visit, page

PER_PAGE = 40
LAST_PAGE = 250


@dataclass(slots=True)
class Group:
    """Lines of one order (`order_no` as buyers may see it), or one line that belongs to none."""

    order_no: str
    lines: list[Told] = field(default_factory=list)

    @property
    def amount(self) -> int:
        """What the lines come to."""
        return sum(told.line.amount for told in self.lines)


@dataclass(slots=True)
class Month:
    """The lines of one month."""

    first: date
    groups: list[Group] = field(default_factory=list)


@page
def show(visit: Visit) -> HttpResponse:
    """One page of lines, the latest first."""
    number = typed.number(visit.request.GET.get("page", ""), most=LAST_PAGE) or 1
    found = explain.history(visit.merchant_id, visit.member_id, limit=number * PER_PAGE + 1)
    lines = found[(number - 1) * PER_PAGE : number * PER_PAGE]
    summary = loyalty.points_summary(visit.merchant_id, visit.member_id)
    return visit.show(
        "portal/points.html",
        summary=summary,
        sentence=explain.explain_balance(summary),
        has_points=loyalty.points_rule(visit.merchant_id) is not None or bool(found),
        months=by_month(lines),
        number=number,
        previous=number - 1,
        next=number + 1 if len(found) > number * PER_PAGE and number < LAST_PAGE else 0,
    )


def by_month(lines: Sequence[Told]) -> list[Month]:
    """Lines by month, within it those of one order together where the latest of them stands."""
    months: dict[date, Month] = {}
    groups: dict[tuple[date, str], Group] = {}
    for told in lines:
        first = timezone.localtime(told.line.happened_at).date().replace(day=1)
        month = months.setdefault(first, Month(first))
        order_no = str(told.line.note.get("order_no", ""))
        key = (first, order_no or f"#{told.line.id}")
        if key not in groups:
            groups[key] = Group(order_no)
            month.groups.append(groups[key])
        groups[key].lines.append(told)
    return list(months.values())
