"""What every page of the console goes through: who is it, where does she work, may she, and how a refusal is shown."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import wraps
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseNotAllowed, HttpResponseRedirect, QueryDict
from django.http.response import HttpResponseBase
from django.shortcuts import render, resolve_url
from django.urls import reverse
from django.utils import timezone
from django.utils.encoding import force_str
from django.utils.functional import Promise
from django.utils.http import url_has_allowed_host_and_scheme, urlencode
from django.utils.translation import gettext as _

from shuke.console import doors
from shuke.core.actors import Actor, staff
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Form, Spec, form_for, parse
from shuke.core.specs.posted import Given
from shuke.core.tenancy import tenant
from shuke.merchants import queries as merchants
from shuke.merchants.queries import Merchant, Person

S = TypeVar("S", bound=Spec)
Text = str | Promise
View = Callable[..., HttpResponseBase]

MERCHANT_KEY = "merchant_id"
MARK = "console_page"


@dataclass(frozen=True, slots=True)
class Desk:
    """A person at work: at which merchant, with which rights, asking for what."""

    request: HttpRequest
    merchant: Merchant
    person: Person
    workplace_count: int

    @property
    def merchant_id(self) -> int:
        """The tenant whose scope is open."""
        return self.merchant.id

    @property
    def by(self) -> Actor:
        """Who does it, for actions."""
        return staff(self.person.id)

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's zone; also Django's present zone during the view."""
        return ZoneInfo(self.merchant.zone)

    @property
    def post(self) -> QueryDict:
        """What was posted."""
        return self.request.POST

    @property
    def get(self) -> QueryDict:
        """What stands behind the question mark."""
        return self.request.GET

    @property
    def is_post(self) -> bool:
        """Whether something is to be done."""
        return self.request.method == "POST"

    @property
    def is_fragment(self) -> bool:
        """Whether htmx asks, and only the content is wanted."""
        return is_fragment(self.request)

    def may(self, right: str) -> bool:
        """Whether she has a right."""
        return self.person.may(right)

    def show(self, template: str, *, status: int = 200, **context: Any) -> HttpResponse:
        """A page; for htmx only its content block, so that the same template serves both."""
        layout = "console/fragment.html" if self.is_fragment else "console/frame.html"
        return render(self.request, template, {**context, "desk": self, "layout": layout}, status=status)

    def go(
        self, to: str, *args: Any, said: Text = "", undo: str = "", query: Mapping[str, Any] | None = None
    ) -> HttpResponse:
        """On to another page (a name of urls or a path); `said` appears there as a toast.

        `undo` is the path to post to for taking it back; the toast offers it.
        """
        if said:
            messages.success(self.request, force_str(said), extra_tags=undo)
        path = resolve_url(to, *args) + (f"?{urlencode(query)}" if query else "")
        return redirect(self.request, path)

    def toast(self, response: HttpResponse, said: Text, *, undo: str = "") -> HttpResponse:
        """Have htmx show a toast when this fragment arrives."""
        return _with_toast(response, force_str(said), "success", undo)

    def fill_in(
        self,
        spec: type[S],
        template: str,
        act: Callable[[S], HttpResponse | None],
        *,
        to: str = "",
        said: Text = "",
        value: Spec | Mapping[str, Any] | None = None,
        choices: Given | None = None,
        **context: Any,
    ) -> HttpResponse:
        """A whole form page: shows the form; posted, parses it and calls `act`; shows it again with what is wrong.

        A Refused of `act` appears above the form (409) with nothing lost and nothing done. Afterwards goes `to` saying
        `said`, unless `act` gives a response of its own.
        """
        if not self.is_post:
            return self.show(template, form=form_for(spec, value, choices=choices), **context)
        filled = parse(spec, self.post, choices=choices)
        if isinstance(filled, Form):
            return self.show(template, status=422, form=filled, **context)
        try:
            with transaction.atomic():
                answer = act(filled)
        except Missing:
            raise
        except Refused as refused:
            form = form_for(spec, filled, choices=choices).refuse(refused)
            return self.show(template, status=409, form=form, **context)
        return answer or self.go(to or self.request.path, said=said)


def page(
    right: str = "", *, methods: tuple[str, ...] = ("GET",), proof: bool = False, is_open: bool = False
) -> Callable[[View], View]:
    """Make a function of a Desk a page for signed-in staff with a right ("" = any of the staff).

    The whole view runs in one transaction within the merchant's scope; a Refused rolls it back and is shown.
    `proof` asks who signed in more than ten minutes ago for her password before something is done. `is_open` also
    lets in who first has to choose a password or set up a second factor.
    """

    def decorate(view: View) -> View:
        @wraps(view)
        def wrapped(request: HttpRequest, **arguments: Any) -> HttpResponseBase:
            # HEAD needs no token, so it opens nothing that GET does not open.
            if request.method not in (methods if "GET" not in methods else {*methods, "HEAD"}):
                return HttpResponseNotAllowed(methods)
            response = _answer(request, view, Needs(right, proof, is_open), arguments)
            response.headers.setdefault("Cache-Control", "no-store, private")
            return response

        setattr(wrapped, MARK, (right, methods, proof))
        return wrapped

    return decorate


