"""Coming in by a link, going out, choosing the language, and the shop's public page with its QR code."""

from __future__ import annotations

import io

import segno
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from shuke.core import language
from shuke.core.tenancy import tenant
from shuke.core.visitors import client_address
from shuke.loyalty import queries as loyalty
from shuke.members.queries import links
from shuke.members.queries.links import LINK
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.portal.pages import rules
from shuke.portal.steps import steps
from shuke.portal.visit import PATH, admit, closed, forget, private, remember

QR_KINDS = {"png": "image/png", "svg": "image/svg+xml"}


@require_safe
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """Exchange a link for a cookie; the address she goes on to holds no token."""
    found = links.opened(LINK, token)
    if found is None:
        # Only what was never made here is counted: many phones share one address of a mobile network.
        wait = merchants.try_to_sign_in(f"buyer link:{client_address(request)}")
        return closed(request, "often", status=429) if wait else closed(request, "unknown")
    with tenant(found.merchant_id):
        if found.is_over or admit(request, found) is None:
            return closed(request, "over", shops=queries.shops(found.merchant_id))
        response = private(HttpResponseRedirect(reverse("portal:home")))
        remember(response, found)
    return response


@require_POST
def leave(request: HttpRequest) -> HttpResponse:
    """Forget her on this phone."""
    return forget(closed(request, "left", status=200))


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Read on in the other language."""
    wanted = request.POST.get("next", "")
    is_ours = wanted.startswith(PATH) and "//" not in wanted and "\\" not in wanted
    response = private(HttpResponseRedirect(wanted if is_ours else reverse("portal:home")))
    language.remember(response, request.POST.get("language", ""))
    return response


@require_safe
def shop(request: HttpRequest, mark: str) -> HttpResponse:
    """What everybody may know: the levels, the rules, and how to get a link of one's own."""
    merchant_id, shop_id = _place(mark)
    with tenant(merchant_id):
        found, merchant = queries.shop(merchant_id, shop_id), queries.merchant(merchant_id)
        if found is None or merchant is None:
            raise Http404
        with timezone.override(merchant.zone):
            rule = loyalty.level_rule(merchant_id)
            context = {
                "shop": found,
                "shops": [found],
                "mark": mark,
                "steps": steps(rule),
                "chapters": rules.told(merchant_id),
            }
            return private(render(request, "portal/shop.html", context))


@require_safe
def qr(request: HttpRequest, mark: str, kind: str) -> HttpResponse:  # noqa: ARG001 - Django hands it over
    """The QR code of the shop's public page."""
    merchant_id, shop_id = _place(mark)
    with tenant(merchant_id):
        if queries.shop(merchant_id, shop_id) is None:
            raise Http404
    drawn = io.BytesIO()
    segno.make(links.entry_link(merchant_id, shop_id), error="m").save(
        drawn, kind=kind, scale=8, border=3, dark="#2b2421"
    )
    return HttpResponse(
        drawn.getvalue(),
        content_type=QR_KINDS[kind],
        headers={"Cache-Control": "public, max-age=86400", "Cross-Origin-Resource-Policy": "cross-origin"},
    )


@require_safe
def missing(request: HttpRequest) -> HttpResponse:
    """Nothing here, said kindly."""
    return closed(request, "missing", status=404)


def _place(mark: str) -> tuple[int, int]:
    found = links.opened_entry(mark)
    if found is None:
        raise Http404
    return found
