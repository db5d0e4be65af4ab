"""Every error as RFC 9457 tells it: a status, a code for programs, a sentence for people, and nothing of anybody's."""

from __future__ import annotations

import logging
import math
import traceback
from collections.abc import Mapping, Sequence
from http import HTTPStatus
from typing import Any

import orjson
from django.core.exceptions import RequestDataTooBig
from django.db import DataError, OperationalError
from django.http import Http404, HttpResponse, UnreadablePostError
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja.errors import HttpError, ValidationError

from shuke.core.errors import Missing, Refused
from shuke.core.specs.sentences import sentence

log = logging.getLogger(__name__)

MEDIA_TYPE = "application/problem+json"
UNPROCESSABLE = frozenset(
    {"bad_name", "bad_value", "bad_zone", "no_amount", "no_level", "no_role", "personal_text", "reason_missing", "empty",
     "until_past", "idempotency_key_reused", "key_reused", "bad_key", "bad_cursor", "no_query", "weak_password"}
)  # fmt: skip
"""Refusals that mend by sending something else; all others depend on what is there now and are conflicts."""

_SENTENCES: dict[int, str | Promise] = {
    400: gettext_lazy("This call cannot be read."),
    401: gettext_lazy("A valid API key is needed: send it as “Authorization: Bearer shk_…”."),
    403: gettext_lazy("This key may not do that."),
    404: gettext_lazy("There is nothing here."),
    405: gettext_lazy("This address does not take that method."),
    413: gettext_lazy("This is larger than what is taken at once."),
    415: gettext_lazy("This address takes another kind of content."),
    422: gettext_lazy("Something in this call is not right."),
    429: gettext_lazy("Too many calls; please wait a moment."),
    500: gettext_lazy("Something broke on our side. Nothing was done."),
    503: gettext_lazy("This takes too long just now; please try again in a moment."),
}
_CODES = {400: "unreadable", 401: "unauthorized", 403: "forbidden", 404: "not_found", 405: "method_not_allowed",
          413: "too_large", 415: "unsupported_media_type", 422: "invalid", 429: "too_many_calls", 500: "broken",
          503: "busy"}  # fmt: skip


class Problem(Exception):
    """A call that ends with an error; `errors` say what is wrong at which field."""

    def __init__(
        self,
        status: int,
        code: str = "",
        message: str | Promise = "",
        *,
        errors: Sequence[Mapping[str, str]] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(code or _CODES[status])
        self.status, self.code = status, code or _CODES[status]
        self.message = message or _SENTENCES[status]
        self.errors, self.headers = list(errors), dict(headers or {})


def shown(problem: Problem) -> HttpResponse:
    """The problem as a response, in the active language."""
    told: dict[str, Any] = {
        "type": f"urn:shuke:problem:{problem.code}",
        "title": HTTPStatus(problem.status).phrase,
        "status": problem.status,
        "code": problem.code,
        "detail": str(problem.message),
    }
    if problem.errors:
        told["errors"] = problem.errors
    return HttpResponse(orjson.dumps(told), status=problem.status, content_type=MEDIA_TYPE, headers=problem.headers)


def wait(seconds: float) -> Problem:
    """429, with when to come again."""
    return Problem(429, headers={"Retry-After": str(max(1, math.ceil(seconds)))})


def of(error: Exception) -> Problem:
    """What an exception means to the caller. Unknown ones are logged by place and kind, since texts may quote rows."""
    match error:
        case Problem():
            return error
        case Missing():
            return Problem(404, error.code, error.message)
        case Refused():
            return Problem(422 if error.code in UNPROCESSABLE else 409, error.code, error.message)
        case ValidationError():
            return Problem(422, errors=[_at_field(one) for one in error.errors])
        case Http404():
            return Problem(404)
        case HttpError():
            return Problem(error.status_code)
        case RequestDataTooBig():
            return Problem(413)
        case UnreadablePostError():
            return Problem(400)
        case DataError():  # a number larger than any column
            return Problem(422)
        case OperationalError():
            return Problem(503, headers={"Retry-After": "1"})
    where = traceback.extract_tb(error.__traceback__)[-1]
    log.error("%s in %s, line %s of %s", type(error).__name__, where.name, where.lineno, where.filename)
    return Problem(500)


def _at_field(error: Mapping[str, Any]) -> dict[str, str]:
    """One error of pydantic; ninja puts where it stands and the parameter's name before the place."""
    where, *place = error["loc"]
    inner = place[1:] if len(place) > 1 else place
    field = getattr(error.get("ctx", {}).get("error"), "field", "")
    path = ".".join(str(step) for step in [*(inner if inner != ["body"] else []), *([field] if field else [])])
    return {"in": str(where), "field": path, "message": words(error)}


def words(error: Mapping[str, Any]) -> str:
    """One error of pydantic as a sentence."""
    return _("This field is not known.") if error["type"] == "extra_forbidden" else sentence(error, None)
