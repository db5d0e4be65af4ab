"""Who can sign in, where each works, and her password."""

from __future__ import annotations

import secrets
from datetime import timedelta

from django.contrib.auth.hashers import make_password
from django.contrib.auth.password_validation import validate_password
from django.core.exceptions import ValidationError
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import signed_in
from shuke.merchants import rules
from shuke.merchants.actions.auditing import audit
from shuke.merchants.actions.naming import named
from shuke.merchants.actions.sessions import end_sign_ins
from shuke.merchants.models import User


def create_user(username: str, display_name: str, password: str, *, is_operator: bool = False) -> int:
    """Make a person who can sign in; her id. Refused `name_taken` or `weak_password`."""
    username = username.strip()
    if not 2 <= len(username) <= 64 or any(character.isspace() for character in username):
        raise Refused("bad_name", _("A sign-in name has 2 to 64 characters and no blanks."))
    check_password(password, username, display_name)
    with transaction.atomic():
        if User.objects.filter(username__iexact=username).exists():
            raise Refused("name_taken", _("The sign-in name “%(name)s” is taken."), name=username)
        user = User(username=username, display_name=named(display_name), password=make_password(password))
        user.is_operator = is_operator
        user.save()
    return int(user.id)


def set_password(user_id: int, password: str, *, is_starting: bool = False) -> None:
    """Give a user another password; it signs her out everywhere. Refused `weak_password`; Missing.

    A starting password lapses after a week, and she has to choose her own when she comes in with it.
    """
    user = User.objects.filter(id=user_id).first()
    if user is None:
        raise Missing("no_user", _("This person does not exist."))
    check_password(password, user.username, user.display_name)
    until = clock.now() + timedelta(days=rules.STARTING_PASSWORD_DAYS) if is_starting else None
    User.objects.filter(id=user_id).update(password=make_password(password), starting_until=until)
    end_sign_ins(user_id)


def change_password(user_id: int, old: str, new: str) -> None:
    """A person changes her own password, and is signed out everywhere. Refused `wrong_password`, `weak_password`."""
    user = User.objects.filter(id=user_id).first()
    if user is None or not user.check_password(old):
        raise Refused("wrong_password", _("The present password is not right."))
    if old == new:
        raise Refused("same_password", _("The new password is the old one."))
    set_password(user_id, new)


def is_password_of(user_id: int, password: str) -> bool:
    """Whether somebody who is signed in still knows her password."""
    user = User.objects.filter(id=user_id).first()
    return user is not None and user.check_password(password)


def set_language(user_id: int, language: str) -> None:
    """Remember the language a user reads."""
    User.objects.filter(id=user_id).update(language=language)


def check_password(password: str, username: str, display_name: str) -> None:
    """Refused `weak_password` with the reasons, when a password is too easy to guess."""
    try:
        validate_password(password, User(username=username, display_name=display_name))
    except ValidationError as error:
        raise Refused("weak_password", " ".join(error.messages).replace("%", "%%")) from error
    if rules.is_context_password(password, username, display_name):
        raise Refused("weak_password", _("Please choose a password without the words that everybody here would try."))


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
    set_password(user_id, password, is_starting=True)
    return employ(merchant_id, user_id, role, by=by), password


def issue_password(merchant_id: int, staff_id: int, *, by: Actor) -> str:
    """Give a colleague another starting password, which is kept nowhere; it signs her out everywhere.

    Missing; Refused `works_elsewhere`: only she herself changes it when it opens other merchants' doors too.
    """
    user_id = only_here(merchant_id, staff_id)
    password = new_password()
    set_password(user_id, password, is_starting=True)
    audit(merchant_id, "staff.password_issued", by=by, object_kind="staff", object_id=staff_id)
    return password


def sign_out_everywhere(merchant_id: int, staff_id: int, *, by: Actor) -> int:
    """Sign a colleague out of every browser; of how many. Missing; Refused `works_elsewhere`."""
    count = end_sign_ins(only_here(merchant_id, staff_id))
    audit(merchant_id, "staff.signed_out", by=by, object_kind="staff", object_id=staff_id, count=count)
    return count


def only_here(merchant_id: int, staff_id: int) -> int:
    """The user of one of the staff. Missing; Refused `works_elsewhere` when another merchant's doors open to her too."""
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
    return int(user_id)


def new_password() -> str:
    """A password to be typed from paper once: 15 signs that are not mistaken for each other."""
    return "-".join("".join(secrets.choice(rules.CLEAR_SIGNS) for _place in range(5)) for _group in range(3))


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


def _known_role(role: str) -> None:
    if role not in rules.ROLES:
        raise Refused("no_role", _("There is no role “%(role)s”."), role=role)
