"""`make screenshots`: the pictures of the READMEs, taken from a running demo in the language its readers see."""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

from playwright.sync_api import Browser, Page, ViewportSize, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
ADDRESS = ROOT / "var" / "demo" / "supervisor.lock"
USERNAME, PASSWORD = "zhanggui", "jiu-shi-shu-ke"
DESK = ViewportSize(width=1280, height=860)
PHONE = ViewportSize(width=390, height=844)


def main() -> int:
    """Take all pictures; given may be the demo's address (else the one it noted) and a buyer's link as it printed it."""
    address = sys.argv[1] if len(sys.argv) > 1 else _noted()
    if not address:
        print("Start `make demo` first.")
        return 1
    IMAGES.mkdir(parents=True, exist_ok=True)
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        try:
            _desk(browser, address.rstrip("/"))
            if len(sys.argv) > 2:
                _phone(browser, sys.argv[2])
        finally:
            browser.close()
    return 0


def _desk(browser: Browser, address: str) -> None:
    page = browser.new_page(viewport=DESK, locale="zh-CN")
    page.goto(f"{address}/console/sign-in/")
    page.fill("input[name=username]", USERNAME)
    page.fill("input[name=password]", PASSWORD)
    page.press("input[name=password]", "Enter")
    page.wait_for_url(f"{address}/console/")
    _take(page, "today")
    page.goto(f"{address}/console/members/?sort=amount")
    page.goto(f"{address}/console/members/{_first_member(page)}/")
    _take(page, "member")
    page.goto(f"{address}/console/points/")
    _take(page, "points")


def _phone(browser: Browser, link: str) -> None:
    page = browser.new_page(viewport=PHONE, locale="zh-CN")
    page.goto(link)
    _take(page, "buyer")


def _first_member(page: Page) -> str:
    link = page.locator("table a[href*='/console/members/']").first.get_attribute("href") or ""
    return link.rstrip("/").rpartition("/")[2]


def _take(page: Page, name: str) -> None:
    page.wait_for_load_state("networkidle")
    page.screenshot(path=IMAGES / f"{name}.png")
    print(f"docs/images/{name}.png")


def _noted() -> str:
    return ADDRESS.read_text().strip() if ADDRESS.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
