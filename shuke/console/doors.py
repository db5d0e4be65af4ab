"""The way into the console: which browser is signed in, in what way, and whether it was proved lately."""

from __future__ import annotations

import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.contrib import auth
from django.core import signing
from django.http import HttpRequest, HttpResponse
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.core import language
from shuke.core.visitors import client_address
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.queries import SignIn

SIGN_IN_KEY = "sign_in"
KNOWN_COOKIE = f"{settings.SHUKE_COOKIE_PREFIX}known"
_KNOWN_FOR = timedelta(days=180)

Answer = Callable[[HttpRequest], HttpResponse]


def middleware(get_response: Answer) -> Answer:
    """Sign out a browser whose sign-in ended elsewhere, was idle too long or lasted too long."""

    def answer(request: HttpRequest) -> HttpResponse:
        if settings.SESSION_COOKIE_NAME in request.COOKIES and request.user.is_authenticated and found(request) is None:
            auth.logout(request)
        return get_response(request)

    return answer


def found(request: HttpRequest) -> SignIn | None:
    """The sign-in of this browser, looked up once a request; None when nobody is signed in."""
    known: SignIn | None = getattr(request, "_sign_in", None)
    if known is None and request.user.pk is not None:
        try:
            token = UUID(str(request.session.get(SIGN_IN_KEY, "")))
        except ValueError:
            return None
        known = merchants.go_on(token, request.user.pk)
        request._sign_in = known  # type: ignore[attr-defined]  # noqa: SLF001 - Django itself keeps such there
    return known


def come_in(request: HttpRequest, user: Any, way: str) -> None:
    """Sign a user in: a new session with a sign-in of its own."""
    auth.login(request, user, backend=settings.AUTHENTICATION_BACKENDS[0])
    token = merchants.begin_sign_in(user.pk, user_agent=request.headers.get("User-Agent", "")[:400], way=way)
    request.session[SIGN_IN_KEY] = str(token)
    request._sign_in = None  # type: ignore[attr-defined]  # noqa: SLF001 - looked up anew


def prove(request: HttpRequest) -> None:
    """She showed who she is: the session gets a new key, and dangerous things are open for ten minutes."""
    sign_in = found(request)
    if sign_in is not None:
        merchants.prove(sign_in.token)
        request._sign_in = None  # type: ignore[attr-defined]  # noqa: SLF001 - looked up anew
        request.session.cycle_key()


def go_out(request: HttpRequest) -> None:
    """Sign this browser out."""
    sign_in = found(request) if request.user.is_authenticated else None
    if sign_in is not None:
        merchants.end_sign_in(sign_in.token)
    auth.logout(request)


def subjects(request: HttpRequest, username: str) -> tuple[str, ...]:
    """Under what an attempt is counted: name and address; or the browser alone in which she was signed in before.

    So somebody who keeps failing with her name from elsewhere does not keep her out.
    """
    nonce = _known(request, username)
    return (f"browser:{nonce}",) if nonce else (f"name:{username}", f"address:{client_address(request)}")


def remember(request: HttpRequest, response: HttpResponse, username: str) -> None:
    """Let the browser show at its next sign-in that she was here before."""
    nonce = _known(request, username) or secrets.token_urlsafe(16)
    response.set_cookie(
        KNOWN_COOKIE,
        signing.dumps({"name": name_mark(username), "nonce": nonce}, salt=KNOWN_COOKIE),
        max_age=_KNOWN_FOR,
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
        samesite="Lax",
    )
    chosen = getattr(request.user, "language", "")
    if chosen:
        language.remember(response, chosen)


def _known(request: HttpRequest, username: str) -> str:
    try:
        kept = signing.loads(request.COOKIES.get(KNOWN_COOKIE, ""), salt=KNOWN_COOKIE, max_age=_KNOWN_FOR)
    except signing.BadSignature:
        return ""
    return str(kept["nonce"]) if hmac.compare_digest(kept["name"], name_mark(username)) else ""


def name_mark(username: str) -> str:
    """A sign-in name as a mark that tells nobody which it is."""
    return salted_hmac("known browser", username.strip().casefold(), algorithm="sha256").hexdigest()


def owed(request: HttpRequest) -> str:
    """The name of the page she has to go through before any other: her own password, a second factor; "" for none."""
    if getattr(request.user, "starting_until", None) is not None:
        return "password"
    sign_in = found(request)
    return "security" if sign_in is not None and sign_in.owes_second_factor else ""


class Proof:
    """Asking somebody who is signed in once more who she is, when something dangerous is to be done."""

    FIELD = "_proof"

    def __init__(self, request: HttpRequest) -> None:
        self.request = request
        self.said = ""
        self.status = 403

    def is_given(self) -> bool:
        """Whether she showed lately who she is, or just now by the password in this very form, which is taken out."""
        sign_in = found(self.request)
        if sign_in is not None and sign_in.is_proved:
            self._take_out()
            return True
        typed = self.request.POST.get(self.FIELD, "")
        if not typed or self.request.user.pk is None:
            return False
        if not self._is_right(self.request.user.pk, typed):
            return False
        prove(self.request)
        self._take_out()
        return True

    @property
    def carried(self) -> list[tuple[str, str]]:
        """What was posted, for the form that posts it again together with the password."""
        skipped = {self.FIELD, "csrfmiddlewaretoken"}
        return [(name, value) for name, values in self.request.POST.lists() if name not in skipped for value in values]

    @property
    def has_passkey(self) -> bool:
        """Whether a passkey may answer instead."""
        user_id = self.request.user.pk
        return user_id is not None and queries.passkeys_work() and bool(queries.second_factors(user_id).passkeys)

    def _is_right(self, user_id: int, typed: str) -> bool:
        subject = f"proof:{user_id}"
        wait = merchants.try_to_sign_in(subject)
        if wait:
            self.said, self.status = too_often(wait), 429
            return False
        if not merchants.is_password_of(user_id, typed):
            self.said, self.status = _("The password is not right."), 422
            return False
        merchants.signed_in_well(subject)
        return True

    def _take_out(self) -> None:
        if self.FIELD in self.request.POST:
            posted = self.request.POST.copy()
            del posted[self.FIELD]
            self.request.POST = posted  # type: ignore[assignment]  # Django's setter takes any QueryDict


def too_often(wait: int) -> str:
    """The sentence for somebody who has to wait."""
    if wait < 60:
        time = ngettext("%(count)s second", "%(count)s seconds", wait) % {"count": wait}
    else:
        minutes = -(-wait // 60)
        time = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return _("Too many failed attempts. Please try again in %(time)s.") % {"time": time}
