"""The buyers' pages in a browser: nothing wrong for axe, nothing on the console, nothing wider than the phone."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_core_python.sync_playwright import Axe
from playwright.sync_api import Page, sync_playwright

from shuke.core.tenancy import tenant
from shuke.members.queries.links import entry_link
from shuke.merchants import actions as merchants
from tests.make import Place
from tests.portal.make_buyers import fresh_link, path_of, programme, regular

pytestmark = [pytest.mark.browser, pytest.mark.django_db(transaction=True)]

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
RULES = {"runOnly": ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]}
SMALL = """() => [...document.querySelectorAll('a, button')].filter((one) => {
    const box = one.getBoundingClientRect();
    return box.width && !one.classList.contains('skip') && (box.height < 44 || box.width < 44);
}).map((one) => one.outerHTML)"""


@pytest.fixture
def site(live_server: Any, transactional_db: None, alice: Place) -> Iterator[tuple[str, dict[str, str]]]:
    """The address of a running site, and the paths of what is looked at."""
    programme(alice)
    with tenant(alice.merchant_id):
        merchants.edit_shop(alice.merchant_id, alice.shop_id, name="Alice旗舰店", url="https://alice.taobao.com", by=alice.by)
        entry = path_of(entry_link(alice.merchant_id, alice.shop_id))
    link = fresh_link(alice, regular(alice))
    yield live_server.url, {"home": link, "points": "/b/points/", "levels": "/b/levels/", "rules": "/b/rules/",
                            "shop": entry, "closed": "/b/nothing/here"}  # fmt: skip


def test_every_page_on_a_phone_and_on_a_desk(site: tuple[str, dict[str, str]]) -> None:
    address, paths = site
    findings: list[str] = []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        for width, height in ((390, 844), (1440, 900)):
            context = browser.new_context(viewport={"width": width, "height": height}, device_scale_factor=2)
            page = context.new_page()
            page.on("console", lambda message: findings.append(f"console: {message.text}"))
            page.on("pageerror", lambda error: findings.append(f"error: {error}"))
            for language in ("zh-hans", "en"):
                context.add_cookies([{"name": "language", "value": language, "url": address}])
                for name, path in paths.items():
                    if language == "en" and (width > 390 or name in {"rules", "closed"}):
                        continue
                    answer = page.goto(address + path)
                    assert answer is not None
                    findings += [f"{name} {width} {language}: {one}" for one in look(page, answer.status)]
                    keep(page, f"{name}-{language}-{width}")
            context.close()
        browser.close()
    # The closed page says 404, which Chromium notes on the console.
    assert [one for one in findings if "status of 404" not in one] == []


def look(page: Page, status: int) -> list[str]:
    """What is wrong with a page."""
    found = [f"{one['id']}: {node['html']}" for one in Axe().run(page, options=RULES)["violations"] for node in one["nodes"]]
    if page.evaluate("document.documentElement.scrollWidth > window.innerWidth"):
        found.append("wider than the window")
    if page.evaluate("document.scripts.length"):
        found.append("scripts")
    return found + [f"too small to tap: {one}" for one in page.evaluate(SMALL)]


def keep(page: Page, name: str) -> None:
    """Keep a picture where SHUKE_PICTURES says."""
    folder = os.environ.get("SHUKE_PICTURES")
    if folder:
        page.screenshot(path=str(Path(folder) / f"{name}.png"), full_page=True)
