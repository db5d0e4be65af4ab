"""The prebuilt files that the console shows."""

from __future__ import annotations

import json
import re

import pytest

from tools import assets


def test_the_lock_is_exact_and_names_no_registry() -> None:
    text = (assets.ROOT / "package-lock.json").read_text()
    packages = json.loads(text)["packages"]
    assert "://" not in text
    assert all(one["integrity"].startswith("sha512-") for name, one in packages.items() if name)
    assert all(re.fullmatch(r"\d+\.\d+\.\d+", version) for version in packages[""]["dependencies"].values())


def test_the_sprite_holds_every_icon_that_is_used() -> None:
    if not (assets.VENDOR / "icons.svg").exists():
        pytest.fail("the prebuilt files are missing: make setup")
    sprite = (assets.VENDOR / "icons.svg").read_text()
    assert {"home", "users", "trash"} <= set(assets.icons())
    assert set(re.findall(r'<symbol id="([^"]+)"', sprite)) == set(assets.icons())
    assert sprite.count('<path stroke="none"') == 0


def test_a_name_that_is_no_icon_is_an_error() -> None:
    with pytest.raises(SystemExit):
        assets.sprite(["no-such-icon"])
