"""Keys of other programs: made, shown once, revoked."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from shuke.console import customer_words
from shuke.console.desk import Desk, page
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import ApiKeySpec


@page("keys.edit")
def list_all(desk: Desk) -> HttpResponse:
    """All keys, the latest first."""
    shops = {shop.id: shop.name for shop in queries.shops(desk.merchant_id)}
    scopes = dict(queries.scope_choices())
    doers = customer_words.doers(desk.merchant_id)
    rows = [
        (key, shops.get(key.shop_id or 0, ""), [label for scope, label in scopes.items() if scope in key.scopes],
         doers.get(key.created_by, _("Shuke")))
        for key in queries.api_keys(desk.merchant_id)
    ]  # fmt: skip
    return desk.show("console/keys/list.html", rows=rows)


@page("keys.edit", methods=("GET", "POST"), proof=True)
def add(desk: Desk) -> HttpResponse:
    """One more; its text is shown once and kept nowhere."""

    def act(filled: ApiKeySpec) -> HttpResponse:
        _key_id, text = merchants.create_key(desk.merchant_id, filled, by=desk.by)
        return desk.show("console/keys/shown.html", key=filled, text=text)

    shops = [(shop.id, shop.name) for shop in queries.shops(desk.merchant_id)]
    return desk.fill_in(ApiKeySpec, "console/keys/add.html", act, choices={"shop_id": shops})


@page("keys.edit", methods=("POST",))
def revoke(desk: Desk, key_id: int) -> HttpResponse:
    """The end of a key."""
    merchants.revoke_key(desk.merchant_id, key_id, by=desk.by)
    return desk.go("console:keys", said=_("The key is revoked and opens nothing any more."))
