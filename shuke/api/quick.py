"""The quick way of calls that come by the thousand: key, body and batch without Django's request, its layers and ninja.

Only a call about which nothing is unusual goes this way: its address is that of a joined operation, its body is right, a
lot of its key's calls is at hand. Every other one goes the long way, as if nobody had looked at it, and is told there what
is wrong with it.
"""

from __future__ import annotations

import secrets
import time
from functools import lru_cache
from http import HTTPStatus
from io import BytesIO
from wsgiref.types import StartResponse, WSGIEnvironment

import orjson
from django.db import DatabaseError
from django.http import HttpResponse
from django.utils import translation

from shuke.api.caller import admit_from_lot, shown
from shuke.api.calls import Ask, content_hash, idempotency_key
from shuke.api.door import failed, finish, language_of
from shuke.api.problems import Problem
from shuke.api.route import JSON, Joined, joined_at
from shuke.core import logs, sql, watch

MOST_BYTES = 65_536
Told = tuple[int, list[tuple[str, str]], bytes]


def answer(environ: WSGIEnvironment, start: StartResponse) -> list[bytes] | None:
    """Answer a call; None when it has to go the long way, on which it finds everything as it was."""
    method, address = environ["REQUEST_METHOD"], environ["PATH_INFO"]
    joined = joined_at(method, address)
    if joined is None:
        return None
    number, started = secrets.token_hex(8), time.perf_counter()
    with logs.about(request_id=number):
        ask = _ask(environ, joined)
        told = ask and _told(environ, joined, ask)
        if not told:
            return None
        status, headers, body = told
        watch.note(method, address, status, time.perf_counter() - started)
    start(_line(status), [*headers, ("X-Request-Id", number)])
    return [body]


@lru_cache(maxsize=64)
def _line(status: int) -> str:
    return f"{status} {HTTPStatus(status).phrase}"


def _ask(environ: WSGIEnvironment, joined: Joined) -> Ask | None:
    length = environ.get("CONTENT_LENGTH", "")
    if (
        environ.get("CONTENT_TYPE") != JSON
        or environ.get("QUERY_STRING")
        or environ.get("SCRIPT_NAME")
        or not (length.isascii() and length.isdecimal() and 0 < int(length[:9]) <= MOST_BYTES)
    ):
        return None
    try:
        token, key = shown(environ), idempotency_key(environ)
        sent = environ["wsgi.input"].read(int(length))
        environ["wsgi.input"] = BytesIO(sent)
        values = {"body": joined.body.model_validate(orjson.loads(sent))}
    # A ValueError is a body that is no JSON, or not what is taken; a database that has no time is told of the long way.
    except (Problem, OSError, ValueError, DatabaseError):
        return None
    return Ask(token, key, content_hash(environ["REQUEST_METHOD"], environ["PATH_INFO"], sent), values)


def _told(environ: WSGIEnvironment, joined: Joined, ask: Ask) -> Told | None:
    """Status, headers and body; None when calls have to be taken from the key's bucket first."""
    language, limits = language_of(environ), dict[str, str]()
    try:
        lot = admit_from_lot(ask.token, joined.scope)
        if lot is None:
            return None
        limits = lot
        told = joined.do(ask.token.digest, ask)
    except Exception as error:
        with translation.override(language):
            response = failed(environ, error)
        sql.let_go()  # an error may have been counted
        for name, value in limits.items():
            response.headers.setdefault(name, value)
        finish(response, language)
        return response.status_code, list(response.items()), response.content
    return told.status, [*_headers(language), *limits.items()], told.body


@lru_cache(maxsize=8)
def _headers(language: str) -> list[tuple[str, str]]:
    return list(finish(HttpResponse(content_type=JSON), language).items())
