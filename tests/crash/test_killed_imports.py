"""Worker and PostgreSQL killed with -9 in the middle of an import: it goes on and ends the same."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from shuke.cli.sample_exports import write_exports
from shuke.core.database import OWNER, EmbeddedServer

ORDERS = 11_000
ROOT = Path(__file__).resolve().parents[2]
PLAY = Path(__file__).with_name("play.py")

pytestmark = [pytest.mark.slow]


class Stage:
    """A data folder with its own durable PostgreSQL, on which processes play."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.server = EmbeddedServer(home)
        self.workers: list[subprocess.Popen[bytes]] = []

    def play(self, *arguments: str) -> Any:
        """Run one step and read what it prints."""
        command = [sys.executable, str(PLAY), *arguments]
        done = subprocess.run(command, check=True, capture_output=True, env=self.environment(), cwd=ROOT)
        return json.loads(done.stdout)

    def work(self) -> None:
        """Start a worker as `shuke work` does."""
        log = (self.home / "worker.log").open("ab")
        command = [sys.executable, "-m", "shuke.cli.main", "work"]
        self.workers.append(subprocess.Popen(command, env=self.environment(), cwd=ROOT, stdout=log, stderr=log))
        log.close()

    def kill_workers(self) -> None:
        """End all workers without a word."""
        for worker in self.workers:
            worker.kill()
            worker.wait()
        self.workers.clear()

    def kill_postgres(self) -> None:
        """End PostgreSQL without a word, its children with it."""
        pid = self.server.pid()
        assert pid is not None
        os.kill(pid, signal.SIGKILL)
        until = time.monotonic() + 20
        while self.server.pid() is not None and time.monotonic() < until:
            time.sleep(0.05)

    def environment(self) -> dict[str, str]:
        """Where processes find the data folder."""
        return {**os.environ, "SHUKE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

    def look(self, import_id: int) -> tuple[int, str, int]:
        """(rows done, state, rows counted) of an import."""
        with psycopg.connect(make_conninfo(**self.server.address(OWNER))) as connection:
            found = connection.execute(
                "SELECT p.done_count, i.state, i.row_count FROM trade_import i JOIN core_progress p"
                " ON p.merchant_id = i.merchant_id AND p.id = i.progress_id WHERE i.id = %s",
                [import_id],
            ).fetchone()
        assert found is not None
        return found[0], found[1], found[2]

    def wait(self, import_id: int, until: Callable[[int, str, int], bool], *, seconds: float = 240) -> int:
        """Look at an import until a condition on what `look` tells holds; the rows counted then."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            found = self.look(import_id)
            if until(*found):
                return found[2]
            time.sleep(0.05)
        raise AssertionError(f"{found}\n{self.jobs()}\n{(self.home / 'worker.log').read_text()[-3000:]}")

    def settle(self, merchant: int, *, seconds: float = 240) -> None:
        """Wait until every fact has been told."""
        end = time.monotonic() + seconds
        while self.play("waiting", str(merchant)):
            assert time.monotonic() < end, self.jobs()
            time.sleep(1)

    def jobs(self) -> str:
        """Jobs that are not done, for the message of a failing test."""
        with psycopg.connect(make_conninfo(**self.server.address(OWNER))) as connection:
            found = connection.execute(
                "SELECT id, task_name, status, attempts, worker_id FROM procrastinate_jobs"
                " WHERE status IN ('todo', 'doing', 'failed') ORDER BY id DESC LIMIT 12"
            )
            return "\n".join(map(str, found))


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    home = tmp_path / "home"
    made = Stage(home)
    made.server.start()
    environment = made.environment()
    subprocess.run([sys.executable, "-m", "shuke.cli.main", "migrate"], check=True, env=environment, cwd=ROOT)
    try:
        yield made
    finally:
        made.kill_workers()
        made.server.stop()


@pytest.fixture(scope="module")
def export(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("export")
    return write_exports(folder, orders=ORDERS, buyers=6_000, months=12, until=date(2026, 6, 30), lines=None)[0]


def test_an_import_killed_with_its_worker_and_with_postgres_ends_the_same(stage: Stage, export: Path) -> None:
    undisturbed, its_import = stage.play("begin", str(export))
    stage.work()
    assert stage.wait(its_import, lambda _done, state, _rows: state == "done") == ORDERS
    stage.settle(undisturbed)
    stage.kill_workers()

    merchant, import_id = stage.play("begin", str(export))
    stage.work()
    stage.wait(import_id, lambda done, _state, _rows: done > 0)
    stage.kill_workers()
    killed_at, state, _rows = stage.look(import_id)
    assert state == "running"
    assert 0 < killed_at < ORDERS
    stage.work()
    stage.wait(import_id, lambda done, _state, _rows: done > killed_at)
    stage.kill_postgres()
    stage.server.start()
    stage.kill_workers()
    stage.work()
    assert stage.wait(import_id, lambda _done, state, _rows: state == "done") == ORDERS
    stage.settle(merchant)

    assert stage.play("digest", str(merchant)) == stage.play("digest", str(undisturbed))
