"""The outermost layer of every request: its number, its time, and the addresses a host watches the program by."""

from __future__ import annotations

import hmac
import json
import logging
import os
import secrets
import time
from collections.abc import Callable
from functools import lru_cache

from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from prometheus_client import Counter, Histogram

from shuke.core import health, logs, metrics

log = logging.getLogger("shuke.request")

Answer = Callable[[HttpRequest], HttpResponseBase]

_FORWARDING = ("X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-Ip", "Forwarded", "Via")
_LOOPBACK = {"127.0.0.1", "::1", "localhost"}


def middleware(get_response: Answer) -> Answer:
    """Number and time requests; answer /healthz, /readyz and /metrics before host names and sessions are looked at."""

    def answer(request: HttpRequest) -> HttpResponseBase:
        probe = _PROBES.get(request.path_info)
        if probe is not None:
            return probe(request)
        number = secrets.token_hex(8)
        started = time.perf_counter()
        with logs.about(request_id=number):
            response = get_response(request)
            method = request.method if request.method in _METHODS else "other"
            note(method, route_of(request), response.status_code, time.perf_counter() - started)
        response.headers["X-Request-Id"] = number
        return response

    return answer


def route_of(request: HttpRequest) -> str:
    """The address's pattern, which holds no number, no name and no token of anybody."""
    match = request.resolver_match
    return f"/{match.route}" if match is not None and match.route is not None else "other"


def note(method: str, route: str, status: int, seconds: float) -> None:
    """Count an answered request, and tell the log; `route` is the address's pattern."""
    requests, times = _counters(method, route, status)
    requests.inc()
    times.observe(seconds)
    if log.isEnabledFor(logging.INFO):
        log.info("request", extra={"method": method, "route": route, "status": status, "ms": round(seconds * 1000, 1)})


@lru_cache(maxsize=1024)
def _counters(method: str, route: str, status: int) -> tuple[Counter, Histogram]:
    return metrics.REQUESTS.labels(method, route, str(status)), metrics.SECONDS.labels(method, route)


_METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}


def _live(_request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok\n", content_type="text/plain")


def _ready(_request: HttpRequest) -> HttpResponse:
    found = health.look()
    body = json.dumps({**found, "ready": all(found.values())}) + "\n"
    return HttpResponse(body, content_type="application/json", status=200 if all(found.values()) else 503)


def _metrics(request: HttpRequest) -> HttpResponse:
    if not _may_watch(request):
        return HttpResponse(status=404)
    return HttpResponse(metrics.render(), content_type="text/plain; version=0.0.4; charset=utf-8")


def _may_watch(request: HttpRequest) -> bool:
    """Whoever has the token; without one set, only this machine itself, and never through a proxy."""
    token = os.environ.get("SHUKE_METRICS_TOKEN", "")
    if token:
        return hmac.compare_digest(request.headers.get("Authorization", "").encode(), f"Bearer {token}".encode())
    host = request.META.get("HTTP_HOST", "").rsplit(":", 1)[0].strip("[]")
    is_forwarded = bool(settings.SECURE_PROXY_SSL_HEADER) or any(name in request.headers for name in _FORWARDING)
    return not is_forwarded and host in _LOOPBACK and request.META.get("REMOTE_ADDR") in _LOOPBACK


_PROBES: dict[str, Callable[[HttpRequest], HttpResponse]] = {"/healthz": _live, "/readyz": _ready, "/metrics": _metrics}
