"""Routes: a function of a Call becomes an address; identifying, parsing, idempotency and answering happen here."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from ninja import NinjaAPI
from ninja.errors import ValidationError, ValidationErrorContext
from pydantic import BaseModel

from shuke.api import calls
from shuke.api.caller import Token
from shuke.api.calls import Ahead, Ask, JoinedAct, JoinedWork, Work
from shuke.api.parsing import StrictParser, Upload, received
from shuke.api.together import Together
from shuke.core import sql
from shuke.merchants.actions import Answer

JSON, FILE = "application/json", "application/octet-stream"
PREFIX = "/api/v1"
TOKEN = "shuke.token"  # noqa: S105 - where a request keeps who calls


class Api(NinjaAPI):
    """Ninja's API, whose errors leave by our own door."""

    def on_exception(self, request: HttpRequest, exc: Any) -> HttpResponse:  # noqa: ARG002 - ninja's signature
        """Let it go on to `door`."""
        raise exc

    def validation_error_from_error_contexts(
        self, error_contexts: list[ValidationErrorContext[Any]]
    ) -> ValidationError:
        """Each error of pydantic with the place where it stands before its own place; ninja keeps only texts of it."""
        errors: list[dict[str, Any]] = []
        for context in error_contexts:
            model: Any = context.model
            for one in context.pydantic_validation_error.errors(include_url=False):
                place = model.__ninja_flatten_map_reverse__.get(one["loc"], one["loc"])
                errors.append({**one, "loc": (model.__ninja_param_source__, *place)})
        return ValidationError(errors)


api = Api(title="Shuke", version="1", urls_namespace="api", docs_url=None, openapi_url=None, parser=StrictParser())
View = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """One operation as it was declared: what the doors check before, and the document tells besides what ninja knows."""

    name: str
    method: str
    path: str
    scope: str
    status: int
    refuses: tuple[str, ...]
    takes: str
    gives: str
    query_names: frozenset[str]
    is_write: bool


@dataclass(frozen=True, slots=True)
class Joined:
    """An operation whose calls are joined: what it takes as its only argument, and how a call joins the others."""

    scope: str
    body: type[BaseModel]
    do: Callable[[Hashable, Ask], Answer]


_routes: dict[tuple[str, str], Route] = {}
_joined: dict[tuple[str, str], Joined] = {}


def routes() -> list[Route]:
    """Every operation, in the order of registration."""
    return list(_routes.values())


def route_at(method: str, pattern: str) -> Route | None:
    """The operation at a pattern of Django's resolver such as `api/v1/members/<int:member_id>`."""
    return _routes.get((method, pattern))


def joined_at(method: str, address: str) -> Joined | None:
    """The operation at a whole address whose calls are joined."""
    return _joined.get((method, address))


def reads(path: str, *, scope: str, refuses: Sequence[str] = (), gives: str = JSON) -> Callable[[View], View]:
    """Make a function of a Call a GET; it returns what it annotates, or a response of its own."""

    def decorate(view: View) -> View:
        def operation(request: HttpRequest, **values: Any) -> HttpResponseBase:
            found = calls.read(_token(request), scope, lambda call: view(call, **values))
            if isinstance(found, HttpResponseBase):
                return found
            return HttpResponse(found.model_dump_json(), content_type=JSON)

        _register(view, operation, "GET", path, scope=scope, refuses=refuses, gives=gives)
        return view

    return decorate


def writes(
    method: str, path: str, *, scope: str, status: int = 200, refuses: Sequence[str] = (), takes: str = JSON
) -> Callable[[View], View]:
    """Make a function of a Call a write under an Idempotency-Key; what it returns is answered, and kept for a day.

    With `takes=FILE` the view gets the body as a file in its argument `upload`.
    """

    def decorate(view: View) -> View:
        name = f"{method} {path}"
        work = Work(name, scope, status, lambda some, values: [view(some[0], **values[0])])

        def operation(request: HttpRequest, **values: Any) -> HttpResponse:
            if takes == JSON:
                return _written(request, values, request.body, lambda _group, ask: calls.write(work, ask))
            with received(request) as upload:
                values = {**values, "upload": upload}
                return _written(request, values, upload.digest, lambda _group, ask: calls.write(work, ask))

        _register(view, operation, method, path, scope=scope, status=status, refuses=refuses, takes=takes)
        return view

    return decorate