@dataclass(frozen=True, slots=True)
class Needs:
    """What a page wants of whoever opens it; see `page`."""

    right: str
    proof: bool
    is_open: bool


def _answer(request: HttpRequest, view: View, needs: Needs, arguments: dict[str, Any]) -> HttpResponseBase:
    if not request.user.is_authenticated:
        return _to_sign_in(request)
    owed = "" if needs.is_open else doors.owed(request)
    if owed:
        return redirect(request, reverse(f"console:{owed}"))
    found = workplace(request)
    if found is None:
        return redirect(request, reverse("console:workplaces"))
    merchant, person, count = found
    desk = Desk(request, merchant, person, count)
    if needs.right and not person.may(needs.right):
        if desk.is_fragment:
            return _with_toast(HttpResponse(status=403), _("Your role does not allow this"), "danger")
        return desk.show("console/errors/forbidden.html", status=403, right=merchants.right_label(needs.right))
    asked = ask_proof(desk) if needs.proof and desk.is_post else None
    if asked is not None:
        return asked
    try:
        with timezone.override(desk.zone), tenant(merchant.id):
            return view(desk, **arguments)
    except Missing as missing:
        if desk.is_fragment:
            return _with_toast(HttpResponse(status=404), missing.message, "danger")
        raise Http404(missing.message) from missing
    except Refused as refused:
        return _refusal(desk, refused)


def ask_proof(desk: Desk) -> HttpResponse | None:
    """Nothing when she showed lately who she is, or does so now; else the page that asks and then goes on."""
    proof = doors.Proof(desk.request)
    if proof.is_given():
        return None
    if desk.is_fragment:
        before = desk.request.headers.get("HX-Current-URL", "")
        query = urlencode({"next": before if is_local(desk.request, before) else ""})
        return redirect(desk.request, f"{reverse('console:prove')}?{query}")
    if desk.request.FILES:
        return redirect(desk.request, f"{reverse('console:prove')}?{urlencode({'next': _page_before(desk.request)})}")
    return desk.show("console/account/prove.html", status=proof.status, proof=proof, back=_page_before(desk.request))


def workplace(request: HttpRequest) -> tuple[Merchant, Person, int] | None:
    """Where the signed-in user works now, and at how many places; None when she has to choose."""
    places = merchants.workplaces(user_id(request))
    chosen = request.session.get(MERCHANT_KEY)
    for merchant, person in places:
        if merchant.id == chosen or len(places) == 1:
            return merchant, person, len(places)
    return None


def user_id(request: HttpRequest) -> int:
    """The signed-in user; PermissionDenied when nobody is."""
    if request.user.is_anonymous or request.user.pk is None:
        raise PermissionDenied
    return request.user.pk


def _refusal(desk: Desk, refused: Refused) -> HttpResponse:
    """The one place where a refusal is shown: a toast for htmx, a message on the page before, or a page of its own."""
    if desk.is_fragment:
        return _with_toast(HttpResponse(status=409), refused.message, "danger")
    if desk.is_post:
        messages.error(desk.request, refused.message)
        return HttpResponseRedirect(_page_before(desk.request))
    return desk.show("console/errors/refused.html", status=409, refused=refused)


def _page_before(request: HttpRequest) -> str:
    before = request.headers.get("Referer", "")
    return before if is_local(request, before) else reverse("console:home")


def _to_sign_in(request: HttpRequest) -> HttpResponse:
    wanted = request.get_full_path() if request.method == "GET" and not is_fragment(request) else ""
    path = reverse("console:sign_in")
    return redirect(request, f"{path}?{urlencode({'next': wanted})}" if wanted else path)


def redirect(request: HttpRequest, path: str) -> HttpResponse:
    """Go to a path; htmx is told to go there as a whole page."""
    if is_fragment(request):
        return HttpResponse(status=204, headers={"HX-Redirect": path})
    return HttpResponseRedirect(path)


def is_fragment(request: HttpRequest) -> bool:
    """Whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true" and request.headers.get("HX-Boosted") != "true"


def is_local(request: HttpRequest, url: str) -> bool:
    """Whether an address is one of ours."""
    return url_has_allowed_host_and_scheme(url, allowed_hosts={request.get_host()}, require_https=request.is_secure())


def _with_toast(response: HttpResponse, text: str, tone: str, undo: str = "") -> HttpResponse:
    # Headers carry ASCII only; JSON escapes the rest.
    response["HX-Trigger"] = json.dumps({"toast": {"text": text, "tone": tone, "undo": undo}})
    return response
