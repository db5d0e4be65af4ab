"""What every answer tells browsers and caches, whatever page made it."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase

Answer = Callable[[HttpRequest], HttpResponse]

_NOT_USED = ("accelerometer", "autoplay", "camera", "display-capture", "geolocation", "gyroscope", "magnetometer",
             "microphone", "midi", "payment", "usb", "xr-spatial-tracking")  # fmt: skip
ALWAYS = {
    "Permissions-Policy": ", ".join(f"{name}=()" for name in _NOT_USED),
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": "no-store, private",
}
STAY_ON_TLS = f"max-age={365 * 86400}; includeSubDomains"


def middleware(get_response: Answer) -> Answer:
    """Add what an answer does not say itself: no device is used, no other site embeds it, no cache keeps it."""

    def answer(request: HttpRequest) -> HttpResponse:
        response = get_response(request)
        complete(response, ALWAYS)
        return response

    return answer


def complete(response: HttpResponseBase, always: Mapping[str, str]) -> None:
    """Add what is told always; a page that says so itself keeps its own word."""
    for name, value in always.items():
        response.headers.setdefault(name, value)
    if settings.IS_HTTPS:
        response.headers.setdefault("Strict-Transport-Security", STAY_ON_TLS)


def whole() -> dict[str, str]:
    """All of what pages get here and from the layers of settings, for answers that do not pass through those."""
    rules = settings.CONTENT_SECURITY_POLICY["DIRECTIVES"]
    return {
        **ALWAYS,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": settings.X_FRAME_OPTIONS,
        "Referrer-Policy": settings.SECURE_REFERRER_POLICY,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Content-Security-Policy": "; ".join(f"{name} {' '.join(values)}" for name, values in rules.items()),
    }
