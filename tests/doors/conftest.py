"""Ways of signing in with more than a password."""

from __future__ import annotations

import html
import re
from typing import Any

import pyotp
import pytest
from django.test import Client

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from tests.console.conftest import browser
from tests.make import PASSWORD, Place

SIGN_IN, SECOND = "/console/sign-in/", "/console/sign-in/second/"
ORIGIN, HOST = "https://crm.example", "crm.example"


@pytest.fixture
def named_site(settings: Any) -> None:
    """An address at which browsers allow passkeys."""
    settings.SHUKE_PUBLIC_URL = ORIGIN


def with_code_app(place: Place) -> tuple[str, list[str]]:
    """Set up a code app for the owner; its secret and her recovery codes. The code of that minute is used up."""
    secret = merchants.begin_code_app(place.owner_user_id)
    with tenant(place.merchant_id):
        codes = merchants.confirm_code_app(place.merchant_id, place.owner_user_id, code_now(secret), by=place.by)
    return secret, codes


def code_now(secret: str) -> str:
    """What the app shows at the held clock."""
    return pyotp.TOTP(secret).at(clock.now())


def half_in(name: str = "alice", client: Client | None = None, **more: str) -> Client:
    """A browser in which name and password were right."""
    client = client or Client()
    answer = client.post(SIGN_IN, {"username": name, "password": PASSWORD, **more})
    assert answer.headers["Location"] == SECOND
    assert client.get("/console/").status_code == 302
    return client


def words(answer: Any) -> str:
    """What a page says, without its tags."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", answer.content.decode())).split())


@pytest.fixture
def owner(alice: Place) -> Client:
    """Alice's browser."""
    return browser("alice")


@pytest.fixture
def agent(alice: Place) -> Client:
    """Bob's browser."""
    return browser("bob")
