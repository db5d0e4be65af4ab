"""Coming in without a link: an order's number and one more fact open her membership."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.core.visitors import client_address
from shuke.members.queries import links
from shuke.members.queries.links import Pass
from shuke.members.specs import BuyerLinksSpec
from shuke.merchants import queries
from shuke.portal.visit import closed, private, remember
from shuke.trade import actions as trade


@require_http_methods(["GET", "HEAD", "POST"])
def claim(request: HttpRequest, mark: str) -> HttpResponse:
    """Ask for the two, and sign her in on this phone when they fit; what is wrong is never told."""
    found = links.opened_entry(mark)
    if found is None:
        raise Http404
    merchant_id, shop_id = found
    with tenant(merchant_id):
        shop, merchant = queries.shop(merchant_id, shop_id), queries.merchant(merchant_id)
        if shop is None or merchant is None:
            raise Http404
        is_wrong = False
        if request.method == "POST":
            ended = trade.claim_order(
                merchant_id, shop_id, request.POST.get("order_no", ""), request.POST.get("fact", ""),
                visitor=client_address(request),
            )  # fmt: skip
            if ended.is_too_often:
                return closed(request, "tries", status=429)
            if ended.member_id is not None:
                return _come_in(merchant_id, ended.member_id)
            is_wrong = True
        with timezone.override(merchant.zone):
            context = {"shop": shop, "shops": [shop], "mark": mark, "is_wrong": is_wrong}
            return private(render(request, "portal/claim.html", context, status=422 if is_wrong else 200))


def _come_in(merchant_id: int, member_id: int) -> HttpResponse:
    now = clock.now()
    round_no = queries.setting(merchant_id, BuyerLinksSpec).round_no
    response = private(HttpResponseRedirect(reverse("portal:home")))
    remember(response, Pass(merchant_id, member_id, round_no, now, now, is_claimed=True))
    return response
