"""Codes that change every 30 seconds, and recovery codes: setting them up, using them, taking them away."""

from __future__ import annotations

import hmac
import os
import secrets
from collections.abc import Callable

import pyotp
from argon2.low_level import Type, hash_secret_raw
from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.crypto import installation_vault
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.merchants import queries, rules
from shuke.merchants.actions.auditing import audit
from shuke.merchants.actions.people import only_here
from shuke.merchants.actions.sessions import end_sign_ins
from shuke.merchants.models import User

MEMORY_COST = 19456  # KiB to try one recovery code: slow on purpose
_ADDED = "staff.second_factor_added"
_REMOVED = "staff.second_factor_removed"


def begin_code_app(user_id: int) -> str:
    """The secret (base 32) for a code app that is to be set up; the same one until a code of it is shown.

    Refused `has_code_app` when one is in force.
    """
    with transaction.atomic():
        _lock(user_id)
        secret, confirmed = _secret(user_id)
        if confirmed:
            raise Refused("has_code_app", _("You use a code app already; remove it first."))
        if secret:
            return secret
        secret = pyotp.random_base32(32)
        sql.run(
            "INSERT INTO merchants_codeapp (user_id, sealed, last_step) VALUES (%(user_id)s, %(sealed)s, 0)",
            {"user_id": user_id, "sealed": installation_vault().seal(secret, row=_row(user_id))},
        )
    return secret


def confirm_code_app(merchant_id: int, user_id: int, code: str, *, by: Actor) -> list[str]:
    """Put the code app in force with its first code; the recovery codes when she had none yet, shown this once.

    Refused `wrong_code`, and then nothing changes.
    """
    with transaction.atomic():
        _lock(user_id)
        secret, confirmed = _secret(user_id)
        if confirmed or not secret or not _use_step(user_id, secret, code):
            raise Refused("wrong_code", _("This code is not right. Please look at the app once more."))
        sql.run(
            "UPDATE merchants_codeapp SET confirmed_at = %(now)s WHERE user_id = %(user_id)s",
            {"user_id": user_id, "now": clock.now()},
        )
        return note_factor(merchant_id, user_id, "code_app", by=by)


def remove_code_app(merchant_id: int, user_id: int, *, by: Actor) -> None:
    """Take the code app out of force. Missing; Refused `factor_needed` when it is the last one her role must have."""

    def take() -> int:
        return sql.run("DELETE FROM merchants_codeapp WHERE user_id = %(user_id)s", {"user_id": user_id})

    drop_factor(merchant_id, user_id, take, "code_app", by=by)


def use_code(user_id: int, typed: str) -> str:
    """Try what somebody typed as her second factor: "code" or "recovery", whichever opened, or "" for neither.

    Each code opens once, also when it is sent twice at the same time.
    """
    code = rules.typed_code(typed)
    secret, confirmed = _secret(user_id)
    if confirmed and code.isdecimal() and _use_step(user_id, secret, code):
        return "code"
    return "recovery" if len(code) == _RECOVERY_SIGNS and _use_recovery(user_id, code) else ""


def make_recovery_codes(merchant_id: int, user_id: int, *, by: Actor) -> list[str]:
    """Ten new recovery codes, shown this once; the old ones open nothing any more. Refused `no_factor`."""
    if not queries.second_factors(user_id).is_any:
        raise Refused("no_factor", _("Set up a code app or a passkey first."))
    audit(merchant_id, "staff.recovery_codes_made", by=by, object_kind="staff", object_id=by.id)
    return _new_recovery_codes(user_id)


def reset_second_factor(merchant_id: int, staff_id: int, *, by: Actor) -> None:
    """Take all second factors from a colleague who lost hers, and sign her out everywhere.

    Missing; Refused `works_elsewhere`.
    """
    forget_factors(only_here(merchant_id, staff_id))
    audit(merchant_id, "staff.second_factor_reset", by=by, object_kind="staff", object_id=staff_id)


def reset_second_factor_of(username: str) -> None:
    """The host takes all second factors from somebody, an owner for one; every merchant she works for is told.

    Missing when nobody has that sign-in name.
    """
    user = User.objects.filter(username__iexact=username.strip()).first()
    if user is None:
        raise Missing("no_user", _("This person does not exist."))
    with transaction.atomic():
        forget_factors(user.id)
        for merchant, person in queries.workplaces(user.id):
            with tenant(merchant.id):
                audit(merchant.id, "staff.second_factor_reset", by=SYSTEM, object_kind="staff", object_id=person.id)


