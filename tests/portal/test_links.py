"""Coming in: a link opens one buyer's pages for some days, a cookie keeps them open, nothing else does."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.test import Client

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members.queries import links
from shuke.members.queries.links import LINK, VISIT, buyer_link
from shuke.members.specs import BuyerLinksSpec
from shuke.merchants import actions as merchants
from tests.conftest import NOW
from tests.loyalty.make_trade import member, record, settle
from tests.make import Place
from tests.portal.make_buyers import path_of, phone

DAY = timedelta(days=1)
PAGES = ("/b/", "/b/points/", "/b/levels/", "/b/rules/")


def buyer(place: Place, nick: str = "小荷") -> int:
    with tenant(place.merchant_id):
        settle(place, record(f"39{sum(map(ord, nick)):017}", nick))
        return member(place, nick)


def link_of(place: Place, member_id: int) -> str:
    with tenant(place.merchant_id):
        return path_of(buyer_link(place.merchant_id, member_id))


def test_a_link_is_exchanged_for_a_cookie_and_the_address_holds_no_token(alice: Place) -> None:
    path = link_of(alice, buyer(alice))
    client = Client()
    answer = client.get(path)
    assert (answer.status_code, answer["Location"]) == (302, "/b/")
    assert (answer["Cache-Control"], answer["Referrer-Policy"]) == ("private, no-store", "same-origin")
    cookie = answer.cookies["buyer"]
    assert (cookie["path"], cookie["httponly"], cookie["samesite"], cookie["max-age"]) == (
        "/b/",
        True,
        "Lax",
        30 * 86400,
    )
    assert cookie.value not in path
    assert "小荷，您好" in client.get("/b/").content.decode()


def test_opening_it_again_gives_another_cookie(alice: Place) -> None:
    path = link_of(alice, buyer(alice))
    first = Client().get(path).cookies["buyer"].value
    with clock.frozen(NOW + timedelta(seconds=1)):
        assert Client().get(path).cookies["buyer"].value != first


def test_a_link_lives_seven_days(alice: Place) -> None:
    path = link_of(alice, buyer(alice))
    with clock.frozen(NOW + 7 * DAY - timedelta(seconds=1)):
        assert Client().get(path).status_code == 302
    with clock.frozen(NOW + 7 * DAY):
        answer = Client().get(path)
    assert answer.status_code == 403
    assert "链接已过期" in answer.content.decode()
    assert "Alice旗舰店" in answer.content.decode()
    assert "buyer" not in answer.cookies


def test_a_visit_ends_after_thirty_days_and_a_visitor_stays(alice: Place) -> None:
    client = phone(alice, buyer(alice))
    with clock.frozen(NOW + 29 * DAY):
        answer = client.get("/b/")
        assert (answer.status_code, answer.cookies["buyer"]["max-age"]) == (200, 30 * 86400)
    with clock.frozen(NOW + 58 * DAY):
        assert client.get("/b/").status_code == 200
    with clock.frozen(NOW + 89 * DAY):
        assert client.get("/b/").status_code == 403


def test_a_forged_link_opens_nothing(alice: Place) -> None:
    path = link_of(alice, buyer(alice))
    token = path.strip("/").split("/")[1]
    other = "B" if token[20] != "B" else "C"
    for forged in (token[:20] + other + token[21:], token[:-1], token + "A", "A" * 90, f"{token[:30]}.{token[31:]}"):
        answer = Client(REMOTE_ADDR=f"192.0.2.{len(forged)}").get(f"/b/{forged}/")
        assert answer.status_code == 403, forged
        assert "请用您的专属链接打开" in answer.content.decode()
        assert "buyer" not in answer.cookies


def test_a_cookie_is_no_link_and_a_link_no_cookie(alice: Place) -> None:
    member_id = buyer(alice)
    with tenant(alice.merchant_id):
        visit = links.seal(VISIT, alice.merchant_id, member_id, DAY)
        link = links.seal(LINK, alice.merchant_id, member_id, DAY)
    assert Client().get(f"/b/{visit}/").status_code == 403
    client = Client()
    client.cookies["buyer"] = link
    assert client.get("/b/").status_code == 403


def test_a_link_of_another_merchant_opens_only_her_own(alice: Place, charlie: Place) -> None:
    member_id = buyer(alice)
    with tenant(charlie.merchant_id):
        crossed = path_of(buyer_link(charlie.merchant_id, member_id))
    answer = Client().get(crossed)
    assert answer.status_code == 403
    assert "小荷" not in answer.content.decode()


def test_too_many_forged_links_from_one_address_have_to_wait_and_a_good_one_still_opens(alice: Place) -> None:
    path = link_of(alice, buyer(alice))
    client = Client(REMOTE_ADDR="192.0.2.7")
    codes = [client.get(f"/b/{'A' * 80}/").status_code for _ in range(7)]
    assert codes[:5] == [403] * 5
    assert codes[-1] == 429
    assert "请稍等一会儿" in client.get(f"/b/{'A' * 80}/").content.decode()
    assert client.get(path).status_code == 302


def test_a_new_round_ends_every_link_and_every_visit(alice: Place) -> None:
    member_id = buyer(alice)
    path, client = link_of(alice, member_id), phone(alice, member_id)
    with tenant(alice.merchant_id):
        merchants.save_setting(alice.merchant_id, BuyerLinksSpec(round_no=1), by=SYSTEM)
    assert Client().get(path).status_code == 403
    assert client.get("/b/").status_code == 403
    assert phone(alice, member_id).get("/b/").status_code == 200


def test_a_removed_member_is_sent_to_the_shop_and_her_cookie_is_taken(alice: Place) -> None:
    member_id = buyer(alice)
    path, client = link_of(alice, member_id), phone(alice, member_id)
    with tenant(alice.merchant_id):
        sql.run("DELETE FROM members_member WHERE id = %(id)s", {"id": member_id})
    assert Client().get(path).status_code == 403
    answer = client.get("/b/points/")
    assert (answer.status_code, answer.cookies["buyer"].value) == (403, "")


def test_a_buyer_on_the_blacklist_sees_her_points_and_a_word(alice: Place) -> None:
    client = phone(alice, member_id := buyer(alice))
    with tenant(alice.merchant_id):
        members.blacklist(alice.merchant_id, [member_id], "恶意退款", by=alice.by)
    text = client.get("/b/").content.decode()
    assert "权益目前已暂停" in text
    assert "黑名单" not in text
    assert "恶意退款" not in text


def test_two_buyers_on_two_phones_see_their_own(alice: Place) -> None:
    lotus, pine = phone(alice, buyer(alice, "小荷")), phone(alice, buyer(alice, "青松"))
    for page in PAGES:
        assert "青松" not in lotus.get(page).content.decode()
        assert "小荷" not in pine.get(page).content.decode()
    assert "小荷" in lotus.get("/b/").content.decode()
    assert "青松" in pine.get("/b/").content.decode()


def test_nothing_that_is_asked_for_names_another_member(alice: Place) -> None:
    other = buyer(alice, "青松")
    client = phone(alice, buyer(alice, "小荷"))
    for page in PAGES:
        for query in (f"?member_id={other}", f"?member={other}&id={other}", f"?merchant_id={alice.merchant_id + 1}"):
            assert "青松" not in client.get(page + query).content.decode()


def test_no_address_on_a_page_holds_an_id(alice: Place) -> None:
    member_id = buyer(alice)
    client = phone(alice, member_id)
    for page in PAGES:
        text = client.get(page).content.decode()
        assert str(member_id) not in [part for one in text.split('"') if one.startswith("/") for part in one.split("/")]


def test_leaving_forgets_her(alice: Place) -> None:
    client = phone(alice, buyer(alice))
    answer = client.post("/b/leave/")
    assert (answer.status_code, answer.cookies["buyer"].value, answer.cookies["buyer"]["path"]) == (200, "", "/b/")
    assert client.get("/b/").status_code == 403


@pytest.mark.parametrize("path", ["/b/nothing/here/", "/b/shop/AAAA/", "/b/shop/AAAA/qr.png", "/b/favicon.ico"])
def test_what_does_not_exist_is_said_kindly(db: None, path: str) -> None:
    assert Client().get(path).status_code == 404


def test_leaving_and_choosing_a_language_need_the_page_s_own_form(alice: Place) -> None:
    client = Client(enforce_csrf_checks=True)
    assert client.post("/b/leave/").status_code == 403
    assert client.post("/b/language/", {"language": "en"}).status_code == 403
    assert client.get("/b/leave/").status_code == 405
