"""Paying with points in two real browsers: the buyer on her phone, the agent at his desk, and the order that comes back."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from playwright.sync_api import expect

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from tests.browser.conftest import Opened
from tests.browser.test_import_story import sound
from tests.loyalty.make_redemptions import HOUR, NO, bought, rich, rule, told
from tests.make import Place
from tests.portal.make_buyers import fresh_link

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


def test_from_the_code_to_the_points_that_are_used(opened: Opened, alice: Place) -> None:
    with tenant(alice.merchant_id):
        rule(alice)
        lotus = rich(alice)
        told(alice, bought(paid_fen=12800, state="unpaid"))
    phone = opened("alice", width=390, height=844)
    phone.goto(fresh_link(alice, lotus))
    phone.click("text=用积分抵现")
    sound(phone)
    expect(phone.locator(".pick-worth")).to_have_text("= ¥12.00")
    phone.click(".chip:has-text('1,000')")
    phone.fill("#points", "300")
    expect(phone.locator(".pick-worth")).to_have_text("= ¥6.00")
    phone.click("text=领取抵现码")
    code = phone.locator(".voucher-code").inner_text()
    expect(phone.locator(".phrase")).to_have_text(f"我想用 300 积分抵 ¥6，抵现码 {code}")
    sound(phone)

    desk = opened("bob")
    desk.click("nav >> text=积分抵现")
    sound(desk)
    desk.keyboard.type(code.lower().replace("-", " "))
    desk.keyboard.press("Enter")
    expect(desk.locator(".redeem-order")).to_contain_text("¥128.00 → ¥122.00")
    sound(desk)
    desk.click("text=我已改价")
    expect(desk.locator("main")).to_contain_text("已登记")
    sound(desk)

    phone.reload()
    expect(phone.locator("main")).to_contain_text("已从 ¥128 改价为 ¥122，照常付款即可")
    sound(phone)
    # The site goes by the real time, whatever instant this test is held at.
    paid_at = datetime.now(UTC)
    with clock.frozen(paid_at + HOUR), tenant(alice.merchant_id):
        told(alice, bought(paid_at=paid_at))
        balance = ledger.balance(alice.merchant_id, "points", lotus)
    assert (balance.active, balance.reserved) == (700, 0)
    desk.reload()
    expect(desk.locator("main")).to_contain_text("已抵扣")
    desk.goto("/console/redeem/day/")
    sound(desk)
    expect(desk.locator(".redeem-list")).to_contain_text(NO)
    phone.goto("/b/redeem/")
    expect(phone.locator("main")).to_contain_text(f"{code} · 已抵扣")


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("alice")
def test_the_rule_is_read_back_while_it_is_filled_in(opened: Opened, width: int) -> None:
    page = opened("alice", width=width)
    page.goto("/console/redeem/rule/")
    expect(page.locator("#preview")).to_contain_text("¥128.00 的订单最多用 3,200 积分，还需付 ¥64.00。")
    sound(page)
    page.fill("[name=least_points]", "150")
    page.press("[name=least_points]", "Tab")
    expect(page.locator("#preview")).to_contain_text("起用积分要是每档积分的整数倍。")
    page.fill("[name=least_points]", "200")
    page.click("text=保存")
    expect(page.locator("main")).to_contain_text("200 积分起用")
    sound(page)
