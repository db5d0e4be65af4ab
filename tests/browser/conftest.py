"""A running site with its own worker, and a browser in which somebody is signed in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from django.db import connections
from playwright.sync_api import Page, sync_playwright

from shuke.core import database
from tests import make
from tests.conftest import server

CHROMIUM = shutil.which("chromium") or shutil.which("google-chrome")
QUIET = ["--no-sandbox", "--disable-gpu", "--disable-background-networking", "--disable-component-update"]

Opened = Callable[..., Page]


@pytest.fixture
def worker(transactional_db: None) -> Iterator[None]:
    """A worker in a process of its own on this test's database, as `shuke work` is."""
    settings = connections["default"].settings_dict
    url = f"postgresql://{database.APP}@/{settings['NAME']}?host={settings['HOST']}"
    surroundings = {**os.environ, "SHUKE_HOME": str(server().home), "DATABASE_URL": url}
    process = subprocess.Popen([sys.executable, "-c", _WORK], env=surroundings, stdout=subprocess.DEVNULL)
    yield
    process.terminate()
    process.wait(timeout=30)


_WORK = """
import os
os.environ["DJANGO_SETTINGS_MODULE"] = "shuke.settings"
import django
django.setup()
from shuke.core import jobs
jobs.run_worker()
"""


@pytest.fixture
def opened(live_server: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Opened]:
    """`opened("alice", width=390)`: a page of somebody signed in; nothing may go wrong in any of them."""
    # Playwright keeps an event loop running in this thread, which Django takes for asynchronous code.
    monkeypatch.setenv("DJANGO_ALLOW_ASYNC_UNSAFE", "true")
    troubles: list[str] = []
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=CHROMIUM, args=QUIET)

        def open_page(name: str, *, width: int = 1440, height: int = 900) -> Page:
            page = browser.new_page(base_url=live_server.url, viewport={"width": width, "height": height})
            page.set_default_timeout(30_000)
            page.on("pageerror", lambda error: troubles.append(str(error)))
            # A form that comes back with its mistakes (422) is no trouble, though browsers report it.
            page.on(
                "console",
                lambda said: troubles.append(said.text) if said.type == "error" and " 422 " not in said.text else None,
            )
            page.goto("/console/sign-in/")
            page.fill("[name=username]", name)
            page.fill("[name=password]", make.PASSWORD)
            page.press("[name=password]", "Enter")
            page.wait_for_url("**/console/")
            return page

        yield open_page
        browser.close()
    assert troubles == []
