"""What every buyer's page goes through: whose phone is it, may she still come in, and how the page is answered."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.conf import settings
from django.http import HttpRequest, HttpResponse, HttpResponseNotAllowed
from django.http.response import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.members.queries import home, links
from shuke.members.queries import roll as members
from shuke.members.queries.links import CLAIMED, VISIT, Pass
from shuke.members.specs import BuyerLinksSpec
from shuke.merchants import queries as merchants
from shuke.merchants.queries import Merchant, Shop

COOKIE, PATH = "__Secure-buyer" if settings.IS_HTTPS else "buyer", "/b/"
RENEWED_AFTER = timedelta(days=1)

View = Callable[..., HttpResponseBase]
R = TypeVar("R", bound=HttpResponseBase)


@dataclass(frozen=True, slots=True)
class Visit:
    """A buyer on her own pages; `is_paused` when the shop has put her on its blacklist.

    `is_claimed` when an order's number let her in: her full data is neither shown, changed nor deleted then.
    """

    request: HttpRequest
    merchant: Merchant
    shops: list[Shop]
    member_id: int
    is_paused: bool
    is_claimed: bool = False

    @property
    def merchant_id(self) -> int:
        """The tenant whose scope is open."""
        return self.merchant.id

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's zone."""
        return ZoneInfo(self.merchant.zone)

    @property
    def shop_links(self) -> list[Shop]:
        """The shops whose address is known."""
        return [shop for shop in self.shops if shop.url]

    def show(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """One of her pages."""
        return render(self.request, template, {**context, "visit": self, "shops": self.shops}, status=status)


def page(view: View) -> View:
    """Make a function of a Visit a page that only the buyer sees; whose it is comes from her cookie alone."""
    return _page(view, "GET", "HEAD")


def form_page(view: View) -> View:
    """The same for what she posts from one of her pages."""
    return _page(view, "POST")


def _page(view: View, *methods: str) -> View:
    @wraps(view)
    def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
        if request.method not in methods:
            return HttpResponseNotAllowed([methods[0]])
        cookie = request.COOKIES.get(COOKIE, "")
        found = links.opened(VISIT, cookie) or links.opened(CLAIMED, cookie)
        if found is None or found.is_over:
            return closed(request, "unknown" if found is None else "over")
        with tenant(found.merchant_id):
            visit = admit(request, found)
            if visit is None:
                return forget(closed(request, "over"))
            with timezone.override(visit.zone):
                response = private(view(visit, **arguments))
            if clock.now() - found.made_at > RENEWED_AFTER:
                remember(response, found)
        return response

    return wrapped


def admit(request: HttpRequest, found: Pass) -> Visit | None:
    """Her visit, when the member is there and the link's round still holds; within the merchant's scope."""
    merchant = merchants.merchant(found.merchant_id)
    if merchant is None or not members.joined_at(found.merchant_id, [found.member_id]):
        return None
    member_id = home(found.merchant_id, found.member_id)
    if members.erased(found.merchant_id, [member_id]):
        return None
    if merchants.setting(found.merchant_id, BuyerLinksSpec).round_no != found.round_no:
        return None
    is_paused = bool(members.blacklisted_since(found.merchant_id, [member_id]))
    return Visit(request, merchant, merchants.shops(found.merchant_id), member_id, is_paused, found.is_claimed)


def remember(response: HttpResponseBase, found: Pass) -> None:
    """Give the phone a new cookie; within the merchant's scope."""
    days = timedelta(days=merchants.setting(found.merchant_id, BuyerLinksSpec).visit_days)
    response.set_cookie(
        COOKIE,
        links.seal(CLAIMED if found.is_claimed else VISIT, found.merchant_id, found.member_id, days),
        max_age=days,
        path=PATH,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )


def forget(response: HttpResponse) -> HttpResponse:
    """Take the cookie away."""
    response.delete_cookie(COOKIE, path=PATH, samesite="Lax")
    return response


def closed(request: HttpRequest, why: str, *, status: int = 403, **context: Any) -> HttpResponse:
    """The page for whoever may not come in: `why` is unknown, over, left, often, tries or claimed."""
    return private(render(request, "portal/closed.html", {**context, "why": why}, status=status))


def private(response: R) -> R:
    """Keep an answer out of every cache, and its address out of every other site's log.

    Our own forms need it: without any referrer browsers post them with an origin of `null`, which is refused.
    """
    response["Cache-Control"] = "private, no-store"
    response["Referrer-Policy"] = "same-origin"
    return response
