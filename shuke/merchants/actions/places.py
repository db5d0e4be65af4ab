"""Opening merchants and shops, and what is kept about them."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from shuke.core import sql
from shuke.core.actors import SYSTEM, Actor, staff
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import every_merchant, tenant
from shuke.merchants import rules
from shuke.merchants.actions.auditing import audit
from shuke.merchants.actions.naming import named
from shuke.merchants.actions.people import create_user, employ
from shuke.merchants.models import User


def open_merchant(name: str, *, owner_user_id: int, zone: str = "Asia/Shanghai") -> tuple[int, int]:
    """Make a merchant and employ her owner; (merchant id, staff id)."""
    with every_merchant():
        merchant_id = int(
            sql.scalar(
                "INSERT INTO merchants_merchant (name, zone) VALUES (%(name)s, %(zone)s) RETURNING id",
                {"name": named(name), "zone": zone},
            )
        )
    with tenant(merchant_id):
        staff_id = employ(merchant_id, owner_user_id, rules.OWNER, by=SYSTEM)
    return merchant_id, staff_id


def set_up(username: str, display_name: str, password: str, *, merchant: str, shop: str, platform: str) -> int:
    """Make the installation's first person, her merchant and first shop; her user id.

    Refused `already_set_up` as soon as anybody can sign in, and what create_user and open_shop refuse.
    """
    with transaction.atomic():
        sql.run("SELECT pg_advisory_xact_lock(hashtextextended('merchants.set_up', 0))")
        if User.objects.exists():
            raise Refused("already_set_up", _("This installation is set up already."))
        user_id = create_user(username, display_name, password)
        merchant_id, staff_id = open_merchant(merchant, owner_user_id=user_id)
        with tenant(merchant_id):
            open_shop(merchant_id, shop, platform, by=staff(staff_id))
    return user_id


def edit_merchant(merchant_id: int, *, name: str, zone: str, by: Actor) -> None:
    """Change the merchant's name and time zone. Refused `bad_zone`."""
    if zone not in available_timezones():
        raise Refused("bad_zone", _("There is no time zone “%(zone)s”."), zone=zone)
    sql.run(
        "UPDATE merchants_merchant SET name = %(name)s, zone = %(zone)s WHERE id = %(merchant_id)s",
        {"merchant_id": merchant_id, "name": named(name), "zone": zone},
    )
    audit(merchant_id, "merchant.edited", by=by, object_kind="merchant", object_id=merchant_id, zone=zone)


def open_shop(merchant_id: int, name: str, platform: str, *, url: str = "", by: Actor) -> int:
    """Add a shop; its id. Refused `name_taken` when the merchant has one of that name."""
    shop_id = sql.scalar(
        "INSERT INTO merchants_shop (merchant_id, name, platform, url)"
        " VALUES (%(merchant_id)s, %(name)s, %(platform)s, %(url)s) ON CONFLICT DO NOTHING RETURNING id",
        {"merchant_id": merchant_id, "name": named(name), "platform": platform, "url": url},
    )
    if shop_id is None:
        raise Refused("name_taken", _("There is already a shop called “%(name)s”."), name=name)
    audit(merchant_id, "shop.opened", by=by, object_kind="shop", object_id=shop_id, platform=platform)
    return int(shop_id)


def edit_shop(merchant_id: int, shop_id: int, *, name: str, url: str, by: Actor) -> None:
    """Change a shop's name and address. Missing when there is none; Refused `name_taken`."""
    params = {"merchant_id": merchant_id, "shop_id": shop_id, "name": named(name), "url": url}
    if sql.scalar(
        "SELECT EXISTS (SELECT FROM merchants_shop WHERE merchant_id = %(merchant_id)s AND name = %(name)s"
        " AND id <> %(shop_id)s)",
        params,
    ):
        raise Refused("name_taken", _("There is already a shop called “%(name)s”."), name=name)
    changed = sql.run(
        "UPDATE merchants_shop SET name = %(name)s, url = %(url)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(shop_id)s",
        params,
    )
    if not changed:
        raise Missing("no_shop", _("This shop does not exist."))
    audit(merchant_id, "shop.edited", by=by, object_kind="shop", object_id=shop_id)


def save_setting(merchant_id: int, spec: BaseModel, *, by: Actor) -> None:
    """Keep a Spec's value as the merchant's present setting, under the Spec's class name."""
    sql.run(
        "INSERT INTO merchants_setting (merchant_id, name, value) VALUES (%(merchant_id)s, %(name)s, %(value)s)"
        " ON CONFLICT (merchant_id, name) DO UPDATE SET value = excluded.value",
        {"merchant_id": merchant_id, "name": type(spec).__name__, "value": spec.model_dump_json()},
    )
    audit(merchant_id, "setting.saved", by=by, object_kind="setting", name=type(spec).__name__,
          value=spec.model_dump(mode="json"))  # fmt: skip
