"""Web, worker and PostgreSQL killed with -9 again and again while programs write: nothing acknowledged is lost.

    python -m tests.load.rounds [--rounds 100] [--seed 1] [--home FOLDER]

A real `shuke serve` in a folder of its own, and programs that give, spend and reserve points and send orders through
the API, each trying a call with the same key until it is answered. Prints a line a round and one at the end; exit code 1
when an answered write is missing or doubled, an invariant does not hold, or a recovery took longer than it may.
"""

from __future__ import annotations

import argparse
import http.client
import json
import os
import random
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
MOST_SECONDS = 15.0
PROGRAMS = 4
MEMBERS = 60
TARGETS = ("web", "worker", "postgres")


@dataclass
class Books:
    """What programs were answered: points by member, and the newest state of each order."""

    points: Counter[int] = field(default_factory=Counter)
    orders: dict[str, int] = field(default_factory=dict)
    answered: int = 0
    refused: int = 0
    last_answer: float = 0.0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, member_id: int, amount: int) -> None:
        """An answered posting."""
        with self.lock:
            self.points[member_id] += amount
            self.answered += 1

    def note_orders(self, paid: dict[str, int]) -> None:
        """Answered orders: paid amount by number."""
        with self.lock:
            self.orders |= paid
            self.answered += 1


class Installation:
    """A data folder in which `shuke serve` runs."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.port = free_port()
        self.process: subprocess.Popen[bytes] | None = None

    def shuke(self, *words: str, text: str | None = None) -> str:
        """Run one command to its end; what it prints."""
        command = [sys.executable, "-m", "shuke.cli.main", *words]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment(), input=text, capture_output=True, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{' '.join(words)}: {done.stdout[-1500:]}{done.stderr[-1500:]}")
        return done.stdout

    def environment(self) -> dict[str, str]:
        """Where processes find the folder."""
        kept = {name: value for name, value in os.environ.items() if name not in {"DATABASE_URL", "SHUKE_TEST_HOME"}}
        return {**kept, "SHUKE_HOME": str(self.home), "PYTHONPATH": str(ROOT), "PYTHONWARNINGS": "ignore"}

    @contextmanager
    def serving(self) -> Iterator[None]:
        """Pages, worker and database, until the block ends."""
        with (self.home / "serve.log").open("ab") as log:
            command = [sys.executable, "-m", "shuke.cli.main", "serve", "--port", str(self.port)]
            self.process = subprocess.Popen(command, cwd=ROOT, env=self.environment(), stdout=log, stderr=log)
        try:
            self.wait(60)
            yield
        finally:
            self.process.terminate()
            self.process.wait(60)

    def wait(self, seconds: float) -> None:
        """Until the pages answer."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            with suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            time.sleep(0.1)
        raise RuntimeError((self.home / "serve.log").read_text()[-3000:])

    def kill(self, target: str) -> None:
        """End a part without a word: with its children, as a machine's out-of-memory killer may."""
        if target == "postgres":
            os.kill(int((self.home / "postgres" / "postmaster.pid").read_text().split()[0]), signal.SIGKILL)
            return
        sign = "granian" if target == "web" else "work"
        for pid in self.children():
            words = Path(f"/proc/{pid}/cmdline").read_bytes().decode(errors="replace").split("\0")
            if sign in words:
                with suppress(ProcessLookupError):
                    os.killpg(pid, signal.SIGKILL)

    def children(self) -> list[int]:
        """The processes `shuke serve` looks after."""
        assert self.process is not None
        with suppress(OSError):
            return [int(pid) for pid in Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
                    .read_text().split()]  # fmt: skip
        return []


