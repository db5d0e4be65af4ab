"""The way of every new shop in a real browser: drop the reports, look, start, read the report, meet the customers."""

from __future__ import annotations

from pathlib import Path

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from shuke.core.tenancy import tenant
from shuke.trade import queries
from tests.browser.conftest import Opened
from tests.console.make_customers import three
from tests.make import Place
from tests.trade.exports import written

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}


def sound(page: Page) -> None:
    """Nothing wrong for axe, and nothing wider than the screen."""
    found = Axe().run(page, options=RULES)["violations"]
    assert [(one["id"], [node["target"] for node in one["nodes"]]) for one in found] == []
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")


@pytest.mark.usefixtures("worker")
def test_from_the_reports_to_a_customer(opened: Opened, alice: Place, tmp_path: Path) -> None:
    order_list, details = written(tmp_path, orders=80, buyers=25)
    page = opened("alice")
    page.click("nav >> text=导入")
    sound(page)
    page.set_input_files("#files", [order_list, details])
    page.wait_for_url("**/imports/preview/**")
    expect(page.locator("h2.card-title")).to_have_text([order_list.name, details.name])
    sound(page)
    page.click("text=导入 2 份报表")
    page.wait_for_url("**/console/imports/")
    expect(page.locator("#history .badge-success")).to_have_count(2, timeout=60_000)
    page.click(f"text={order_list.name}")
    expect(page.locator(".report")).to_contain_text("共 80 行：新增 80，变更 0，没有变化 0。")
    sound(page)
    page.click("text=看看客户")
    page.wait_for_url("**/console/members/")
    page.keyboard.press("/")
    page.keyboard.type("tb1")
    page.keyboard.press("Enter")
    page.wait_for_url("**text=tb1**")
    page.locator(".member-name a").first.click()
    expect(page.locator(".order").first).to_be_visible()
    sound(page)
    with tenant(alice.merchant_id):
        assert [row.state for row in queries.imports(alice.merchant_id)] == ["done", "done"]


@pytest.mark.usefixtures("transactional_db")
def test_a_wrong_file_is_explained_where_it_was_dropped(opened: Opened, alice: Place, tmp_path: Path) -> None:
    wrong = tmp_path / "别的.csv"
    wrong.write_text("<!DOCTYPE html><html><body>请先登录</body></html>")
    page = opened("alice", width=390, height=844)
    page.goto("/console/imports/")
    page.set_input_files("#files", wrong)
    expect(page.locator("#upload-problems")).to_contain_text("这是网页（HTML 或 XML），不是表格")
    expect(page.locator(".drop-words")).to_be_visible()
    sound(page)
    with tenant(alice.merchant_id):
        assert queries.imports(alice.merchant_id) == []


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("transactional_db")
def test_choosing_tagging_undoing_and_revealing(opened: Opened, alice: Place, tmp_path: Path, width: int) -> None:
    ids = three(alice, tmp_path)
    page = opened("alice", width=width)
    page.goto("/console/members/")
    sound(page)
    page.locator("[data-row-box]").nth(1).check()
    expect(page.locator("[data-count]")).to_have_text("1")
    page.fill("#bulk-names", "茶友")
    page.click("button[value=tag]")
    expect(page.locator(".row-tags")).to_have_text(["茶友"])
    page.click(".toast-card >> text=撤销")
    expect(page.locator(".row-tags")).to_have_count(0)
    page.goto(f"/console/members/{ids['沈青']}/")
    page.click("[aria-label='查看：手机号']")
    expect(page.locator("#dialog")).to_be_visible()
    sound(page)
    page.fill("#dialog [name=reason]", "核对收货电话")
    page.click("#dialog .btn-primary")
    expect(page.locator("#dialog .secret")).to_have_text("13800000001")
    page.keyboard.press("Escape")
    expect(page.locator("#dialog")).not_to_be_visible()
    assert "13800000001" not in page.content()
    sound(page)
