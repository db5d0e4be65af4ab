"""PostgreSQL killed with -9 comes back whatever it left behind, and pools get their connections back by themselves."""

from __future__ import annotations

import os
import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shuke.core.database import OWNER, EmbeddedServer, PatientConnection

pytestmark = [pytest.mark.slow]


@pytest.fixture(scope="module")
def server() -> Iterator[EmbeddedServer]:
    """A server of its own that runs."""
    home = Path(tempfile.mkdtemp(prefix="shuke-postgres-"))
    made = EmbeddedServer(home)
    made.start()
    yield made
    made.stop()
    shutil.rmtree(home, ignore_errors=True)


def address(server: EmbeddedServer) -> str:
    """Where its owner reaches it."""
    return make_conninfo(**server.address(OWNER, "postgres"))


def kill(server: EmbeddedServer) -> None:
    """End the postmaster without a word."""
    pid = server.pid()
    assert pid is not None
    os.kill(pid, signal.SIGKILL)
    while server.pid() is not None:
        time.sleep(0.01)


def test_a_session_in_the_middle_of_long_work_does_not_hold_up_the_next_start(server: EmbeddedServer) -> None:
    with psycopg.connect(address(server)) as connection:
        busy = connection.info.backend_pid

        def count() -> None:
            with pytest.raises(psycopg.OperationalError):
                connection.execute("SELECT count(*) FROM generate_series(1, 100000000000)")

        thread = threading.Thread(target=count)
        thread.start()
        time.sleep(0.3)
        kill(server)
        assert server.start()
        thread.join(10)
    assert not thread.is_alive()
    assert not Path(f"/proc/{busy}/cwd").exists()
    assert server.is_running()


def test_the_number_of_another_program_in_its_place_is_not_taken_for_it(server: EmbeddedServer) -> None:
    kill(server)
    left = server.folder / "postmaster.pid"
    left.write_text(f"{os.getpid()}\n" + left.read_text().split("\n", 1)[1])
    assert server.pid() is None
    assert server.start()
    assert server.is_running()


def test_a_patient_connection_waits_for_a_server_that_starts_anew(server: EmbeddedServer) -> None:
    kill(server)
    later = threading.Timer(0.5, server.start)
    later.start()
    with PatientConnection.connect(address(server)) as connection:
        assert connection.execute("SELECT 1").fetchone() == (1,)
    later.join()
