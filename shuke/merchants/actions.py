"""Opening merchants and shops, employing people, keeping settings and the audit log."""

from __future__ import annotations

import json
from typing import Any

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import every_merchant, tenant
from shuke.merchants import rules
from shuke.merchants.models import User


def open_merchant(name: str, *, owner_user_id: int, zone: str = "Asia/Shanghai") -> tuple[int, int]:
    """Make a merchant and employ her owner; (merchant id, staff id)."""
    with every_merchant():
        merchant_id = int(
            sql.scalar(
                "INSERT INTO merchants_merchant (name, zone) VALUES (%(name)s, %(zone)s) RETURNING id",
                {"name": _named(name), "zone": zone},
            )
        )
    with tenant(merchant_id):
        staff_id = employ(merchant_id, owner_user_id, rules.OWNER, by=SYSTEM)
    return merchant_id, staff_id


def rename_merchant(merchant_id: int, name: str, *, by: Actor) -> None:
    """Give the merchant another name."""
    sql.run(
        "UPDATE merchants_merchant SET name = %(name)s WHERE id = %(merchant_id)s",
        {"merchant_id": merchant_id, "name": _named(name)},
    )
    audit(merchant_id, "merchant.renamed", by=by, object_kind="merchant", object_id=merchant_id)


def open_shop(merchant_id: int, name: str, platform: str, *, url: str = "", by: Actor) -> int:
    """Add a shop; its id. Refused `name_taken` when the merchant has one of that name."""
    shop_id = sql.scalar(
        "INSERT INTO merchants_shop (merchant_id, name, platform, url)"
        " VALUES (%(merchant_id)s, %(name)s, %(platform)s, %(url)s) ON CONFLICT DO NOTHING RETURNING id",
        {"merchant_id": merchant_id, "name": _named(name), "platform": platform, "url": url},
    )
    if shop_id is None:
        raise Refused("name_taken", _("There is already a shop called “%(name)s”."), name=name)
    audit(merchant_id, "shop.opened", by=by, object_kind="shop", object_id=shop_id, platform=platform)
    return int(shop_id)


def edit_shop(merchant_id: int, shop_id: int, *, name: str, url: str, by: Actor) -> None:
    """Change a shop's name and address. Missing when there is none; Refused `name_taken`."""
    params = {"merchant_id": merchant_id, "shop_id": shop_id, "name": _named(name), "url": url}
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


def create_user(username: str, display_name: str, password: str, *, is_operator: bool = False) -> int:
    """Make a person who can sign in; her id. Refused `name_taken` or `weak_password`."""
    username = username.strip()
    if not 2 <= len(username) <= 64 or any(character.isspace() for character in username):
        raise Refused("bad_name", _("A sign-in name has 2 to 64 characters and no blanks."))
    check_password(password, username, display_name)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Refused("name_taken", _("The sign-in name “%(name)s” is taken."), name=username)
        user = User(username=username, display_name=_named(display_name), password=make_password(password))
        user.is_operator = is_operator
        user.save()
    return int(user.id)


def set_password(user_id: int, password: str) -> None:
    """Give a user another password. Refused `weak_password`; Missing."""
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise Missing("no_user", _("This person does not exist."))
    check_password(password, user.username, user.display_name)
    User.objects.filter(id=user_id).update(password=make_password(password))


def set_language(user_id: int, language: str) -> None:
    """Remember the language a user reads."""
    User.objects.filter(id=user_id).update(language=language)


def check_password(password: str, username: str, display_name: str) -> None:
    """Refused `weak_password` with the reasons, when a password is too easy to guess."""
    try:
        validate_password(password, User(username=username, display_name=display_name))
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages).replace("%", "%%")) from error


def employ(merchant_id: int, user_id: int, role: str, *, by: Actor) -> int:
    """Give a user a place at the merchant; the staff id. Refused `already_employed`, `no_role`."""
    _known_role(role)
    staff_id = sql.scalar(
        "INSERT INTO merchants_staff (merchant_id, user_id, role, is_active)"
        " VALUES (%(merchant_id)s, %(user_id)s, %(role)s, true) ON CONFLICT DO NOTHING RETURNING id",
        {"merchant_id": merchant_id, "user_id": user_id, "role": role},
    )
    if staff_id is None:
        raise Refused("already_employed", _("This person already works here."))
    audit(merchant_id, "staff.employed", by=by, object_kind="staff", object_id=staff_id, role=role)
    return int(staff_id)


def set_role(merchant_id: int, staff_id: int, role: str, *, is_active: bool = True, by: Actor) -> None:
    """Change what a person may do, or close her access. Refused `last_owner`: one active owner must stay."""
    _known_role(role)
    params = {"merchant_id": merchant_id, "staff_id": staff_id, "role": role, "is_active": is_active}
    sql.run("SELECT id FROM merchants_merchant WHERE id = %(merchant_id)s FOR UPDATE", params)
    others = sql.scalar(
        "SELECT count(*) FROM merchants_staff WHERE merchant_id = %(merchant_id)s AND id <> %(staff_id)s"
        " AND role = 'owner' AND is_active",
        params,
    )
    if not others and (role != rules.OWNER or not is_active):
        raise Refused("last_owner", _("The last owner keeps her access; make somebody else owner first."))
    changed = sql.run(
        "UPDATE merchants_staff SET role = %(role)s, is_active = %(is_active)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(staff_id)s",
        params,
    )
    if not changed:
        raise Missing("no_staff", _("This person does not work here."))
    audit(merchant_id, "staff.role_set", by=by, object_kind="staff", object_id=staff_id, role=role, is_active=is_active)


def save_setting(merchant_id: int, spec: BaseModel, *, by: Actor) -> None:
    """Keep a Spec's value as the merchant's present setting, under the Spec's class name."""
    sql.run(
        "INSERT INTO merchants_setting (merchant_id, name, value) VALUES (%(merchant_id)s, %(name)s, %(value)s)"
        " ON CONFLICT (merchant_id, name) DO UPDATE SET value = excluded.value",
        {"merchant_id": merchant_id, "name": type(spec).__name__, "value": spec.model_dump_json()},
    )
    audit(merchant_id, "setting.saved", by=by, object_kind="setting", name=type(spec).__name__,
          value=spec.model_dump(mode="json"))  # fmt: skip


def audit(
    merchant_id: int, act: str, *, by: Actor, object_kind: str = "", object_id: int | None = None, **details: Any
) -> None:
    """Write one line of the audit log, in the transaction of the act; details never hold personal values."""
    sql.run(
        "INSERT INTO merchants_auditentry (merchant_id, at, by, act, object_kind, object_id, details)"
        " VALUES (%(merchant_id)s, %(at)s, %(by)s, %(act)s, %(object_kind)s, %(object_id)s, %(details)s)",
        {"merchant_id": merchant_id, "at": clock.now(), "by": by.label, "act": act, "object_kind": object_kind,
         "object_id": object_id, "details": json.dumps(details, ensure_ascii=False)},
    )  # fmt: skip


def _known_role(role: str) -> None:
    if role not in rules.ROLES:
        raise Refused("no_role", _("There is no role “%(role)s”."), role=role)


def _named(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 100:
        raise Refused("bad_name", _("A name has 1 to 100 characters."))
    return name
