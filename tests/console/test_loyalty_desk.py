"""Requests, paid memberships, birthdays, levels that end, the points account and what points will cost, at the desk."""

from __future__ import annotations

import csv
import io
from datetime import date
from decimal import Decimal

import pytest
from django.test import Client

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries.memberships import plans, sold_terms
from shuke.loyalty.queries.requests import requests
from shuke.loyalty.specs import BirthdaySpec, LevelRuleSpec, LevelSpec
from shuke.members import actions as people
from shuke.members import queries as members
from shuke.members.specs import GroupSpec, ProfileSpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.console.test_points import balance, orders, text
from tests.loyalty.make_trade import DAY, member, record, settle
from tests.make import Place

__all__ = ["orders"]

KEY = "k" * 22


@pytest.fixture
def lead(orders: Place) -> Client:
    """Bob's browser; he is service lead now."""
    assert orders.agent_id is not None
    with tenant(orders.merchant_id):
        merchants.set_role(orders.merchant_id, orders.agent_id, "service_lead", by=orders.by)
    return browser("bob")


def path(place: Place, rest: str = "", nick: str = "小荷") -> str:
    with tenant(place.merchant_id):
        return f"/console/members/{member(place, nick)}/{rest}"


def test_a_large_adjustment_waits_for_somebody_else(owner: Client, lead: Client, orders: Place) -> None:
    values = {"direction": "give", "points": "6000", "reason": "物流破损补偿", "key": KEY}
    answer = lead.post(path(orders, "points/"), values, follow=True)
    assert "超过单人调整上限，已提交申请，等第二个人复核。" in text(answer)
    assert "撤回" in text(answer)
    assert balance(orders) == 100
    with tenant(orders.merchant_id):
        (waiting,) = requests(orders.merchant_id)
    assert "有 1 个积分调整申请等待复核。" in text(owner.get("/console/"))
    approve = f"/console/points/requests/{waiting.id}/approve/"
    assert "不能复核自己的申请" in text(
        lead.post(approve, follow=True, headers={"referer": "http://testserver/console/points/requests/"})
    )
    assert "已批准，积分已调整。" in text(owner.post(approve, follow=True))
    assert balance(orders) == 6100
    owner.post(approve)
    assert balance(orders) == 6100


def test_a_request_is_refused_with_a_reason_or_withdrawn(owner: Client, lead: Client, orders: Place) -> None:
    for key in ("a" * 22, "b" * 22):
        lead.post(path(orders, "points/"), {"direction": "give", "points": "6000", "reason": "补偿", "key": key})
    with tenant(orders.merchant_id):
        second, first = requests(orders.merchant_id)
    where = f"/console/points/requests/{first.id}/refuse/"
    assert owner.post(where, {"reason": ""}).status_code == 422
    assert "金额不对" in text(owner.post(where, {"reason": "金额不对"}, follow=True))
    assert "已撤回" in text(lead.post(f"/console/points/requests/{second.id}/withdraw/", follow=True))
    assert balance(orders) == 100


def test_a_list_above_the_limit_waits_as_a_whole(lead: Client, orders: Place) -> None:
    values = {
        "nicks": "小荷\n阿青",
        "direction": "give",
        "points": "6000",
        "reason": "周年庆",
        "key": KEY,
        "confirmed": "1",
    }
    assert "已提交申请" in text(lead.post("/console/points/adjust/", values, follow=True))
    with tenant(orders.merchant_id):
        (waiting,) = requests(orders.merchant_id)
    assert (waiting.amount, waiting.member_count, balance(orders)) == (12000, 2, 100)


def test_a_membership_is_made_sold_and_taken_back(owner: Client, agent: Client, orders: Place) -> None:
    assert "还没有付费会员" in text(owner.get("/console/levels/memberships/"))
    plan = {
        "name": "年卡",
        "price_fen": "99",
        "days": "365",
        "times": "2",
        "bonus_points": "100",
        "benefits": "",
        "products": "CARD",
        "level_no": "",
        "sold_from_on": "",
    }
    assert (
        owner.post("/console/levels/memberships/add/", {**plan, "times": "1", "bonus_points": "0"}).status_code == 422
    )
    assert "¥99.00，365 天，积分 2 倍，立得 100 积分" in text(
        owner.post("/console/levels/memberships/add/", plan, follow=True)
    )
    with tenant(orders.merchant_id):
        (saved,) = plans(orders.merchant_id)
    sale = {"plan_id": saved.id, "paid_fen": "88", "reason": "线下转账", "key": KEY}
    assert agent.post(path(orders, "membership/"), sale).status_code == 403
    assert "付费会员已开通。" in text(owner.post(path(orders, "membership/"), sale, follow=True))
    owner.post(path(orders, "membership/"), sale)
    assert balance(orders) == 200
    with tenant(orders.merchant_id):
        (term,) = sold_terms(orders.merchant_id)
    assert "+100 付费会员 付费会员赠送积分" in text(owner.get("/console/points/ledger/?kind=membership"))
    page = text(owner.get("/console/levels/memberships/"))
    assert "¥88.00" in page
    assert "线下转账" in page
    owner.post(path(orders, f"membership/{term.id}/cancel/"), {"reason": "买错了"})
    assert balance(orders) == 100
    owner.post(f"/console/levels/memberships/{saved.id}/retire/")
    assert "已停售" in text(owner.get("/console/levels/memberships/"))


