"""Guessing passwords: slowed down, told nothing, and no way to keep the owner out."""

from __future__ import annotations

import statistics
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client

from shuke.core import clock, sql
from shuke.merchants import actions as merchants
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.doors.conftest import SECOND, SIGN_IN, half_in, with_code_app
from tests.make import PASSWORD, Place


def attempt(client: Client, password: str, name: str = "alice", address: str = "203.0.113.7") -> int:
    return client.post(SIGN_IN, {"username": name, "password": password}, REMOTE_ADDR=address).status_code


def test_an_attacker_cannot_keep_the_owner_out_of_her_browser(alice: Place) -> None:
    hers = browser("alice")
    hers.post("/console/sign-out/")
    for number in range(12):
        attempt(Client(), "wrong", address=f"203.0.113.{number}")
    assert attempt(Client(), PASSWORD, address="203.0.113.99") == 429
    assert attempt(hers, PASSWORD) == 302


def test_her_browser_is_counted_too(alice: Place) -> None:
    hers = browser("alice")
    hers.post("/console/sign-out/")
    assert [attempt(hers, "wrong") for _ in range(6)] == [422] * 5 + [429]


def test_the_mark_of_a_known_browser_helps_for_its_name_alone(alice: Place) -> None:
    bobs = browser("bob")
    assert "bob" not in bobs.cookies["known"].value
    bobs.post("/console/sign-out/")
    for _ in range(5):
        attempt(Client(), "wrong", address="203.0.113.1")
    assert attempt(bobs, PASSWORD) == 429
    forged = Client()
    forged.cookies["known"] = bobs.cookies["known"].value[:-2] + "xx"
    assert attempt(forged, PASSWORD) == 429


def test_the_lock_ends_by_itself(alice: Place) -> None:
    for number in range(30):
        with clock.frozen(NOW + timedelta(seconds=number)):
            attempt(Client(), "wrong", address=f"198.51.100.{number}")
    with clock.frozen(NOW + timedelta(seconds=900)):
        assert attempt(Client(), PASSWORD, address="192.0.2.1") == 302


@pytest.mark.django_db(transaction=True)
def test_attempts_at_the_same_time_are_counted_each(transactional_db: None) -> None:
    with clock.frozen(NOW):

        def one(_number: int) -> int:
            try:
                with clock.frozen(NOW):
                    return merchants.try_to_sign_in("name:alice")
            finally:
                connection.close()

        with ThreadPoolExecutor(8) as pool:
            waits = list(pool.map(one, range(16)))
    assert waits.count(0) == 5
    assert set(waits) == {0, 30}


def test_known_and_unknown_names_read_the_same(alice: Place) -> None:
    pages = []
    for name in ("alice", "nobody"):
        answer = Client().post(SIGN_IN, {"username": name, "password": "wrong"}, REMOTE_ADDR=f"192.0.2.{len(name)}")
        text = answer.content.decode().replace(name, "NAME")
        pages.append(
            (
                answer.status_code,
                sorted(answer.headers),
                "".join(part for part in text.splitlines() if "csrf" not in part.lower()),
            )
        )
    assert pages[0] == pages[1]


def test_known_and_unknown_names_take_the_same_time(alice: Place, settings: Any) -> None:
    """With the real hash, which is asked of a name that does not exist too."""
    settings.PASSWORD_HASHERS = ["django.contrib.auth.hashers.Argon2PasswordHasher"]
    merchants.set_password(alice.owner_user_id, PASSWORD)

    def seconds(name: str) -> float:
        sql.run("DELETE FROM merchants_signintry")
        started = time.perf_counter()
        Client().post(SIGN_IN, {"username": name, "password": "wrong"})
        return time.perf_counter() - started

    seconds("alice")
    known = statistics.median(seconds("alice") for _ in range(5))
    unknown = statistics.median(seconds("nobody") for _ in range(5))
    assert 0.4 < known / unknown < 2.5


def test_a_new_password_does_not_pass_the_second_factor_by(alice: Place) -> None:
    with_code_app(alice)
    merchants.set_password(alice.owner_user_id, PASSWORD)
    half_in()


def test_half_signed_in_as_one_then_as_another_is_the_other(alice: Place) -> None:
    with_code_app(alice)
    client = half_in()
    assert attempt(client, PASSWORD, name="bob") == 302
    assert client.post(SECOND, {"code": "000000"}).headers["Location"] == SIGN_IN
    assert client.session["_auth_user_id"] == str(alice.agent_user_id)
