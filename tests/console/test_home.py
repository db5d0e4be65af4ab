"""The first page: a new owner's first step, and the shop at one glance."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from django.test import Client

from shuke.analytics import queries as analytics
from shuke.core import sql
from shuke.core.tenancy import tenant
from tests.make import Place
from tests.trade.exports import take, written

ZONE = ZoneInfo("Asia/Shanghai")


def test_a_new_owner_is_led_to_her_first_import(owner: Client) -> None:
    page = owner.get("/console/").content.decode()
    assert "还没有订单" in page
    assert 'href="/console/imports/"' in page


@pytest.fixture
def stocked(alice: Place, tmp_path: Path) -> Place:
    for path in written(tmp_path, as_of=datetime(2026, 11, 20)):  # noqa: DTZ001 - the shop's wall clock
        take(alice, path)
    return alice


def test_figures_are_those_of_the_orders(stocked: Place) -> None:
    with tenant(stocked.merchant_id):
        found = analytics.overview(stocked.merchant_id, ZONE)
        [(count, paid, buyers)] = sql.rows(
            "SELECT count(*), sum(paid_fen), count(DISTINCT member_id) FROM trade_order WHERE state NOT IN"
            " ('closed', 'unpaid') AND placed_at >= '2026-10-24 00:00+08'"
        )
        members = sql.scalar("SELECT count(*) FROM members_member")
    assert (found.now.order_count, found.now.paid_fen, found.now.buyer_count) == (count, paid, buyers)
    assert count > 0
    assert sum(day.paid_fen for day in found.daily) == paid
    assert len(found.daily) == 30
    assert found.member_count == members
    assert found.before.order_count > 0


def test_the_page_says_what_to_do(stocked: Place, owner: Client) -> None:
    page = owner.get("/console/").content.decode()
    assert "今日待办" in page
    assert "设置积分规则" in page
    assert "唤回久未来访的客户" in page


def test_an_agent_sees_no_to_do_that_she_may_not_do(stocked: Place, agent: Client) -> None:
    page = agent.get("/console/").content.decode()
    assert "设置积分规则" not in page


def test_charlie_sees_none_of_it(stocked: Place, charlie: Place) -> None:
    with tenant(charlie.merchant_id):
        assert not analytics.has_orders(charlie.merchant_id)
        assert analytics.overview(charlie.merchant_id, ZONE).member_count == 0
