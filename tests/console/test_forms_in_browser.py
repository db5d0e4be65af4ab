"""Forms in a real browser: rows are added, moved and removed without losing a word, by mouse and by keyboard."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import Annotated, Any

import pytest
from django.utils.translation import gettext_lazy as _
from playwright.sync_api import Page, sync_playwright
from pydantic import Field

from shuke.core import clock
from shuke.core.specs import Fen, Spec, Ui
from shuke.core.tenancy import tenant
from shuke.merchants import queries, specs
from tests import make
from tests.conftest import NOW

pytestmark = pytest.mark.browser
CHROMIUM = os.environ.get("CHROMIUM", "/usr/bin/chromium")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]


class Rung(Spec):
    """One rung."""

    name: Annotated[str, Ui(_("Name")), Field(min_length=1, max_length=20)]
    from_fen: Annotated[Fen, Ui(_("Amount")), Field(ge=0)] = 0


class LadderSpec(Spec):
    """Several rungs."""

    title: Annotated[str, Ui(_("Name"))] = ""
    rungs: Annotated[tuple[Rung, ...], Ui(_("Levels"), row=_("Levels")), Field(max_length=5)] = ()


@pytest.fixture
def page(transactional_db: None, live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Page, int]]:
    """Alice's browser at a settings page with rows."""
    # Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    monkeypatch.setattr(specs, "_pages", {"LadderSpec": specs.SettingPage(LadderSpec, "Ladder", "settings.edit")})
    with clock.frozen(NOW):
        place = make.place("Alice")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)
        found = browser.new_page(base_url=live_server.url, viewport={"width": 390, "height": 844})
        troubles: list[str] = []
        found.on("pageerror", lambda error: troubles.append(str(error)))
        found.goto("/console/sign-in/?next=/console/settings/LadderSpec/")
        found.fill("[name=username]", "alice")
        found.fill("[name=password]", make.PASSWORD)
        found.press("[name=password]", "Enter")
        found.wait_for_selector("[data-rows]")
        yield found, place.merchant_id
        browser.close()
        assert troubles == []


def saved(merchant_id: int) -> LadderSpec:
    with tenant(merchant_id):
        return queries.setting(merchant_id, LadderSpec)


def test_rows_by_mouse_and_keyboard(page: tuple[Page, int]) -> None:
    shown, merchant_id = page
    for name, amount in (("铜", "0"), ("银", "500"), ("金", "2000.5")):
        shown.click("[data-add]")
        shown.keyboard.type(name)
        shown.keyboard.press("Tab")
        shown.keyboard.press("Control+A")
        shown.keyboard.type(amount)
    assert shown.locator("[data-row]").count() == 3
    shown.locator("[data-row]").nth(2).locator("[data-up]").focus()
    shown.keyboard.press("Enter")
    shown.keyboard.press("Enter")
    shown.locator("[data-row]").nth(1).locator("[data-remove]").click()
    shown.click("#form .btn-primary")
    shown.wait_for_selector(".toast-card")
    assert saved(merchant_id).rungs == (Rung(name="金", from_fen=200050), Rung(name="银", from_fen=50000))
    assert shown.locator("[data-row] input[type=text]").first.input_value() == "金"


def test_a_mistake_in_a_row_keeps_all_rows_and_leads_to_it(page: tuple[Page, int]) -> None:
    shown, merchant_id = page
    for name in ("铜", ""):
        shown.click("[data-add]")
        shown.keyboard.type(name)
    shown.click("#form .btn-primary")
    problems = shown.locator(".problems")
    problems.wait_for()
    assert problems.evaluate("box => box === document.activeElement")
    problems.locator("a").click()
    assert shown.evaluate("document.activeElement.name").endswith(".name")
    shown.keyboard.type("银")
    shown.click("#form .btn-primary")
    shown.wait_for_selector(".toast-card")
    assert [rung.name for rung in saved(merchant_id).rungs] == ["铜", "银"]
    assert shown.evaluate("document.documentElement.scrollWidth <= innerWidth")
