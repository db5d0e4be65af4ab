"""Recognising buyers: one member for one person, nothing written twice, no silent merge."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connections, transaction

from shuke.core import facts, sql
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.members import actions, checks, queries
from shuke.merchants import actions as merchants
from tests import make
from tests.make import Place
from tests.members.people import T0, profile, see, told, wang


def count(table: str) -> int:
    return int(sql.scalar(f"SELECT count(*) FROM members_{table}"))


def test_a_new_buyer_becomes_a_member(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang())
    found = queries.profile(shop.merchant_id, member_id)
    assert found is not None
    assert (found.display_name, found.province, found.city) == ("小王爱买买", "浙江省", "杭州市")
    assert (found.relation_source, found.status, found.source, found.seen_at) == ("traded", "normal", "import:1", T0)
    assert [(one.kind, one.value) for one in queries.identities(shop.merchant_id, member_id)] == [
        ("nick", "小王爱买买")
    ]
    assert [type(one).kind for one in facts.timeline(shop.merchant_id, member_id)] == ["members.joined"]


def test_members_come_back_in_the_order_of_the_sightings(shop: Place) -> None:
    first = see(shop.merchant_id, shop.shop_id, told("甲"), told("乙"), told("甲", day=1), told("丙"))
    assert first[0] == first[2]
    assert len(set(first)) == 3
    again = see(shop.merchant_id, shop.shop_id, told("丙"), told("乙"), told("丁"))
    assert again[:2] == [first[3], first[1]]
    assert again[2] not in first


def test_the_same_sighting_again_writes_nothing(shop: Place) -> None:
    see(shop.merchant_id, shop.shop_id, wang())
    before = sql.rows("SELECT xmin::text, * FROM members_member")
    see(shop.merchant_id, shop.shop_id, wang())
    assert sql.rows("SELECT xmin::text, * FROM members_member") == before
    assert (count("card"), count("identity"), count("sourceuse")) == (1, 1, 0)


def test_a_nick_belongs_to_its_shop_but_an_omid_to_the_merchant(shop: Place) -> None:
    other = merchants.open_shop(shop.merchant_id, "另一家店", "taobao", by=shop.by)
    [first] = see(shop.merchant_id, shop.shop_id, told("小美", omid="om-1"))
    [namesake] = see(shop.merchant_id, other, told("小美"))
    [same] = see(shop.merchant_id, other, told("别名", omid="om-1"))
    assert namesake != first
    assert same == first


def test_masked_values_and_receivers_phones_are_no_identity(shop: Place) -> None:
    first = see(shop.merchant_id, shop.shop_id, told("t**1", phone="13812341234"))
    second = see(shop.merchant_id, shop.shop_id, told("t**1", phone="13812341234"))
    assert first != second
    assert count("identity") == 0


def test_an_own_phone_is_an_identity_however_it_is_written_and_a_virtual_one_never(shop: Place) -> None:
    [first] = see(shop.merchant_id, shop.shop_id, told(phone="138 1234 1234", phone_is_own=True))
    [same] = see(shop.merchant_id, shop.shop_id, told(phone="+86-13812341234", phone_is_own=True))
    [virtual] = see(shop.merchant_id, shop.shop_id, told(phone="13812341234-7576", phone_is_own=True))
    assert same == first
    assert virtual != first
    assert queries.identities(shop.merchant_id, virtual) == []


def test_a_second_identity_is_learned_and_used_later(shop: Place) -> None:
    [first] = see(shop.merchant_id, shop.shop_id, told("小美"))
    see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE1"))
    assert see(shop.merchant_id, shop.shop_id, told("改了名", ouid="AAE1")) == [first]
    assert queries.names(shop.merchant_id, [first]) == {first: "改了名"}


def test_two_members_are_never_merged_silently(shop: Place) -> None:
    by_nick, by_ouid = see(shop.merchant_id, shop.shop_id, told("小美"), told(ouid="AAE1"))
    assert see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE1")) == [by_ouid]
    [found] = queries.suspicions(shop.merchant_id)
    assert (found.first_member_id, found.first_kind) == (by_nick, "nick")
    assert (found.second_member_id, found.second_kind) == (by_ouid, "ouid")
    see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE1", day=3))
    assert len(queries.suspicions(shop.merchant_id)) == 1


def test_another_ouid_under_a_known_nick_is_another_person(shop: Place) -> None:
    [first] = see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE1"))
    [second] = see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE2"))
    assert second != first
    assert len(queries.suspicions(shop.merchant_id)) == 1
    together = see(shop.merchant_id, shop.shop_id, told("新", ouid="B1"), told("新", ouid="B2"))
    assert together[0] != together[1]


def test_relation_source_rises_with_the_first_purchase(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, told("小美", day=5))
    assert profile(shop.merchant_id, member_id).relation_source == "untraded"
    see(shop.merchant_id, shop.shop_id, told("小美", traded=True))
    assert profile(shop.merchant_id, member_id).relation_source == "traded"


def test_a_nick_that_is_a_phone_number_does_not_lie_open(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, told("13812341234"))
    assert see(shop.merchant_id, shop.shop_id, told("13812341234")) == [member_id]
    assert queries.names(shop.merchant_id, [member_id]) == {member_id: "138****1234"}
    assert queries.identities(shop.merchant_id, member_id)[0].value == ""
    assert checks.run(shop.merchant_id) == []


def test_separators_in_hostile_values_mix_nobody_up(shop: Place) -> None:
    first, second = see(shop.merchant_id, shop.shop_id, told("甲\x1f乙"), told("甲"))
    assert see(shop.merchant_id, shop.shop_id, told("乙"))[0] not in {first, second}
    assert see(shop.merchant_id, shop.shop_id, told("甲\x1f乙")) == [first]


def test_charlie_sees_none_of_alices_members(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        [hers] = see(alice.merchant_id, alice.shop_id, wang(omid="om-1"))
    with tenant(charlie.merchant_id):
        assert queries.profile(alice.merchant_id, hers) is None
        assert queries.personal(alice.merchant_id, hers) == []
        assert sql.rows("SELECT * FROM members_identity") == []
        assert see(charlie.merchant_id, charlie.shop_id, wang(omid="om-1")) != [hers]


@pytest.mark.django_db(transaction=True)
def test_two_imports_of_the_same_buyers_at_once_make_each_member_once() -> None:
    place = make.place("Alice")
    nicks = [f"买家{number}" for number in range(300)]
    results: list[list[int]] = []
    barrier = threading.Barrier(3)

    def run(order: int) -> None:
        try:
            mine = nicks[::-1] if order else nicks
            barrier.wait()
            for start in range(0, len(mine), 60):
                with tenant(place.merchant_id):
                    batch = [
                        wang(nick, phone=f"139{int(nick[2:]):08d}", day=order) for nick in mine[start : start + 60]
                    ]
                    found = actions.recognise(
                        place.merchant_id, place.shop_id, batch, source=f"import:{order}", by=SYSTEM
                    )
                results.append(found)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=(order,)) for order in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenant(place.merchant_id), transaction.atomic():
        assert len(results) == 15
        assert (count("member"), count("identity"), count("card")) == (300, 300, 300)
        assert sql.scalar("SELECT count(*) FROM core_fact WHERE kind = 'members.joined'") == 300
        assert set(sql.rows("SELECT DISTINCT seen_at FROM members_member")) == {(T0 + timedelta(days=2),)}
        assert checks.run(place.merchant_id) == []
