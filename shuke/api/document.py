"""The OpenAPI 3.1 document, and the pages made from it."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import translation
from django.views.decorators.http import require_safe

from shuke.api.route import FILE, JSON, PREFIX, Route, api, routes
from shuke.merchants.queries import scope_choices

PROBLEMS = {
    400: "The call cannot be read, or its Idempotency-Key is missing.",
    401: "The key is missing, unknown, revoked or over.",
    403: "The key lacks the scope, or may not be used from this address.",
    404: "What the address or the body names does not exist.",
    405: "The address does not take this method.",
    409: "Refused because of how things stand; `code` and `detail` say why.",
    413: "Larger than what is taken at once.",
    415: "Another kind of content than the route takes.",
    422: "Something in the call is not right; `errors` say what at which field.",
    429: "Too many calls; come again after Retry-After.",
    500: "Broken on our side; nothing was done.",
    503: "Busy; nothing was done, come again after Retry-After.",
}
_PROBLEM = {
    "type": "object",
    "title": "Problem",
    "description": "An error as RFC 9457 has it.",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:shuke:problem:not_enough"]},
        "title": {"type": "string", "examples": ["Conflict"]},
        "status": {"type": "integer", "examples": [409]},
        "code": {"type": "string", "description": "For programs.", "examples": ["not_enough"]},
        "detail": {"type": "string", "description": "For people, in the language asked for."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["in", "field", "message"],
                "properties": {name: {"type": "string"} for name in ("in", "field", "message")},
            },
        },
    },
}
_IDEMPOTENCY = {
    "in": "header", "name": "Idempotency-Key", "required": True, "example": "order-88-points",
    "schema": {"type": "string", "minLength": 1, "maxLength": 100, "pattern": "^[!-~]([ -~]*[!-~])?$"},
    "description": "A name of your own for this call. A retry sends the same one and has no second effect; for a day it"
    " is answered as the first time. Another call under the same key is refused.",
}  # fmt: skip
_ABOUT = """Everything the console can do, for other programs. Times are UTC (RFC 3339), money is whole fen, points are
whole numbers. Unknown fields are refused. Send your key as `Authorization: Bearer shk_…`; `Accept-Language: en` gives
English sentences, else they are Chinese. `RateLimit` headers tell how many calls are left."""


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document, in English; the same at every call."""
    with translation.override("en"):
        told: dict[str, Any] = json.loads(
            json.dumps(api.get_openapi_schema(path_prefix=PREFIX.strip("/") + "/"), default=str)
        )
        told["info"]["description"] = " ".join(_ABOUT.split())
        told["components"]["schemas"]["Problem"] = _PROBLEM
        told["components"]["securitySchemes"] = {
            "key": {"type": "http", "scheme": "bearer", "bearerFormat": "shk_…", "description": _scopes()}
        }
        told["components"]["responses"] = {
            str(status): {
                "description": words,
                "content": {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}},
            }
            for status, words in PROBLEMS.items()
        }
        for route in routes():
            _complete(told, route)
    return told


