"""The very first page of an installation: makes its owner, her merchant and first shop, and never appears again."""

from __future__ import annotations

import hmac
from pathlib import Path
from typing import Annotated, Self

from django.conf import settings
from django.contrib import auth, messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods
from pydantic import Field, model_validator

from shuke.console import doors
from shuke.console.pages.sign_in import enter
from shuke.core.errors import Refused
from shuke.core.secrets import secret_file
from shuke.core.specs import Form, Mismatch, Spec, Ui, form_for, parse
from shuke.core.visitors import client_address
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.platforms.platform import platforms


class FirstStartSpec(Spec):
    """The first person, her business and her shop."""

    code: Annotated[
        str,
        Ui(gettext_lazy("Set-up code"), placeholder="xxxx-xxxx-xxxx", autocomplete="off",
           help=gettext_lazy("The window in which Shuke was started shows it.")),
        Field(min_length=1, max_length=64),
    ]  # fmt: skip
    display_name: Annotated[str, Ui(gettext_lazy("Your name"), autocomplete="name"), Field(min_length=1, max_length=64)]
    username: Annotated[
        str, Ui(gettext_lazy("Sign-in name"), autocomplete="username"), Field(min_length=2, max_length=64)
    ]
    password: Annotated[
        str,
        Ui(gettext_lazy("Password"), widget="password", autocomplete="new-password", help=gettext_lazy("At least 10 characters.")),
        Field(min_length=10, max_length=256),
    ]  # fmt: skip
    again: Annotated[
        str,
        Ui(gettext_lazy("Password again"), widget="password", autocomplete="new-password"),
        Field(min_length=1, max_length=256),
    ]
    merchant: Annotated[str, Ui(gettext_lazy("Name of the business")), Field(min_length=1, max_length=100)]
    shop: Annotated[str, Ui(gettext_lazy("First shop")), Field(min_length=1, max_length=100)]
    platform: Annotated[str, Ui(gettext_lazy("Platform"), widget="radio"), Field(max_length=32)] = "taobao"

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.password != self.again:
            raise Mismatch("again", gettext_lazy("The two passwords differ."))
        return self


def setup_code() -> str:
    """The code that whoever starts the server reads there: `3f9a-0c1d-77be`; made once and kept with the secrets."""
    secret = secret_file(Path(settings.SHUKE_HOME) / "secrets" / "setup.code")
    return "-".join(secret[start : start + 4] for start in (0, 4, 8))


@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """Only while nobody can sign in, and only for somebody who knows the code."""
    if queries.is_set_up():
        raise Http404
    offered = {"platform": [(name, str(kind.label)) for name, kind in platforms().items()]}
    if request.method != "POST":
        return _form(request, form_for(FirstStartSpec, choices=offered))
    filled = parse(FirstStartSpec, request.POST, choices=offered)
    if isinstance(filled, Form):
        return _form(request, filled, status=422)
    again = form_for(FirstStartSpec, filled, choices=offered)
    wait = merchants.try_to_sign_in(f"setup:{client_address(request)}")
    if wait:
        return _form(request, again.refuse(doors.too_often(wait)), status=429)
    if not hmac.compare_digest(filled.code.strip().lower().encode(), setup_code().encode()):
        return _form(request, again.refuse(_("This is not the set-up code."), "code"), status=422)
    try:
        merchants.set_up(filled.username, filled.display_name, filled.password,
                         merchant=filled.merchant, shop=filled.shop, platform=filled.platform)  # fmt: skip
    except Refused as refused:
        return _form(request, again.refuse(refused), status=409)
    return _come_in(request, filled)


def _come_in(request: HttpRequest, filled: FirstStartSpec) -> HttpResponse:
    user = auth.authenticate(request, username=filled.username, password=filled.password)
    doors.come_in(request, user, "password")
    enter(request)
    messages.success(request, _("Welcome! Everything is ready for your first import."))
    return HttpResponseRedirect(reverse("console:home"))


def _form(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    return render(request, "console/first_start.html", {"form": form}, status=status)
