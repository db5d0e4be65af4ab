"""The WSGI entry that granian serves."""

import gc
import os
import sys
from collections.abc import Iterable
from wsgiref.types import StartResponse, WSGIEnvironment

from django.conf import settings
from django.core.wsgi import get_wsgi_application
from django.http import HttpResponse
from django.urls import get_resolver

from shuke.core.static_files import StaticFiles

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")
_django = get_wsgi_application()

from shuke.api import quick  # noqa: E402 - once Django is set up
from shuke.core.room import limited  # noqa: E402

get_resolver().check()  # imports all pages and routes now, not while the first visitor waits
_static = StaticFiles(settings.STATIC_ROOT)
_roomy = limited(_django, settings.REQUESTS_AT_ONCE) if settings.REQUESTS_AT_ONCE else _django
# Whoever hears from PostgreSQL need not wait five milliseconds, as often as there are statements, for whoever parses a call.
sys.setswitchinterval(0.001)
gc.freeze()  # what was imported stays: Python need not look through it again and again
gc.set_threshold(20_000, 20, 20)  # nearly all that calls make is freed without looking for what hangs together


def application(environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
    """A static file, the quick way's answer, or Django's; one that is whole goes out in one piece, without an iterator."""
    found = _static.answer(environ, start_response)
    if found is None:
        found = quick.answer(environ, start_response)
    if found is not None:
        return found
    response = _roomy(environ, start_response)
    if not isinstance(response, HttpResponse):
        return response
    body = [response.content]
    response.close()
    return body
