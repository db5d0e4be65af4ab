"""What the program's output says of attempts and errors, and what it must not say."""

from __future__ import annotations

import logging
from typing import Any

import pytest
from django.test import Client

from tests.console.conftest import browser
from tests.doors.conftest import SECOND, SIGN_IN, half_in, with_code_app
from tests.make import Place


def test_failed_sign_ins_are_written_without_names_and_passwords(
    alice: Place, caplog: pytest.LogCaptureFixture
) -> None:
    Client().post(SIGN_IN, {"username": "linxiaoyue", "password": "moon over the lake"})
    lines = [record.getMessage() for record in caplog.records if record.name == "shuke.doors"]
    assert len(lines) == 1
    assert lines[0].startswith("sign-in refused: name or password, tried as ")
    assert "linxiaoyue" not in caplog.text
    assert "moon" not in caplog.text
    with_code_app(alice)
    caplog.clear()
    half_in().post(SECOND, {"code": "123456"})
    assert f"sign-in refused: second factor, user {alice.owner_user_id}" in caplog.text
    assert "123456" not in caplog.text


@pytest.mark.parametrize("hostile", ["x\r\n2026-11-22 ERROR forged", "\x1b[31mred"])
def test_nobody_forges_a_line(alice: Place, caplog: pytest.LogCaptureFixture, hostile: str) -> None:
    Client().post(SIGN_IN, {"username": hostile, "password": "x"})
    Client().get("/console/nowhere/" + hostile.replace("\r", "%0d").replace("\n", "%0a"))
    assert caplog.records
    lines = [logging.Formatter("%(levelname)s %(name)s %(message)s").format(record) for record in caplog.records]
    assert [line for line in lines if set(line) & {"\n", "\r", "\x1b"}] == []


def test_an_error_is_written_and_shown_without_detail(
    alice: Place, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_arguments: Any, **_options: Any) -> None:
        raise RuntimeError("SELECT secret FROM vault")

    client = browser("alice", raise_request_exception=False)
    monkeypatch.setattr("shuke.console.desk.Desk.show", broken)
    answer = client.get("/console/")
    assert answer.status_code == 500
    for detail in ("SELECT", "Traceback", "RuntimeError", "shuke/console"):
        assert detail not in answer.content.decode()
    assert "Internal Server Error: /console/" in caplog.text