def test_the_birthday_benefit_shows_its_cost_before_it_is_saved(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id), clock.frozen(NOW - 60 * DAY):
        for nick, day in (("小荷", 5), ("阿青", 6)):
            people.edit_profile(
                orders.merchant_id, member(orders, nick), ProfileSpec(birthday=date(1990, 5, day)), by=orders.by
            )
    with tenant(orders.merchant_id):
        settle(orders, record("0001", placed_at=NOW - 100 * DAY))
    values = {"points": "50", "times": "1", "stretch": "month", "known_days": "0", "only_buyers": "on"}
    page = text(owner.post("/console/points/birthdays/", values))
    assert "每年约有 2 位客户获赠，成本约 ¥1.00" in page
    with tenant(orders.merchant_id):
        assert places.setting(orders.merchant_id, BirthdaySpec).points == 0
    owner.post("/console/points/birthdays/", {**values, "confirmed": "1"})
    with tenant(orders.merchant_id):
        assert places.setting(orders.merchant_id, BirthdaySpec).points == 50


@pytest.fixture
def ending(orders: Place) -> Place:
    """小荷 and 阿青 reached 银卡 a year ago less ten days and have bought nothing in the window since."""
    rule = LevelRuleSpec(
        for_taobao=False, window="rolling", validity_months=12,
        levels=(LevelSpec(name="店铺客户"), LevelSpec(name="银卡", threshold=Decimal(50))),
    )  # fmt: skip
    with tenant(orders.merchant_id), clock.frozen(NOW - 355 * DAY):
        loyalty.save_level_rule(orders.merchant_id, rule, by=orders.by)
        for nick, yuan in (("云朵", 60), ("石榴", 80)):
            settle(orders, record(f"9{yuan}", nick, yuan, placed_at=NOW - 370 * DAY))
            loyalty.review_levels(orders.merchant_id, [member(orders, nick)])
    return orders


def test_who_loses_a_level_is_listed_with_what_is_missing_and_marked(
    owner: Client, agent: Client, ending: Place
) -> None:
    page = text(agent.get("/console/levels/ending/"))
    assert "云朵" in page
    assert "¥50.00" in page
    assert "云朵" not in text(agent.get("/console/levels/ending/?days=7"))
    with tenant(ending.merchant_id):
        group_id = people.create_group(ending.merchant_id, GroupSpec(name="待保级"), by=ending.by)
        chosen, other = member(ending, "云朵"), member(ending, "小荷")
    values = {"member": [chosen, other], "tag": "快降级", "group": group_id, "query": "days=30"}
    assert "已标记 1 位客户。" in text(owner.post("/console/levels/ending/mark/", values, follow=True))
    with tenant(ending.merchant_id):
        found = members.profile(ending.merchant_id, chosen)
        assert found is not None
        assert ([name for _id, name in found.tags], [name for _id, name in found.groups]) == (["快降级"], ["待保级"])
        untouched = members.profile(ending.merchant_id, other)
        assert untouched is not None
        assert untouched.tags == []
    assert "请先勾选客户。" in text(
        owner.post("/console/levels/ending/mark/", {"tag": "x", "query": ""}, follow=True,
                   headers={"referer": "http://testserver/console/levels/ending/"})
    )  # fmt: skip


def test_her_page_says_when_the_level_ends(owner: Client, ending: Place) -> None:
    assert "再有 ¥50.00 即可保级" in text(owner.get(path(ending, nick="云朵")))


def test_the_points_account_on_paper_and_as_a_file(owner: Client, orders: Place) -> None:
    page = text(owner.get(path(orders, "statement/")))
    assert "积分对账单" in page
    assert "期初余额 0" in page
    assert "期末余额" in page
    assert "开始日期不能晚于结束日期。" in text(owner.get(path(orders, "statement/?from=2026-03-01&to=2026-02-01")))
    answer = owner.post(path(orders, "statement/export/"), {"query": "from=2026-01-01&to=2026-11-22"})
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert [row[4] for row in rows] == ["余额", "0", "100", "100"]
    with tenant(orders.merchant_id):
        assert places.audit_lines(orders.merchant_id, act="points.exported")[0].details["first_on"] == "2026-01-01"


def test_what_points_will_cost(owner: Client, orders: Place) -> None:
    page = text(owner.get("/console/points/liability/"))
    assert "130" in page
    assert "历史太短，无法估算" in page
    answer = owner.post("/console/points/liability/export/")
    rows = list(csv.reader(io.StringIO(b"".join(answer).decode("utf-8-sig"))))
    assert rows[1][1:] == ["130", "0", "0", "0", "130", "1.30"]
