"""One's own ways in: second factors, recovery codes, and the browsers in which one is signed in."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

import segno
from django.http import HttpResponse, JsonResponse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from pydantic import Field

from shuke.console import doors
from shuke.console.desk import Desk, is_local, page
from shuke.console.pages.sign_in import answered, keep_challenge
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Form, Spec, Ui, form_for, parse
from shuke.merchants import actions as merchants
from shuke.merchants import queries


class CodeAppSpec(Spec):
    """The first code of an app."""

    code: Annotated[
        str, Ui(_("Verification code"), autocomplete="one-time-code", help=_("The six digits the app shows now.")),
        Field(min_length=6, max_length=10),
    ]  # fmt: skip


class PasskeySpec(Spec):
    """What a passkey is called."""

    name: Annotated[
        str, Ui(_("Name of the passkey"), placeholder=_("Phone, office computer …")), Field(min_length=1, max_length=40)
    ]


@page(is_open=True)
def show(desk: Desk) -> HttpResponse:
    """All my ways in."""
    return _show(desk)


def _show(desk: Desk, *, status: int = 200, form: Form | None = None) -> HttpResponse:
    sign_in = doors.found(desk.request)
    return desk.show(
        "console/account/security.html",
        status=status,
        factors=queries.second_factors(desk.person.user_id),
        sign_ins=queries.sign_ins(desk.person.user_id),
        here=sign_in.token if sign_in else None,
        is_owed=sign_in is not None and sign_in.owes_second_factor,
        is_needed=queries.needs_second_factor(desk.person.user_id),
        has_passkeys=queries.passkeys_work(),
        form=form or form_for(PasskeySpec),
    )


@sensitive_post_parameters("code")
@page(methods=("GET", "POST"), proof=True, is_open=True)
def code_app(desk: Desk) -> HttpResponse:
    """Set up codes from an app: scan, then show the first code."""
    user_id = desk.person.user_id
    secret = merchants.begin_code_app(user_id)
    address = f"otpauth://totp/Shuke:{quote(desk.person.username)}?secret={secret}&issuer=Shuke"
    shown = " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))
    qr = segno.make(address, error="m").svg_data_uri(scale=5, border=2, dark="#2b2421")

    def act(filled: CodeAppSpec) -> HttpResponse:
        codes = merchants.confirm_code_app(desk.merchant_id, user_id, filled.code, by=desk.by)
        return _added(desk, codes, _("Code app set up."))

    return desk.fill_in(CodeAppSpec, "console/account/code_app.html", act, secret=shown, qr=qr)


@page(methods=("POST",), proof=True, is_open=True)
def remove_code_app(desk: Desk) -> HttpResponse:
    """No more codes from an app."""
    merchants.remove_code_app(desk.merchant_id, desk.person.user_id, by=desk.by)
    return desk.go("console:security", said=_("The code app is removed."))


@page(methods=("POST",), proof=True, is_open=True)
def recovery_codes(desk: Desk) -> HttpResponse:
    """Ten new recovery codes; the old ones end."""
    codes = merchants.make_recovery_codes(desk.merchant_id, desk.person.user_id, by=desk.by)
    return desk.show("console/account/recovery_codes.html", codes=codes)


@page(methods=("POST",), is_open=True)
def ask_passkey(desk: Desk) -> HttpResponse:
    """What the browser needs to make a passkey, or to show one again."""
    user_id = desk.person.user_id
    try:
        if desk.post.get("for") == "proof":
            options, state = merchants.ask_passkey(user_id)
        else:
            options, state = merchants.begin_passkey(user_id, desk.person.username, desk.person.display_name)
    except Refused as refused:
        return JsonResponse({"said": refused.message}, status=409)
    keep_challenge(desk.request, state)
    return JsonResponse(options)


@page(methods=("POST",), proof=True, is_open=True)
def add_passkey(desk: Desk) -> HttpResponse:
    """Keep the passkey that the browser made."""
    filled = parse(PasskeySpec, {"name": desk.post.get("name", "")})
    if isinstance(filled, Form):
        return _show(desk, status=422, form=filled)
    state, answer = answered(desk.request)
    codes = merchants.add_passkey(desk.merchant_id, desk.person.user_id, state, answer, filled.name, by=desk.by)
    return _added(desk, codes, _("Passkey added."))


@page(methods=("POST",), is_open=True)
def rename_passkey(desk: Desk, passkey_id: int) -> HttpResponse:
    """Call it otherwise."""
    merchants.rename_passkey(desk.person.user_id, passkey_id, desk.post.get("name", ""))
    return desk.go("console:security", said=_("Saved."))


@page(methods=("POST",), proof=True, is_open=True)
def remove_passkey(desk: Desk, passkey_id: int) -> HttpResponse:
    """Forget a passkey."""
    merchants.remove_passkey(desk.merchant_id, desk.person.user_id, passkey_id, by=desk.by)
    return desk.go("console:security", said=_("The passkey is removed."))


@page(methods=("POST",), is_open=True)
def end_sign_ins(desk: Desk) -> HttpResponse:
    """Sign out all my other browsers."""
    sign_in = doors.found(desk.request)
    merchants.end_sign_ins(desk.person.user_id, but=sign_in.token if sign_in else None)
    return desk.go("console:security", said=_("Your other devices are signed out."))


@page(methods=("POST",), is_open=True)
def end_sign_in(desk: Desk, token: str) -> HttpResponse:
    """Sign out one of my browsers."""
    mine = {str(one.token): one.token for one in queries.sign_ins(desk.person.user_id)}
    if token not in mine:
        raise Missing("no_sign_in", _("That device is not signed in."))
    merchants.end_sign_in(mine[token])
    return desk.go("console:security", said=_("That device is signed out."))


@page(methods=("GET", "POST"), proof=True, is_open=True)
def prove(desk: Desk) -> HttpResponse:
    """Show once more who I am, and go on where I was."""
    wanted = desk.get.get("next", "")
    wanted = wanted if wanted and is_local(desk.request, wanted) else ""
    if desk.is_post:
        return desk.go(wanted or "console:home", said=_("Thank you. Please choose it once more."))
    proof = doors.Proof(desk.request)
    return desk.show("console/account/prove.html", proof=proof, back=wanted)


@page(methods=("POST",), is_open=True)
def prove_by_passkey(desk: Desk) -> HttpResponse:
    """A passkey instead of the password; the form behind it is sent afterwards."""
    merchants.use_passkey(desk.person.user_id, *answered(desk.request))
    doors.prove(desk.request)
    return HttpResponse(status=204)


def _added(desk: Desk, codes: list[str], said: object) -> HttpResponse:
    desk.request.session.cycle_key()
    if codes:
        return desk.show("console/account/recovery_codes.html", codes=codes, said=said)
    return desk.go("console:security", said=str(said))
