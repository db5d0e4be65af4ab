"""Where somebody is signed in, for how long, and what is asked once more."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.urls import reverse

from shuke.console.desk import MARK
from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries, rules
from shuke.merchants.specs import SecondFactorSpec
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.doors.conftest import SIGN_IN, code_now, words
from tests.make import PASSWORD, Place

SECURITY = "/console/account/security/"
WINDOWS = "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/131.0 Safari/537.36"
WECHAT = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605 Mobile MicroMessenger/8.0.50"


def test_my_devices_are_listed_and_the_others_can_be_signed_out(alice: Place) -> None:
    here = browser("alice", headers={"User-Agent": WINDOWS})
    phone = browser("alice", headers={"User-Agent": WECHAT})
    page = words(here.get(SECURITY))
    assert "Chrome · Windows 本机" in page
    assert "微信 · iPhone" in page
    here.post("/console/account/sign-ins/end/")
    assert phone.get("/console/").status_code == 302
    assert here.get("/console/").status_code == 200
    assert [one.device for one in queries.sign_ins(alice.owner_user_id)] == ["Chrome · Windows"]


def test_one_device_is_signed_out_but_never_anothers(alice: Place) -> None:
    here, phone, bob = browser("alice"), browser("alice"), browser("bob")
    ends = re.findall(r"/console/account/sign-ins/[0-9a-f-]{36}/end/", here.get(SECURITY).content.decode())
    assert len(ends) == 1
    bob.post(ends[0])
    assert phone.get("/console/").status_code == 200
    here.post(ends[0])
    assert phone.get("/console/").status_code == 302


def test_signed_out_by_idleness_and_in_the_end_by_time(alice: Place) -> None:
    idle, busy = browser("alice"), browser("alice")
    for hours in (1.9, 3.7, 5.5, 7.3, 9.1, 10.9):
        with clock.frozen(NOW + timedelta(hours=hours)):
            assert busy.get("/console/").status_code == 200
    with clock.frozen(NOW + timedelta(hours=2)):
        assert idle.get("/console/").status_code == 302
    with clock.frozen(NOW + timedelta(hours=12)):
        assert busy.get("/console/").status_code == 302
    assert (rules.IDLE_SECONDS, rules.ABSOLUTE_SECONDS) == (7200, 43200)


def test_a_stolen_cookie_is_worth_nothing_after_signing_out(alice: Place, owner: Client) -> None:
    stolen = Client()
    stolen.cookies.update(owner.cookies)
    assert stolen.get("/console/").status_code == 200
    owner.post("/console/sign-out/")
    assert stolen.get("/console/").status_code == 302
    assert sql.scalar("SELECT count(*) FROM merchants_signin") == 0


def test_a_session_without_its_sign_in_is_nobodys(alice: Place, owner: Client) -> None:
    for token in ("", "nonsense", "00000000-0000-0000-0000-000000000000"):
        client = browser("alice")
        session = client.session
        session["sign_in"] = token
        session.save()
        assert client.get("/console/").status_code == 302
    others = browser("bob").session["sign_in"]
    session = owner.session
    session["sign_in"] = others
    session.save()
    assert owner.get("/console/").status_code == 302


def test_the_session_gets_a_new_key_at_every_rise_of_right(alice: Place) -> None:
    client = Client()
    client.get(SIGN_IN)
    keys = [client.session.session_key]

    def note() -> None:
        keys.append(client.session.session_key)

    client.post(SIGN_IN, {"username": "alice", "password": PASSWORD})
    note()
    with clock.frozen(NOW + timedelta(minutes=11)):
        client.post("/console/account/prove/", {"_proof": PASSWORD})
        note()
        client.get("/console/account/code-app/")
        secret = merchants.begin_code_app(alice.owner_user_id)
        client.post("/console/account/code-app/", {"code": code_now(secret)})
        note()
        new = "a very different one"
        client.post("/console/account/password/", {"old": PASSWORD, "new": new, "again": new})
        note()
        assert client.get("/console/").status_code == 200
    assert len(set(keys)) == 5


def test_after_ten_minutes_a_dangerous_act_asks_and_then_goes_on(alice: Place, owner: Client) -> None:
    path = f"/console/staff/{alice.agent_id}/"
    with clock.frozen(NOW + timedelta(minutes=9)):
        assert owner.post(path, {"role": "viewer", "is_active": "on"}).status_code == 302
    with clock.frozen(NOW + timedelta(minutes=11)):
        asked = owner.post(path, {"role": "marketer", "is_active": "on"})
        assert asked.status_code == 403
        assert '<input type="hidden" name="role" value="marketer">' in asked.content.decode()
        assert role(alice) == "viewer"
        wrong = owner.post(path, {"role": "marketer", "is_active": "on", "_proof": "wrong"})
        assert wrong.status_code == 422
        assert "密码不正确" in words(wrong)
        assert "wrong" not in words(wrong)
        assert role(alice) == "viewer"
        assert owner.post(path, {"role": "marketer", "is_active": "on", "_proof": PASSWORD}).status_code == 302
        assert role(alice) == "marketer"
        assert owner.post(path, {"role": "agent", "is_active": "on"}).status_code == 302


def role(place: Place) -> str:
    with tenant(place.merchant_id):
        person = queries.staff_member(place.merchant_id, place.agent_id or 0)
    assert person is not None
    return person.role


def test_guessing_the_password_there_is_slowed_down(alice: Place, owner: Client) -> None:
    with clock.frozen(NOW + timedelta(minutes=11)):
        path = f"/console/staff/{alice.agent_id}/sign-out/"
        assert [owner.post(path, {"_proof": "wrong"}).status_code for _ in range(6)] == [422] * 5 + [429]
        assert owner.post(path, {"_proof": PASSWORD}).status_code == 429


def test_htmx_is_led_to_the_page_that_asks_and_back(alice: Place, owner: Client) -> None:
    with clock.frozen(NOW + timedelta(minutes=11)):
        answer = owner.post(
            "/console/members/export/",
            headers={"HX-Request": "true", "HX-Current-URL": "http://testserver/console/members/?q=x"},
        )
        where = answer.headers["HX-Redirect"]
        assert where == "/console/account/prove/?next=http%3A%2F%2Ftestserver%2Fconsole%2Fmembers%2F%3Fq%3Dx"
        assert owner.post(where, {"_proof": PASSWORD}).headers["Location"] == "http://testserver/console/members/?q=x"
        evil = owner.post("/console/account/prove/?next=https://evil.example/", {})
        assert evil.headers["Location"] == "/console/"


DANGEROUS = {"members_export", "points_export", "import_undo", "staff_add", "staff_edit", "staff_password",
             "staff_second_factor", "staff_sign_out", "code_app", "code_app_remove", "recovery_codes", "passkey_add",
             "passkey_remove", "prove", "key_add", "member_erase", "member_join", "member_statement_export",
             "redemption_export", "points_months_export", "levels_taobao_export", "webhook_add", "webhook_edit",
             "webhook_rotate", "sending_release"}  # fmt: skip


def test_what_is_dangerous_asks_for_proof() -> None:
    from shuke.console.urls import urlpatterns

    marks = {one.name: getattr(one.callback, MARK, ("", (), False)) for one in urlpatterns}
    assert {name for name in DANGEROUS if not marks[name][2]} == set()


def test_saving_who_needs_a_second_factor_asks_too(alice: Place, owner: Client) -> None:
    with clock.frozen(NOW + timedelta(minutes=11)):
        path = reverse("console:setting", args=["SecondFactorSpec"])
        assert owner.post(path, {"roles": ["agent"]}).status_code == 403
        assert owner.post(path, {"roles": ["agent"], "_proof": PASSWORD}).status_code == 302
    with tenant(alice.merchant_id):
        assert queries.setting(alice.merchant_id, SecondFactorSpec).roles == ("agent",)


def test_a_role_that_must_have_one_is_asked_at_the_next_sign_in(alice: Place, owner: Client) -> None:
    working = browser("bob")
    owner.post(reverse("console:setting", args=["SecondFactorSpec"]), {"roles": ["agent"]})
    assert working.get("/console/members/").status_code == 200
    bob = browser("bob")
    assert bob.get("/console/members/").headers["Location"] == SECURITY
    assert bob.post("/console/members/groups/add/", {"name": "x"}).headers["Location"] == SECURITY
    assert "您的角色必须开启二次验证" in words(bob.get(SECURITY))
    assert alice.agent_user_id is not None
    secret = merchants.begin_code_app(alice.agent_user_id)
    bob.post("/console/account/code-app/", {"code": code_now(secret)})
    assert bob.get("/console/members/").status_code == 200
    bob.post("/console/account/code-app/remove/")
    assert queries.second_factors(alice.agent_user_id).has_code_app
    assert owner.get("/console/members/").status_code == 200


def test_a_starting_password_has_to_be_changed_and_lapses(alice: Place, owner: Client) -> None:
    page = owner.post(f"/console/staff/{alice.agent_id}/password/").content.decode()
    found = re.search(r'<span class="secret">([a-z0-9-]+)</span>', page)
    assert found is not None
    filled = {"username": "bob", "password": found[1]}
    bob = Client()
    assert bob.post(SIGN_IN, filled).status_code == 302
    assert bob.get("/console/members/").headers["Location"] == "/console/account/password/"
    same = bob.post("/console/account/password/", {"old": found[1], "new": found[1], "again": found[1]})
    assert same.status_code == 409
    assert bob.get("/console/members/").status_code == 302
    with clock.frozen(NOW + timedelta(days=7, seconds=1)):
        late = Client().post(SIGN_IN, filled)
        assert late.status_code == 422
        assert "初始密码已过期" in words(late)
    assert (
        bob.post(
            "/console/account/password/",
            {"old": found[1], "new": "a very different one", "again": "a very different one"},
        ).headers["Location"]
        == "/console/account/"
    )
    assert bob.get("/console/members/").status_code == 200
    with clock.frozen(NOW + timedelta(days=30)):
        assert Client().post(SIGN_IN, {"username": "bob", "password": "a very different one"}).status_code == 302


def test_the_owner_signs_a_colleague_out(alice: Place, owner: Client, agent: Client) -> None:
    other = browser("bob")
    owner.post(f"/console/staff/{alice.agent_id}/sign-out/")
    assert [one.get("/console/").status_code for one in (agent, other, owner)] == [302, 302, 200]


@pytest.mark.parametrize(("agent_words", "device"), [
    (WINDOWS, "Chrome · Windows"), (WECHAT, "微信 · iPhone"), ("", ""), ("<script>", ""),
    ("Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.1 Safari/605", "Safari · Mac"),
])  # fmt: skip
def test_devices_in_words(agent_words: str, device: str) -> None:
    assert rules.device_words(agent_words) == device


def test_over_tls_every_cookie_belongs_to_this_host_alone(tmp_path: Any) -> None:
    look = """
import django
django.setup()
from django.conf import settings as s
from shuke.console import doors
from shuke.portal import visit
print(s.SESSION_COOKIE_NAME, s.CSRF_COOKIE_NAME, s.LANGUAGE_COOKIE_NAME, doors.KNOWN_COOKIE, visit.COOKIE)
print(s.SESSION_COOKIE_SECURE, s.CSRF_COOKIE_SECURE)
"""
    site = {"SHUKE_PUBLIC_URL": "https://crm.example", "DJANGO_SETTINGS_MODULE": "shuke.settings"}
    said = subprocess.run(
        [sys.executable, "-c", look], env={**os.environ, **site, "SHUKE_HOME": str(tmp_path)},
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    names = said.stdout.split()
    assert names == [
        "__Host-sessionid",
        "__Host-csrftoken",
        "__Host-language",
        "__Host-known",
        "__Secure-buyer",
        "True",
        "True",
    ]
