"""A data folder on which real commands run, for tests of whole commands."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
from psycopg.conninfo import make_conninfo

from shuke.cli.sample_exports import write_exports
from shuke.core.database import OWNER, EmbeddedServer

ROOT = Path(__file__).resolve().parents[2]
LONG = 240  # seconds; a machine that runs the whole suite is slow to start programs
PASSWORD = "long enough words"


class Running:
    """One installation; commands are run as a person runs them."""

    def __init__(self, home: Path, **more: str) -> None:
        self.home = home
        home.mkdir(parents=True, exist_ok=True)
        self.server = EmbeddedServer(home)
        self.more = more

    def environment(self, more: dict[str, str] | None = None) -> dict[str, str]:
        """What the commands are told."""
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SHUKE", "DATABASE"))}
        return {**inherited, "SHUKE_HOME": str(self.home), "SHUKE_LANGUAGE": "en", "SHUKE_PASSWORD": PASSWORD,
                "PYTHONWARNINGS": "ignore", **self.more, **(more or {})}  # fmt: skip

    def run(self, *arguments: str, more: dict[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """A command to its end."""
        command = [sys.executable, "-m", "shuke.cli.main", *arguments]
        return subprocess.run(
            command, env=self.environment(more), cwd=ROOT, capture_output=True, text=True, check=False, timeout=LONG
        )

    def shuke(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """A command that must succeed."""
        done = self.run(*arguments)
        assert done.returncode == 0, done.stdout + done.stderr
        return done

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """A command that goes on beside the test."""
        with (self.home / "said").open("ab") as said:
            return subprocess.Popen(
                [sys.executable, "-m", "shuke.cli.main", *arguments], env=self.environment(), cwd=ROOT, stdout=said, stderr=said
            )  # fmt: skip

    def begin(self) -> None:
        """An owner with one shop."""
        self.shuke("create-owner", "--username", "alice", "--name", "Alice", "--merchant", "Tea", "--shop", "Tea house")

    def export(self, *, orders: int, seed: int) -> str:
        """An order list of invented orders."""
        folder = self.home.parent / f"export-{seed}"
        files = write_exports(folder, orders=orders, buyers=orders // 3, months=6, until=date(2026, 6, 30), seed=seed)
        return str(next(path for path in files if "Detail" not in path.name))

    @contextmanager
    def serving(self) -> Iterator[int]:
        """Pages and worker; gives the port."""
        port = free_port()
        process = self.start("serve", "--port", str(port))
        try:
            self.until(lambda: answers(port), alive=process)
            yield port
        finally:
            process.terminate()
            process.wait(LONG)

    def rows(self, statement: str) -> list[tuple[Any, ...]]:
        """What the owner of the tables sees."""
        with psycopg.connect(make_conninfo(**self.server.address(OWNER))) as connection:
            return connection.execute(statement).fetchall()

    def number(self, statement: str) -> int:
        """The one number a statement gives; 0 for none."""
        return int(self.rows(statement)[0][0] or 0)

    def until(self, condition: Callable[[], bool], *, alive: subprocess.Popen[bytes] | None = None) -> None:
        """Wait for a condition."""
        end = time.monotonic() + LONG
        while not condition():
            assert time.monotonic() < end, (self.home / "said").read_text()[-3000:]
            assert alive is None or alive.poll() is None, (self.home / "said").read_text()[-3000:]
            time.sleep(0.1)


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answers(port: int) -> bool:
    """Whether somebody listens."""
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True
