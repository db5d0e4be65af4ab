"""Codes from an app, and the codes for the day it is lost."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pyotp
import pytest
from django.db import connection
from django.test import Client

from shuke.core import clock, sql
from shuke.core.crypto import Unreadable, installation_vault
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries, rules
from tests import make
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.doors.conftest import SECOND, code_now, half_in, with_code_app, words
from tests.make import Place


def test_setting_up_shows_a_picture_then_codes_once_and_the_next_sign_in_asks(alice: Place, owner: Client) -> None:
    page = owner.get("/console/account/code-app/").content.decode()
    assert "data:image/svg+xml" in page
    found = re.search(r'secret-key">([A-Z2-7 ]+)<', page)
    assert found is not None
    secret = found[1].replace(" ", "")
    assert owner.get("/console/account/code-app/").content.decode().count(found[1]) == 1
    answer = owner.post("/console/account/code-app/", {"code": code_now(secret)})
    codes = re.findall(r"<code>([a-z0-9-]{14})</code>", answer.content.decode())
    assert len(set(codes)) == 10
    assert answer.headers["Cache-Control"] == "no-store, private"
    assert codes[0] not in owner.get("/console/account/security/").content.decode()
    with clock.frozen(NOW + timedelta(seconds=30)):
        client = half_in()
        assert client.post(SECOND, {"code": code_now(secret)}).headers["Location"] == "/console/"
        assert client.get("/console/").status_code == 200
    with tenant(alice.merchant_id):
        lines = queries.audit_lines(alice.merchant_id, act="staff.")
    assert [(line.act, line.details.get("way")) for line in lines[:2]] == [
        ("staff.signed_in", "code"),
        ("staff.second_factor_added", None),
    ]


def test_a_wrong_first_code_sets_up_nothing(alice: Place, owner: Client) -> None:
    owner.get("/console/account/code-app/")
    answer = owner.post("/console/account/code-app/", {"code": "000000"})
    assert answer.status_code == 409
    assert "验证码不正确" in words(answer)
    assert not queries.second_factors(alice.owner_user_id).is_any
    assert browser("alice").get("/console/").status_code == 200


def test_the_secret_is_kept_sealed_and_opens_in_no_other_row(alice: Place) -> None:
    secret, codes = with_code_app(alice)
    kept = sql.rows("SELECT c::text, encode(sealed, 'escape') FROM merchants_codeapp c")
    assert secret not in str(kept)
    assert not any(
        code.replace("-", "") in str(sql.rows("SELECT r::text FROM merchants_recoverycode r")) for code in codes
    )
    sealed = sql.scalar("SELECT sealed FROM merchants_codeapp")
    assert installation_vault().open(sealed, row=f"merchants_codeapp|{alice.owner_user_id}") == secret
    with pytest.raises(Unreadable):
        installation_vault().open(sealed, row="merchants_codeapp|999")


def test_a_code_opens_once_and_never_an_older_one_after_it(alice: Place) -> None:
    secret, _ = with_code_app(alice)
    user = alice.owner_user_id
    assert merchants.use_code(user, code_now(secret)) == ""
    with clock.frozen(NOW + timedelta(seconds=60)):
        assert merchants.use_code(user, code_now(secret)) == "code"
        assert merchants.use_code(user, code_now(secret)) == ""
        assert merchants.use_code(user, pyotp.TOTP(secret).at(NOW + timedelta(seconds=30))) == ""


@pytest.mark.parametrize(("drift", "way"), [(-60, ""), (-30, "code"), (0, "code"), (30, "code"), (60, "")])
def test_clocks_may_differ_by_one_step(alice: Place, drift: int, way: str) -> None:
    secret, _ = with_code_app(alice)
    later = NOW + timedelta(minutes=10)
    with clock.frozen(later):
        assert merchants.use_code(alice.owner_user_id, pyotp.TOTP(secret).at(later + timedelta(seconds=drift))) == way


@pytest.mark.parametrize("typed", ["", "12345", "abcdef", "１２３４５６", "000000000000", "-" * 40, "' OR 1=1 --"])
def test_nothing_else_is_a_code(alice: Place, typed: str) -> None:
    with_code_app(alice)
    assert merchants.use_code(alice.owner_user_id, typed) == ""


def test_guessing_codes_is_slowed_down_also_for_the_right_one(alice: Place) -> None:
    secret, _ = with_code_app(alice)
    with clock.frozen(NOW + timedelta(seconds=60)):
        client = half_in()
        assert [client.post(SECOND, {"code": "000000"}).status_code for _ in range(6)] == [422] * 5 + [429]
        assert client.post(SECOND, {"code": code_now(secret)}).status_code == 429
        fresh = half_in(client=Client(REMOTE_ADDR="203.0.113.5"))
        assert fresh.post(SECOND, {"code": code_now(secret)}).status_code == 429
    with clock.frozen(NOW + timedelta(seconds=100)):
        assert client.post(SECOND, {"code": code_now(secret)}).status_code == 302


def test_half_signed_in_opens_nothing_and_lapses(alice: Place) -> None:
    secret, _ = with_code_app(alice)
    client = half_in(next="/console/shops/")
    assert client.get("/console/account/").status_code == 302
    with clock.frozen(NOW + timedelta(seconds=601)):
        assert client.post(SECOND, {"code": code_now(secret)}).headers["Location"] == "/console/sign-in/"
    assert Client().post(SECOND, {"code": code_now(secret)}).headers["Location"] == "/console/sign-in/"
    with clock.frozen(NOW + timedelta(seconds=60)):
        before = client.session.session_key
        assert client.post(SECOND, {"code": code_now(secret)}).headers["Location"] == "/console/shops/"
        assert client.session.session_key != before


def test_a_recovery_code_opens_once_however_it_is_typed(alice: Place) -> None:
    _, codes = with_code_app(alice)
    client = half_in()
    answer = client.post(SECOND, {"code": f" {codes[3].upper().replace('-', ' ')} "}, follow=True)
    assert "这个恢复码已用掉，还剩 9 个。" in words(answer)
    assert half_in().post(SECOND, {"code": codes[3]}).status_code == 422
    assert half_in().post(SECOND, {"code": codes[4]}).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_two_at_the_same_time_cannot_use_one_code() -> None:
    with clock.frozen(NOW):
        place = make.place("Alice")
        secret, codes = with_code_app(place)
    later = NOW + timedelta(minutes=5)

    def attempt(code: str) -> str:
        try:
            with clock.frozen(later):
                return merchants.use_code(place.owner_user_id, code)
        finally:
            connection.close()

    for code, way in ((pyotp.TOTP(secret).at(later), "code"), (codes[0], "recovery")):
        with ThreadPoolExecutor(6) as pool:
            assert sorted(pool.map(attempt, [code] * 6)) == [""] * 5 + [way]


def test_new_recovery_codes_end_the_old_ones(alice: Place) -> None:
    secret, old = with_code_app(alice)
    with clock.frozen(NOW + timedelta(seconds=60)):
        client = half_in()
        client.post(SECOND, {"code": code_now(secret)})
        page = client.post("/console/account/recovery-codes/")
    new = re.findall(r"<code>([a-z0-9-]{14})</code>", page.content.decode())
    assert not set(new) & set(old)
    assert merchants.use_code(alice.owner_user_id, old[0]) == ""
    assert merchants.use_code(alice.owner_user_id, new[0]) == "recovery"


def test_removing_the_last_factor_takes_the_recovery_codes_too(alice: Place) -> None:
    _, codes = with_code_app(alice)
    with tenant(alice.merchant_id):
        merchants.remove_code_app(alice.merchant_id, alice.owner_user_id, by=alice.by)
        with pytest.raises(Missing):
            merchants.remove_code_app(alice.merchant_id, alice.owner_user_id, by=alice.by)
        with pytest.raises(Refused) as refused:
            merchants.make_recovery_codes(alice.merchant_id, alice.owner_user_id, by=alice.by)
    assert refused.value.code == "no_factor"
    assert merchants.use_code(alice.owner_user_id, codes[0]) == ""
    assert browser("alice").get("/console/").status_code == 200


def test_the_owner_takes_off_what_a_colleague_lost(alice: Place, owner: Client) -> None:
    assert alice.agent_id is not None
    assert alice.agent_user_id is not None
    bob = browser("bob")
    secret = merchants.begin_code_app(alice.agent_user_id)
    with tenant(alice.merchant_id):
        merchants.confirm_code_app(alice.merchant_id, alice.agent_user_id, code_now(secret), by=alice.by)
    assert "二次验证" in words(owner.get("/console/staff/"))
    owner.post(f"/console/staff/{alice.agent_id}/second-factor/")
    assert not queries.second_factors(alice.agent_user_id).is_any
    assert bob.get("/console/").status_code == 302
    assert browser("bob").get("/console/").status_code == 200
    assert bob.post(f"/console/staff/{alice.owner_id}/second-factor/").status_code == 302
    with tenant(alice.merchant_id):
        assert queries.audit_lines(alice.merchant_id, act="staff.second_factor_reset")[0].doer == "Alice"


def test_an_owner_cannot_weaken_somebody_who_also_works_elsewhere(alice: Place, charlie: Place) -> None:
    assert alice.agent_user_id is not None
    assert alice.agent_id is not None
    with tenant(charlie.merchant_id):
        merchants.employ(charlie.merchant_id, alice.agent_user_id, "viewer", by=charlie.by)
    with tenant(alice.merchant_id):
        for act in (merchants.reset_second_factor, merchants.sign_out_everywhere):
            with pytest.raises(Refused) as refused:
                act(alice.merchant_id, alice.agent_id, by=alice.by)
            assert refused.value.code == "works_elsewhere"


def test_the_host_lets_an_owner_in_again(alice: Place) -> None:
    with_code_app(alice)
    client = half_in()
    merchants.reset_second_factor_of(" ALICE ")
    assert browser("alice").get("/console/").status_code == 200
    assert client.post(SECOND, {"code": "000000"}).status_code == 422
    with tenant(alice.merchant_id):
        line = queries.audit_lines(alice.merchant_id, act="staff.second_factor_reset")[0]
    assert (line.by, line.object_id) == ("system", alice.owner_id)
    with pytest.raises(Missing):
        merchants.reset_second_factor_of("nobody")


def test_the_steps_of_a_code() -> None:
    assert rules.code_steps(59.9) == [1, 0, 2]
    assert rules.typed_code(" AB-12 é") == "ab12"
