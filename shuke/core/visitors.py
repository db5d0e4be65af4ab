"""Where a request comes from, for whoever counts failed attempts."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str:
    """The address a request comes from; behind our own proxy, what that proxy saw."""
    return address_in(request.META)


def address_in(environ: Mapping[str, Any]) -> str:
    """As `client_address`, by what WSGI tells of a request."""
    forwarded = environ.get("HTTP_X_FORWARDED_FOR", "")
    if settings.SECURE_PROXY_SSL_HEADER and forwarded:
        return str(forwarded.rsplit(",", 1)[-1].strip())
    return str(environ.get("REMOTE_ADDR", ""))
