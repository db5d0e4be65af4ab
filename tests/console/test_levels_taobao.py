"""Levels and groups for Taobao: exactly which calls, who is left out and why, and who may have the files."""

from __future__ import annotations

import csv
import io
import json
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shuke.analytics.queries import taobao
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec
from shuke.members import actions as members
from shuke.members.specs import GroupSpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from tests.console.conftest import browser
from tests.console.test_points import text
from tests.loyalty.make_trade import member, record, take
from tests.make import Place
from tests.members.people import see, told

PAGE = "/console/levels/taobao/"
EXPORT = f"{PAGE}export/"
LADDER = (
    LevelSpec(name="客户"),
    LevelSpec(name="银卡", threshold=Decimal(100), discount_permille=980),
    LevelSpec(name="金卡", threshold=Decimal(500), discount_permille=950),
)


@pytest.fixture
def people(alice: Place) -> dict[str, int]:
    """小荷 has an ouid, 阿青 a nick and is blacklisted, =晚晴 has only opened an order; three are not Taobao's to know."""
    with tenant(alice.merchant_id):
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(levels=LADDER), by=alice.by)
        take(
            alice,
            record("1001", "小荷", 600, refund_fen=2550),
            record("1002", "小荷", 30),
            record("1003", "小荷", 70, state="paid"),
            record("1004", "阿青", 120),
            record("1005", "=晚晴", 10, state="unpaid"),
        )
        other = merchants.open_shop(alice.merchant_id, "第二家店", "taobao", by=alice.by)
        found = {
            "小荷": member(alice, "小荷"),
            "阿青": member(alice, "阿青"),
            "晚晴": member(alice, "=晚晴"),
            "号码": see(alice.merchant_id, alice.shop_id, told("13800001111"))[0],
            "公开": see(alice.merchant_id, alice.shop_id, told("公**开", open_uid="AAE1"))[0],
            "别店": see(alice.merchant_id, other, told("别店客"))[0],
        }
        see(alice.merchant_id, alice.shop_id, told("小荷", day=30, ouid="AAHouid1"))
        take(alice, record("1006", "星**星", 80, own_phone="13800002222"))
        members.blacklist(alice.merchant_id, [found["阿青"]], "恶意退款", by=alice.by)
        for name, who in (("老客", ["小荷", "阿青", "别店"]), ("茶|友", ["小荷"]), ("空", [])):
            group = members.create_group(alice.merchant_id, GroupSpec(name=name), by=alice.by)
            members.add_to_group(alice.merchant_id, group, [found[one] for one in who], by=alice.by)
        loyalty.review_levels(alice.merchant_id, list(found.values()))
    return found


def posted(place: Place, form: str) -> dict[str, str]:
    return {"shop": str(place.shop_id), "form": form}


def calls(client: Client, place: Place) -> list[Any]:
    answer = client.post(EXPORT, posted(place, "calls"))
    assert answer.status_code == 200
    return [json.loads(line) for line in answer.getvalue().decode().splitlines()]


def test_every_call_in_its_order(owner: Client, alice: Place, people: dict[str, int]) -> None:
    assert calls(owner, alice) == [
        {
            "method": "taobao.crm.grade.set",
            "params": {"grade": "1,2", "discount": "980,950", "hierarchy": "true,true,false,false", "amount": "10000,50000"},
        },
        {"method": "taobao.crm.group.add", "params": {"group_name": "老客"}},
        {
            "method": "taobao.crm.memberinfo.update.privy",
            "params": {
                "ouid": "AAHouid1", "status": "normal", "grade": "2", "trade_amount": "60450", "trade_count": "2",
            },
        },
        {
            "method": "taobao.crm.memberinfo.update",
            "params": {"buyer_nick": "阿青", "status": "blacklist", "trade_amount": "12000", "trade_count": "1"},
        },
        {
            "method": "taobao.crm.memberinfo.update",
            "params": {"buyer_nick": "=晚晴", "status": "normal", "trade_amount": "0", "trade_count": "0"},
        },
        {
            "method": "taobao.crm.members.group.batchadd.privy",
            "params": {"ouids": "AAHouid1"},
            "from": {"group_ids": {"line": 2, "field": "group_id"}},
        },
        {
            "method": "taobao.crm.members.group.batchadd",
            "params": {"buyer_nicks": "阿青"},
            "from": {"group_ids": {"line": 2, "field": "group_id"}},
        },
    ]  # fmt: skip


def test_the_table_names_taobaos_parameters_and_holds_no_formula(
    owner: Client, alice: Place, people: dict[str, int]
) -> None:
    answer = owner.post(EXPORT, posted(alice, "csv"))
    assert answer["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    assert list(csv.reader(io.StringIO(answer.getvalue().decode("utf-8-sig")))) == [
        ["member_id", "ouid", "buyer_nick", "status", "grade", "trade_amount", "trade_count", "group_names"],
        [str(people["小荷"]), "AAHouid1", "", "normal", "2", "60450", "2", "老客"],
        [str(people["阿青"]), "", "阿青", "blacklist", "", "12000", "1", "老客"],
        [str(people["晚晴"]), "", "'=晚晴", "normal", "", "0", "0", ""],
    ]