class Program:
    """One program with its key: calls the API until it is answered, then notes what it was told."""

    def __init__(self, port: int, key: str, books: Books, draw: random.Random) -> None:
        self.port, self.key, self.books, self.draw = port, key, books, draw
        self.line: http.client.HTTPConnection | None = None

    def call(
        self, method: str, path: str, body: object = None, *, key: str = "", until: threading.Event | None = None
    ) -> Any:
        """The answer of a call that is tried until there is one; None when told to stop before."""
        while until is None or not until.is_set():
            try:
                status, answer = self.once(method, path, body, key)
            except (OSError, http.client.HTTPException):
                self.line = None
                time.sleep(0.1)
                continue
            if status < 300:
                self.books.last_answer = time.monotonic()
                return answer
            if status in {409, 422} and answer.get("code") in {"not_enough", "in_debt", "reservation_over"}:
                self.books.refused += 1
                return None
            if status not in {409, 429, 500, 502, 503, 504}:
                raise RuntimeError(f"{method} {path}: {status} {answer}")
            time.sleep(0.1)
        return None

    def once(self, method: str, path: str, body: object, key: str) -> tuple[int, Any]:
        """One try."""
        if self.line is None:
            self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        headers = {"Authorization": f"Bearer {self.key}", "Content-Type": "application/json"}
        self.line.request(method, f"/api/v1{path}", None if body is None else json.dumps(body),
                          headers | ({"Idempotency-Key": key} if key else {}))  # fmt: skip
        response = self.line.getresponse()
        raw = response.read()
        return response.status, json.loads(raw) if raw else {}

    def run(self, name: str, shop_id: int, member_ids: Sequence[int], stop: threading.Event) -> None:
        """Mixed work until told to stop; a call that was begun is brought to its end."""
        number = 0
        while not stop.is_set():
            number += 1
            key, member_id = f"{name}-{number}", self.draw.choice(member_ids)
            what = self.draw.choices(("give", "spend", "reserve", "orders", "read"), (5, 3, 2, 2, 2))[0]
            if what == "give":
                amount = self.draw.randint(1, 50)
                body = {"member_id": member_id, "amount": amount, "reason": "rounds"}
                if self.call("POST", "/points/adjust", body, key=key) is not None:
                    self.books.note(member_id, amount)
            elif what == "spend":
                amount = self.draw.randint(1, 20)
                body = {"member_id": member_id, "amount": amount}
                if self.call("POST", "/points/spend", body, key=key) is not None:
                    self.books.note(member_id, -amount)
            elif what == "reserve":
                self.reserve(key, member_id)
            elif what == "orders":
                self.send_orders(name, number, shop_id, key)
            else:
                self.call("GET", f"/members/{member_id}/points", until=stop)

    def reserve(self, key: str, member_id: int) -> None:
        """Set points aside, then spend them or let go."""
        amount = self.draw.randint(1, 20)
        held = self.call("POST", "/points/reservations", {"member_id": member_id, "amount": amount}, key=key)
        if held is None:
            return
        end = self.draw.choice(("commit", "release"))
        done = self.call("POST", f"/points/reservations/{held['reservation_id']}/{end}", key=f"{key}-{end}")
        if done is not None and end == "commit":
            self.books.note(member_id, -amount)

    def send_orders(self, name: str, number: int, shop_id: int, key: str) -> None:
        """Ten orders of buyers nobody posts points to by hand."""
        paid = {f"{int(name[1:]):06d}{number:06d}{place:04d}": self.draw.randint(1, 500) * 100
                for place in range(10)}  # fmt: skip
        orders = [finished(one, f"买家{int(one) % 97}", fen) for one, fen in paid.items()]
        if self.call("POST", "/orders", {"shop_id": shop_id, "orders": orders}, key=key) is not None:
            self.books.note_orders(paid)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the rounds and print what came of them."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--rounds", type=int, default=100)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--home", type=Path)
    given = options.parse_args(arguments)
    home = given.home or Path(tempfile.mkdtemp(prefix="shuke-rounds-"))
    found = rounds(home, given.rounds, given.seed)
    print(f"crash-rounds {found}")
    if given.home is None:
        shutil.rmtree(home, ignore_errors=True)
    return int(bool(found.wrong))


@dataclass(frozen=True, slots=True)
class Found:
    """What came of the rounds; `wrong` is empty when all is well."""

    rounds: int
    answered: int
    refused: int
    worst_seconds: dict[str, float]
    wrong: tuple[str, ...]

    def __str__(self) -> str:
        worst = " ".join(f"worst_{target}_s={seconds:.1f}" for target, seconds in self.worst_seconds.items())
        return f"rounds={self.rounds} answered={self.answered} refused={self.refused} {worst} wrong={list(self.wrong)}"


