"""The OpenAPI document: valid, whole, and true to what the routes do."""

from __future__ import annotations

import inspect
from collections import Counter
from typing import Any

import pytest
from django.test import Client
from openapi_spec_validator import OpenAPIV31SpecValidator

from shuke.api.document import document, operation
from shuke.api.route import routes
from shuke.api.shapes import Sent, Told
from tests.api.program import SCOPES


def test_the_document_is_valid_openapi_3_1() -> None:
    assert document()["openapi"] == "3.1.0"
    assert [error.message for error in OpenAPIV31SpecValidator(document()).iter_errors()] == []


def test_every_operation_is_described_with_its_errors_and_examples() -> None:
    wanting = []
    for route in routes():
        told = operation(document(), route)
        answer = told["responses"][str(route.status)]
        checks = {
            "operationId": told["operationId"] == route.name,
            "summary": bool(told["summary"]) and told["summary"] != route.name,
            "scope": route.scope in {"", *SCOPES} and route.scope in told["description"],
            "refusals": all(f"`{code}`" in told["description"] for code in route.refuses),
            "key": any(one["name"] == "Idempotency-Key" for one in told["parameters"]) == route.is_write,
            "problems": {"401", "403", "404", "422", "429", "500"} <= set(told["responses"]),
            "answer": all("example" in content for content in answer["content"].values()),
            "body": all("example" in one or "octet" in kind
                        for kind, one in told.get("requestBody", {}).get("content", {}).items()),
            "parameters": all("example" in one for one in told["parameters"]),
        }  # fmt: skip
        wanting += [f"{route.name}: {name}" for name, is_there in checks.items() if not is_there]
    assert wanting == []
    assert len({route.name for route in routes()}) == len(routes())


def test_no_two_shapes_share_a_name() -> None:
    def below(cls: type[Any]) -> list[type[Any]]:
        found: list[type[Any]] = []
        for sub in cls.__subclasses__():
            found += [sub, *below(sub)]
        return found

    own = {one for cls in (Sent, Told) for one in below(cls) if "[" not in one.__name__ and not inspect.isabstract(one)}
    assert [name for name, count in Counter(one.__name__ for one in own).items() if count > 1] == []


@pytest.mark.django_db
def test_the_document_and_its_page_need_no_key_and_no_script() -> None:
    client = Client()
    assert client.get("/api/v1/openapi.json").json() == document()
    page = client.get("/api/v1/docs")
    assert page.status_code == 200
    text = page.content.decode()
    assert "<script" not in text
    assert "style=" not in text
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert all(route.name in text for route in routes())
    assert client.get("/api/v1/docs.css").headers["Content-Type"] == "text/css; charset=utf-8"
