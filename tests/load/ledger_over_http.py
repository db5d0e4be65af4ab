"""The ledger's storm through the API: requests of the simulator, sent over HTTP and compared with the simulator's model.

    python -m tests.load.ledger_over_http [--steps 2000] [--seed 1] [--programs 4]

What the API offers of it: giving and taking, spending, giving back, reserving, committing, releasing, joining, parting,
each also again under the same key. Each program has customers of its own and a model of them, and all call at once. Time
is the server's. Prints one line; exit code 1 when an answer or a balance is not the model's, or a check does not hold.
"""

from __future__ import annotations

import argparse
import http.client
import os
import random
import re
import sys
import tempfile
import time
import urllib.request
import uuid
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import django

# The model needs no database, but its words are those of the ledger, which need Django.
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")
os.environ.setdefault("SHUKE_HOME", str(Path(tempfile.gettempdir(), "shuke-load")))
django.setup()

# ruff: noqa: E402 - see above

from shuke.ledger.actions import GiveBack, Hold, Posting, Spend
from shuke.ledger.simulator.draws import KINDS, Commit, Join, Part, Release, refusal
from shuke.ledger.simulator.model import World
from tests.load.rounds import Books, Installation, Program, prepare

MEMBERS = 8
OFFERED = {name: kind for name, kind in KINDS.items() if name != "settle"}
CODES = {"key_reused": "idempotency_key_reused"}
FOLLOWS_SECONDS = 60
"""How long a joining's story may take until the books have changed hands."""
_OLDEST = re.compile(r"(?m)^shuke_facts_oldest_seconds ([0-9.e+-]+)$")


