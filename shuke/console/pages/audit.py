"""The audit log: who did what, in sentences."""

from __future__ import annotations

from django.http import HttpResponse

from shuke.console import acts
from shuke.console.desk import Desk, page
from shuke.core.typed import number
from shuke.merchants import queries as merchants

LINES = 50


@page("audit.view")
def show(desk: Desk) -> HttpResponse:
    """The latest lines, by kind of act and by person."""
    kind, by, before = desk.get.get("kind", ""), desk.get.get("by", ""), desk.get.get("before", "")
    found = merchants.audit_lines(
        desk.merchant_id,
        act=f"{kind}." if kind in acts.KINDS else "",
        by=by,
        before_id=number(before),
        limit=LINES + 1,
    )
    lines = found[:LINES]
    return desk.show(
        "console/audit/show.html",
        lines=[(line, acts.doer(line), acts.sentence(line), acts.path(line)) for line in lines],
        older=lines[-1].id if len(found) > LINES else None,
        is_later_page=bool(before),
        kinds=acts.KINDS.items(),
        kind=kind,
        by=by,
        people=[(f"staff:{person.id}", person.display_name) for person in merchants.people(desk.merchant_id)],
    )