@require_safe
def openapi(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """The document as JSON."""
    return HttpResponse(json.dumps(document(), ensure_ascii=False), content_type=JSON)


@require_safe
def page(request: HttpRequest) -> HttpResponse:
    """The document for people: one page without any script."""
    subjects: dict[str, list[dict[str, Any]]] = {}
    for route in routes():
        told = operation(document(), route)
        subjects.setdefault(told["tags"][0], []).append({**told, "route": route, "path": _path(route)})
    return render(request, "api/docs.html", {"subjects": subjects, "about": _ABOUT, "problems": PROBLEMS})


@require_safe
def style(request: HttpRequest) -> HttpResponse:
    """The page's style sheet."""
    return render(request, "api/docs.css", content_type="text/css; charset=utf-8")


def markdown() -> str:
    """The document as a page of reference."""
    parts = ["# API", " ".join(_ABOUT.split()), "How to begin: [use the API](../howto/use-the-api.md)."]
    subject = ""
    for route in routes():
        told = operation(document(), route)
        if told["tags"][0] != subject:
            subject = told["tags"][0]
            parts.append(f"## {subject}")
        parts += [f"### {route.method} {_path(route)}", f"{told['summary']}. {told['description']}"]
        names = [f"`{one['name']}`{'' if one.get('required') else '?'}" for one in told["parameters"]]
        if names:
            parts.append(f"Parameters: {', '.join(names)}.")
        contents = told.get("requestBody", {}).get("content", {})
        parts += [_fenced("Body", kind, one) for kind, one in contents.items()]
        answer = told["responses"][str(route.status)]
        parts += [_fenced(f"Answer {route.status}", kind, one) for kind, one in answer.get("content", {}).items()]
    parts.append(
        "## Errors\n\n| status | meaning |\n|---|---|\n" + "\n".join(f"| {s} | {w} |" for s, w in PROBLEMS.items())
    )
    return "\n\n".join(parts)


def _fenced(title: str, kind: str, content: dict[str, Any]) -> str:
    if kind != JSON:
        return f"{title}: `{kind}`."
    return f"{title}:\n\n```json\n{json.dumps(content['example'], ensure_ascii=False, indent=1)}\n```"


def operation(told: dict[str, Any], route: Route) -> dict[str, Any]:
    """A route's part of the document."""
    found: dict[str, Any] = told["paths"][_path(route)][route.method.lower()]
    return found


def example(schema: dict[str, Any], told: dict[str, Any]) -> Any:
    """A value that fits a schema: its examples, else its defaults, else the plainest of its kind."""
    if "$ref" in schema:
        return example(told["components"]["schemas"][schema["$ref"].rpartition("/")[2]], told)
    for name in ("examples", "enum"):
        if schema.get(name):
            return schema[name][0]
    if "default" in schema:
        return schema["default"]
    if "const" in schema:
        return schema["const"]
    if "anyOf" in schema or "allOf" in schema:
        return example((schema.get("anyOf") or schema["allOf"])[0], told)
    match schema.get("type"):
        case "object":
            return {name: example(one, told) for name, one in schema.get("properties", {}).items()}
        case "array":
            return [example(schema["items"], told)] if schema.get("items") else []
        case "integer" | "number":
            return schema.get("minimum", 0)
        case "boolean":
            return True
        case "null":
            return None
    length = max(2, schema.get("minLength", 0))
    return _TEXTS.get(schema.get("format", ""), ("会员" * length)[: min(length, schema.get("maxLength", length))])


_TEXTS = {"date": "2026-11-22", "date-time": "2026-11-22T04:00:00Z", "time": "20:00:00"}


def _path(route: Route) -> str:
    return PREFIX + route.path.replace("{int:", "{")


def _complete(told: dict[str, Any], route: Route) -> None:
    one = operation(told, route)
    scope = f"Needs the scope `{route.scope}`." if route.scope else "Any key may."
    refusals = f" Refusals: {', '.join(f'`{code}`' for code in route.refuses)}." if route.refuses else ""
    one["description"] = " ".join([one.get("description", ""), scope + refusals]).strip()
    one["security"] = [{"key": []}]
    parameters = one.setdefault("parameters", [])
    for parameter in parameters:
        parameter.setdefault("example", parameter["schema"].pop("example", None) or example(parameter["schema"], told))
        parameter.pop("examples", None)
    if route.is_write:
        parameters.append(_IDEMPOTENCY)
    if route.takes == FILE:
        one["requestBody"] = {"required": True, "content": {FILE: {"schema": {"type": "string", "format": "binary"}}}}
    elif "requestBody" in one:
        content = one["requestBody"]["content"][JSON]
        content["example"] = example(content["schema"], told)
    answers = one["responses"] = {str(status): answer for status, answer in one["responses"].items()}
    answer = answers[str(route.status)]
    answer["headers"] = {name: {"schema": {"type": "string"}} for name in ("RateLimit", "RateLimit-Policy")}
    if route.gives != JSON:
        answer["content"] = {route.gives: {"schema": {"type": "string"}}}
    for content in answer.get("content", {}).values():
        content["example"] = example(content["schema"], told)
    answers.update({str(status): {"$ref": f"#/components/responses/{status}"} for status in _statuses(route)})


def _statuses(route: Route) -> list[int]:
    every = [401, 403, 404, 405, 422, 429, 500, 503]
    return sorted([*every, *([400, 409, 413, 415] if route.is_write else [409] if route.refuses else [])])


def _scopes() -> str:
    with translation.override("en"):
        return "Scopes of a key: " + "; ".join(f"{name}: {label}" for name, label in scope_choices()) + "."
