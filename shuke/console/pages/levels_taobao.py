"""Levels and groups for Taobao: who goes there, who does not and why, and the files for the program that sends them."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.analytics.queries import taobao
from shuke.console.desk import Desk, page
from shuke.core import clock, downloads
from shuke.core.errors import Missing, Refused
from shuke.loyalty import queries as loyalty
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from shuke.merchants.queries import Shop

PLATFORM = "taobao"
REASONS: dict[str, Promise] = {
    "never_here": gettext_lazy("Not a customer of this shop"),
    "masked_nick": gettext_lazy("Bought here, but the report shows her nick with stars only"),
    "sealed_nick": gettext_lazy("Her nick is a phone number or mail address, which stays sealed here"),
    "open_uid_only": gettext_lazy("Only her Open UID is known, which these calls do not take"),
    "level_too_high": gettext_lazy("Her level is above 4, the highest of Taobao's"),
}


@page("members.export")
def show(desk: Desk) -> HttpResponse:
    """Counts, what Taobao will not take, and the two files."""
    shops = _shops(desk)
    if not shops:
        return desk.show("console/levels/taobao.html", shop=None)
    shop = _shop(shops, desk.get.get("shop") or str(shops[0].id))
    counts = taobao.taobao_counts(desk.merchant_id, shop.id)
    ladder = loyalty.taobao_ladder(desk.merchant_id)
    return desk.show(
        "console/levels/taobao.html",
        shop=shop,
        shops=shops,
        counts=counts,
        left_out=[(REASONS[reason], count) for reason, count in counts.left_out.items()],
        left_out_count=sum(counts.left_out.values()),
        groups=taobao.taobao_groups(desk.merchant_id),
        ladder=ladder,
        params=list(ladder.params.items()) if ladder and ladder.params else [],
    )


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk) -> HttpResponseBase:
    """The customers as a table, or every call as a line of JSON."""
    shop = _shop(_shops(desk), desk.post.get("shop", ""))
    form = desk.post.get("form", "")
    if form not in ("csv", "calls"):
        raise Refused("no_form", _("Choose which file you want."))
    count = taobao.taobao_counts(desk.merchant_id, shop.id).taken
    merchants.audit(
        desk.merchant_id,
        "member.exported_to_taobao",
        by=desk.by,
        object_kind="shop",
        object_id=shop.id,
        count=count,
        form=form,
    )
    pieces = _table(desk, shop) if form == "csv" else _calls(desk, shop)
    kind = "text/csv; charset=utf-8" if form == "csv" else "application/jsonl; charset=utf-8"
    response = StreamingHttpResponse(downloads.within(desk.merchant_id, pieces), content_type=kind)
    words = {"shop": shop.name, "day": clock.today(desk.merchant.zone).isoformat()}
    name = _("Taobao customers %(shop)s %(day)s") if form == "csv" else _("Taobao calls %(shop)s %(day)s")
    ending = "csv" if form == "csv" else "jsonl"
    response["Content-Disposition"] = downloads.attachment(f"{name % words}.{ending}")
    return response


def _table(desk: Desk, shop: Shop) -> Iterator[bytes]:
    return downloads.csv_pieces(chain([taobao.HEADER], taobao.taobao_rows(desk.merchant_id, shop.id)))


def _calls(desk: Desk, shop: Shop) -> Iterator[bytes]:
    return downloads.json_pieces(taobao.taobao_calls(desk.merchant_id, shop.id))


def _shops(desk: Desk) -> list[Shop]:
    return [shop for shop in places.shops(desk.merchant_id) if shop.platform == PLATFORM]


def _shop(shops: list[Shop], text: str) -> Shop:
    for shop in shops:
        if str(shop.id) == text:
            return shop
    raise Missing("no_shop", _("This shop does not exist."))
