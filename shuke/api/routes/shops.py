"""The merchant, her shops, and who works there."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import AfterValidator

from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_shop
from shuke.api.shapes import Id, Listing, Made, Nothing, Told
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import ShopEditSpec, ShopSpec
from shuke.platforms import platform as platforms


def _platform(name: str) -> str:
    if name not in platforms.platforms():
        raise ValueError(_("This platform is not known."))
    return name


class ShopCall(ShopSpec):
    """A shop to be added, on a platform that Shuke knows."""

    platform: Annotated[str, AfterValidator(_platform)] = "taobao"


class Merchant(Told):
    """The business, and what this key is."""

    id: int
    name: str
    zone: str
    key_name: str
    scopes: list[str]
    shop_id: int | None


class Shop(Told):
    """A shop."""

    id: int
    name: str
    platform: str
    url: str


class StaffMember(Told):
    """Somebody who works or worked here."""

    id: int
    display_name: str
    role: str
    is_active: bool


@reads("/me", scope="")
def get_me(call: Call) -> Merchant:
    """Get the business this key belongs to, and what the key may do."""
    merchant, key = call.caller.merchant, call.caller.key
    return Merchant(
        id=merchant.id, name=merchant.name, zone=merchant.zone, key_name=key.name, scopes=sorted(key.scopes),
        shop_id=key.shop_id,
    )  # fmt: skip


@reads("/shops", scope="")
def list_shops(call: Call) -> Listing[Shop]:
    """List the shops this key may speak of."""
    found = [one for one in queries.shops(call.merchant_id) if call.caller.key.shop_id in {None, one.id}]
    return Listing(items=[Shop.of(one) for one in found])


@writes("POST", "/shops", scope="shops:write", status=201, refuses=("name_taken", "bad_name"))
def open_shop(call: Call, body: ShopCall) -> Made:
    """Add a shop."""
    return Made(id=merchants.open_shop(call.merchant_id, body.name, body.platform, url=body.url, by=call.caller.by))


@writes("PUT", "/shops/{int:shop_id}", scope="shops:write", refuses=("no_shop", "name_taken", "bad_name"))
def edit_shop(call: Call, shop_id: Id, body: ShopEditSpec) -> Nothing:
    """Change a shop's name and address."""
    merchants.edit_shop(call.merchant_id, known_shop(call, shop_id), name=body.name, url=body.url, by=call.caller.by)
    return Nothing()


@reads("/staff", scope="staff:read")
def list_staff(call: Call) -> Listing[StaffMember]:
    """List everybody who works or worked here."""
    return Listing(items=[StaffMember.of(one) for one in queries.people(call.merchant_id)])
