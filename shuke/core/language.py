"""The language of a page: what the reader chose, else Chinese; what her browser was installed in says little."""

from __future__ import annotations

from collections.abc import Callable

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.utils import translation

Answer = Callable[[HttpRequest], HttpResponse]


def middleware(get_response: Answer) -> Answer:
    """Speak the language of the cookie, or the installation's first language."""

    def answer(request: HttpRequest) -> HttpResponse:
        language = chosen(request.COOKIES.get(settings.LANGUAGE_COOKIE_NAME, ""))
        translation.activate(language)
        request.LANGUAGE_CODE = language
        response = get_response(request)
        response.headers.setdefault("Content-Language", translation.get_language())
        return response

    return answer


def chosen(code: str) -> str:
    """A language we speak: the one asked for, or the first."""
    return code if code in dict(settings.LANGUAGES) else settings.LANGUAGE_CODE


def remember(response: HttpResponse, code: str) -> None:
    """Keep a choice in a cookie for a year."""
    response.set_cookie(
        settings.LANGUAGE_COOKIE_NAME,
        chosen(code),
        max_age=365 * 86400,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
        httponly=True,
    )
