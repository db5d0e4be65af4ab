"""Every address: the page's own token for whatever is posted, nothing done by asking, no other methods."""

from __future__ import annotations

import pytest
from django.test import Client

from shuke.core.crypto import vault
from tests.architecture.doors import Door, doors, state_of
from tests.console.conftest import browser
from tests.make import PASSWORD, Place

TOKENLESS: set[str] = set()  # addresses that know their callers otherwise, as by a key in a header


def path(door: Door) -> str:
    return door.path({name: "1" if kind == "int" else "x" for kind, name in door.places})


def strict(name: str) -> Client:
    """A signed-in browser whose forms another site sends."""
    client = Client(enforce_csrf_checks=True, raise_request_exception=False)
    page = client.get("/console/sign-in/").content.decode()
    token = page.split('name="csrfmiddlewaretoken" value="')[1].split('"')[0]
    answer = client.post("/console/sign-in/", {"username": name, "password": PASSWORD, "csrfmiddlewaretoken": token})
    assert answer.status_code == 302
    return client


@pytest.mark.parametrize("method", ["POST", "PUT", "PATCH", "DELETE"])
def test_no_address_takes_what_another_site_sends(alice: Place, method: str) -> None:
    client = strict("alice")
    before = state_of(alice.merchant_id)
    taken = {}
    for door in doors():
        answer = client.generic(method, path(door), "x=1", content_type="application/x-www-form-urlencoded")
        if answer.status_code not in {403, 404, 405} and door.name not in TOKENLESS and "/api/" not in path(door):
            taken[door.name] = answer.status_code
    assert taken == {}
    assert state_of(alice.merchant_id) == before


def test_asking_changes_nothing(alice: Place) -> None:
    vault(alice.merchant_id)  # her key is made when something of hers is sealed first
    client = browser("alice", raise_request_exception=False)
    before = state_of(alice.merchant_id)
    for door in doors():
        for method in ("GET", "HEAD", "OPTIONS"):
            client.generic(method, path(door))
    assert state_of(alice.merchant_id) == before
    assert client.get("/console/").status_code == 200


def test_other_methods_are_refused_everywhere(alice: Place) -> None:
    client = browser("alice", raise_request_exception=False)
    for door in doors():
        for method in ("TRACE", "CONNECT", "PROPFIND", "X"):
            status = client.generic(method, path(door)).status_code
            assert status in {302, 401, 403, 404, 405}, f"{method} {door.name}: {status}"
        for method in ("PUT", "DELETE"):
            if "/api/" not in path(door):
                assert client.generic(method, path(door)).status_code in {302, 404, 405}, f"{method} {door.name}"
