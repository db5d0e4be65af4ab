"""Every answer of every address says how browsers and caches may treat it."""

from __future__ import annotations

from typing import Any

import pytest
from django.http import HttpResponse
from django.test import Client

from shuke.core.headers import ALWAYS
from tests.architecture.doors import doors
from tests.console.conftest import browser
from tests.make import Place

PICTURES = {"portal:qr_png", "portal:qr_svg"}  # other sites show them, and caches may keep them


def answers(client: Client) -> list[tuple[str, str, HttpResponse]]:
    """GET and POST at every address, with ids that lead nowhere."""
    found: list[tuple[str, str, Any]] = []
    for door in doors():
        path = door.path({name: "1" if kind == "int" else "x" for kind, name in door.places})
        if door.name in {"console:sign_out", "console:sign_ins_end"}:
            continue
        found.append((door.name, path, client.get(path)))
        if not door.name.startswith("console:language"):
            found.append((door.name, path, client.post(path, {})))
    return found


_WALKED: list[tuple[str, str, HttpResponse]] = []


@pytest.fixture
def walk(alice: Place) -> list[tuple[str, str, HttpResponse]]:
    """What a signed-in person and nobody are answered everywhere; walked once, since all tests look at the same."""
    if not _WALKED:
        hers, nobodys = browser("alice", raise_request_exception=False), Client(raise_request_exception=False)
        _WALKED.extend([*answers(hers), *answers(nobodys)])
    return _WALKED


def test_every_answer_carries_the_headers(walk: list[tuple[str, str, HttpResponse]]) -> None:
    wanted = {
        "X-Content-Type-Options": {"nosniff"},
        "X-Frame-Options": {"DENY", "SAMEORIGIN"},
        "Referrer-Policy": {"same-origin", "no-referrer"},
        "Cross-Origin-Opener-Policy": {"same-origin"},
        "Permissions-Policy": {ALWAYS["Permissions-Policy"]},
    }
    wrong = [
        f"{name} {answer.status_code} {header}: {answer.headers.get(header)}"
        for name, _path, answer in walk
        for header, values in wanted.items()
        if answer.headers.get(header) not in values
    ]
    assert wrong == []
    assert len(walk) > 150


def test_no_cache_keeps_a_page(walk: list[tuple[str, str, HttpResponse]]) -> None:
    kept = {name for name, _path, answer in walk if "no-store" not in answer.headers["Cache-Control"]}
    assert kept <= PICTURES


def test_no_script_or_style_stands_in_a_page_and_nothing_comes_from_elsewhere(
    walk: list[tuple[str, str, HttpResponse]],
) -> None:
    wrong = set()
    for name, _path, answer in walk:
        policy = answer.headers.get("Content-Security-Policy", "")
        rules = {rule.split()[0]: rule.split()[1:] for rule in policy.split(";") if rule.strip()}
        if name == "console:notice_frame" and answer.status_code == 200:
            # The preview of a notice shows foreign HTML: without scripts, in a frame that may do nothing.
            assert rules["default-src"] == ["'none'"]
            continue
        sure = {"default-src": ["'self'"], "script-src": ["'self'"], "style-src": ["'self'"], "object-src": ["'none'"],
                "base-uri": ["'none'"], "form-action": ["'self'"], "frame-ancestors": ["'none'"]}  # fmt: skip
        if any(rules.get(rule) != value for rule, value in sure.items()) or "unsafe" in policy or "http" in policy:
            wrong.add(f"{name}: {policy}")
    assert wrong == set()


def test_no_other_site_reads_or_embeds(walk: list[tuple[str, str, HttpResponse]]) -> None:
    assert [name for name, _path, answer in walk if "Access-Control-Allow-Origin" in answer.headers] == []
    open_to_others = {name for name, _path, answer in walk
                      if answer.headers["Cross-Origin-Resource-Policy"] != "same-origin"}  # fmt: skip
    assert open_to_others <= PICTURES


def test_texts_name_their_signs(walk: list[tuple[str, str, HttpResponse]]) -> None:
    wrong = {
        name: answer.headers.get("Content-Type")
        for name, _path, answer in walk
        if answer.headers.get("Content-Type", "").startswith("text/")
        and "charset=utf-8" not in answer.headers["Content-Type"].lower()
    }
    assert wrong == {}


def test_cookies_are_not_for_scripts_or_other_sites(alice: Place) -> None:
    client = browser("alice")
    client.post("/console/language/", {"language": "en"})
    assert set(client.cookies) == {"sessionid", "csrftoken", "language", "known"} - (
        {"csrftoken"} - set(client.cookies)
    )
    for cookie in client.cookies.values():
        assert cookie["httponly"], cookie.key
        assert cookie["samesite"] == "Lax", cookie.key
        assert cookie["domain"] == "", cookie.key
        assert len(cookie.OutputString()) < 4096


def test_over_tls_browsers_are_told_to_stay_there(db: None, settings: Any) -> None:
    assert "Strict-Transport-Security" not in Client().get("/console/sign-in/").headers
    settings.IS_HTTPS = True
    assert Client().get("/nowhere/").headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"


def test_signing_out_clears_what_the_browser_kept(alice: Place) -> None:
    assert browser("alice").post("/console/sign-out/").headers["Clear-Site-Data"] == '"cache"'
