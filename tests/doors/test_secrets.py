"""Secrets made at the first start: readable by their owner alone, different everywhere, never told."""

from __future__ import annotations

import os
import stat
import subprocess
import sys
from pathlib import Path
from typing import Any

from shuke.cli import supervisor
from shuke.core.secrets import secret_file


def started(home: Path, **more: str) -> subprocess.CompletedProcess[str]:
    """A program that loads the settings in an empty data folder, as loosely as a host may have set its umask."""
    code = "import os; os.umask(0); import django; django.setup(); from shuke.core.crypto import installation_key; installation_key()"
    known = {name: value for name, value in os.environ.items() if not name.startswith(("SHUKE_", "DATABASE_"))}
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**known, "SHUKE_HOME": str(home), "DJANGO_SETTINGS_MODULE": "shuke.settings", **more},
        capture_output=True, text=True, check=True,
    )  # fmt: skip


def test_files_and_folders_are_closed_whatever_the_umask(tmp_path: Path) -> None:
    home = tmp_path / "new" / "home"
    said = started(home)
    secrets = home / "secrets"
    assert {path.name for path in secrets.iterdir()} == {"django.key", "installation.key"}
    for path in secrets.iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path.name
        assert path.read_text() not in said.stdout + said.stderr
        assert len(bytes.fromhex(path.read_text())) == 32
    assert stat.S_IMODE(secrets.stat().st_mode) == 0o700
    assert stat.S_IMODE((home / "clear").stat().st_mode) == 0o700


def test_every_installation_has_its_own(tmp_path: Path) -> None:
    assert secret_file(tmp_path / "a") != secret_file(tmp_path / "b")
    assert secret_file(tmp_path / "a") == secret_file(tmp_path / "a")


def test_no_secret_stands_in_a_list_of_processes(tmp_path: Path) -> None:
    for command in (supervisor.web("127.0.0.1", 1, threads=1), supervisor.worker()):
        words = " ".join(command).removeprefix(sys.executable).lower().replace(str(tmp_path).lower(), "")
        assert not any(word in words for word in ("key", "secret", "password", "postgres"))


def test_an_older_session_key_is_still_read(tmp_path: Path) -> None:
    code = ("import django; django.setup(); from django.conf import settings; from django.core import signing;"
            "import sys; print(signing.loads(sys.argv[1])) if sys.argv[1:] else print(signing.dumps('x'))")  # fmt: skip
    environment: dict[str, Any] = {
        **os.environ,
        "SHUKE_HOME": str(tmp_path),
        "DJANGO_SETTINGS_MODULE": "shuke.settings",
    }

    def run(*arguments: str, **keys: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run([sys.executable, "-c", code, *arguments], env={**environment, **keys},
                              capture_output=True, text=True, check=False)  # fmt: skip

    token = run(SHUKE_SECRET_KEY="old" * 20).stdout.strip()
    assert run(token, SHUKE_SECRET_KEY="new" * 20, SHUKE_SECRET_KEY_OLD="old" * 20).stdout.strip() == "x"
    assert run(token, SHUKE_SECRET_KEY="new" * 20).returncode == 1
