"""Choosing the merchant to work for, when there are several."""

from __future__ import annotations

from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import render
from django.urls import reverse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods

from shuke.console.desk import MERCHANT_KEY, user_id
from shuke.console.pages.sign_in import enter
from shuke.merchants import queries as merchants


@never_cache
@require_http_methods(["GET", "HEAD", "POST"])
def show(request: HttpRequest) -> HttpResponse:
    """The list of places, and the choice of one."""
    if not request.user.is_authenticated:
        return HttpResponseRedirect(reverse("console:sign_in"))
    places = merchants.workplaces(user_id(request))
    if request.method == "POST":
        chosen = next((one for one, _person in places if str(one.id) == request.POST.get("merchant")), None)
        if chosen is not None:
            request.session[MERCHANT_KEY] = chosen.id
            enter(request)
            return HttpResponseRedirect(reverse("console:home"))
    return render(request, "console/workplaces.html", {"places": places}, status=200 if places else 403)