def main(arguments: Sequence[str] | None = None) -> int:
    """Run it and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--steps", type=int, default=2000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--programs", type=int, default=4)
    given = options.parse_args(arguments)
    started = time.monotonic()
    steps, wrong = storm(given.steps, given.seed, given.programs)
    print(f"ledger-over-http steps={steps} rate={steps / (time.monotonic() - started):.0f}/s wrong={wrong}")
    return int(bool(wrong))


def storm(steps: int, seed: int, programs: int) -> tuple[int, list[str]]:
    """How many requests were compared, and the first difference of each program; violated checks too."""
    with tempfile.TemporaryDirectory(prefix="shuke-http-") as folder:
        here = Installation(Path(folder))
        key, shop_id = prepare(here)
        with here.serving():
            lanes = [Lane(here.port, key, shop_id, f"{seed}:{number}") for number in range(programs)]
            with ThreadPoolExecutor(programs) as pool:
                wrong = [one for one in pool.map(lambda lane: lane.run(steps // programs), lanes) if one]
        try:
            here.shuke("doctor", "--quiet")
        except RuntimeError as error:
            wrong.append(str(error))
        return sum(lane.steps for lane in lanes), wrong


class Differs(Exception):
    """The API and the model do not agree."""


class Lane:
    """One program, its customers, and the model of them; a `Place` of the simulator's draws."""

    merchant_id = 0  # the draws ask for it, requests go by key

    def __init__(self, port: int, key: str, shop_id: int, seed: str) -> None:
        self.draw, self.world, self.now = random.Random(seed), World(), datetime.now(UTC)
        self.program = Program(port, key, Books(), self.draw)
        self.name, self.members, self.key_count, self.steps = f"lane {seed}", MEMBERS, 0, 0
        self.reservations: dict[str, int] = {}
        self.spendings: dict[str, str] = {}
        self.answers: dict[str, tuple[object, Any]] = {}
        self.merges: dict[int, int] = {}
        people = [{"nick": f"买家{seed}:{number}"} for number in range(MEMBERS)]
        found = self.ask("POST", "/members", {"shop_id": shop_id, "people": people}, uuid.uuid4().hex)
        self.ids: list[int] = found[1]["member_ids"]

    def key(self) -> str:
        """A new key; the model orders reservations by its number."""
        self.key_count += 1
        return f"k{self.key_count}"

    def run(self, steps: int) -> str:
        """The first difference, or an empty text."""
        try:
            while self.steps < steps:
                [name] = self.draw.choices(list(OFFERED), [kind.weight for kind in OFFERED.values()])
                for request in OFFERED[name].make(self, self.draw.randrange(MEMBERS)):
                    self.step(name, fitted(request, self.now))
            self.look_at_lines()
        except Differs as found:
            return f"{self.name}, step {self.steps}: {found}"
        finally:
            if self.program.line is not None:
                self.program.line.close()
        return ""

    def step(self, name: str, request: Any) -> None:
        """Do one request there and here, and compare what both say."""
        self.steps += 1
        self.let_ends_pass()
        self.now = datetime.now(UTC)
        if isinstance(request, Join | Part) and not self.is_change(request):
            return
        code = refusal(self, request)
        asked = time.monotonic()
        status, answer = self.send(request)
        if isinstance(request, Join | Part):
            self.let_story_be_told(asked)
        said = "" if status < 300 else answer["code"]
        if said != CODES.get(code, code):
            raise Differs(f"{request}: “{said}” instead of “{CODES.get(code, code)}”")
        if not code:
            self.note(name, request, answer)
        for member in sorted({self.world.home(self.whose(request)), self.draw.randrange(MEMBERS)}):
            self.compare(member)

    def note(self, name: str, request: Any, answer: Any) -> None:
        """Let the model do what was done; a repeated call must have been answered as the first time."""
        key = getattr(request, "key", "")
        before = self.answers.get(key)
        if before is not None:
            if before[1] != answer:
                raise Differs(f"{request}: {answer} and before {before[1]}")
            return
        if isinstance(request, Hold):
            request = replace(request, until_at=datetime.fromisoformat(answer["until_at"]))
            self.reservations[key] = answer["reservation_id"]
        if isinstance(request, Spend | Hold):
            self.spendings[key] = answer["spending"]
        if isinstance(request, Join):  # who is joined to a guest is joined to her host
            [self.merges[request.member_id]] = answer["merge_ids"]
            request = replace(request, other_id=self.world.home(request.other_id))
        if key:
            self.answers[key] = (request, answer)
        OFFERED[name].model(self, request)

    def send(self, request: Any) -> tuple[int, Any]:
        """The call that stands for a request."""
        key = f"{self.name} {getattr(request, 'key', '') or uuid.uuid4().hex}"
        match request:
            case Posting():
                body: dict[str, Any] = {"member_id": self.ids[request.member_id], "amount": request.amount}
                return self.ask("POST", "/points/adjust", body | {"reason": "storm"}, key)
            case Spend():
                return self.ask("POST", "/points/spend", {"member_id": self.ids[request.member_id],
                                "amount": request.amount}, key)  # fmt: skip
            case GiveBack():
                body = {"spending": self.spendings[request.spend_key], "amount": request.amount}
                return self.ask("POST", "/points/give-back", body, key)
            case Hold():
                minutes = 1 if int(request.key[1:]) % 3 == 0 else 600
                return self.ask("POST", "/points/reservations", {"member_id": self.ids[request.member_id],
                                "amount": request.amount, "minutes": minutes}, key)  # fmt: skip
            case Commit() | Release():
                end = "commit" if isinstance(request, Commit) else "release"
                return self.ask("POST", f"/points/reservations/{self.reservations[request.of]}/{end}", None, key)
            case Join():
                body = {"member_id": self.ids[request.member_id], "home_id": self.ids[request.other_id]}
                return self.ask("POST", "/members/join", body, key)
        return self.ask("POST", f"/members/joins/{self.merges.pop(request.member_id)}/undo", None, key)

    def ask(self, method: str, path: str, body: object, key: str = "") -> tuple[int, Any]:
        """Status and answer, once the server is not too busy."""
        while True:
            with suppress(http.client.HTTPException):
                status, answer = self.program.once(method, path, body, key)
                if status not in {429, 503}:
                    return status, answer
            time.sleep(0.1)

    def compare(self, member: int) -> None:
        """What a customer has, against the model."""
        member = self.world.home(member)
        _status, has = self.ask("GET", f"/members/{self.ids[member]}/points", None)
        self.now = datetime.now(UTC)
        active, *others = self.world.balance(member, self.now)
        real = [has["spendable"], has["pending"], has["reserved"], has["debt"]]
        if real != [0 if others[2] else active, *others]:
            raise Differs(f"member {member} has {has} instead of {[active, *others]}")

    def let_story_be_told(self, asked: float) -> None:
        """Books change hands by the story of a fact: until no fact waits that is as old as the call."""
        until = asked + FOLLOWS_SECONDS
        while time.monotonic() < until:
            with urllib.request.urlopen(f"http://127.0.0.1:{self.program.port}/metrics", timeout=60) as told:
                looked, text = time.monotonic(), told.read().decode()
            if float(_OLDEST.findall(text)[0]) < looked - asked - 1:
                return
            time.sleep(0.2)
        raise Differs(f"a joining was not told within {FOLLOWS_SECONDS} seconds")

    def look_at_lines(self) -> None:
        """The lines of every customer add up to what she has."""
        for member in range(MEMBERS):
            if member in self.world.joined:
                continue
            total, cursor = 0, ""
            while True:
                _status, page = self.ask("GET", f"/points/lines?member_id={self.ids[member]}&limit=200{cursor}", None)
                total += sum(line["amount"] for line in page["items"])
                if not page["next"]:
                    break
                cursor = f"&cursor={page['next']}"
            active, pending, _reserved, debt = self.world.balance(member, datetime.now(UTC))
            if total != active + pending - debt:
                raise Differs(f"the lines of member {member} add up to {total}, not {active + pending - debt}")

    def let_ends_pass(self) -> None:
        """A reservation that ends just now ends before the next call, here and there."""
        ends = [until for member in self.world.members.values() for until in member.until.values()]
        near = [until for until in ends if abs((until - datetime.now(UTC)).total_seconds()) < 1]
        if near:
            time.sleep(max(0.0, (max(near) - datetime.now(UTC)).total_seconds()) + 1)

    def is_change(self, request: Join | Part) -> bool:
        """Whether a joining or parting can be asked for."""
        if isinstance(request, Part):
            return request.member_id in self.world.joined
        return request.member_id != request.other_id and self.world.may_join(request.member_id, request.other_id)

    def whose(self, request: Any) -> int:
        """Whose books a request is about."""
        if isinstance(request, GiveBack):
            return self.world.owner(request.spend_key)
        if isinstance(request, Commit | Release):
            return self.world.owner(request.of)
        return int(request.member_id)


def fitted(request: Any, now: datetime) -> Any:
    """The request as the API can be told it: given points are there at once, and the installation's rule lets them stay."""
    if isinstance(request, Posting):
        return replace(request, kind="adjusted", source="", available_at=None, expires_at=None)
    if isinstance(request, Hold) and request.until_at > now + timedelta(days=1):
        return replace(request, until_at=now + timedelta(hours=1))
    return request


if __name__ == "__main__":
    sys.exit(main())
