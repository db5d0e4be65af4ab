"""A file of another system in a real browser: drop it, say which column is what, see it at once, import it."""

from __future__ import annotations

from pathlib import Path

import pytest
from playwright.sync_api import expect

from shuke.core.tenancy import tenant
from shuke.trade import queries
from tests.browser.conftest import Opened
from tests.browser.test_import_story import sound
from tests.console.test_import_formats import HEADER, ROWS
from tests.make import Place

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]


@pytest.mark.parametrize("width", [1440, 390])
@pytest.mark.usefixtures("worker")
def test_from_an_unknown_file_to_orders(opened: Opened, alice: Place, tmp_path: Path, width: int) -> None:
    path = tmp_path / "门店.csv"
    path.write_text("\n".join([HEADER, *ROWS]))
    page = opened("alice", width=width)
    page.goto("/console/imports/")
    page.set_input_files("#files", path)
    page.wait_for_url("**/mapping/")
    expect(page.locator("#tried tbody tr")).to_have_count(2)
    expect(page.locator("#tried tbody tr").first).to_contain_text("2026-11-01 10:00")
    expect(page.locator("[name=name] option:checked")).to_have_text("会员姓名（例：李**）")
    sound(page)
    page.select_option("[name=order_no]", "")
    expect(page.locator("#tried")).to_contain_text("订单编号")
    expect(page.locator("#tried tbody tr")).to_have_count(0)
    page.select_option("[name=order_no]", "单号")
    expect(page.locator("#tried tbody tr")).to_have_count(2)
    page.locator("[name='states.1.state']").select_option("finished")
    expect(page.locator("#tried")).to_contain_text("不是时间")
    expect(page.locator("#tried tbody tr").nth(1)).to_contain_text("交易成功")
    sound(page)
    page.click("text=保存并预览文件")
    page.wait_for_url("**/imports/preview/**")
    sound(page)
    page.click("text=导入 1 份报表")
    expect(page.locator(".report")).to_contain_text("共 4 行", timeout=60_000)
    with tenant(alice.merchant_id):
        row = queries.imports(alice.merchant_id)[0]
    assert (row.state, row.row_count, row.new_count, row.rejected_count) == ("done", 4, 3, 1)
    page.goto("/console/imports/formats/")
    expect(page.locator("[name=name]")).to_have_value("门店")
    sound(page)
