"""Finding members by what people type, within one merchant only."""

from __future__ import annotations

import pytest

from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.members import queries
from tests.make import Place
from tests.members.people import see, told, wang


@pytest.mark.parametrize(
    "text",
    ["小王爱买买", "爱买", "王爱买买", "王小美", " 王 小美 ", "13812341234", "+86 138-1234-1234", "1234", "AAE1",
     "xiaomei@163.com", "XiaoMei@163.com"],
)  # fmt: skip
def test_a_member_is_found(shop: Place, text: str) -> None:
    [member_id, _] = see(shop.merchant_id, shop.shop_id, wang(ouid="AAE1", alipay="xiaomei@163.com"), told("乙"))
    assert queries.search(shop.merchant_id, text) == [member_id]


@pytest.mark.parametrize("text", ["", "  ", "小美", "5678", "13812341235", "%", "_", "\\", "买%买", "x" * 300])
def test_nobody_is_found(shop: Place, text: str) -> None:
    see(shop.merchant_id, shop.shop_id, wang())
    assert queries.search(shop.merchant_id, text) == []


def test_signs_of_like_are_plain_characters(shop: Place) -> None:
    found = see(shop.merchant_id, shop.shop_id, told("100%好评"), told("a_b"), told("c\\d"), told("axb"))
    assert queries.search(shop.merchant_id, "0%好") == [found[0]]
    assert queries.search(shop.merchant_id, "a_b") == queries.search(shop.merchant_id, "A_B") == [found[1]]
    assert queries.search(shop.merchant_id, "c\\d") == [found[2]]


def test_exact_finds_come_first_and_the_limit_holds(shop: Place) -> None:
    found = see(shop.merchant_id, shop.shop_id, *[told(f"小美{number}") for number in range(9)], told("小美"))
    assert queries.search(shop.merchant_id, "小美", limit=3)[0] == found[9]
    assert len(queries.search(shop.merchant_id, "小美", limit=3)) == 3


def test_charlie_finds_none_of_alices(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        see(alice.merchant_id, alice.shop_id, wang(ouid="AAE1"))
    with tenant(charlie.merchant_id):
        for text in ("小王", "小王爱买买", "王小美", "13812341234", "1234", "AAE1"):
            assert queries.search(charlie.merchant_id, text) == []
            assert queries.search(alice.merchant_id, text) == []


def test_the_nick_function_gives_only_the_open_merchants_members(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        [hers] = see(alice.merchant_id, alice.shop_id, told("小美"))
        assert sql.rows("SELECT members_by_nick('美', 10)") == [(hers,)]
    with tenant(charlie.merchant_id):
        [his] = see(charlie.merchant_id, charlie.shop_id, told("小美"))
        assert sql.rows("SELECT members_by_nick('美', 10)") == [(his,)]
    assert sql.rows("SELECT members_by_nick('美', 10)") == []
