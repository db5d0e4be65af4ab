"""Commands share Shuke's own database; whoever leaves last stops it, unless it was started by other means."""

from __future__ import annotations

import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from shuke.cli.home import database_open
from shuke.core.database import EmbeddedServer


@pytest.fixture
def server(settings: Any) -> Iterator[EmbeddedServer]:
    """An empty data folder and its server."""
    with tempfile.TemporaryDirectory(prefix="shuke-home-") as folder:
        settings.SHUKE_EMBEDDED = EmbeddedServer(Path(folder), {"fsync": "off", "shared_buffers": "16MB"})
        yield settings.SHUKE_EMBEDDED
        settings.SHUKE_EMBEDDED.stop()


def test_the_last_command_stops_the_database(server: EmbeddedServer) -> None:
    with database_open(migrate=False):
        assert server.is_running()
        with database_open(migrate=False):
            assert server.is_running()
        assert server.is_running()
    assert not server.is_running()
    assert server.pid() is None


def test_a_database_started_by_other_means_is_left_running(server: EmbeddedServer) -> None:
    assert server.start()
    with database_open(migrate=False):
        pass
    assert server.is_running()


def test_a_database_that_was_killed_is_started_again_on_the_same_rows(server: EmbeddedServer) -> None:
    with database_open(migrate=False):
        pid = server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        while server.pid() is not None:
            time.sleep(0.05)
    with database_open(migrate=False):
        assert server.is_running()
        assert server.pid() != pid
    assert not server.is_running()


def test_without_an_own_database_nothing_is_started(settings: Any) -> None:
    settings.SHUKE_EMBEDDED = None
    with database_open():
        pass
