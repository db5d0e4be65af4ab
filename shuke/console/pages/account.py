"""One's own account: password and language."""

from __future__ import annotations

from django.contrib.auth import get_user_model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_POST

from shuke.console import doors
from shuke.console.desk import Desk, is_local, page, user_id
from shuke.core import language
from shuke.merchants import actions as merchants
from shuke.merchants.queries import rights
from shuke.merchants.specs import PasswordSpec


@page()
def show(desk: Desk) -> HttpResponse:
    """Who I am here and what I may do."""
    return desk.show(
        "console/account/show.html", rights=[label for right, label in rights().items() if desk.may(right)]
    )


@sensitive_post_parameters()
@page(methods=("GET", "POST"), is_open=True)
def change_password(desk: Desk) -> HttpResponse:
    """Another password; other browsers are signed out by it, this one stays."""

    def act(filled: PasswordSpec) -> None:
        merchants.change_password(desk.person.user_id, filled.old, filled.new)
        sign_in = doors.found(desk.request)
        user = get_user_model().objects.get(pk=desk.person.user_id)
        doors.come_in(desk.request, user, sign_in.way if sign_in else "password")

    return desk.fill_in(
        PasswordSpec,
        "console/account/password.html",
        act,
        to="console:account",
        said=_("Your password is changed; other devices are signed out."),
        is_owed=doors.owed(desk.request) == "password",
    )


@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Speak another language from now on, also to somebody who is not signed in."""
    code = language.chosen(request.POST.get("language", ""))
    if request.user.is_authenticated:
        merchants.set_language(user_id(request), code)
    wanted = request.POST.get("next", "")
    response = HttpResponseRedirect(wanted if is_local(request, wanted) and wanted else reverse("console:home"))
    language.remember(response, code)
    return response