def writes_together(
    method: str, path: str, *, scope: str, act: JoinedAct, ahead: Ahead, refuses: Sequence[str] = ()
) -> Callable[[View], View]:
    """A write whose calls are joined into batches for `act`, with what came of the question `ahead`; the function below
    shows the body and answer of one.

    Its address holds no values and its answer no words, since most of its calls go the quick way (see `quick`).
    """

    def decorate(view: View) -> View:
        work = JoinedWork(f"{method} {path}", scope, act, ahead)
        together: Together[Ask, Answer] = Together(lambda asks: calls.write_joined(work, asks))

        def do(group: Hashable, ask: Ask) -> Answer:
            sql.let_go()  # whoever waits for others must not keep a connection that they need
            return together.do(group, ask)

        def operation(request: HttpRequest, **values: Any) -> HttpResponse:
            return _written(request, values, request.body, do)

        _register(view, operation, method, path, scope=scope, refuses=refuses)
        _joined[method, PREFIX + path] = Joined(scope, get_type_hints(view)["body"], do)
        return view

    return decorate


def _written(
    request: HttpRequest, values: dict[str, Any], sent: bytes, do: Callable[[Hashable, Ask], Answer]
) -> HttpResponse:
    token = _token(request)
    content = calls.content_hash(str(request.method), request.get_full_path(), sent)
    ask = Ask(token, calls.idempotency_key(request.META), content, values)
    answer = do(token.digest, ask)
    return HttpResponse(answer.body, status=answer.status, content_type=JSON)


def _token(request: HttpRequest) -> Token:
    token: Token = request.META[TOKEN]
    return token


def _register(
    view: View,
    operation: Callable[..., HttpResponseBase],
    method: str,
    path: str,
    *,
    scope: str,
    refuses: Sequence[str],
    status: int = 200,
    takes: str = JSON,
    gives: str = JSON,
) -> None:
    """Hand the operation to ninja under the view's name, words and types."""
    types = get_type_hints(view, include_extras=True)
    parameters = [
        inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, annotation=types[name], default=one.default)
        for name, one in list(inspect.signature(view).parameters.items())[1:]
        if types[name] is not Upload
    ]
    request = inspect.Parameter("request", inspect.Parameter.POSITIONAL_OR_KEYWORD, annotation=HttpRequest)
    operation.__signature__ = inspect.Signature([request, *parameters])  # type: ignore[attr-defined]
    operation.__name__, operation.__module__ = view.__name__, view.__module__
    summary, _blank, description = inspect.cleandoc(view.__doc__ or "").partition("\n")
    pattern = (PREFIX + path).lstrip("/").replace("{", "<").replace("}", ">")
    _routes[method, pattern] = Route(
        view.__name__, method, path, scope, status, tuple(refuses), takes, gives, _query_names(types), method != "GET"
    )
    answers = {status: None if status == 204 or gives != JSON else types["return"]}
    api.api_operation(
        [method], path, response=answers, operation_id=view.__name__, summary=summary.rstrip("."),
        description=" ".join(description.split()), tags=[view.__module__.rpartition(".")[2]],
    )(operation)  # fmt: skip


def _query_names(types: dict[str, Any]) -> frozenset[str]:
    """Names that may stand behind the question mark."""
    for one in types.values():
        if (
            get_origin(one) is Annotated
            and isinstance(get_args(one)[0], type)
            and issubclass(get_args(one)[0], BaseModel)
        ):
            return frozenset(get_args(one)[0].model_fields)
    return frozenset()
