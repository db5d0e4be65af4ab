"""Coming in: who may, how often, where to, and in which language."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries, rules
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.make import PASSWORD, Place

SIGN_IN = "/console/sign-in/"


def attempt(name: str, password: str, client: Client | None = None) -> tuple[int, str]:
    answer = (client or Client()).post(SIGN_IN, {"username": name, "password": password})
    return answer.status_code, answer.content.decode()


def test_a_stranger_is_asked_who_she_is_and_comes_where_she_wanted(alice: Place) -> None:
    client = Client()
    answer = client.get("/console/shops/?x=1")
    assert answer.headers["Location"] == "/console/sign-in/?next=%2Fconsole%2Fshops%2F%3Fx%3D1"
    before = client.session.session_key
    answer = client.post(SIGN_IN, {"username": "ALICE", "password": PASSWORD, "next": "/console/shops/?x=1"})
    assert answer.headers["Location"] == "/console/shops/?x=1"
    assert client.session.session_key != before
    assert client.get("/console/shops/").status_code == 200


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example", "javascript:alert(1)", "/\\evil.example"]
)
def test_nobody_is_sent_to_another_site(alice: Place, wanted: str) -> None:
    answer = Client().post(SIGN_IN, {"username": "alice", "password": PASSWORD, "next": wanted})
    assert answer.headers["Location"] == "/console/"


def test_an_unknown_name_and_a_wrong_password_read_the_same(alice: Place) -> None:
    known = attempt("alice", "wrong")
    unknown = attempt("nobody", "wrong")
    assert known[0] == unknown[0] == 422
    assert "用户名或密码不正确。" in known[1]
    assert "用户名或密码不正确。" in unknown[1]
    assert "wrong" not in known[1]


def test_after_five_failures_even_the_right_password_has_to_wait(alice: Place) -> None:
    for _ in range(5):
        assert attempt("alice", "wrong")[0] == 422
    status, page = attempt("alice", PASSWORD)
    assert status == 429
    assert "登录失败次数过多，请 30 秒后再试。" in page
    with clock.frozen(NOW + timedelta(seconds=31)):
        assert attempt("alice", PASSWORD)[0] == 302
        assert attempt("alice", PASSWORD)[0] == 302


def test_an_address_that_tries_many_names_is_stopped(alice: Place) -> None:
    for number in range(5):
        assert attempt(f"name{number}", "wrong")[0] == 422
    assert attempt("alice", PASSWORD)[0] == 429
    assert (
        Client(REMOTE_ADDR="203.0.113.9").post(SIGN_IN, {"username": "alice", "password": PASSWORD}).status_code == 302
    )


def test_the_delay_grows_and_is_forgotten_after_an_hour(alice: Place) -> None:
    assert [rules.delay_seconds(count) for count in (0, 4, 5, 6, 7, 9, 10, 99)] == [0, 0, 30, 60, 120, 480, 900, 900]
    for _ in range(5):
        merchants.try_to_sign_in("name:x")
    assert merchants.try_to_sign_in("name:x") == 30
    with clock.frozen(NOW + timedelta(seconds=31)):
        assert merchants.try_to_sign_in("name:x") == 0
        assert merchants.try_to_sign_in("name:x") == 60
    with clock.frozen(NOW + timedelta(hours=2)):
        assert [merchants.try_to_sign_in("name:x") for _ in range(5)] == [0, 0, 0, 0, 0]


def test_names_and_addresses_are_not_kept_in_clear(alice: Place) -> None:
    attempt("linxiaoyue", "wrong")
    assert sql.scalar("SELECT count(*) FROM merchants_signintry") == 2
    assert (
        sql.scalar("SELECT count(*) FROM merchants_signintry WHERE encode(subject, 'escape') LIKE '%%linxiaoyue%%'")
        == 0
    )


def test_signing_out_needs_a_post_and_ends_it(owner: Client) -> None:
    assert owner.get("/console/sign-out/").status_code == 405
    assert owner.post("/console/sign-out/").headers["Location"] == SIGN_IN
    assert owner.get("/console/").status_code == 302


def test_a_person_whose_access_was_closed_is_out_at_once(alice: Place, agent: Client) -> None:
    assert alice.agent_id is not None
    assert agent.get("/console/").status_code == 200
    with tenant(alice.merchant_id):
        merchants.set_role(alice.merchant_id, alice.agent_id, "agent", is_active=False, by=alice.by)
    answer = agent.get("/console/", follow=True)
    assert answer.status_code == 403
    assert "您在所有商家的账号都已停用" in answer.content.decode()


def test_with_two_workplaces_she_chooses_and_cannot_choose_a_third(alice: Place, charlie: Place) -> None:
    assert alice.agent_user_id is not None
    with tenant(charlie.merchant_id):
        merchants.employ(charlie.merchant_id, alice.agent_user_id, "viewer", by=charlie.by)
    third, _ = merchants.open_merchant("别家", owner_user_id=alice.owner_user_id)
    client = browser("bob")
    assert client.get("/console/").headers["Location"] == "/console/workplaces/"
    assert "Charlie的小店" in client.get("/console/workplaces/").content.decode()
    client.post("/console/workplaces/", {"merchant": str(third)})
    assert client.get("/console/").status_code == 302
    client.post("/console/workplaces/", {"merchant": str(charlie.merchant_id)})
    assert "Charlie的小店" in client.get("/console/").content.decode()
    with tenant(charlie.merchant_id):
        assert queries.audit_lines(charlie.merchant_id, act="staff.signed_in")[0].doer == "Bob"


def test_posting_needs_the_token(alice: Place) -> None:
    client = Client(enforce_csrf_checks=True)
    answer = client.post(SIGN_IN, {"username": "alice", "password": PASSWORD})
    assert answer.status_code == 403
    assert "页面已过期" in answer.content.decode()


def test_chinese_first_whatever_the_browser_says_and_english_on_request(alice: Place) -> None:
    client = Client(headers={"Accept-Language": "en"})
    page = client.get(SIGN_IN)
    assert page.headers["Content-Language"] == "zh-hans"
    assert '<html lang="zh-Hans">' in page.content.decode()
    answer = client.post("/console/language/", {"language": "en", "next": SIGN_IN})
    assert answer.headers["Location"] == SIGN_IN
    assert "Welcome back" in client.get(SIGN_IN).content.decode()


def test_her_language_follows_her_to_another_browser(owner: Client) -> None:
    owner.post("/console/language/", {"language": "en"})
    other = browser("alice")
    assert 'lang="en"' in other.get("/console/").content.decode()
    owner.post("/console/language/", {"language": "xx", "next": "https://evil.example/"})
    assert 'lang="zh-Hans"' in owner.get("/console/").content.decode()


def test_another_password_ends_the_other_browsers(alice: Place, owner: Client) -> None:
    other = browser("alice")
    new = "a very different one"
    wrong = owner.post("/console/account/password/", {"old": "not it", "new": new, "again": new})
    assert wrong.status_code == 409
    assert "当前密码不正确" in wrong.content.decode()
    differ = owner.post("/console/account/password/", {"old": PASSWORD, "new": new, "again": "something else"})
    assert "两次输入的新密码不一致" in differ.content.decode()
    assert owner.post("/console/account/password/", {"old": PASSWORD, "new": new, "again": new}).status_code == 302
    assert owner.get("/console/").status_code == 200
    assert other.get("/console/").status_code == 302
    assert attempt("alice", new)[0] == 302


def test_pages_carry_their_security_headers(owner: Client) -> None:
    headers = owner.get("/console/").headers
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    assert "'unsafe-inline'" not in headers["Content-Security-Policy"].split("script-src")[1].split(";")[0]
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Cache-Control"] == "no-store, private"
    assert headers["X-Content-Type-Options"] == "nosniff"
