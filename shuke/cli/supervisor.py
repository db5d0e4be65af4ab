"""Keeps the pages and the worker running as children of one process, and takes all of them down in order."""

from __future__ import annotations

import ctypes
import fcntl
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType
from urllib.parse import urlsplit

from django.utils.translation import gettext as _

from shuke.core.workers import AGAIN_CODE

LIVED_SECONDS = 30
DEATHS = 5
LOOK_SECONDS = 0.1
BREATH_SECONDS = 3
"""A child that was killed, or that left to begin anew, is not broken: it waits a second only if it lived shorter than this."""
GRACE_SECONDS = 25
LEAVING_SECONDS = 15
"""A web server that is told to stop ends its last requests first, ten seconds at most."""
_PR_SET_PDEATHSIG = 1
THREADS = 128
"""Most requests at work at once: nearly all of them wait, for PostgreSQL or for the batch their call went into.

Twice what a batch takes at most, so that one of that size gathers while another is done.
"""
WEB_ENVIRONMENT = {"SHUKE_CONNECTIONS": "16"}
"""They share a few connections: each costs PostgreSQL a process, and a warm one answers twice as fast."""


class AlreadyRunning(RuntimeError):
    """Another supervisor keeps this data folder; the text is where it can be reached."""


@dataclass
class Child:
    """A process to be kept alive; `label` is what people call it."""

    label: str
    command: Sequence[str]
    environment: dict[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None
    started: float = 0.0
    due: float = 0.0
    death_count: int = 0

    def start(self) -> None:
        """Start it as leader of a group of its own, so that Ctrl-C reaches only the supervisor."""
        self.process = subprocess.Popen(  # noqa: S603 - our own interpreter and modules
            self.command,
            env={**os.environ, **self.environment},
            stdin=subprocess.DEVNULL,
            start_new_session=True,
            preexec_fn=end_with_parent,  # noqa: PLW1509 - the supervisor has no other threads when it starts children
        )
        self.started = time.monotonic()


def run(
    children: Sequence[Child], *, ready: Callable[[], None], tend: Callable[[], None], say: Callable[[str], None]
) -> int:
    """Keep the children alive until SIGINT or SIGTERM, then stop them last-named first; the exit code.

    `ready` is called once all of them stand, `tend` several times a second. A child that dies is started again at once, the
    next time after 1, 2, 4 … seconds; one that ends by itself DEATHS times without ever living LIVED_SECONDS ends everything
    with code 1. One that is killed, or that leaves to begin anew, waits a second at most and is never given up.
    """
    stop = threading.Event()
    with _on_signals(stop.set):
        code = 0
        try:
            for child in children:
                child.start()
            ready()
            while not stop.wait(LOOK_SECONDS):
                if any(_look_after(child, say) for child in children):
                    code = 1
                    break
                tend()  # after the children: a worker that lost the database starts while the database does
        finally:
            say(_("Stopping …"))
            _stop_all(children)
    return code


def _look_after(child: Child, say: Callable[[str], None]) -> bool:
    """Start it again if it is dead and its time has come; True when it died too often."""
    if child.process is None:
        if time.monotonic() >= child.due:
            child.start()
        return False
    code = child.process.poll()
    if code is None:
        return False
    with suppress(ProcessLookupError):  # what it had started itself would go on holding the port
        os.killpg(child.process.pid, signal.SIGKILL)
    pause = _count(child, code)
    if child.death_count >= DEATHS:
        say(_("%(what)s stopped %(count)s times in a row (code %(code)s); giving up.")
            % {"what": child.label, "count": child.death_count, "code": code})  # fmt: skip
        return True
    words = {"what": child.label, "code": code, "pause": pause}
    say(_("%(what)s stopped (code %(code)s); it is started again in %(pause)s s.") % words if pause
        else _("%(what)s stopped (code %(code)s); it is started again.") % words)  # fmt: skip
    child.process, child.due = None, time.monotonic() + pause
    if not pause:
        child.start()
    return False


def _count(child: Child, code: int) -> int:
    """Note a death; how many seconds to wait before the next start."""
    lived = time.monotonic() - child.started
    if code < 0 or code == AGAIN_CODE:
        return int(lived < BREATH_SECONDS)
    child.death_count = 1 if lived > LIVED_SECONDS else child.death_count + 1
    return 2 ** (child.death_count - 2) if child.death_count > 1 else 0


def _stop_all(children: Sequence[Child]) -> None:
    for child in reversed(children):
        if child.process is not None and child.process.poll() is None:
            child.process.terminate()
    deadline = time.monotonic() + GRACE_SECONDS
    for child in reversed(children):
        if child.process is None:
            continue
        try:
            child.process.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            os.killpg(child.process.pid, signal.SIGKILL)
            child.process.wait()


@contextmanager
def _on_signals(stop: Callable[[], None]) -> Iterator[None]:
    def once(_number: int, _frame: FrameType | None) -> None:
        stop()

    before = {number: signal.signal(number, once) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def end_with_parent() -> None:
    """Have Linux stop this process when its parent is gone: one that was killed outright cannot do it."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


@contextmanager
def only_one(home: Path) -> Iterator[Callable[[str], None]]:
    """Hold the folder's supervisor lock; gives a function that notes where the pages are. AlreadyRunning if held."""
    path = home / "supervisor.lock"
    path.touch(mode=0o600)
    with path.open("r+") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise AlreadyRunning(lock.read().strip()) from None

        def note(text: str) -> None:
            lock.seek(0)
            lock.truncate()
            lock.write(text)
            lock.flush()

        note("")
        yield note


def left_port(home: Path) -> int | None:
    """The port of the pages that this folder's last supervisor kept; None when there was none."""
    with suppress(OSError, ValueError):
        return urlsplit((home / "supervisor.lock").read_text().strip()).port
    return None


def wait_for_leaving(host: str, port: int) -> None:
    """Wait some seconds for a port that a web server may still hold whose supervisor was killed outright."""
    deadline = time.monotonic() + LEAVING_SECONDS
    while free_port(host, port, tries=1) is None and time.monotonic() < deadline:
        time.sleep(LOOK_SECONDS)


def free_port(host: str, wanted: int, *, tries: int = 20) -> int | None:
    """The first port from `wanted` on that nobody listens on; None when all tried ones are taken."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    for port in range(wanted, min(wanted + tries, 65536)):
        with socket.socket(family, socket.SOCK_STREAM) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                probe.bind((host, port))
            except OSError:
                continue
            return port
    return None


def wait_for_port(host: str, port: int, *, alive: Callable[[], bool], seconds: float = 60) -> bool:
    """Whether something answers on the port before the time is over or `alive` says no."""
    deadline = time.monotonic() + seconds
    target = "127.0.0.1" if host in {"0.0.0.0", ""} else host  # noqa: S104 - compared, not bound
    while time.monotonic() < deadline and alive():
        try:
            socket.create_connection((target, port), timeout=1).close()
        except OSError:
            time.sleep(0.1)
        else:
            return True
    return False


def web(host: str, port: int, *, threads: int = THREADS) -> list[str]:
    """The command that serves the pages and the collected static files; needs WEB_ENVIRONMENT."""
    return [sys.executable, "-m", "granian", "--interface", "wsgi", "--host", host, "--port", str(port),
            "--workers", "1", "--blocking-threads", str(threads), "--no-ws", "--log-level", "error",
            "--workers-kill-timeout", "10", "shuke.wsgi:application"]  # fmt: skip


def worker() -> list[str]:
    """The command that works off jobs."""
    return [sys.executable, "-m", "shuke.cli.main", "work"]
