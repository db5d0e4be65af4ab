"""Pages for what went wrong, in the same look as all others."""

from __future__ import annotations

import sys

from django.core.exceptions import RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent
from django.db import OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string

_TOO_LARGE = (RequestDataTooBig, TooManyFieldsSent, TooManyFilesSent)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:
    """400, or 413 when the request was larger than we take."""
    status = 413 if isinstance(exception, _TOO_LARGE) else 400
    return render(request, f"console/errors/{'too_large' if status == 413 else 'bad_request'}.html", status=status)


def forbidden(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403 outside of the console's own check of rights."""
    return render(request, "console/errors/forbidden_bare.html", status=403)


def not_found(request: HttpRequest, exception: Exception) -> HttpResponse:
    """404, with the sentence of a Missing when there is one."""
    said = exception.args[0] if exception.args and isinstance(exception.args[0], str) else ""
    return render(request, "console/errors/not_found.html", {"said": said}, status=404)


def broken(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """500, or 503 while the database is away or has no room; nothing of the session or the database is touched for it."""
    is_busy = isinstance(sys.exception(), OperationalError)
    page = HttpResponse(
        render_to_string("console/errors/broken.html", {"is_busy": is_busy}), status=503 if is_busy else 500
    )
    if is_busy:
        page.headers["Retry-After"] = "5"
    return page
