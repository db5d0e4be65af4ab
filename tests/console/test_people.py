"""Pages on who is who: suggestions, joining, consent, the do-not-contact list, deleting."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members import queries
from tests.conftest import NOW
from tests.make import PASSWORD, Place
from tests.members.people import see, wang

pytestmark = pytest.mark.django_db


def two(place: Place) -> tuple[int, int]:
    with tenant(place.merchant_id):
        one, two_ = see(place.merchant_id, place.shop_id, wang("甲"), wang("乙"))
        members.suspect_all(place.merchant_id)
    return one, two_


def test_a_suggestion_is_joined_and_undone(alice: Place, owner: Client) -> None:
    one, two_ = two(alice)
    page = owner.get("/console/members/same/").content.decode()
    assert "收货手机号和收件人姓名都相同" in page
    assert "138****1234" in page
    assert "13812341234" not in page
    with tenant(alice.merchant_id):
        (pair,) = queries.suspicions(alice.merchant_id)
    answer = owner.post("/console/members/same/", {"verdict": "join", "pair": pair.id, "key": "k"})
    assert answer.status_code == 302
    with tenant(alice.merchant_id):
        assert queries.homes(alice.merchant_id, [one, two_]) in ({one: one, two_: one}, {one: two_, two_: two_})
        (join,) = queries.joins(alice.merchant_id, one)
    assert owner.get(f"/console/members/{join.loser_id}/")["Location"] == f"/console/members/{join.survivor_id}/"
    assert "撤销" in owner.get(f"/console/members/{join.survivor_id}/consent/").content.decode()
    owner.post(f"/console/members/same/{join.id}/undo/")
    with tenant(alice.merchant_id):
        assert queries.homes(alice.merchant_id, [one, two_]) == {one: one, two_: two_}
        assert queries.suspicions(alice.merchant_id) == []


def test_two_people_are_remembered(alice: Place, owner: Client) -> None:
    two(alice)
    with tenant(alice.merchant_id):
        (pair,) = queries.suspicions(alice.merchant_id)
    owner.post("/console/members/same/", {"verdict": "later", "pair": pair.id})
    assert "收货手机号和收件人姓名都相同" in owner.get("/console/members/same/?state=later").content.decode()
    owner.post("/console/members/same/", {"verdict": "different", "pair": pair.id})
    assert "没有新的发现" in owner.post("/console/members/same/search/", follow=True).content.decode()


def test_joining_by_hand_from_a_profile(alice: Place, owner: Client) -> None:
    one, two_ = two(alice)
    assert "并入“甲”" in owner.get(f"/console/members/{one}/join/?q=乙").content.decode()
    owner.post(f"/console/members/{one}/join/", {"other": two_, "keep": "mine", "key": "hand"})
    with tenant(alice.merchant_id):
        assert queries.homes(alice.merchant_id, [two_]) == {two_: one}


def test_consent_is_written_down_and_withdrawn(alice: Place, owner: Client) -> None:
    one, _two = two(alice)
    path = f"/console/members/{one}/consent/"
    refused = owner.post(f"{path}add/", {"channel": "sms", "purpose": "care", "evidence": ""})
    assert refused.status_code == 422
    owner.post(f"{path}add/", {"channel": "sms", "purpose": "care", "evidence": "店里当面签字"})
    assert "店里当面签字" in owner.get(path).content.decode()
    owner.post(f"{path}withdraw/", {"channel": "sms", "purpose": "care"})
    with tenant(alice.merchant_id):
        assert queries.may_contact(alice.merchant_id, [one], "sms", "care").left_out == {one: "withdrawn"}


def test_numbers_are_pasted_and_shown_as_marks(alice: Place, owner: Client) -> None:
    one, _two = two(alice)
    page = owner.post(
        "/console/members/do-not-contact/", {"lines": "13812341234\nabc", "reason": "回复TD"}, follow=True
    )
    assert "看不懂的：abc" in page.content.decode()
    assert "13812341234" not in page.content.decode()
    assert "在拒收名单里" in owner.get(f"/console/members/{one}/consent/").content.decode()


def test_the_owner_deletes_for_good(alice: Place, owner: Client) -> None:
    one, _two = two(alice)
    owner.post(f"/console/members/{one}/erase/")
    with tenant(alice.merchant_id):
        assert queries.erased(alice.merchant_id, [one]) == {one}
    assert owner.get(f"/console/members/{one}/consent/").status_code == 404


def test_joining_asks_who_she_is_and_other_verdicts_do_not(alice: Place, owner: Client) -> None:
    one, two_ = two(alice)
    with tenant(alice.merchant_id):
        (pair,) = queries.suspicions(alice.merchant_id)
    with clock.frozen(NOW + timedelta(minutes=11)):
        assert owner.post("/console/members/same/", {"verdict": "later", "pair": pair.id}).status_code == 302
        asked = {"verdict": "join", "pair": pair.id, "key": "k"}
        assert owner.post("/console/members/same/", asked).status_code == 403
        by_hand = {"other": two_, "keep": "mine", "key": "hand"}
        assert owner.post(f"/console/members/{one}/join/", by_hand).status_code == 403
        assert owner.post(f"/console/members/{one}/erase/").status_code == 403
        with tenant(alice.merchant_id):
            assert queries.homes(alice.merchant_id, [one, two_]) == {one: one, two_: two_}
            assert queries.erased(alice.merchant_id, [one]) == set()
        assert owner.post("/console/members/same/", {**asked, "_proof": PASSWORD}).status_code == 302
    with tenant(alice.merchant_id):
        assert len(queries.joins(alice.merchant_id, one)) == 1


@pytest.mark.parametrize("number", ["9" * 19, "9" * 25, "9" * 5000, "-1", "١٢"])
def test_a_number_that_is_no_customers_is_nobody(alice: Place, owner: Client, number: str) -> None:
    one, two_ = two(alice)
    for verdict in ("join", "different", "later"):
        assert owner.post("/console/members/same/", {"verdict": verdict, "pair": number, "key": "k"}).status_code == 302
    answer = owner.post(f"/console/members/{one}/join/", {"other": number, "keep": "mine", "key": "hand"})
    assert answer.status_code in {302, 404}
    with tenant(alice.merchant_id):
        assert queries.homes(alice.merchant_id, [one, two_]) == {one: one, two_: two_}
        assert len(queries.suspicions(alice.merchant_id)) == 1


def test_nothing_is_done_on_a_record_that_was_joined_to_another(alice: Place, owner: Client) -> None:
    one, two_ = two(alice)
    with tenant(alice.merchant_id):
        members.merge(alice.merchant_id, [(two_, one)], by=alice.by, key="k")
    assert owner.get(f"/console/members/{two_}/consent/")["Location"] == f"/console/members/{one}/consent/"
    answer = owner.post(
        f"/console/members/{two_}/tag/",
        {"names": "送礼"},
        headers={"referer": "http://testserver/console/"},
        follow=True,
    )
    assert "这份记录已合并到另一位客户" in answer.content.decode()
    with tenant(alice.merchant_id):
        lost = queries.profile(alice.merchant_id, two_)
    assert lost is not None
    assert lost.tags == []


def test_nothing_is_filled_in_for_a_deleted_customer(alice: Place, owner: Client) -> None:
    one, _two = two(alice)
    owner.post(f"/console/members/{one}/erase/")
    assert owner.post(f"/console/members/{one}/edit/", {"name": "王小美"}).status_code == 404
    with tenant(alice.merchant_id):
        assert queries.personal(alice.merchant_id, one) == []


def test_more_pairs_ask_no_more_questions(alice: Place, owner: Client) -> None:
    def asked() -> int:
        with CaptureQueriesContext(connection) as found:
            assert owner.get("/console/members/same/").status_code == 200
        return len(found)

    two(alice)
    asked()
    with_one = asked()
    with tenant(alice.merchant_id):
        see(alice.merchant_id, alice.shop_id, *(wang(f"{n}-{place}", phone=f"1390000000{n}", name=f"客{n}")
                                                for n in range(5) for place in "ab"))  # fmt: skip
        members.suspect_all(alice.merchant_id)
        assert len(queries.suspicions(alice.merchant_id)) == 6
    assert asked() == with_one
