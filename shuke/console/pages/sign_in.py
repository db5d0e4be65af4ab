"""Coming in and going out."""

from __future__ import annotations

from typing import Annotated

from django.contrib import auth, messages
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods, require_POST
from pydantic import Field

from shuke.console.desk import is_local, workplace
from shuke.core import language
from shuke.core.actors import staff
from shuke.core.specs import Form, Spec, Ui, form_for, parse
from shuke.core.tenancy import tenant
from shuke.core.visitors import client_address
from shuke.merchants import actions as merchants
from shuke.merchants import queries


class SignInSpec(Spec):
    """Who it is, and how she shows it."""

    username: Annotated[
        str, Ui(gettext_lazy("Sign-in name"), autocomplete="username"), Field(min_length=1, max_length=64)
    ]
    password: Annotated[
        str,
        Ui(gettext_lazy("Password"), widget="password", autocomplete="current-password"),
        Field(min_length=1, max_length=256),
    ]


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
    name, address = f"name:{filled.username}", f"address:{client_address(request)}"
    wait = merchants.try_to_sign_in(name, address)
    if wait:
        return _form(request, form_for(SignInSpec, {"username": filled.username}).refuse(too_often(wait)), status=429)
    user = auth.authenticate(request, username=filled.username, password=filled.password)
    if user is None:
        refused = form_for(SignInSpec, {"username": filled.username}).refuse(_("Name or password is not right."))
        return _form(request, refused, status=422)
    merchants.signed_in_well(name, address)
    return _come_in(request, user)


def _come_in(request: HttpRequest, user: object) -> HttpResponse:
    auth.login(request, user)  # type: ignore[arg-type]  # the session gets a new key
    enter(request)
    response = HttpResponseRedirect(_wanted(request))
    chosen = getattr(user, "language", "")
    if chosen:
        language.remember(response, chosen)
    return response


def enter(request: HttpRequest) -> None:
    """Note in the audit log of her merchant that she came; nothing while she has to choose one."""
    found = workplace(request)
    if found is not None:
        merchant, person, _count = found
        with tenant(merchant.id):
            merchants.note_sign_in(merchant.id, by=staff(person.id))


@require_POST
def sign_out(request: HttpRequest) -> HttpResponse:
    """Forget her in this browser."""
    auth.logout(request)
    messages.success(request, _("You are signed out."))
    return HttpResponseRedirect(reverse("console:sign_in"))


def too_often(wait: int) -> str:
    """The sentence for somebody who has to wait."""
    if wait < 60:
        time = ngettext("%(count)s second", "%(count)s seconds", wait) % {"count": wait}
    else:
        minutes = -(-wait // 60)
        time = ngettext("%(count)s minute", "%(count)s minutes", minutes) % {"count": minutes}
    return _("Too many failed attempts. Please try again in %(time)s.") % {"time": time}


def _wanted(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return wanted if wanted and is_local(request, wanted) else reverse("console:home")


def _form(request: HttpRequest, form: Form, *, status: int = 200) -> HttpResponse:
    wanted = request.POST.get("next") or request.GET.get("next") or ""
    return render(request, "console/sign_in.html", {"form": form, "next": wanted}, status=status)
