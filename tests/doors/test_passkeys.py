"""Passkeys, with a key made of software: as second factor, and alone."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.doors.conftest import HOST, ORIGIN, SIGN_IN, half_in, words
from tests.doors.software_key import SoftwareKey
from tests.make import Place

ASK, ADD = "/console/account/passkeys/ask/", "/console/account/passkeys/add/"
ASK_IN, IN = "/console/sign-in/passkey/ask/", "/console/sign-in/passkey/"

pytestmark = pytest.mark.usefixtures("named_site")


def add(client: Client, key: SoftwareKey, name: str = "手机") -> Any:
    return client.post(ADD, {"name": name, "answer": key.create(client.post(ASK).json())})


def sign_in(client: Client, key: SoftwareKey, **more: str) -> Any:
    return client.post(IN, {"answer": key.get(client.post(ASK_IN).json()), **more})


@pytest.fixture
def key() -> SoftwareKey:
    return SoftwareKey(ORIGIN, HOST)


def test_added_named_renamed_and_removed(alice: Place, owner: Client, key: SoftwareKey) -> None:
    answer = add(owner, key)
    assert answer.content.decode().count("<code>") == 10
    (kept,) = queries.second_factors(alice.owner_user_id).passkeys
    assert kept.name == "手机"
    assert owner.post(f"/console/account/passkeys/{kept.id}/name/", {"name": " 办公室 "}).status_code == 302
    assert queries.second_factors(alice.owner_user_id).passkeys[0].name == "办公室"
    owner.post(f"/console/account/passkeys/{kept.id}/name/", {"name": ""})
    assert "办公室" in owner.get("/console/account/security/").content.decode()
    assert owner.post(f"/console/account/passkeys/{kept.id}/remove/").status_code == 302
    assert not queries.second_factors(alice.owner_user_id).is_any
    with tenant(alice.merchant_id):
        acts = [line.act for line in queries.audit_lines(alice.merchant_id, act="staff.second")]
    assert acts == ["staff.second_factor_removed", "staff.second_factor_added"]


def test_a_passkey_alone_signs_in(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    client = Client()
    assert sign_in(client, key, next="/console/shops/").headers["Location"] == "/console/shops/"
    assert client.get("/console/").status_code == 200
    with tenant(alice.merchant_id):
        assert queries.audit_lines(alice.merchant_id)[0].details == {"way": "passkey"}
    assert sign_in(Client(), key, next="https://evil.example/").headers["Location"] == "/console/"


def test_as_second_factor_it_is_asked_for_by_name(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    client = half_in()
    asked = client.post(ASK_IN).json()["publicKey"]
    assert len(asked["allowCredentials"]) == 1
    assert "使用通行密钥" in words(client.get("/console/sign-in/second/"))
    assert sign_in(client, key).headers["Location"] == "/console/"


def test_without_a_look_at_the_person_it_is_no_more_than_a_second_factor(alice: Place, owner: Client) -> None:
    touch = SoftwareKey(ORIGIN, HOST, is_verifying=False)
    add(owner, touch)
    assert sign_in(Client(), touch).status_code == 422
    assert sign_in(half_in(), touch).status_code == 302


def test_an_answer_counts_for_the_session_that_asked_and_once(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    client, other = Client(), Client()
    answer = key.get(client.post(ASK_IN).json())
    other.post(ASK_IN)
    assert other.post(IN, {"answer": answer}).status_code == 422
    assert Client().post(IN, {"answer": answer}).status_code == 422
    assert client.post(IN, {"answer": answer}).status_code == 302
    client.post("/console/sign-out/")
    assert client.post(IN, {"answer": answer}).status_code == 422


def test_a_challenge_lapses(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    client = Client()
    answer = key.get(client.post(ASK_IN).json())
    with clock.frozen(NOW + timedelta(minutes=11)):
        assert client.post(IN, {"answer": answer}).status_code == 422


@pytest.mark.parametrize(("origin", "host"), [
    ("https://evil.example", HOST),
    ("http://crm.example", HOST),
    ("https://sub.crm.example", HOST),
    ("https://crm.example:8443", HOST),
    (ORIGIN, "evil.example"),
])  # fmt: skip
def test_answers_made_at_another_address_are_refused(alice: Place, owner: Client, origin: str, host: str) -> None:
    key = SoftwareKey(origin, host)
    add(owner, key)
    assert not queries.second_factors(alice.owner_user_id).is_any
    key.origin, key.host = ORIGIN, HOST
    add(owner, key)
    key.origin, key.host = origin, host
    assert sign_in(Client(), key).status_code == 422


def test_a_copy_of_the_device_is_noticed(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    for _ in range(3):
        assert sign_in(Client(), key).status_code == 302
    key.count = 1
    assert sign_in(Client(), key).status_code == 422


def test_a_device_that_does_not_count_is_taken(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    for _ in range(2):
        key.count = -1
        assert sign_in(Client(), key).status_code == 302


def test_a_colleagues_passkey_is_no_second_factor_of_mine(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    bobs = SoftwareKey(ORIGIN, HOST)
    add(browser("bob"), bobs)
    client = half_in()
    asked = client.post(ASK_IN).json()
    assert client.post(IN, {"answer": bobs.get(asked)}).status_code == 422
    assert client.get("/console/").status_code == 302


def test_one_credential_belongs_to_one_person(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    add(browser("bob"), key)
    assert alice.agent_user_id is not None
    assert not queries.second_factors(alice.agent_user_id).is_any
    assert sql.scalar("SELECT count(*) FROM merchants_passkey") == 1


def test_a_closed_user_does_not_come_in_by_passkey(alice: Place, owner: Client, key: SoftwareKey) -> None:
    add(owner, key)
    sql.run("UPDATE merchants_user SET is_active = false")
    assert sign_in(Client(), key).status_code == 422


@pytest.mark.parametrize("answer", ["", "{", "[]", "null", "{}", '{"id": 1}', "9" * 30_000, json.dumps(
    {"id": "AA", "rawId": "AA", "type": "public-key", "response": {"clientDataJSON": "e30", "authenticatorData": "AA",
                                                                  "attestationObject": "oA", "signature": "AA"}})])  # fmt: skip
def test_rubbish_is_refused_as_any_wrong_answer(alice: Place, owner: Client, answer: str) -> None:
    client = Client()
    client.post(ASK_IN)
    assert client.post(IN, {"answer": answer}).status_code == 422
    owner.post(ASK)
    assert owner.post(ADD, {"name": "x", "answer": answer}).status_code in {302, 409}
    assert not queries.second_factors(alice.owner_user_id).is_any


def test_challenges_are_long_and_never_the_same(alice: Place) -> None:
    client = Client()
    found = {client.post(ASK_IN).json()["publicKey"]["challenge"] for _ in range(5)}
    assert len(found) == 5
    assert {len(one) for one in found} == {43}


def test_at_an_address_without_a_name_nothing_is_offered(alice: Place, owner: Client, settings: Any) -> None:
    settings.SHUKE_PUBLIC_URL = "http://127.0.0.1:8000"
    assert "data-passkey" not in Client().get(SIGN_IN).content.decode()
    assert owner.post(ASK).status_code == 409
    assert Client().post(ASK_IN).status_code == 409
    for address, works in (("http://localhost:8000", True), ("http://crm.example", False), ("https://[::1]", False)):
        settings.SHUKE_PUBLIC_URL = address
        assert queries.passkeys_work() is works


def test_ten_are_enough(alice: Place, owner: Client) -> None:
    for number in range(10):
        add(owner, SoftwareKey(ORIGIN, HOST), f"第 {number} 把")
    assert owner.post(ASK).status_code == 409
    merchants.reset_second_factor_of("alice")
    assert sql.scalar("SELECT count(*) FROM merchants_passkey") == 0
