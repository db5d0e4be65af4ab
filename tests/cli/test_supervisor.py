"""The supervisor keeps its children alive and leaves nothing behind, however it ends."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from shuke.cli import supervisor

PROGRAM = """
import sys, time
import django.conf
django.conf.settings.configure(USE_I18N=False)
from pathlib import Path
from shuke.cli import supervisor
supervisor.DEATHS = 3
folder = Path(sys.argv[1])
sleeper = "import os, sys, time, pathlib; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); time.sleep(60)"
names = sys.argv[2].split(",")
bodies = {"sleeps": sleeper, "dies": "raise SystemExit(7)", "again": "raise SystemExit(75)"}
children = [supervisor.Child(name, [sys.executable, "-c", bodies[name.rstrip("0123456789")], str(folder / name)])
            for name in names]
code = supervisor.run(children, ready=lambda: print("ready", flush=True), tend=lambda: None,
                      say=lambda text: print(text, flush=True))
sys.exit(code)
"""


def start(folder: Path, names: str) -> subprocess.Popen[bytes]:
    """A supervisor of its own with the named children; what it says is in `said`."""
    with (folder / "said").open("w") as said:
        return subprocess.Popen([sys.executable, "-c", PROGRAM, str(folder), names], stdout=said)


def pid_in(path: Path) -> int:
    """The process id a child has written down, once it has."""
    until(lambda: path.exists() and path.read_text() != "")
    return int(path.read_text())


def until(holds: Callable[[], bool], seconds: float = 15) -> None:
    """Wait for something that must come true."""
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not come true in time"
        time.sleep(0.05)


def is_alive(pid: int) -> bool:
    """Whether a process runs; a dead one that nobody has asked for yet does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except FileNotFoundError:
        return False


@pytest.mark.parametrize("ending", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_all_children_and_the_supervisor_in_peace(tmp_path: Path, ending: signal.Signals) -> None:
    process = start(tmp_path, "sleeps1,sleeps2")
    pids = [pid_in(tmp_path / "sleeps1"), pid_in(tmp_path / "sleeps2")]
    process.send_signal(ending)
    assert process.wait(10) == 0
    assert [is_alive(pid) for pid in pids] == [False, False]


def test_a_child_that_was_killed_is_started_again(tmp_path: Path) -> None:
    process = start(tmp_path, "sleeps1")
    first = pid_in(tmp_path / "sleeps1")
    (tmp_path / "sleeps1").unlink()
    os.kill(first, signal.SIGKILL)
    second = pid_in(tmp_path / "sleeps1")
    assert second != first
    process.terminate()
    assert process.wait(10) == 0
    assert not is_alive(second)


def test_a_child_that_dies_again_and_again_ends_everything(tmp_path: Path) -> None:
    process = start(tmp_path, "sleeps1,dies")
    assert process.wait(60) == 1
    assert (tmp_path / "said").read_text().splitlines() == [
        "ready",
        "dies stopped (code 7); it is started again.",
        "dies stopped (code 7); it is started again in 1 s.",
        "dies stopped 3 times in a row (code 7); giving up.",
        "Stopping …",
    ]
    assert not is_alive(int((tmp_path / "sleeps1").read_text()))


def test_a_child_that_begins_anew_again_and_again_is_not_given_up(tmp_path: Path) -> None:
    process = start(tmp_path, "sleeps1,again")
    begun_anew = "again stopped (code 75); it is started again in 1 s."
    until(lambda: (tmp_path / "said").read_text().count(begun_anew) >= 4, 60)
    assert process.poll() is None
    assert is_alive(pid_in(tmp_path / "sleeps1"))
    process.terminate()
    assert process.wait(10) == 0


def test_children_do_not_outlive_a_supervisor_that_was_killed_outright(tmp_path: Path) -> None:
    process = start(tmp_path, "sleeps1")
    pid = pid_in(tmp_path / "sleeps1")
    process.kill()
    process.wait(10)
    until(lambda: not is_alive(pid))


def test_only_one_supervisor_keeps_a_folder_and_the_second_learns_where_the_first_is(tmp_path: Path) -> None:
    with supervisor.only_one(tmp_path) as note:
        note("http://127.0.0.1:8000")
        with (
            pytest.raises(supervisor.AlreadyRunning, match=r"^http://127\.0\.0\.1:8000$"),
            supervisor.only_one(tmp_path),
        ):
            pytest.fail("two supervisors keep one folder")
    with supervisor.only_one(tmp_path):
        pass


def test_a_taken_port_is_passed_over_and_an_asked_for_one_is_not() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = taken.getsockname()[1]
        assert supervisor.free_port("127.0.0.1", port, tries=1) is None
        found = supervisor.free_port("127.0.0.1", port, tries=20)
        assert found is not None
        assert found > port


def test_the_port_of_a_web_server_that_is_still_leaving_is_waited_for(tmp_path: Path) -> None:
    assert supervisor.left_port(tmp_path) is None
    with supervisor.only_one(tmp_path) as note:
        note("http://127.0.0.1:8123")
    assert supervisor.left_port(tmp_path) == 8123
    with supervisor.only_one(tmp_path):
        assert supervisor.left_port(tmp_path) is None
    with socket.socket() as leaving:
        leaving.bind(("127.0.0.1", 0))
        leaving.listen()
        port = leaving.getsockname()[1]
        gone = threading.Timer(0.3, leaving.close)
        gone.start()
        supervisor.wait_for_leaving("127.0.0.1", port)
        gone.join()
        assert supervisor.free_port("127.0.0.1", port, tries=1) == port