def forget_factors(user_id: int) -> None:
    """Remove code app, recovery codes and passkeys, and end every sign-in, whole or half."""
    params = {"user_id": user_id}
    with transaction.atomic():
        for table in ("merchants_codeapp", "merchants_recoverycode", "merchants_passkey"):
            sql.run(f"DELETE FROM {table} WHERE user_id = %(user_id)s", params)
        end_sign_ins(user_id)


def note_factor(merchant_id: int, user_id: int, kind: str, *, by: Actor) -> list[str]:
    """Write that a factor came; nothing is owed any more; recovery codes when there are none. Within a transaction."""
    audit(merchant_id, _ADDED, by=by, object_kind="staff", object_id=by.id, kind=kind)
    sql.run("UPDATE merchants_signin SET owes_second_factor = false WHERE user_id = %(user_id)s", {"user_id": user_id})
    return [] if queries.second_factors(user_id).recovery_count else _new_recovery_codes(user_id)


def drop_factor(merchant_id: int, user_id: int, take: Callable[[], int], kind: str, *, by: Actor) -> None:
    """Remove a factor by `take` unless a role of hers must have one; without any, her recovery codes go too."""
    with transaction.atomic():
        _lock(user_id)
        if not take():
            raise Missing("no_factor", _("There is no such second factor."))
        if not queries.second_factors(user_id).is_any:
            if queries.needs_second_factor(user_id):
                raise Refused(
                    "factor_needed", _("Your role must have a second factor. Set up another one before removing this.")
                )
            sql.run("DELETE FROM merchants_recoverycode WHERE user_id = %(user_id)s", {"user_id": user_id})
        audit(merchant_id, _REMOVED, by=by, object_kind="staff", object_id=by.id, kind=kind)


_RECOVERY_SIGNS = 12


def _new_recovery_codes(user_id: int) -> list[str]:
    codes = ["".join(secrets.choice(rules.CLEAR_SIGNS) for _sign in range(_RECOVERY_SIGNS))
             for _code in range(rules.RECOVERY_CODES)]  # fmt: skip
    salt = os.urandom(16)
    with transaction.atomic():
        sql.run("DELETE FROM merchants_recoverycode WHERE user_id = %(user_id)s", {"user_id": user_id})
        for code in codes:
            sql.run(
                "INSERT INTO merchants_recoverycode (user_id, salt, hashed) VALUES (%(user_id)s, %(salt)s, %(hashed)s)",
                {"user_id": user_id, "salt": salt, "hashed": _hashed(code, salt)},
            )
    return ["-".join(code[start : start + 4] for start in range(0, _RECOVERY_SIGNS, 4)) for code in codes]


def _use_recovery(user_id: int, code: str) -> bool:
    salt = sql.scalar("SELECT salt FROM merchants_recoverycode WHERE user_id = %(user_id)s", {"user_id": user_id})
    if salt is None:
        return False
    return bool(
        sql.run(
            "UPDATE merchants_recoverycode SET used_at = %(now)s"
            " WHERE user_id = %(user_id)s AND hashed = %(hashed)s AND used_at IS NULL",
            {"user_id": user_id, "hashed": _hashed(code, bytes(salt)), "now": clock.now()},
        )
    )


def _hashed(code: str, salt: bytes) -> bytes:
    return hash_secret_raw(
        code.encode(), salt, time_cost=2, memory_cost=MEMORY_COST, parallelism=1, hash_len=32, type=Type.ID
    )


def _use_step(user_id: int, secret: str, code: str) -> bool:
    totp = pyotp.TOTP(secret)
    now = clock.now().timestamp()
    for step in rules.code_steps(now):
        if hmac.compare_digest(totp.generate_otp(step).encode(), rules.typed_code(code).encode()):
            return bool(
                sql.run(
                    "UPDATE merchants_codeapp SET last_step = %(step)s"
                    " WHERE user_id = %(user_id)s AND last_step < %(step)s",
                    {"user_id": user_id, "step": step},
                )
            )
    return False


def _secret(user_id: int) -> tuple[str, bool]:
    found = sql.rows(
        "SELECT sealed, confirmed_at IS NOT NULL FROM merchants_codeapp WHERE user_id = %(user_id)s",
        {"user_id": user_id},
    )
    if not found:
        return "", False
    return installation_vault().open(found[0][0], row=_row(user_id)), found[0][1]


def _row(user_id: int) -> str:
    return f"merchants_codeapp|{user_id}"


def _lock(user_id: int) -> None:
    sql.run("SELECT id FROM merchants_user WHERE id = %(user_id)s FOR UPDATE", {"user_id": user_id})
