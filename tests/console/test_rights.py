"""Every page of the console asks for a right, and every role gets exactly what its rights open."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import OperationalError
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import URLPattern, get_resolver, reverse

from shuke.console import acts, navigation, urls
from shuke.console.desk import MARK, Desk, page
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from tests.console.conftest import browser
from tests.make import PASSWORD, Place

OPEN = {
    "sign_in",
    "sign_out",
    "language",
    "workplaces",
    "first_start",
    "second_factor",
    "sign_in_passkey",
    "sign_in_passkey_ask",
}


def pages() -> Iterator[tuple[str, str, tuple[str, ...], list[str]]]:
    """Name, right, methods and arguments of every page behind the sign-in."""
    for pattern in urls.urlpatterns:
        assert isinstance(pattern, URLPattern)
        mark = getattr(pattern.callback, MARK, None)
        if mark is not None:
            yield str(pattern.name), mark[0], mark[1], list(pattern.pattern.converters)


def path_of(name: str, arguments: list[str]) -> str:
    return reverse(f"console:{name}", kwargs=dict.fromkeys(arguments, 999999999))


def test_only_the_way_in_is_open_to_everybody() -> None:
    behind = {name for name, *_rest in pages()}
    assert {str(pattern.name) for pattern in urls.urlpatterns} - behind == OPEN


def test_every_right_that_a_page_asks_for_exists() -> None:
    assert {right for _name, right, *_rest in pages() if right} <= set(queries.rights())
    assert {entry.right for entry in navigation.ENTRIES if entry.right} <= set(queries.rights())


def test_a_stranger_gets_nothing(alice: Place) -> None:
    for name, _right, methods, arguments in pages():
        answer = Client().generic(methods[0], path_of(name, arguments))
        assert answer.headers["Location"].startswith("/console/sign-in/"), name


@pytest.mark.parametrize("role", ["owner", "marketer", "service_lead", "agent", "viewer"])
def test_a_role_opens_exactly_its_pages(alice: Place, role: str) -> None:
    with tenant(alice.merchant_id):
        merchants.add_person(alice.merchant_id, "dora", "Dora", role, by=alice.by)
        [dora] = [person for person in queries.people(alice.merchant_id) if person.username == "dora"]
    merchants.set_password(dora.user_id, PASSWORD)
    client = browser("dora")
    for name, right, methods, arguments in pages():
        answer = client.generic(methods[0], path_of(name, arguments))
        if right and not dora.may(right):
            assert answer.status_code == 403, name
            assert "您的角色不能进行此操作" in answer.content.decode()
        else:
            assert answer.status_code != 403, name
            assert answer.status_code < 500, name


def test_the_navigation_shows_what_she_may_open(agent: Client, owner: Client) -> None:
    assert 'href="/console/staff/"' in owner.get("/console/").content.decode()
    page = agent.get("/console/").content.decode()
    assert 'href="/console/staff/"' not in page
    assert 'href="/console/settings/"' not in page


def test_another_merchants_ids_are_not_there(owner: Client, charlie: Place) -> None:
    for path in (f"shops/{charlie.shop_id}/", f"staff/{charlie.owner_id}/"):
        for method in ("get", "post"):
            assert getattr(owner, method)(f"/console/{path}", {"name": "X", "role": "viewer"}).status_code == 404
    assert owner.post(f"/console/staff/{charlie.owner_id}/password/").status_code == 404
    with tenant(charlie.merchant_id):
        assert [shop.name for shop in queries.shops(charlie.merchant_id)] == ["Charlie旗舰店"]
        assert [person.role for person in queries.people(charlie.merchant_id)] == ["owner"]
    assert browser("charlie").get("/console/").status_code == 200


def test_other_methods_are_refused(owner: Client) -> None:
    assert owner.post("/console/shops/").status_code == 405
    assert owner.delete("/console/shops/add/").status_code == 405


def desk_request(client: Client, method: str = "POST", **headers: str) -> object:
    request = getattr(RequestFactory(headers=headers), method.lower())("/console/try/")
    request.session = client.session
    from django.contrib.auth import get_user
    from django.contrib.messages.storage.fallback import FallbackStorage

    request.user = get_user(request)
    request._messages = FallbackStorage(request)
    return request


@page(methods=("GET", "POST"))
def refusing(desk: Desk) -> HttpResponse:
    merchants.open_shop(desk.merchant_id, "新店", "taobao", by=desk.by)
    raise Refused("no", "Not today, %(name)s.", name="Alice")


@page()
def missing(desk: Desk) -> HttpResponse:
    raise Missing("none", "Not there.")


def shop_names(place: Place) -> list[str]:
    with tenant(place.merchant_id):
        return [shop.name for shop in queries.shops(place.merchant_id)]


def test_a_refusal_rolls_back_and_is_said_on_the_page_before(alice: Place, owner: Client) -> None:
    request = desk_request(owner, Referer="http://testserver/console/shops/")
    answer = refusing(request)
    assert (answer.status_code, answer.headers["Location"]) == (302, "http://testserver/console/shops/")
    assert [str(message) for message in request._messages] == ["Not today, Alice."]  # type: ignore[attr-defined]  # a middleware adds it
    assert shop_names(alice) == ["Alice旗舰店"]


def test_a_refusal_never_leads_to_another_site(owner: Client) -> None:
    assert refusing(desk_request(owner, Referer="https://evil.example/")).headers["Location"] == "/console/"


def test_a_refusal_is_a_toast_for_htmx_and_a_page_for_a_get(alice: Place, owner: Client) -> None:
    answer = refusing(desk_request(owner, **{"HX-Request": "true"}))
    assert answer.status_code == 409
    assert answer.headers["HX-Trigger"] == '{"toast": {"text": "Not today, Alice.", "tone": "danger", "undo": ""}}'
    page = refusing(desk_request(owner, "GET"))
    assert isinstance(page, HttpResponse)
    assert page.status_code == 409
    assert "Not today, Alice." in page.content.decode()
    assert shop_names(alice) == ["Alice旗舰店"]


def test_htmx_hears_in_a_toast_what_is_not_there_or_not_hers(owner: Client, agent: Client) -> None:
    answer = missing(desk_request(owner, "GET", **{"HX-Request": "true"}))
    assert (answer.status_code, "Not there." in answer.headers["HX-Trigger"]) == (404, True)
    answer = agent.get("/console/staff/", headers={"HX-Request": "true"})
    assert (answer.status_code, "HX-Trigger" in answer.headers) == (403, True)


def test_htmx_is_sent_to_the_sign_in_as_a_whole_page(alice: Place) -> None:
    answer = Client(headers={"HX-Request": "true"}).get("/console/shops/")
    assert (answer.status_code, answer.headers["HX-Redirect"]) == (204, "/console/sign-in/")


def test_htmx_gets_the_content_without_the_frame(owner: Client) -> None:
    page = owner.get("/console/shops/", headers={"HX-Request": "true"}).content.decode()
    assert "Alice旗舰店" in page
    assert "<html" not in page


def test_what_is_not_there_and_what_is_too_large_have_pages(owner: Client) -> None:
    answer = owner.get("/console/nowhere/")
    assert answer.status_code == 404
    assert "没有这个页面" in answer.content.decode()
    assert owner.get("/console/shops/999/").content.decode().count("没有这家店铺。") == 1
    large = owner.post(
        "/console/shops/add/", {"name": "x" * (6 * 1024 * 1024)}, content_type="application/x-www-form-urlencoded"
    )
    many = owner.post("/console/shops/add/", {f"f{number}": "1" for number in range(1100)})
    assert (large.status_code, many.status_code) == (413, 413)
    assert "内容太大" in many.content.decode()


def test_something_broken_says_so_without_a_word_of_why(owner: Client) -> None:
    from shuke.console.pages.errors import broken

    answer = broken(RequestFactory().get("/"))
    assert answer.status_code == 500
    assert "系统出了点问题" in answer.content.decode()


def test_while_the_database_has_no_room_a_page_says_when_to_come_again() -> None:
    from shuke.console.pages.errors import broken

    try:
        raise OperationalError
    except OperationalError:  # as Django calls it
        answer = broken(RequestFactory().get("/"))
    assert (answer.status_code, answer.headers["Retry-After"]) == (503, "5")
    assert "请过几秒再试" in answer.content.decode()


def test_every_path_of_the_console_is_known_to_the_resolver() -> None:
    assert get_resolver().resolve("/console/").url_name == "home"
    assert set(acts.KINDS)
