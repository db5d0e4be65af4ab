"""The ladder of levels, where she stands on it, and what every level gives."""

from __future__ import annotations

from django.http import HttpResponse

from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries.explain import explain_level
from shuke.portal.pages.home import level_card
from shuke.portal.steps import steps
from shuke.portal.visit import Visit, page

MOVES = 10


@page
def show(visit: Visit) -> HttpResponse:
    """All levels, hers marked."""
    level = loyalty.level_of(visit.merchant_id, visit.member_id)
    rule = loyalty.level_rule(visit.merchant_id)
    moves = loyalty.level_moves(visit.merchant_id, visit.member_id, limit=MOVES) if rule else []
    return visit.show(
        "portal/levels.html",
        level=level_card(visit),
        sentence=explain_level(level, zone=visit.zone) if level else "",
        steps=steps(rule),
        moves=[
            {"at": move.at, "before": rule.name(move.before_no), "after": rule.name(move.after_no)}
            for move in moves
            if rule
        ],
    )
