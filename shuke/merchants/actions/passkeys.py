"""Passkeys: a device of hers signs a challenge of ours, instead of a code or of everything (WebAuthn level 2)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext_lazy as _
from fido2.server import Fido2Server
from fido2.webauthn import (
    AttestedCredentialData,
    AuthenticationResponse,
    PublicKeyCredentialRpEntity,
    PublicKeyCredentialUserEntity,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.merchants import queries, rules
from shuke.merchants.actions.factors import drop_factor, note_factor

State = dict[str, Any]


def begin_passkey(user_id: int, username: str, display_name: str) -> tuple[State, State]:
    """What the browser is to be asked for a new passkey, and what its session has to keep for `add_passkey`.

    Refused `no_passkeys_here` where browsers allow none, `too_many_passkeys`.
    """
    _usable()
    known = _credentials(user_id)
    if len(known) >= rules.MOST_PASSKEYS:
        raise Refused("too_many_passkeys", _("You have %(count)d passkeys; remove one first."), count=len(known))
    options, state = _server().register_begin(
        PublicKeyCredentialUserEntity(id=str(user_id).encode(), name=username, display_name=display_name),
        list(known.values()),
        resident_key_requirement=ResidentKeyRequirement.REQUIRED,
        user_verification=UserVerificationRequirement.PREFERRED,
    )
    return dict(options), dict(state)


def add_passkey(
    merchant_id: int, user_id: int, state: State, answer: Mapping[str, Any], name: str, *, by: Actor
) -> list[str]:
    """Keep a passkey the browser made; recovery codes when she had none yet, shown this once.

    Refused `bad_passkey` when the answer is not to our question, for our address, or known already.
    """
    try:
        found = _server().register_complete(state, answer)
        if found.credential_data is None:
            raise ValueError("no credential")
    except Exception as error:  # whatever is wrong with bytes from outside, it is one refusal
        raise _bad() from error
    credential = found.credential_data
    with transaction.atomic():
        kept = sql.run(
            "INSERT INTO merchants_passkey (user_id, credential_id, credential, sign_count, name, created_at)"
            " VALUES (%(user_id)s, %(credential_id)s, %(credential)s, %(count)s, %(name)s, %(now)s)"
            " ON CONFLICT DO NOTHING",
            {"user_id": user_id, "credential_id": credential.credential_id, "credential": bytes(credential),
             "count": found.counter, "name": _name(name), "now": clock.now()},
        )  # fmt: skip
        if not kept:
            raise _bad()
        return note_factor(merchant_id, user_id, "passkey", by=by)


def rename_passkey(user_id: int, passkey_id: int, name: str) -> None:
    """Call a passkey otherwise. Missing; Refused `bad_name`."""
    if not sql.run(
        "UPDATE merchants_passkey SET name = %(name)s WHERE user_id = %(user_id)s AND id = %(id)s",
        {"user_id": user_id, "id": passkey_id, "name": _name(name)},
    ):
        raise Missing("no_factor", _("There is no such second factor."))


def remove_passkey(merchant_id: int, user_id: int, passkey_id: int, *, by: Actor) -> None:
    """Forget a passkey. Missing; Refused `factor_needed` when it is the last factor her role must have."""

    def take() -> int:
        return sql.run(
            "DELETE FROM merchants_passkey WHERE user_id = %(user_id)s AND id = %(id)s",
            {"user_id": user_id, "id": passkey_id},
        )

    drop_factor(merchant_id, user_id, take, "passkey", by=by)


def ask_passkey(user_id: int | None) -> tuple[State, State]:
    """What the browser is to be asked, and what its session has to keep for `use_passkey`.

    Of nobody in particular (None) the device itself must have made sure who she is: then it is both factors.
    """
    _usable()
    options, state = _server().authenticate_begin(
        list(_credentials(user_id).values()) if user_id is not None else None,
        user_verification=UserVerificationRequirement.REQUIRED
        if user_id is None
        else UserVerificationRequirement.PREFERRED,
    )
    return dict(options), dict(state)


def use_passkey(user_id: int | None, state: State, answer: Mapping[str, Any]) -> int:
    """Whose passkey signed our challenge, which is that user when one is given. Refused `bad_passkey`."""
    try:
        response = AuthenticationResponse.from_dict(answer)
        owner = queries.user_of_passkey(response.raw_id)
        if owner is None or user_id not in {None, owner}:
            raise ValueError("not hers")
        _server().authenticate_complete(state, list(_credentials(owner).values()), response)
        counter = response.response.authenticator_data.counter
    except Exception as error:  # whatever is wrong with bytes from outside, it is one refusal
        raise _bad() from error
    # A counter that stands still or goes back is a copy of the device (WebAuthn 6.1.1); 0 = it does not count.
    if not sql.run(
        "UPDATE merchants_passkey SET sign_count = %(count)s, used_at = %(now)s"
        " WHERE credential_id = %(credential_id)s AND (sign_count < %(count)s OR (sign_count = 0 AND %(count)s = 0))",
        {"credential_id": response.raw_id, "count": counter, "now": clock.now()},
    ):
        raise _bad()
    return owner


def _credentials(user_id: int) -> dict[bytes, AttestedCredentialData]:
    found = sql.rows(
        "SELECT credential_id, credential FROM merchants_passkey WHERE user_id = %(user_id)s ORDER BY id",
        {"user_id": user_id},
    )
    return {bytes(name): AttestedCredentialData(bytes(credential)) for name, credential in found}


def _server() -> Fido2Server:
    address = urlsplit(settings.SHUKE_PUBLIC_URL)
    ours = f"{address.scheme}://{address.netloc}"
    entity = PublicKeyCredentialRpEntity(name="熟客 Shuke", id=address.hostname or "")
    return Fido2Server(entity, verify_origin=lambda origin: origin == ours)


def _usable() -> None:
    if not queries.passkeys_work():
        raise Refused("no_passkeys_here", _("Passkeys need an address with a name and https."))


def _name(name: str) -> str:
    name = name.strip()
    if not 1 <= len(name) <= 40:
        raise Refused("bad_name", _("A passkey's name has 1 to 40 characters."))
    return name


def _bad() -> Refused:
    return Refused("bad_passkey", _("This passkey was not accepted. Please try again."))
