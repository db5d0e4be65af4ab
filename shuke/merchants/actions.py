"""Opening merchants and shops, employing people, keeping settings and the audit log."""

from __future__ import annotations

import hmac
import json
import math
import secrets
from datetime import timedelta
from typing import Any
from zoneinfo import available_timezones

from django.conf import settings
from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from pydantic import BaseModel

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor, staff
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import every_merchant, signed_in, tenant
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
        {"merchant_id": merchant_id, "name": _named(name), "zone": zone},
    )
    audit(merchant_id, "merchant.edited", by=by, object_kind="merchant", object_id=merchant_id, zone=zone)


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


def change_password(user_id: int, old: str, new: str) -> None:
    """A person changes her own password. Refused `wrong_password`, `weak_password`; Missing."""
    user = User.objects.filter(id=user_id).first()
    if user is None or not user.check_password(old):
        raise Refused("wrong_password", _("The present password is not right."))
    set_password(user_id, new)


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


def add_person(merchant_id: int, username: str, display_name: str, role: str, *, by: Actor) -> tuple[int, str]:
    """Make a person who works here; (staff id, first password, which is kept nowhere).

    Refused `name_taken`, `bad_name`, `no_role`.
    """
    password = new_password()
    user_id = create_user(username, display_name, password)
    return employ(merchant_id, user_id, role, by=by), password


def issue_password(merchant_id: int, staff_id: int, *, by: Actor) -> str:
    """Give a colleague another password, which is kept nowhere; it signs her out everywhere.

    Missing; Refused `works_elsewhere`: only she herself changes it when it opens other merchants' doors too.
    """
    params = {"merchant_id": merchant_id, "staff_id": staff_id}
    user_id = sql.scalar(
        "SELECT user_id FROM merchants_staff WHERE merchant_id = %(merchant_id)s AND id = %(staff_id)s", params
    )
    if user_id is None:
        raise Missing("no_staff", _("This person does not work here."))
    with signed_in(user_id):
        elsewhere = sql.scalar(
            "SELECT EXISTS (SELECT FROM merchants_staff WHERE user_id = %(user_id)s"
            " AND merchant_id <> %(merchant_id)s)",
            {**params, "user_id": user_id},
        )
    if elsewhere or User.objects.filter(id=user_id, is_operator=True).exists():
        raise Refused("works_elsewhere", _("This person also works elsewhere and changes her password herself."))
    password = new_password()
    set_password(user_id, password)
    audit(merchant_id, "staff.password_issued", by=by, object_kind="staff", object_id=staff_id)
    return password


def new_password() -> str:
    """A password to be typed from paper once: 15 signs that are not mistaken for each other."""
    return "-".join("".join(secrets.choice(_CLEAR_SIGNS) for _place in range(5)) for _group in range(3))


_CLEAR_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"


def try_to_sign_in(*subjects: str) -> int:
    """Count an attempt under each subject (a name, an address) before the password is looked at.

    Returns the seconds to wait, in which case nothing was counted; 0 = go on, and call `signed_in_well` on success.
    Counting first keeps parallel attempts from passing together.
    """
    now = clock.now()
    hashed = sorted(_subject(one) for one in subjects)
    params = {"now": now, "forget": now - timedelta(seconds=rules.FORGET_AFTER_SECONDS)}
    with transaction.atomic():
        sql.run("DELETE FROM merchants_signintry WHERE tried_at < %(forget)s AND blocked_until < %(now)s", params)
        waits = [_wait_seconds(one, params) for one in hashed]
        if any(waits):
            return max(waits)
        for one in hashed:
            count = sql.scalar(
                "UPDATE merchants_signintry SET failure_count = failure_count + 1, tried_at = %(now)s"
                " WHERE subject = %(subject)s RETURNING failure_count",
                {**params, "subject": one},
            )
            sql.run(
                "UPDATE merchants_signintry SET blocked_until = %(until)s WHERE subject = %(subject)s",
                {"subject": one, "until": now + timedelta(seconds=rules.delay_seconds(count))},
            )
    return 0


def signed_in_well(name: str, *others: str) -> None:
    """Forget the failures of a name whose password was right, and take this one attempt from the other subjects."""
    sql.run("DELETE FROM merchants_signintry WHERE subject = %(subject)s", {"subject": _subject(name)})
    sql.run(
        "UPDATE merchants_signintry SET failure_count = greatest(failure_count - 1, 0), blocked_until = tried_at"
        " WHERE subject = ANY(%(subjects)s)",
        {"subjects": [_subject(one) for one in others]},
    )


def _wait_seconds(subject: bytes, params: dict[str, Any]) -> int:
    """Lock the subject's row, made if there is none; how long it is blocked."""
    sql.run(
        "INSERT INTO merchants_signintry (subject, failure_count, tried_at, blocked_until)"
        " VALUES (%(subject)s, 0, %(now)s, %(now)s) ON CONFLICT DO NOTHING",
        {**params, "subject": subject},
    )
    until = sql.scalar(
        "SELECT blocked_until FROM merchants_signintry WHERE subject = %(subject)s FOR UPDATE", {"subject": subject}
    )
    return max(0, math.ceil(float((until - params["now"]).total_seconds())))


def _subject(text: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"sign-in\x00{text.strip().casefold()}".encode(), "sha256")


def note_sign_in(merchant_id: int, *, by: Actor) -> None:
    """Write into the audit log that somebody came to work."""
    audit(merchant_id, "staff.signed_in", by=by, object_kind="staff", object_id=by.id)


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
