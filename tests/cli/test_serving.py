"""The commands of an owner from the first one on, with real processes on a data folder of their own."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import pytest

from shuke.cli.sample_exports import write_exports
from tests.cli.test_supervisor import is_alive, until

pytestmark = pytest.mark.slow
PASSWORD = "long enough words"
LONG = 120  # seconds; a machine that runs the whole suite is slow to start programs


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A data folder that nobody used yet."""
    with tempfile.TemporaryDirectory(prefix="shuke-serving-") as folder:
        yield Path(folder)


def environment(home: Path) -> dict[str, str]:
    """What the commands are told."""
    inherited = {name: value for name, value in os.environ.items() if not name.startswith(("SHUKE", "DATABASE"))}
    return {**inherited, "SHUKE_HOME": str(home), "SHUKE_LANGUAGE": "en", "SHUKE_PASSWORD": PASSWORD}


def shuke(home: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    command = [sys.executable, "-m", "shuke.cli.main", *arguments]
    return subprocess.run(command, env=environment(home), capture_output=True, text=True, check=False, timeout=2 * LONG)


@pytest.fixture(scope="module")
def exports(home: Path) -> list[str]:
    """An owner with one shop, and the files of that shop."""
    done = shuke(
        home, "create-owner", "--username", "alice", "--name", "Alice", "--merchant", "Tea", "--shop", "Tea house"
    )
    assert done.stdout == "✓ Alice can sign in now.\n", done.stderr
    files = write_exports(home / "exports", orders=40, buyers=15, months=3, until=date(2026, 6, 30))
    return [str(path) for path in sorted(files, key=lambda path: "Detail" in path.name)]


def test_an_owner_imports_twice_and_the_second_time_nothing_is_new(home: Path, exports: list[str]) -> None:
    first = shuke(home, "import", exports[0])
    assert (first.returncode, first.stderr) == (0, "")
    assert "40 rows; 40 new, 0 changed, 0 as before, 0 older than what is known, 0 refused." in first.stdout
    second = shuke(home, "import", exports[0], "--shop", "Tea house")
    assert (second.returncode, second.stderr) == (0, "")
    assert "40 rows; 0 new, 0 changed, 40 as before, 0 older than what is known, 0 refused." in second.stdout
    nowhere = shuke(home, "import", exports[0], "--shop", "Coffee house")
    assert nowhere.returncode == 1
    assert "Which shop? Say --shop with one of:" in nowhere.stderr


def test_a_file_that_is_no_export_is_refused_with_a_sentence(home: Path, exports: list[str]) -> None:
    strange = home / "menu.csv"
    strange.write_text("dish,price\nnoodles,12\n")
    done = shuke(home, "import", str(strange))
    assert done.returncode == 1
    assert done.stdout.startswith("✗ menu.csv: This is not an export that Shuke knows; it begins with: dish、price.")
    assert len(exports) == 2


def test_the_doctor_finds_all_well_and_no_database_is_left_running(home: Path, exports: list[str]) -> None:
    done = shuke(home, "doctor")
    assert done.stdout.endswith("All is well.\n"), done.stdout
    assert done.returncode == 0
    assert not (home / "postgres/postmaster.pid").exists()
    assert exports


def test_pages_come_back_after_every_kind_of_death_and_a_signal_ends_all_in_order(
    home: Path, exports: list[str], serve: Callable[[int], subprocess.Popen[bytes]]
) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = serve(port)
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/static/console/console.js", timeout=5) as response:
        assert response.headers["X-Content-Type-Options"] == "nosniff"
        assert response.headers["Content-Type"] == "text/javascript; charset=utf-8"
        assert response.headers["Cache-Control"] == "public, max-age=600"
    children = _children(process.pid)
    assert len(children) == 2
    second = shuke(home, "serve", "--port", str(port))
    assert (second.returncode, second.stderr) == (1, f"It is running already: http://127.0.0.1:{port}\n")

    os.kill(children[0], signal.SIGKILL)
    until(lambda: len(_children(process.pid)) == 2 and _children(process.pid) != children and _answers(port), LONG)

    children = _children(process.pid)
    process.kill()
    process.wait()
    until(lambda: not any(is_alive(pid) for pid in children) and not (home / "postgres/postmaster.pid").exists(), LONG)

    process = serve(port)
    process.terminate()
    assert process.wait(LONG) == 0
    assert not (home / "postgres/postmaster.pid").exists()
    assert not _answers(port)
    assert exports


@pytest.fixture
def serve(home: Path) -> Iterator[Callable[[int], subprocess.Popen[bytes]]]:
    """Starts `shuke serve` on a port and waits for its pages; what a failed test leaves is ended."""
    started: list[subprocess.Popen[bytes]] = []

    def begin(port: int) -> subprocess.Popen[bytes]:
        started.append(_serve(home, port))
        until(lambda: started[-1].poll() is not None or _answers(port), LONG)
        assert started[-1].poll() is None, (home / "said").read_text()
        until(lambda: (home / "supervisor.lock").read_text() != "", LONG)
        return started[-1]

    yield begin
    for process in started:
        process.terminate()
        process.wait(LONG)


def _serve(home: Path, port: int) -> subprocess.Popen[bytes]:
    with (home / "said").open("a") as said:
        return subprocess.Popen(
            [sys.executable, "-m", "shuke.cli.main", "serve", "--port", str(port)],
            env=environment(home), stdout=said, stderr=said,
        )  # fmt: skip


def _children(pid: int) -> list[int]:
    found = []
    for path in Path("/proc").glob("[0-9]*/stat"):
        try:
            state, parent = path.read_text().rsplit(")", 1)[1].split()[:2]
        except (FileNotFoundError, ProcessLookupError):
            continue
        if int(parent) == pid and state != "Z":
            found.append(int(path.parent.name))
    return sorted(found)


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/console/sign-in/", timeout=5) as response:
            return bool(response.status == 200)
    except OSError:
        return False
