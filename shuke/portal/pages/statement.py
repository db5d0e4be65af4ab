"""Her points account of some days, ready to print."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.core import clock
from shuke.loyalty.queries.statement import days_of, statement_of
from shuke.members import queries as members
from shuke.portal.visit import Visit, page


@page
def show(visit: Visit) -> HttpResponse:
    """The account; by default this year's."""
    query = visit.request.GET
    wanted = days_of(query.get("from", ""), query.get("to", ""), clock.today(visit.zone))
    return visit.show(
        "portal/statement.html",
        name=members.names(visit.merchant_id, [visit.member_id]).get(visit.member_id, ""),
        found=statement_of(visit.merchant_id, visit.member_id, wanted.first_on, wanted.last_on),
        problem=_("The first day must not be after the last.") if wanted.is_turned else "",
    )
