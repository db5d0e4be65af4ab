"""A passkey in a real browser, with a device made of software: added, then used alone and as second factor."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.sync_api import Page

from tests import make
from tests.browser.conftest import Opened, opened

__all__ = ["opened"]

pytestmark = pytest.mark.browser


def with_device(page: Page) -> None:
    """Give the browser a device that knows its owner and always agrees."""
    device = page.context.new_cdp_session(page)
    device.send("WebAuthn.enable")
    options = {"protocol": "ctap2", "transport": "internal", "hasResidentKey": True, "hasUserVerification": True,
               "isUserVerified": True, "automaticPresenceSimulation": True}  # fmt: skip
    device.send("WebAuthn.addVirtualAuthenticator", {"options": options})


@pytest.mark.django_db(transaction=True)
def test_a_passkey_from_adding_to_signing_in(opened: Opened, live_server: Any, settings: Any) -> None:
    settings.SHUKE_PUBLIC_URL = live_server.url
    make.place("Alice")
    page = opened("alice", width=390)
    with_device(page)
    page.goto("/console/account/security/")
    page.fill("[data-passkey] [name=name]", "办公室电脑")
    page.click("[data-passkey=create] button")
    page.wait_for_selector(".recovery-codes")
    assert page.locator(".recovery-codes li").count() == 10
    assert page.evaluate("document.documentElement.scrollWidth") == 390
    page.wait_for_load_state("networkidle")

    page.context.clear_cookies()
    page.goto("/console/sign-in/?next=/console/shops/")
    page.click("[data-passkey=get] button")
    page.wait_for_url("**/console/shops/")
    page.wait_for_load_state("networkidle")

    page.context.clear_cookies()
    page.goto("/console/sign-in/")
    page.fill("[name=username]", "alice")
    page.fill("[name=password]", make.PASSWORD)
    page.press("[name=password]", "Enter")
    page.wait_for_url("**/console/sign-in/second/")
    page.click("[data-passkey=get] button")
    page.wait_for_url("**/console/")
