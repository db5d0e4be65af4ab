"""Health, figures and logs: seen by the host alone, and nothing in them about a customer."""

from __future__ import annotations

import json
import logging
from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from shuke.core import logs, watch
from shuke.core.logs import Json, Line, WithoutPaths
from tests.make import Place

CANARY = "王小明13812345678"
HERE: dict[str, Any] = {"HTTP_HOST": "127.0.0.1:8000", "REMOTE_ADDR": "127.0.0.1"}


@pytest.mark.django_db
def test_it_lives_and_says_what_it_lacks(client: Client) -> None:
    assert client.get("/healthz", HTTP_HOST="10.9.8.7").content == b"ok\n"
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json() == {"database": True, "migrations": True, "worker": False, "ready": False}


@pytest.mark.django_db
def test_figures_tell_requests_by_the_pattern_of_their_address(client: Client, alice: Place) -> None:
    client.get(reverse("console:member", args=[4711]))
    client.get("/nowhere/4712/")
    text = client.get("/metrics", **HERE).content.decode()
    assert 'shuke_requests_total{method="GET",route="/console/members/<int:member_id>/",status="302"}' in text
    assert "/4711" not in text
    assert "/4712" not in text
    for name in ("shuke_request_seconds_bucket", "shuke_facts_pending 0.0", "shuke_facts_oldest_seconds 0.0",
                 "shuke_workers 0.0", 'shuke_webhook_deliveries{state="dead"} 0.0'):  # fmt: skip
        assert name in text, name


@pytest.mark.django_db
@pytest.mark.parametrize(
    "strange",
    [
        {"REMOTE_ADDR": "203.0.113.9"},
        {"HTTP_HOST": "crm.example"},
        {"HTTP_X_FORWARDED_FOR": "203.0.113.9"},
        {"HTTP_X_FORWARDED_PROTO": "https"},
        {"HTTP_FORWARDED": "for=203.0.113.9"},
    ],
)
def test_figures_are_for_this_machine_alone(client: Client, strange: dict[str, str]) -> None:
    assert client.get("/metrics", **(HERE | strange)).status_code == 404


@pytest.mark.django_db
def test_with_a_token_set_only_the_token_counts(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SHUKE_METRICS_TOKEN", "tea-leaves")
    assert client.get("/metrics", **HERE).status_code == 404
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer tea").status_code == 404
    strange: dict[str, Any] = {"REMOTE_ADDR": "203.0.113.9", "HTTP_X_FORWARDED_FOR": "203.0.113.9"}
    assert client.get("/metrics", HTTP_AUTHORIZATION="Bearer tea-leaves", **strange).status_code == 200


@pytest.mark.django_db
def test_every_answer_has_a_number_of_its_own(client: Client) -> None:
    numbers = {client.get(reverse("console:sign_in")).headers["X-Request-Id"] for _turn in range(2)}
    assert len(numbers) == 2


def logged(formatter: logging.Formatter, record: logging.LogRecord) -> str:
    WithoutPaths().filter(record)
    return formatter.format(record)


def failing() -> logging.LogRecord:
    """What Django logs when a page breaks."""
    request = RequestFactory().post(f"/b/{CANARY}/?q={CANARY}", {"phone": CANARY})
    try:
        try:
            raise KeyError(CANARY)
        except KeyError as error:
            raise ValueError(f"Key (phone)=({CANARY})") from error
    except ValueError as error:
        info: Any = (type(error), error, error.__traceback__)
    record = logging.LogRecord(
        "django.request", logging.ERROR, __file__, 1, "%s: %s", ("Internal Server Error", request.path), info
    )
    record.request = request
    return record


@pytest.mark.parametrize("formatter", [Line("%(levelname)s %(name)s %(message)s"), Json()])
def test_a_broken_page_is_logged_without_a_word_about_the_customer(formatter: logging.Formatter) -> None:
    with logs.about(request_id="abc"):
        text = logged(formatter, failing())
    assert CANARY not in text
    assert "%E7%8E%8B" not in text
    assert "ValueError" in text
    assert "KeyError" in text
    assert "test_watching.py" in text


@pytest.mark.django_db
def test_json_lines_hold_the_request_and_nothing_it_carried(
    client: Client, alice: Place, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO, logger="shuke"):
        client.get(reverse("console:members"), {"q": CANARY})
        client.post(reverse("console:sign_in"), {"username": CANARY, "password": CANARY})
        client.get(f"/b/{CANARY}/")
    lines = [logged(Json(), record) for record in caplog.records]
    assert CANARY not in "".join(lines)
    told = [json.loads(line) for line in lines if '"shuke.request"' in line]
    assert [(one["method"], one["route"]) for one in told][:2] == [
        ("GET", "/console/members/"), ("POST", "/console/sign-in/"),
    ]  # fmt: skip
    assert all(set(one) == {"method", "route", "status", "ms", "event", "level", "logger", "timestamp"} for one in told)


def test_the_pattern_of_an_address_without_a_match_is_other() -> None:
    assert watch.route_of(RequestFactory().get(f"/{CANARY}")) == "other"
