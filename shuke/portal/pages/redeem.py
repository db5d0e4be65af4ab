"""Paying with points: she picks an amount, gets a code for the shop's staff, and may take it back."""

from __future__ import annotations

import secrets

from django.http import HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.core.actors import buyer
from shuke.core.errors import Missing, Refused
from shuke.core.typed import number
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import redemption_desk, redemptions
from shuke.portal.visit import Visit, form_page, page

SHOWN = 10
SUGGESTED = 4


@page
def show(visit: Visit) -> HttpResponse:
    """Her open codes, and what she may choose."""
    return _page(visit)


@form_page
def ask(visit: Visit) -> HttpResponse:
    """Set points aside and show the code; pressing twice gives the same code."""
    given, key = visit.request.POST.get("points", ""), visit.request.POST.get("key", "")
    points = number(given) or 0
    key = f"portal:{visit.member_id}:{key[:40] or secrets.token_urlsafe(12)}"
    try:
        loyalty.reserve_redemption(visit.merchant_id, visit.member_id, points, key=key, by=buyer(visit.member_id))
    except Refused as refused:
        return _page(visit, problem=refused.message, status=409)
    return HttpResponseRedirect(reverse("portal:redeem"))


@form_page
def cancel(visit: Visit) -> HttpResponse:
    """Take a code of hers back; somebody else's does not exist for her."""
    try:
        one = queries.redemption_of_code(visit.merchant_id, visit.request.POST.get("code", "")[:40])
        if not one.is_hers(visit.member_id):
            raise Missing("no_code", _("This code does not exist."))
        loyalty.cancel_redemption(visit.merchant_id, one.id, by=buyer(visit.member_id))
    except Missing as missing:
        return _page(visit, problem=missing.message, status=404)
    except Refused as refused:
        return _page(visit, problem=refused.message, status=409)
    return HttpResponseRedirect(reverse("portal:redeem"))


def _page(visit: Visit, *, problem: str = "", status: int = 200) -> HttpResponse:
    offer = redemptions.offer(visit.merchant_id, visit.member_id)
    running = {one.id for one in offer.running} if offer else set()
    amounts = offer.amounts if offer and len(offer.opened) < offer.spec.open_codes and not visit.is_paused else range(0)
    return visit.show(
        "portal/redeem.html",
        status=status,
        offer=offer,
        amounts=amounts,
        first=amounts[len(amounts) // 2] if amounts else 0,
        chips=_suggested(amounts),
        fen_per_100=offer.spec.worth_fen(100) if offer else 0,
        key=secrets.token_urlsafe(12),
        problem=problem,
        sentences=redemption_desk.rule_sentences(offer.spec) if offer else [],
        past=[
            (one, redemption_desk.state_words(one), redemption_desk.why_words(one))
            for one in redemptions.of_member(visit.merchant_id, visit.member_id, limit=SHOWN)
            if not one.is_open and one.id not in running
        ],
    )


def _suggested(amounts: range) -> list[int]:
    """A few amounts to tap: the smallest, the largest, and some between."""
    if len(amounts) <= SUGGESTED:
        return list(amounts)
    last = len(amounts) - 1
    return [amounts[last * place // (SUGGESTED - 1)] for place in range(SUGGESTED)]
