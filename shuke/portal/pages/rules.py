"""The shop's rules in plain words."""

from __future__ import annotations

from django.http import HttpResponse

from shuke.loyalty.queries.rulewords import chapters
from shuke.portal.visit import Visit, page


@page
def show(visit: Visit) -> HttpResponse:
    """How points are earned, when they count, how long they live, how levels work."""
    return visit.show("portal/rules.html", chapters=chapters(visit.merchant_id))
