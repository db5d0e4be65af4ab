"""Coming in and going out: name and password, then what else she uses; or a passkey alone."""

from __future__ import annotations

import json
import logging
from typing import Annotated, Any

from django.contrib import auth, messages
from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import Field

from shuke.console import doors
from shuke.console.desk import is_local, workplace
from shuke.core import clock
from shuke.core.actors import staff
from shuke.core.errors import Refused
from shuke.core.specs import Form, Spec, Ui, form_for, parse
from shuke.core.tenancy import tenant
from shuke.core.visitors import client_address
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import AS_TYPED

log = logging.getLogger("shuke.doors")

HALF_KEY, CHALLENGE_KEY = "half_signed_in", "passkey_challenge"
_HALF_SECONDS = 600


class SignInSpec(Spec):
    """Who it is, and how she shows it."""

    username: Annotated[
        str, Ui(gettext_lazy("Sign-in name"), autocomplete="username"), Field(min_length=1, max_length=64)
    ]
    password: Annotated[
        str,
        Ui(gettext_lazy("Password"), widget="password", autocomplete="current-password"),
        AS_TYPED,
        Field(min_length=1, max_length=256),
    ]


class CodeSpec(Spec):
    """The code of her app, or a recovery code."""

    code: Annotated[
        str,
        Ui(gettext_lazy("Verification code"), autocomplete="one-time-code", help=gettext_lazy("Six digits from your code app, or one of your recovery codes.")),
        Field(min_length=1, max_length=40),
    ]  # fmt: skip


@never_cache
@sensitive_post_parameters("password")
@require_http_methods(["GET", "HEAD", "POST"])
def sign_in(request: HttpRequest) -> HttpResponse:
    """Ask for name and password; neither the answer nor its time tells whether a name exists."""
    if request.method != "POST":
        if not queries.is_set_up():
            return HttpResponseRedirect(reverse("console:first_start"))
        if request.user.is_authenticated:
            return HttpResponseRedirect(_wanted(request))
        return _form(request, form_for(SignInSpec))
    filled = parse(SignInSpec, request.POST)
    if isinstance(filled, Form):
        return _form(request, filled, status=422)
    again = form_for(SignInSpec, {"username": filled.username})
    counted = doors.subjects(request, filled.username)
    wait = merchants.try_to_sign_in(*counted)
    if wait:
        return _form(request, again.refuse(doors.too_often(wait)), status=429)
    user = auth.authenticate(request, username=filled.username, password=filled.password)
    if user is None:
        log.warning("sign-in refused: name or password, tried as %s", doors.name_mark(filled.username)[:16])
        return _form(request, again.refuse(_("Name or password is not right.")), status=422)
    merchants.signed_in_well(*counted)
    until = getattr(user, "starting_until", None)
    if until is not None and until < clock.now():
        lapsed = _("This starting password has lapsed. Please ask the owner for a new one.")
        return _form(request, again.refuse(lapsed), status=422)
    if queries.second_factors(_id(user)).is_any:
        return _half_in(request, _id(user))
    return _come_in(request, user, "password", _wanted(request))


def _half_in(request: HttpRequest, user_id: int) -> HttpResponse:
    """Remember in a new session, in which nobody is signed in, whose password was right."""
    wanted = _wanted(request)
    auth.logout(request)
    request.session[HALF_KEY] = {"user_id": user_id, "at": clock.now().timestamp(), "next": wanted}
    return HttpResponseRedirect(reverse("console:second_factor"))


@never_cache
@sensitive_post_parameters("code")
@require_http_methods(["GET", "HEAD", "POST"])
def second_factor(request: HttpRequest) -> HttpResponse:
    """Ask whoever knew the password for what only she has."""
    half = _half(request)
    if half is None:
        return HttpResponseRedirect(reverse("console:sign_in"))
    if request.method != "POST":
        return _second_form(request, half, form_for(CodeSpec))
    filled = parse(CodeSpec, request.POST)
    if isinstance(filled, Form):
        return _second_form(request, half, filled, status=422)
    subject = f"second:{half['user_id']}"
    wait = merchants.try_to_sign_in(subject)
    if wait:
        return _second_form(request, half, form_for(CodeSpec).refuse(doors.too_often(wait)), status=429)
    way = merchants.use_code(half["user_id"], filled.code)
    if not way:
        log.warning("sign-in refused: second factor, user %d", half["user_id"])
        return _second_form(request, half, form_for(CodeSpec).refuse(_("This code is not right."), "code"), status=422)
    merchants.signed_in_well(subject)
    return _finish(request, half, way)


