"""The seller's page for her shop's notice area: choose, look, copy."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext_lazy as _

from shuke.console import notice
from shuke.console.desk import Desk, page
from shuke.console.notice import NoticeSpec
from shuke.core.specs import Form, form_for, parse
from shuke.members.queries.links import entry_link
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.queries import Shop


@page("shops.edit", methods=("GET", "POST"))
def show(desk: Desk) -> HttpResponse:
    """The form with its preview; saving remembers the choice."""
    shops = queries.shops(desk.merchant_id)
    if not shops:
        return desk.show("console/notice/none.html")
    saved = _saved(desk, shops)
    if desk.is_post:
        filled = parse(NoticeSpec, desk.post, choices=_choices(shops))
        if isinstance(filled, Form):
            return desk.show("console/notice/edit.html", status=422, form=filled, **_result(desk, shops, saved))
        merchants.save_setting(desk.merchant_id, filled, by=desk.by)
        return desk.go("console:notice", said=_("Saved. Copy the code into your shop."))
    return desk.show("console/notice/edit.html", form=form_for(NoticeSpec, saved, choices=_choices(shops)),
                     **_result(desk, shops, saved))  # fmt: skip


@page("shops.edit")
def result(desk: Desk) -> HttpResponse:
    """Preview and code of what is chosen just now, for htmx."""
    shops = queries.shops(desk.merchant_id)
    filled = parse(NoticeSpec, desk.get, choices=_choices(shops))
    if isinstance(filled, Form) or not shops:
        return render(desk.request, "console/notice/unready.html", {"form": filled})
    return render(desk.request, "console/notice/result.html", _result(desk, shops, filled, query=desk.get))


@page("shops.edit")
def frame(desk: Desk) -> HttpResponse:
    """The notice as a document of its own, for the sandboxed frame of the preview."""
    shops = queries.shops(desk.merchant_id)
    filled = parse(NoticeSpec, desk.get, choices=_choices(shops)) if desk.get else _saved(desk, shops)
    html = width = ""
    if shops and not isinstance(filled, Form):
        html = notice.code(desk.merchant_id, _shop(shops, filled), filled)
        width = filled.width
    response = render(desk.request, "console/notice/frame.html", {"code": html, "width": width})
    response["Content-Security-Policy"] = (
        f"default-src 'none'; style-src 'unsafe-inline'; img-src {_origin(desk.request)} https: data:;"
        " frame-ancestors 'self'; sandbox"
    )
    response["X-Frame-Options"] = "SAMEORIGIN"
    return response


def _result(desk: Desk, shops: list[Shop], spec: NoticeSpec, *, query: QueryDict | None = None) -> dict[str, Any]:
    shop = _shop(shops, spec)
    return {
        "code": notice.code(desk.merchant_id, shop, spec),
        "findings": notice.findings(desk.merchant_id, shop, spec),
        "entry": entry_link(desk.merchant_id, shop.id),
        "query": query.urlencode() if query else "",
        "has_taobao": any(one.platform == "taobao" for one in shops),
        "height": {"banner": 240, "strip": 130, "picture": 420}[spec.style],
    }


def _saved(desk: Desk, shops: list[Shop]) -> NoticeSpec:
    """What was saved, for a shop that is there."""
    saved = queries.setting(desk.merchant_id, NoticeSpec)
    return saved.model_copy(update={"shop": str(_shop(shops, saved).id)}) if shops else saved


def _shop(shops: list[Shop], spec: NoticeSpec) -> Shop:
    return next((shop for shop in shops if str(shop.id) == spec.shop), shops[0])


def _choices(shops: list[Shop]) -> dict[str, list[tuple[str, str]]]:
    return {"shop": [(str(shop.id), shop.name) for shop in shops]}


def _origin(request: HttpRequest) -> str:
    return f"{request.scheme}://{request.get_host()}"