def test_the_page_says_who_is_left_out_and_why(owner: Client, alice: Place, people: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        counts = taobao.taobao_counts(alice.merchant_id, alice.shop_id)
    assert (counts.taken, counts.left_out) == (
        3, {"never_here": 1, "masked_nick": 1, "sealed_nick": 1, "open_uid_only": 1},
    )  # fmt: skip
    page = text(owner.get(PAGE))
    assert "可以同步的客户 3 未包括 4 分组 老客" in page
    assert "淘宝不接受这些分组（最多 100 个，名称里不能有 | 或 :）：茶|友" in page
    for said in ("在这家店买过，但报表里她的昵称带星号 1", "不是这家店的客户 1"):
        assert said in page


def test_another_shop_has_its_own_people(owner: Client, alice: Place, people: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        other = next(shop.id for shop in places.shops(alice.merchant_id) if shop.id != alice.shop_id)
    answer = owner.post(EXPORT, {"shop": str(other), "form": "calls"})
    assert [json.loads(line)["params"] for line in answer.getvalue().decode().splitlines()][2:] == [
        {"buyer_nick": "别店客", "status": "normal", "trade_amount": "0", "trade_count": "0"},
        {"buyer_nicks": "别店客"},
    ]


def test_many_go_into_a_group_twenty_at_a_time(owner: Client, alice: Place) -> None:
    with tenant(alice.merchant_id):
        ids = see(alice.merchant_id, alice.shop_id, *(told(f"买家{n:02d}", ouid=f"AAH{n:02d}") for n in range(45)))
        group = members.create_group(alice.merchant_id, GroupSpec(name="老客"), by=alice.by)
        members.add_to_group(alice.merchant_id, group, ids, by=alice.by)
    found = calls(owner, alice)
    assert [one["method"] for one in found[:2]] == ["taobao.crm.group.add", "taobao.crm.memberinfo.update.privy"]
    assert [len(one["params"]["ouids"].split(",")) for one in found if "from" in one] == [20, 20, 5]
    assert {one["from"]["group_ids"]["line"] for one in found if "from" in one} == {1}


def test_a_ladder_that_taobao_refuses_stays_here(owner: Client, alice: Place, people: dict[str, int]) -> None:
    six = [LevelSpec(name=f"{n} 级", threshold=Decimal(n * 100), discount_permille=1000 - n * 10) for n in range(6)]
    with tenant(alice.merchant_id):
        rule = LevelRuleSpec(levels=tuple(six), for_taobao=False)
        loyalty.save_level_rule(alice.merchant_id, rule, by=alice.by)
        loyalty.set_level(alice.merchant_id, [people["小荷"]], 5, reason="批发客户", until_on=None, by=alice.by)
        assert taobao.taobao_counts(alice.merchant_id, alice.shop_id).left_out["level_too_high"] == 1
    assert [one["method"] for one in calls(owner, alice)][:2] == [
        "taobao.crm.group.add",
        "taobao.crm.memberinfo.update",
    ]
    page = text(owner.get(PAGE))
    assert "淘宝不会接受现在的等级，所以文件里没有这一项" in page
    assert "等级高于淘宝的最高级 4 1" in page


def test_it_is_written_into_the_audit_log(owner: Client, alice: Place, people: dict[str, int]) -> None:
    calls(owner, alice)
    with tenant(alice.merchant_id):
        lines = places.audit_lines(alice.merchant_id, act="member.exported_to_taobao")
    assert [(line.object_kind, line.object_id, line.details) for line in lines] == [
        ("shop", alice.shop_id, {"count": 3, "form": "calls"})
    ]
    assert "导出了 3 位客户给淘宝" in text(owner.get("/console/audit/"))


def test_only_who_may_export_and_only_her_own_shop(
    agent: Client, owner: Client, alice: Place, charlie: Place, people: dict[str, int]
) -> None:
    assert agent.get(PAGE).status_code == 403
    assert agent.post(EXPORT, posted(alice, "csv")).status_code == 403
    stranger = browser("charlie")
    assert stranger.get(PAGE, {"shop": alice.shop_id}).status_code == 404
    assert stranger.post(EXPORT, posted(alice, "csv")).status_code == 404
    assert owner.post(EXPORT, {"shop": "x", "form": "csv"}).status_code == 404
    assert owner.post(EXPORT, posted(alice, "xml")).status_code == 302
    with tenant(alice.merchant_id):
        assert places.audit_lines(alice.merchant_id, act="member.exported_to_taobao") == []


def test_a_shop_without_customers_says_what_to_do(charlie: Place) -> None:
    with tenant(charlie.merchant_id):
        shop = places.shops(charlie.merchant_id)[0]
    assert "这里还没有淘宝认识的客户" in text(browser("charlie").get(PAGE, {"shop": shop.id}))
