"""Attacks on pages, each as somebody would try it."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client, RequestFactory
from django.urls import reverse

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.core.specs import Form, parse
from shuke.core.tenancy import tenant
from shuke.core.visitors import client_address
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import PersonSpec, RoleSpec, ShopSpec
from tests.console.conftest import browser
from tests.doors.conftest import SIGN_IN
from tests.make import PASSWORD, Place

INJECTIONS = ["' OR '1'='1", "'; DROP TABLE merchants_user; --", '"', "\\", "%s", "%(name)s", "{0.__class__}", "{{ 7*7 }}",
              "{% debug %}", "${7*7}", "<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "../../etc/passwd"]  # fmt: skip


@pytest.mark.parametrize("text", INJECTIONS)
def test_a_hostile_name_is_kept_and_shown_as_it_is(alice: Place, owner: Client, text: str) -> None:
    answer = owner.post("/console/shops/add/", {"name": text, "platform": "taobao", "url": ""})
    assert answer.status_code == 302
    with tenant(alice.merchant_id):
        assert text in [shop.name for shop in queries.shops(alice.merchant_id)]
    page = owner.get("/console/shops/").content.decode()
    assert "<script>alert" not in page
    assert "<img src=x" not in page
    assert ">49<" not in page
    assert sql.scalar("SELECT count(*) FROM merchants_user") == 2


@pytest.mark.parametrize(
    "text",
    [*INJECTIONS, "\x00", "9" * 5000, "é" * 3000, "%00", "\udcff".encode("utf8", "surrogatepass").decode("latin1")],
)
def test_a_hostile_search_finds_nothing_and_breaks_nothing(alice: Place, owner: Client, text: str) -> None:
    for field in ("q", "level_no", "tag_id", "sort", "after", "page", "province", "spent_from"):
        answer = owner.get("/console/members/", {field: text})
        assert answer.status_code in {200, 302, 400, 409}, field
        assert "<script>alert" not in answer.content.decode()


@pytest.mark.parametrize("number", ["-1", "0", "9223372036854775807", "9223372036854775808", "1e9", "٣", "1;2"])
def test_strange_numbers_in_addresses_lead_nowhere(alice: Place, owner: Client, number: str) -> None:
    client = browser("alice", raise_request_exception=False)
    for path in (f"/console/shops/{number}/", f"/console/members/{number}/", f"/console/staff/{number}/"):
        assert client.get(path).status_code == 404, path


def test_fields_that_a_form_does_not_ask_for_change_nothing(alice: Place, owner: Client) -> None:
    owner.post("/console/staff/add/", {"display_name": "王芳", "username": "wangfang", "role": "agent",
                                       "is_operator": "on", "is_active": "", "merchant_id": "999", "id": "1"})  # fmt: skip
    assert sql.scalar("SELECT count(*) FROM merchants_user WHERE is_operator") == 0
    with tenant(alice.merchant_id):
        assert {person.role for person in queries.people(alice.merchant_id)} == {"owner", "agent"}
    owner.post("/console/account/password/", {"old": PASSWORD, "new": "x" * 12, "again": "x" * 12, "user_id": "2"})
    assert Client().post(SIGN_IN, {"username": "bob", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("spec", [PersonSpec, RoleSpec, ShopSpec])
def test_a_spec_refuses_what_it_does_not_know(spec: Any) -> None:
    with pytest.raises(ValueError, match="Extra inputs are not permitted"):
        spec.model_validate({"is_operator": True})


def test_roles_that_do_not_exist_are_refused(alice: Place, owner: Client) -> None:
    for role in ("operator", "owner\x00", "OWNER"):
        assert owner.post(f"/console/staff/{alice.agent_id}/", {"role": role, "is_active": "on"}).status_code == 422
        assert isinstance(parse(RoleSpec, {"role": role}), Form)
    with tenant(alice.merchant_id), pytest.raises(Refused):
        merchants.set_role(alice.merchant_id, alice.agent_id or 0, "operator", by=alice.by)


def test_a_parameter_twice_is_taken_once(alice: Place, owner: Client) -> None:
    answer = owner.post(f"/console/staff/{alice.agent_id}/", {"role": ["viewer", "owner"], "is_active": "on"})
    assert answer.status_code in {302, 422}
    with tenant(alice.merchant_id):
        person = queries.staff_member(alice.merchant_id, alice.agent_id or 0)
    assert person is not None
    assert person.role in {"agent", "viewer", "owner"}
    assert Client().post(SIGN_IN + "?username=bob", {"username": "alice", "password": PASSWORD}).status_code == 302


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "localhost:80@evil.example", "", "a b"])
def test_another_host_is_nobody(alice: Place, host: str) -> None:
    client = Client(raise_request_exception=False)
    answer = client.get("/console/sign-in/", headers={"Host": host})
    assert answer.status_code == 400
    assert "evil" not in answer.content.decode()
    forwarded = client.get("/console/", headers={"X-Forwarded-Host": "evil.example"})
    assert "evil" not in str(forwarded.headers)


@pytest.mark.parametrize("wanted", [
    "https://evil.example/", "//evil.example", "/\\evil.example", "\\\\evil.example", "javascript:alert(1)", "http:///evil.example",
    "https:evil.example", "/%09/evil.example", "\t//evil.example", "data:text/html,x", "//evil.example\\@testserver/",
    "http://testserver@evil.example/", "/console/\r\nSet-Cookie: x=1",
])  # fmt: skip
def test_no_address_given_leads_away(alice: Place, owner: Client, wanted: str) -> None:
    answers = [
        Client().post(SIGN_IN, {"username": "alice", "password": PASSWORD, "next": wanted}),
        Client().post("/console/language/", {"language": "en", "next": wanted}),
        Client().post("/b/language/", {"language": "en", "next": wanted}),
        owner.post(f"/console/account/prove/?next={wanted}", {}),
        owner.get(SIGN_IN, {"next": wanted}),
    ]
    for answer in answers:
        where = answer.headers["Location"]
        assert where.startswith("/"), where
        assert not where.startswith(("//", "/\\")), where
        assert "x" not in answer.cookies


def test_the_visitors_address_is_what_our_proxy_saw(settings: Any) -> None:
    request = RequestFactory().get("/", headers={"X-Forwarded-For": "1.2.3.4, 5.6.7.8"}, REMOTE_ADDR="127.0.0.1")
    settings.SECURE_PROXY_SSL_HEADER = None
    assert client_address(request) == "127.0.0.1"
    settings.SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https")
    assert client_address(request) == "5.6.7.8"


@pytest.mark.parametrize("path", ["/.git/config", "/static/../settings.py", "/static/%2e%2e/settings.py", "/var/secrets/django.key",
                                  "/manage.py", "/admin/", "/console/../var/", "/%2e%2e/%2e%2e/etc/passwd", "/debug/", "/.env"])  # fmt: skip
def test_what_is_not_a_page_is_not_served(alice: Place, owner: Client, path: str) -> None:
    answer = owner.get(path)
    assert answer.status_code == 404
    assert "SECRET" not in answer.content.decode()


@pytest.mark.parametrize("status", [400, 403, 404, 500])
def test_error_pages_tell_nothing_of_the_inside(alice: Place, status: int, monkeypatch: pytest.MonkeyPatch) -> None:
    client = browser("alice", raise_request_exception=False)
    path: dict[int, Any] = {
        400: lambda: client.get("/", headers={"Host": "evil.example"}),
        403: lambda: Client(enforce_csrf_checks=True).post("/console/language/", {}),
        404: lambda: client.get("/console/nothing/"),
        500: lambda: client.get("/console/members/"),
    }
    if status == 500:
        monkeypatch.setattr("shuke.console.desk.Desk.show", lambda *_, **__: 1 / 0)
    answer = path[status]()
    page = answer.content.decode()
    assert answer.status_code == status
    for inside in ("Traceback", "Django", "django", "Python/", "settings.py", "ZeroDivision", "SELECT "):
        assert inside not in page
    assert "Server" not in answer.headers


def test_numbers_too_large_for_a_row_are_refused_with_a_sentence(alice: Place, owner: Client) -> None:
    client = browser("alice", raise_request_exception=False)
    for name in ("points_adjust", "levels_set"):
        path = reverse(f"console:{name}")
        for value in ("9" * 30, "-" + "9" * 30, "1e400", "NaN"):
            answer = client.post(path, {"amount": value, "member": value, "level_no": value, "reason": "x"})
            assert answer.status_code < 500, (name, value)
