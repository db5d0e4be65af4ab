"""The shop's rules in plain words."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.loyalty.queries import redemption_desk, redemption_rule
from shuke.loyalty.queries.rulewords import Chapter, chapters
from shuke.portal.visit import Visit, page


@page
def show(visit: Visit) -> HttpResponse:
    """How points are earned, when they count, how long they live, how levels work, how points pay."""
    return visit.show("portal/rules.html", chapters=told(visit.merchant_id))


def told(merchant_id: int) -> list[Chapter]:
    """All rules in force as buyers read them; empty while there is none."""
    rule = redemption_rule(merchant_id)
    if rule is None or not rule.spec.is_on:
        return chapters(merchant_id)
    paying = Chapter("paying", _("Paying with points"), redemption_desk.rule_sentences(rule.spec))
    return [*chapters(merchant_id), paying]
