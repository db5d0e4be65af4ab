"""Browsers of the people in the tests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from django.test import Client

from tests import make

SignIn = Callable[[str], Client]


def browser(name: str, **options: Any) -> Client:
    """A browser in which somebody is signed in."""
    client = Client(**options)
    answer = client.post("/console/sign-in/", {"username": name, "password": make.PASSWORD})
    assert answer.status_code == 302, answer.content.decode()
    return client


@pytest.fixture
def owner(alice: make.Place) -> Client:
    """Alice's browser."""
    return browser("alice")


@pytest.fixture
def agent(alice: make.Place) -> Client:
    """Bob's browser."""
    return browser("bob")
