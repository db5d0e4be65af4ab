"""The merchant's shops."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from shuke.console.desk import Desk, page
from shuke.core.errors import Missing
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import ShopEditSpec, ShopSpec
from shuke.platforms.platform import platforms


@page("shops.edit")
def list_all(desk: Desk) -> HttpResponse:
    """All of them."""
    return desk.show("console/shops/list.html", shops=queries.shops(desk.merchant_id), labels=dict(_platforms()))


@page("shops.edit", methods=("GET", "POST"))
def add(desk: Desk) -> HttpResponse:
    """One more."""

    def act(filled: ShopSpec) -> None:
        merchants.open_shop(desk.merchant_id, filled.name, filled.platform, url=filled.url, by=desk.by)

    return desk.fill_in(
        ShopSpec,
        "console/shops/add.html",
        act,
        to="console:shops",
        said=_("The shop is added."),
        choices={"platform": _platforms()},
    )


@page("shops.edit", methods=("GET", "POST"))
def edit(desk: Desk, shop_id: int) -> HttpResponse:
    """Its name and address."""
    shop = queries.shop(desk.merchant_id, shop_id)
    if shop is None:
        raise Missing("no_shop", _("This shop does not exist."))

    def act(filled: ShopEditSpec) -> None:
        merchants.edit_shop(desk.merchant_id, shop_id, name=filled.name, url=filled.url, by=desk.by)

    return desk.fill_in(
        ShopEditSpec,
        "console/shops/edit.html",
        act,
        to="console:shops",
        said=_("The shop is saved."),
        value={"name": shop.name, "url": shop.url},
        shop=shop,
    )


def _platforms() -> list[tuple[str, str]]:
    return [(name, str(kind.label)) for name, kind in platforms().items()]
