"""Paying with points on the buyer's phone: what she sees, gets and takes back, and only ever her own."""

from __future__ import annotations

import re

import pytest
from django.test import Client

from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from shuke.loyalty.queries import Redemption, redemptions
from shuke.members import actions as members
from tests.loyalty.make_redemptions import ask, bind, rich, rule
from tests.loyalty.make_trade import member
from tests.make import Place
from tests.portal.make_buyers import phone
from tests.portal.test_pages import words


@pytest.fixture
def lotus(alice: Place) -> Client:
    """The phone of a member with 1000 points, in a shop where they pay."""
    with tenant(alice.merchant_id):
        rule(alice)
        member_id = rich(alice)
    return phone(alice, member_id)


def hers(place: Place, nick: str = "小荷") -> list[Redemption]:
    """Her codes, the latest first."""
    with tenant(place.merchant_id):
        return redemptions.of_member(place.merchant_id, member(place, nick))


def test_she_sees_what_her_points_are_worth(lotus: Client) -> None:
    assert "用积分抵现" in words(lotus, "/b/")
    text = words(lotus, "/b/redeem/")
    for said in (
        "可用 1,000 积分，最多值 ¥20",
        "100 积分可抵 ¥2.00。",
        "最多抵商品金额的 50%，运费不算。",
        "抵现码 48 小时内有效",
    ):
        assert said in text


def test_a_code_whose_price_was_changed_stands_once(alice: Place, lotus: Client) -> None:
    with tenant(alice.merchant_id):
        bind(alice, one := ask(alice, member(alice, "小荷")))
    text = words(lotus, "/b/redeem/")
    assert text.count(one.shown_code) == 1
    assert "以前的抵现码" not in text


def test_the_rules_tell_how_points_pay(lotus: Client) -> None:
    text = words(lotus, "/b/rules/")
    assert "积分抵现" in text
    assert "100 积分可抵 ¥2.00。" in text


def test_a_paused_buyer_is_not_led_to_paying(alice: Place, lotus: Client) -> None:
    with tenant(alice.merchant_id):
        members.blacklist(alice.merchant_id, [member(alice, "小荷")], "退货太多", by=alice.by)
    assert "用积分抵现" not in words(lotus, "/b/")


def test_a_code_a_phrase_and_the_same_code_again(alice: Place, lotus: Client) -> None:
    for _time in range(2):
        answer = lotus.post("/b/redeem/ask/", {"points": "300", "key": "same"})
        assert (answer.status_code, answer["Location"]) == (302, "/b/redeem/")
    lotus.post("/b/redeem/ask/", {"points": "300", "key": "other"})
    found = hers(alice)
    assert [one.points for one in found] == [300]
    text = words(lotus, "/b/redeem/")
    assert f"我想用 300 积分抵 ¥6，抵现码 {found[0].shown_code}" in text
    assert "有效期至 11月24日 12:00" in text
    assert "领取抵现码" not in text


@pytest.mark.parametrize("points", ["", "0", "-100", "150", "99999999999999999999", "x", "²"])
def test_what_is_not_offered_is_refused_in_words(alice: Place, lotus: Client, points: str) -> None:
    answer = lotus.post("/b/redeem/ask/", {"points": points})
    assert answer.status_code == 409
    assert "请从给出的数额里选一个" in answer.content.decode()
    assert hers(alice) == []


def test_cancelling_gives_the_points_back(alice: Place, lotus: Client) -> None:
    lotus.post("/b/redeem/ask/", {"points": "300"})
    one = hers(alice)[0]
    for _time in range(2):
        assert lotus.post("/b/redeem/cancel/", {"code": one.code}).status_code == 302
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", one.member_id).active == 1000
    assert re.search(rf"{one.shown_code} · 已退回.*客户自己取消了 300", words(lotus, "/b/redeem/"))


def test_somebody_elses_code_is_nobodys(alice: Place, charlie: Place, lotus: Client) -> None:
    for place in (alice, charlie):
        with tenant(place.merchant_id):
            if place is charlie:
                rule(charlie)
            other = ask(place, rich(place, "茉莉"), 200)
        answer = lotus.post("/b/redeem/cancel/", {"code": other.code})
        assert answer.status_code == 404
        assert other.shown_code not in answer.content.decode()
        assert hers(place, "茉莉")[0].state == "reserved"


def test_a_price_that_was_changed_is_said_and_cannot_be_cancelled(alice: Place, lotus: Client) -> None:
    lotus.post("/b/redeem/ask/", {"points": "300"})
    with tenant(alice.merchant_id):
        one = bind(alice, hers(alice)[0])
    assert "已从 ¥128 改价为 ¥122，照常付款即可" in words(lotus, "/b/redeem/")
    answer = lotus.post("/b/redeem/cancel/", {"code": one.code})
    assert answer.status_code == 409
    assert "客服已经用这个码给订单改价了" in answer.content.decode()


def test_whoever_may_not_is_told_why(alice: Place, lotus: Client) -> None:
    with tenant(alice.merchant_id):
        poor = rich(alice, "茉莉", 30)
        members.blacklist(alice.merchant_id, [hers_id(alice)], "恶意退货", by=alice.by)
    assert "您现有可用积分 30，满 100 才能抵现" in words(phone(alice, poor), "/b/redeem/")
    assert lotus.post("/b/redeem/ask/", {"points": "300"}).status_code == 409
    with tenant(alice.merchant_id):
        rule(alice, least_points=100, member_day_points=100, day_points=100)
    assert hers(alice) == []


def test_without_a_rule_there_is_no_way_in(alice: Place) -> None:
    with tenant(alice.merchant_id):
        client = phone(alice, rich(alice))
    assert "用积分抵现" not in words(client, "/b/")
    assert "本店目前暂不能用积分抵现" in words(client, "/b/redeem/")
    assert client.post("/b/redeem/ask/", {"points": "300"}).status_code == 409
    assert client.get("/b/redeem/ask/").status_code == 405
    assert Client().post("/b/redeem/ask/", {"points": "300"}).status_code == 403


def hers_id(place: Place) -> int:
    """The member of the phone."""
    return member(place)
