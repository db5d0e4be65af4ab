"""Another key for the installation, killed half way."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import pytest

from shuke.core import crypto, rotation, sql
from shuke.core.crypto import INSTALLATION, Unreadable
from shuke.core.tenancy import tenant
from tests.make import Place

ROW = "members_field|value|1"


class Killed(BaseException):
    """As a kill would: nothing after it runs."""


@pytest.fixture
def home(alice: Place, charlie: Place, settings: Any, tmp_path: Path) -> Path:
    """A data folder of its own, with something sealed for two merchants and the installation."""
    settings.SHUKE_HOME, settings.SHUKE_KEY, settings.SHUKE_KEY_OLD = tmp_path, "", ""
    crypto._vault.cache_clear()
    for merchant_id in (INSTALLATION, alice.merchant_id, charlie.merchant_id):
        with tenant(merchant_id):
            sql.run("DELETE FROM core_merchantkey WHERE merchant_id = %(m)s", {"m": merchant_id})
    return tmp_path


def sealed(*merchant_ids: int) -> dict[int, bytes]:
    return {one: crypto.vault(one).seal("林晓月", row=ROW) for one in merchant_ids}


def opened(kept: dict[int, bytes]) -> set[str]:
    """What a program that starts now reads."""
    crypto._vault.cache_clear()
    return {crypto.vault(one).open(value, row=ROW) for one, value in kept.items()}


def test_everything_opens_with_the_new_key_and_nothing_with_the_old(alice: Place, charlie: Place, home: Path) -> None:
    everybody = [alice.merchant_id, charlie.merchant_id]
    kept = sealed(INSTALLATION, *everybody)
    old = crypto.key_path().read_text()
    assert rotation.rotate(everybody) == 3
    assert crypto.key_path().read_text() != old
    assert opened(kept) == {"林晓月"}
    assert sorted(path.name for path in (home / "secrets").iterdir()) == ["installation.key"]
    crypto.key_path().write_text(old)
    with pytest.raises(Unreadable):
        opened(kept)


@pytest.mark.parametrize("step", ["wrap", "link", "replace", "fsync", "unlink"])
def test_killed_anywhere_everything_opens_and_the_next_run_finishes(
    alice: Place, charlie: Place, home: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    everybody = [alice.merchant_id, charlie.merchant_id]
    kept = sealed(INSTALLATION, *everybody)
    old = crypto.key_path().read_text()

    def kill(*_arguments: object, **_options: object) -> None:
        raise Killed

    calls = {"count": 0}
    real_wrap = crypto.wrap

    def second_time(*arguments: Any) -> bytes:
        calls["count"] += 1
        if calls["count"] == 2:
            raise Killed
        return real_wrap(*arguments)

    with monkeypatch.context() as patch:
        if step == "wrap":
            patch.setattr(rotation, "wrap", second_time)
        elif step in {"link", "fsync"}:
            patch.setattr(os, step, kill)
        else:
            patch.setattr(Path, step, _only_for_keys(getattr(Path, step), kill))
        with pytest.raises(Killed):
            rotation.rotate(everybody)
    assert opened(kept) == {"林晓月"}
    rotation.rotate(everybody)
    assert opened(kept) == {"林晓月"}
    assert crypto.key_path().read_text() != old
    assert sorted(path.name for path in (home / "secrets").iterdir()) == ["installation.key"]


def _only_for_keys(real: Any, kill: Any) -> Any:
    def done(self: Path, *arguments: Any, **options: Any) -> Any:
        is_ours = self.name.startswith("installation.key") and self.exists() and not options.get("missing_ok")
        return kill() if is_ours else real(self, *arguments, **options)

    return done


def test_with_the_key_in_the_environment(alice: Place, home: Path, settings: Any) -> None:
    settings.SHUKE_KEY = "11" * 32
    kept = sealed(INSTALLATION, alice.merchant_id)
    settings.SHUKE_KEY, settings.SHUKE_KEY_OLD = "22" * 32, "11" * 32
    assert opened(kept) == {"林晓月"}
    assert rotation.rotate([alice.merchant_id]) == 2
    assert rotation.rotate([alice.merchant_id]) == 0
    settings.SHUKE_KEY_OLD = ""
    assert opened(kept) == {"林晓月"}


def test_a_wrong_key_changes_nothing(alice: Place, home: Path, settings: Any) -> None:
    settings.SHUKE_KEY = "11" * 32
    kept = sealed(alice.merchant_id)
    settings.SHUKE_KEY = "33" * 32
    crypto._vault.cache_clear()
    with pytest.raises(Unreadable):
        rotation.rotate([alice.merchant_id])
    settings.SHUKE_KEY = "11" * 32
    assert opened(kept) == {"林晓月"}