@never_cache
@require_POST
def passkey_ask(request: HttpRequest) -> HttpResponse:
    """The challenge for a passkey: of whoever is half signed in, else of anybody, by which she comes in at once."""
    half = _half(request)
    try:
        options, state = merchants.ask_passkey(half["user_id"] if half else None)
    except Refused as refused:
        return JsonResponse({"said": refused.message}, status=409)
    keep_challenge(request, state)
    return JsonResponse(options)


@never_cache
@require_POST
def passkey(request: HttpRequest) -> HttpResponse:
    """Take the passkey's signature under the challenge that this very session was given."""
    half = _half(request)
    subject = f"passkey:{client_address(request)}"
    wait = merchants.try_to_sign_in(subject)
    if wait:
        return _passkey_refused(request, half, doors.too_often(wait), 429)
    try:
        user_id = merchants.use_passkey(half["user_id"] if half else None, *answered(request))
    except Refused as refused:
        log.warning("sign-in refused: passkey")
        return _passkey_refused(request, half, refused.message, 422)
    merchants.signed_in_well(subject)
    return _finish(request, half or {"user_id": user_id, "next": _wanted(request)}, "passkey")


def keep_challenge(request: HttpRequest, state: dict[str, Any]) -> None:
    """Bind a challenge to this session; the one before is void."""
    request.session[CHALLENGE_KEY] = {"state": state, "at": clock.now().timestamp()}


def answered(request: HttpRequest) -> tuple[dict[str, Any], dict[str, Any]]:
    """The session's challenge, which is thereby used up, and the browser's answer. Refused `bad_passkey`."""
    kept = request.session.pop(CHALLENGE_KEY, None)
    try:
        answer = json.loads(request.POST.get("answer", "")[:20_000])
    except ValueError:
        answer = None
    if kept is None or not isinstance(answer, dict) or clock.now().timestamp() - kept["at"] > _HALF_SECONDS:
        raise Refused("bad_passkey", _("This passkey was not accepted. Please try again."))
    return kept["state"], answer


def _finish(request: HttpRequest, half: dict[str, Any], way: str) -> HttpResponse:
    user = get_user_model().objects.get(pk=half["user_id"])
    request.session.pop(HALF_KEY, None)
    response = _come_in(request, user, way, half["next"])
    if way == "recovery":
        left = queries.second_factors(_id(user)).recovery_count
        messages.warning(request, _("That recovery code is used up; %(count)d are left.") % {"count": left})
    return response


def _come_in(request: HttpRequest, user: object, way: str, wanted: str) -> HttpResponse:
    doors.come_in(request, user, way)
    enter(request, way)
    response = HttpResponseRedirect(wanted)
    doors.remember(request, response, str(getattr(user, "username", "")))
    return response


def enter(request: HttpRequest, way: str = "password") -> None:
    """Note in the audit log of her merchant that she came; nothing while she has to choose one."""
    found = workplace(request)
    if found is not None:
        merchant, person, _count = found
        with tenant(merchant.id):
            merchants.note_sign_in(merchant.id, way=way, by=staff(person.id))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget her in this browser."""
    doors.go_out(request)
    messages.success(request, _("You are signed out."))
    response = HttpResponseRedirect(reverse("console:sign_in"))
    response["Clear-Site-Data"] = '"cache"'
    return response


def _id(user: object) -> int:
    return int(getattr(user, "pk", 0))


def _half(request: HttpRequest) -> dict[str, Any] | None:
    half: dict[str, Any] | None = request.session.get(HALF_KEY)
    if half is None or request.user.is_authenticated or clock.now().timestamp() - half["at"] > _HALF_SECONDS:
        return None
    return half


def _wanted(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if wanted and is_local(request, wanted) else reverse("console:home")


def _form(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    context = {"form": form, "next": wanted, "has_passkeys": queries.passkeys_work()}
    return render(request, "console/sign_in.html", context, status=status)


def _second_form(request: HttpRequest, half: dict[str, Any], form: Form, *, status: int = 200) -> HttpResponse:
    factors = queries.second_factors(half["user_id"])
    context = {"form": form, "has_passkeys": queries.passkeys_work() and bool(factors.passkeys)}
    return render(request, "console/second_factor.html", context, status=status)


def _passkey_refused(request: HttpRequest, half: dict[str, Any] | None, said: str, status: int) -> HttpResponse:
    if half is not None:
        return _second_form(request, half, form_for(CodeSpec).refuse(said), status=status)
    return _form(request, form_for(SignInSpec).refuse(said), status=status)