def rounds(home: Path, count: int, seed: int) -> Found:
    """Kill one of the three after the other, in an order drawn from the seed, and look at the books at the end."""
    here = Installation(home)
    draw, books, stop = random.Random(seed), Books(), threading.Event()
    worst = dict.fromkeys(TARGETS, 0.0)
    key, shop_id = prepare(here)
    with here.serving():
        program = Program(here.port, key, books, draw)
        member_ids = join(program, shop_id)
        threads = [
            threading.Thread(
                target=Program(here.port, key, books, random.Random(f"{seed}:{number}")).run,
                args=(f"p{number}", shop_id, member_ids, stop), daemon=True,
            )
            for number in range(PROGRAMS)
        ]  # fmt: skip
        for thread in threads:
            thread.start()
        order = [TARGETS[number % 3] for number in range(count)]
        draw.shuffle(order)
        for number, target in enumerate(order):
            time.sleep(draw.uniform(2, 6))
            killed_at = time.monotonic()
            here.kill(target)
            answered_at, done_at = recover(program, target, shop_id, number, killed_at)
            print(f"round={number} killed={target} answered_s={answered_at:.1f} recovered_s={done_at:.1f}", flush=True)
            worst[target] = max(worst[target], done_at)
        stop.set()
        for thread in threads:
            thread.join(60)
        wrong = [f"{target}: {seconds:.1f} s" for target, seconds in worst.items() if seconds > MOST_SECONDS]
        wrong += [f"{thread.name} did not end" for thread in threads if thread.is_alive()]
        wrong += compare(program, books, shop_id, member_ids)
    try:
        here.shuke("doctor", "--quiet")
    except RuntimeError as error:
        wrong.append(str(error))
    return Found(count, books.answered, books.refused, worst, tuple(wrong))


def prepare(here: Installation) -> tuple[str, int]:
    """A merchant with a shop, a points rule and a key; (key, shop)."""
    script = Path(__file__).with_name("ground.py")
    done = subprocess.run([sys.executable, str(script)], cwd=ROOT, env=here.environment(), capture_output=True,
                          text=True, check=False)  # fmt: skip
    if done.returncode:
        raise RuntimeError(done.stderr[-3000:])
    key, shop_id = json.loads(done.stdout.splitlines()[-1])
    return key, shop_id


def join(program: Program, shop_id: int) -> list[int]:
    """Members to whom points are posted by hand; they have no orders."""
    people = [{"nick": f"会员{number}"} for number in range(MEMBERS)]
    found: list[int] = program.call("POST", "/members", {"shop_id": shop_id, "people": people}, key="join")[
        "member_ids"
    ]
    return found


def recover(program: Program, target: str, shop_id: int, number: int, killed_at: float) -> tuple[float, float]:
    """Wait until the killed part does its work again.

    Seconds after the kill at which a call was answered, and at which a new order had its points.
    """
    while time.monotonic() - killed_at < 4 * MOST_SECONDS:
        if program.call("GET", "/shops") is not None:
            break
    answered_at = time.monotonic() - killed_at
    if target == "web":
        return answered_at, answered_at
    nick = f"恢复{number}"
    people = {"shop_id": shop_id, "people": [{"nick": nick}]}
    [member_id] = program.call("POST", "/members", people, key=f"recover-{number}")["member_ids"]
    order = finished(f"9{number:015d}", nick, 10_000)
    program.call("POST", "/orders", {"shop_id": shop_id, "orders": [order]}, key=f"recover-order-{number}")
    while time.monotonic() - killed_at < 4 * MOST_SECONDS:
        if program.call("GET", f"/members/{member_id}/points")["spendable"] >= 100:
            break
        time.sleep(0.1)
    return answered_at, time.monotonic() - killed_at


def finished(order_no: str, nick: str, paid_fen: int) -> dict[str, object]:
    """An order that gives points at once, since the rule counts from its first day on."""
    now = datetime.now(UTC).isoformat()
    return {"order_no": order_no, "state": "finished", "nick": nick, "placed_at": now, "paid_at": now,
            "finished_at": now, "total_fen": paid_fen, "paid_fen": paid_fen}  # fmt: skip


def compare(program: Program, books: Books, shop_id: int, member_ids: Sequence[int]) -> list[str]:
    """Answers that are not in the books, or more than once."""
    wrong = []
    for member_id in member_ids:
        active = program.call("GET", f"/members/{member_id}/points")["spendable"]
        reserved = program.call("GET", f"/members/{member_id}/points")["reserved"]
        if active + reserved != books.points[member_id]:
            wrong.append(f"member {member_id} has {active} + {reserved}, answered were {books.points[member_id]}")
    told: dict[str, int] = {}
    cursor = ""
    while True:
        page = program.call("GET", f"/orders?shop_id={shop_id}&limit=200{cursor}")
        told |= {one["order_no"]: one["paid_fen"] for one in page["items"]}
        if not page["next"]:
            break
        cursor = f"&cursor={page['next']}"
    lost = [number for number, fen in books.orders.items() if told.get(number) != fen]
    return wrong + ([f"{len(lost)} answered orders are lost, such as {lost[0]}"] if lost else [])


def free_port() -> int:
    """A port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


if __name__ == "__main__":
    sys.exit(main())
