"""The door of the programs' surface: what is looked at before any route, and how every error leaves."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any, TypeVar

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import Resolver404, ResolverMatch, resolve
from django.utils import translation
from django.utils.translation import gettext_lazy as _
from django.utils.translation.trans_real import parse_accept_lang_header

from shuke.api import problems
from shuke.api.caller import admit, shown, turned_away
from shuke.api.problems import Problem
from shuke.api.route import FILE, PREFIX, TOKEN, Route, route_at
from shuke.core.headers import complete, whole
from shuke.core.language import chosen

PAGES = frozenset(f"{PREFIX}/{name}" for name in ("docs", "docs.css", "openapi.json"))
"""These are for people, and go the way of all pages."""
Answer = Callable[[HttpRequest], HttpResponse]
R = TypeVar("R", bound=HttpResponseBase)


def middleware(get_response: Answer) -> Answer:
    """Answer everything below /api/ here, before pages' policies, sessions, cookies and forms are thought of."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        if not request.path_info.startswith("/api/") or request.path_info in PAGES:
            return get_response(request)
        language = language_of(request.META)
        with translation.override(language):
            response = _answer(request)
        return finish(response, language)

    return answer  # type: ignore[return-value]  # Django's stubs want whole responses; files are streamed


def finish(response: R, language: str) -> R:
    """The same answer with the headers that all answers of this surface bear."""
    response.headers["Content-Language"] = language
    response.headers["Vary"] = "Accept-Language, Authorization"
    complete(response, whole())
    return response


def failed(environ: Mapping[str, Any], error: Exception) -> HttpResponse:
    """What the caller is told of an error, in the active language; calls without a valid key are counted."""
    problem = problems.of(error)
    return problems.shown(turned_away(environ, problem) if problem.status == 401 else problem)


def _answer(request: HttpRequest) -> HttpResponseBase:
    headers: dict[str, str] = {}
    try:
        match = request.resolver_match = _match(request.path_info)
        route = route_at(request.method or "", match.route)
        if route is not None:
            token = request.META[TOKEN] = shown(request.META)
            headers = admit(token, route.scope)
            _look_over(request, route)
        response: HttpResponseBase = match.func(request, *match.args, **match.kwargs)
        if response.status_code == 405:
            raise Problem(405, headers={"Allow": ", ".join(sorted(response.headers.get("Allow", "").split(", ")))})
    except Resolver404:
        response = problems.shown(Problem(404))
    except Exception as error:
        response = failed(request.META, error)
    for name, value in headers.items():
        response.headers.setdefault(name, value)
    return response


@lru_cache(maxsize=2048)
def _match(path: str) -> ResolverMatch:
    """Django tries pattern after pattern; programs call the same addresses again and again."""
    return resolve(path)


def _look_over(request: HttpRequest, route: Route) -> None:
    """Size, kind of content, names behind the question mark. Problem 413, 415, 422."""
    length = request.META.get("CONTENT_LENGTH") or "0"
    limit = settings.SHUKE_UPLOAD_LIMIT_MB << 20 if route.takes == FILE else settings.DATA_UPLOAD_MAX_MEMORY_SIZE
    if not length.isdecimal() or int(length) > (limit or 0):
        raise Problem(413)
    if route.is_write and int(length) and request.content_type != route.takes:
        raise Problem(415, message=_("Send this as %(type)s.") % {"type": route.takes})
    unknown = sorted(set(request.GET) - route.query_names)
    if unknown:
        words = str(_("This field is not known."))
        raise Problem(422, errors=[{"in": "query", "field": name[:60], "message": words} for name in unknown])


def language_of(environ: Mapping[str, Any]) -> str:
    """The first language asked for that we speak, else Chinese."""
    return _language(environ.get("HTTP_ACCEPT_LANGUAGE", "")[:200])


@lru_cache(maxsize=256)
def _language(header: str) -> str:
    for code, _weight in parse_accept_lang_header(header.casefold()):
        if code == "en" or code.startswith("en-"):
            return "en"
        if code.startswith("zh"):
            break
    return chosen("")
