"""The stage of crash tests."""

from __future__ import annotations

import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.crash.stage import ROOT, Stage


@pytest.fixture(scope="module")
def stage() -> Iterator[Stage]:
    """A fresh data folder whose PostgreSQL runs; not pytest's, which shuts its folders against PostgreSQL's account."""
    home = Path(tempfile.mkdtemp(prefix="shuke-crash-"))
    made = Stage(home)
    made.server.start()
    environment = made.environment()
    subprocess.run([sys.executable, "-m", "shuke.cli.main", "migrate"], check=True, env=environment, cwd=ROOT)
    try:
        yield made
    finally:
        made.kill_workers()
        made.server.stop()
        shutil.rmtree(home, ignore_errors=True)
