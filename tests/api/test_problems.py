"""Every error leaves as a problem, in the language asked for, and tells nothing of anybody."""

from __future__ import annotations

import pytest
from django.conf import LazySettings
from django.db import OperationalError
from django.test import Client

from shuke.members import queries as members
from tests import make
from tests.api.program import Program, said

pytestmark = pytest.mark.django_db


def test_unknown_addresses_and_methods(erp: Program) -> None:
    found = erp.get("/nothing/here")
    assert (found.status, found.code) == (404, "not_found")
    assert found.json == {
        "type": "urn:shuke:problem:not_found", "title": "Not Found", "status": 404, "code": "not_found",
        "detail": "There is nothing here.",
    }  # fmt: skip
    found = erp.send("PUT", "/members")
    assert (found.status, found.code, found.headers["Allow"]) == (405, "method_not_allowed", "GET, POST")
    assert said(Client().get("/api/v1/members")).status == 401
    assert said(Client().get("/api/v2/members")).code == "not_found"


@pytest.mark.parametrize(
    ("content", "kind", "status", "code"),
    [
        (b"{", "application/json", 400, "unreadable"),
        (b'{"name": NaN}', "application/json", 400, "unreadable"),
        (b"\xff\xfe", "application/json", 400, "unreadable"),
        (b"", "application/json", 422, "invalid"),
        (b"name=x", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
        (b"[1]", "application/json", 422, "invalid"),
        (b'"x"', "application/json", 422, "invalid"),
        (b'{"name": "a\\u0000b"}', "application/json", 422, "invalid"),
        (b'{"name": "x", "nmae": 1}', "application/json", 422, "invalid"),
    ],
)
def test_bodies_that_cannot_be_taken(erp: Program, content: bytes, kind: str, status: int, code: str) -> None:
    found = erp.raw("POST", "/groups", content, kind)
    assert (found.status, found.code) == (status, code)
    assert erp.get("/groups").json == {"items": []}


def test_what_is_wrong_is_said_at_its_field(erp: Program) -> None:
    found = erp.send("POST", "/groups", {"name": "", "nmae": 1})
    assert found.json["errors"] == [
        {"in": "body", "field": "name", "message": "Please fill this in."},
        {"in": "body", "field": "nmae", "message": "This field is not known."},
    ]
    found = erp.get("/members", {"limit": 0, "sort": "shoe_size"})
    assert [one["field"] for one in found.json["errors"]] == ["sort", "limit"]
    assert erp.get("/members", {"colour": "red"}).json["errors"] == [
        {"in": "query", "field": "colour", "message": "This field is not known."}
    ]
    said_of = erp.send("PATCH", "/members/1/profile", {"phone": "call me"}).json["errors"]
    assert said_of == [{"in": "body", "field": "phone", "message": "This is no phone number."}]


def test_too_much_is_not_taken(erp: Program, settings: LazySettings) -> None:
    settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
    found = erp.send("POST", "/groups", {"name": "x" * 100})
    assert (found.status, found.code) == (413, "too_large")


@pytest.mark.parametrize(
    ("header", "language", "sentence"),
    [
        ("", "zh-hans", "这里什么都没有。"),
        ("de, fr;q=0.5", "zh-hans", "这里什么都没有。"),
        ("zh-CN, en;q=0.5", "zh-hans", "这里什么都没有。"),
        ("en-GB", "en", "There is nothing here."),
    ],
)
def test_the_language_is_the_one_asked_for(erp: Program, header: str, language: str, sentence: str) -> None:
    erp.language = header
    found = erp.get("/nothing")
    assert (found.headers["Content-Language"], found.json["detail"]) == (language, sentence)


def test_what_breaks_tells_nothing(
    alice: make.Place, erp: Program, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_arguments: object) -> None:
        raise RuntimeError("13912345678")

    def slow(*_arguments: object) -> None:
        raise OperationalError("canceling statement due to statement timeout")

    monkeypatch.setattr(members, "profile", broken)
    found = erp.get("/members/1")
    assert (found.status, found.code, found.json["detail"]) == (
        500, "broken", "Something broke on our side. Nothing was done.",
    )  # fmt: skip
    assert "13912345678" not in found.body.decode() + caplog.text
    assert "RuntimeError in broken" in caplog.text
    monkeypatch.setattr(members, "profile", slow)
    found = erp.get("/members/1")
    assert (found.status, found.code, found.headers["Retry-After"]) == (503, "busy", "1")
