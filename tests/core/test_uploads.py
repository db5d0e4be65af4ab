"""Uploads: too large ones are refused by their announced size; what killed processes left is cleared away."""

from __future__ import annotations

import os
import time
from pathlib import Path

import pytest
from django.conf import settings
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from shuke.core import sealed_files
from tests import make


def test_a_request_over_the_limit_is_refused_with_a_page(alice: make.Place, monkeypatch: pytest.MonkeyPatch) -> None:
    client = Client()
    client.post("/console/sign-in/", {"username": "alice", "password": make.PASSWORD})
    monkeypatch.setattr(settings, "SHUKE_UPLOAD_LIMIT_MB", 1)
    answer = client.post("/console/imports/upload/", {"files": SimpleUploadedFile("a.csv", b"x" * (3 << 20))})
    assert answer.status_code == 413
    assert "太大" in answer.content.decode()


@pytest.mark.usefixtures("db")
def test_what_killed_processes_left_is_cleared_away() -> None:
    folder = Path(settings.SHUKE_HOME) / "clear"
    folder.mkdir(exist_ok=True)
    dead, mine, old, young = folder / "999999999-x", folder / f"{os.getpid()}-x", folder / "tmpold", folder / "tmpyoung"
    for path in (dead, mine, old, young):
        path.touch()
    os.utime(old, (time.time() - 7 * 3600,) * 2)
    sealed_files.sweep_clear()
    assert [path.exists() for path in (dead, mine, old, young)] == [False, True, False, True]
    mine.unlink()
    young.unlink()
