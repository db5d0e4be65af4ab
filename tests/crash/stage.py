"""A data folder with its own durable PostgreSQL, on which processes play and are killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from shuke.core.database import OWNER, EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
PLAY = Path(__file__).with_name("play.py")


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

    def work(self, *command: str) -> subprocess.Popen[bytes]:
        """Start a worker: `shuke work`, or the file that is named."""
        words = command or ("-m", "shuke.cli.main", "work")
        with (self.home / "worker.log").open("ab") as log:
            started = subprocess.Popen(
                [sys.executable, *words], env=self.environment(), cwd=ROOT, stdout=log, stderr=log
            )  # fmt: skip
        self.workers.append(started)
        return started

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

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the tables' owner is told."""
        with psycopg.connect(make_conninfo(**self.server.address(OWNER)), autocommit=True) as connection:
            done = connection.execute(statement)
            return done.fetchall() if done.description else []

    def until(self, holds: Callable[[], bool], *, seconds: float = 60) -> None:
        """Wait for something that must come true."""
        end = time.monotonic() + seconds
        while not holds():
            assert time.monotonic() < end, f"{self.jobs()}\n{(self.home / 'worker.log').read_text()[-3000:]}"
            time.sleep(0.05)

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
