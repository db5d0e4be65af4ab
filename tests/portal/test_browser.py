"""The buyers' pages in a browser: nothing wrong for axe, nothing on the console, nothing wider than the phone."""

from __future__ import annotations

import os
import shutil
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Browser, Page, sync_playwright

from shuke.core.tenancy import tenant
from shuke.members.queries.links import entry_link
from shuke.merchants import actions as merchants
from tests.make import PASSWORD, Place
from tests.portal.make_buyers import fresh_link, path_of, programme, regular

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SMALL = """() => [...document.querySelectorAll('a, button')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && !one.classList.contains('skip') && (box.height < 44 || box.width < 44);
}).map((one) => one.outerHTML)"""


@pytest.fixture
def site(live_server: Any, transactional_db: None, alice: Place) -> tuple[str, dict[str, str]]:
    """The address of a running site, and the paths of what is looked at."""
    programme(alice)
    with tenant(alice.merchant_id):
        merchants.edit_shop(
            alice.merchant_id, alice.shop_id, name="Alice旗舰店", url="https://alice.taobao.com", by=alice.by
        )
        entry = path_of(entry_link(alice.merchant_id, alice.shop_id))
    link = fresh_link(alice, regular(alice))
    return live_server.url, {"home": link, "points": "/b/points/", "levels": "/b/levels/", "rules": "/b/rules/",
                            "data": "/b/data/", "shop": entry,
                            "claim": f"{entry}claim/", "closed": "/b/nothing/here"}  # fmt: skip


def test_every_page_on_a_phone_and_on_a_desk(site: tuple[str, dict[str, str]]) -> None:
    address, paths = site
    findings: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, language in ((390, "zh-hans"), (390, "en"), (1440, "zh-hans")):
            page = opened(browser, width, findings)
            page.context.add_cookies([{"name": "language", "value": language, "url": address}])
            for name, path in paths.items():
                page.goto(address + path)
                findings += [f"{name} {width} {language}: {one}" for one in look(page) + small(page)]
                keep(page, f"{name}-{language}-{width}")
            page.context.close()
        browser.close()
    # The closed page says 404, which Chromium notes on the console.
    assert [one for one in findings if "status of 404" not in one] == []


def test_the_notice_in_the_console(site: tuple[str, dict[str, str]], settings: Any) -> None:
    address, _paths = site
    settings.SHUKE_PUBLIC_URL = address
    findings: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width in (390, 1440):
            page = opened(browser, width, findings)
            page.goto(f"{address}/console/sign-in/")
            page.fill("[name=username]", "alice")
            page.fill("[name=password]", PASSWORD)
            page.click("main button[type=submit], main form .btn-primary")
            page.goto(f"{address}/console/notice/")
            page.fill("[name=title]", "茶友之家")
            page.frame_locator("iframe").get_by_text("茶友之家").wait_for()
            for style in ("strip", "banner"):
                with page.expect_response(f"**/notice/frame/**style={style}**"):
                    page.check(f"[name=style][value={style}]")
                page.frame_locator("iframe").locator("img").wait_for()
                findings += [f"{style} {width}: {one}" for one in look(page)]
                keep(page, f"notice-{style}-{width}")
            page.context.close()
        browser.close()
    assert findings == []


def opened(browser: Browser, width: int, findings: list[str]) -> Page:
    """A new browser window that notes what goes wrong."""
    context = browser.new_context(
        viewport={"width": width, "height": 844 if width < 900 else 900}, device_scale_factor=2
    )
    page = context.new_page()
    page.on("console", lambda message: findings.append(f"console: {message.text}"))
    page.on("pageerror", lambda error: findings.append(f"error: {error}"))
    return page


def look(page: Page) -> list[str]:
    """What is wrong with a page."""
    found = [
        f"{one['id']}: {node['html']}" for one in Axe().run(page, options=RULES)["violations"] for node in one["nodes"]
    ]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the window")
    return found


def small(page: Page) -> list[str]:
    """What a thumb would miss, and scripts where there should be none."""
    scripts = ["scripts"] if page.evaluate("document.scripts.length") else []
    return [*scripts, *(f"too small to tap: {one}" for one in page.evaluate(SMALL))]


def keep(page: Page, name: str) -> None:
    """Keep a picture where SHUKE_PICTURES says."""
    folder = os.environ.get("SHUKE_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
