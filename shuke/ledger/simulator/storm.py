"""The storm itself: what happens next is drawn from the seed, done for real, done in the model, and compared."""

from __future__ import annotations

import random
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

from django.db import connection, transaction

from shuke.core import clock, sql
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.ledger import actions, checks, queries
from shuke.ledger.simulator.draws import ASSET, HOUR, KINDS, SOURCES, refusal, source
from shuke.ledger.simulator.model import World
from shuke.ledger.simulator.plants import PLANTS

MEMBERS, REFUSALS = 32, 2
PAUSE = 60.0  # seconds between two lines about a storm's progress
EPISODE = 47  # requests for each member, so that sums of a life stay small enough to be looked at again and again
SOURCED = {"settle", "join", "part"}
"""What is asked about sources; what other requests do to one is seen by the next look at everything."""
TABLES = ("ledger_transfer", "ledger_lot", "ledger_balance", "ledger_reservation", "ledger_allocation")
START = datetime(2026, 1, 1, tzinfo=UTC)


class Found(Exception):
    """The ledger and the model, or the ledger and its invariants, do not agree."""


class Crash(Exception):
    """The process dies between two statements."""


@dataclass(frozen=True, slots=True)
class Result:
    """How a simulation ended; `violation` is empty when nothing was found. The same seed runs the same storm."""

    seed: int
    steps: int
    seconds: float
    violation: str = ""
    plant: str | None = None

    def __str__(self) -> str:
        rate = self.steps / self.seconds if self.seconds else 0
        end = self.violation or "no violation"
        return f"seed={self.seed} steps={self.steps} rate={rate:.0f}/s plant={self.plant or '-'}: {end}"


def simulate(
    seed: int,
    steps: int,
    plant: str | None = None,
    *,
    members: int = MEMBERS,
    sweep: Callable[[], None] | None = None,
    tell: Callable[[int], None] | None = None,
) -> Result:
    """Run at least `steps` requests, or until something is found; `plant` names one of PLANTS to break first.

    Few `members` look at every corner often, many of them run more requests a second. Deterministic in seed and
    members: a violation is replayed by the same call. Leaves nothing in the database, unless there is a `sweep` that
    empties it: then the storm commits, and calls it after each episode. `tell` hears how many requests were run by then.
    """
    started = time.monotonic()
    planted: AbstractContextManager[object] = PLANTS[plant].planted() if plant else nullcontext()
    done, episode, violation = 0, 0, ""
    with planted:
        while done < steps and not violation:
            draw = random.Random(f"{seed}:{episode}")  # noqa: S311 - replayable
            storm = Storm(draw, merchant_id=-1 - episode, members=members)
            with nullcontext() if sweep else undone(storm.merchant_id):
                violation = storm.run(min(EPISODE * members, steps - done))
            if sweep:
                sweep()
            done += storm.steps
            episode += 1
            if tell:
                tell(done)
    return Result(seed, done, time.monotonic() - started, violation and f"step {done}: {violation}", plant)


def main(
    steps: int, seed: int, plant: str | None = None, *, members: int = MEMBERS, sweep: Callable[[], None] | None = None
) -> int:
    """What `shuke ledger simulate` does; "all" plants each bug in turn. 0 when everything is as it should be."""
    names: Sequence[str | None] = list(PLANTS) if plant == "all" else [plant]
    wrong = 0
    for name in names:
        result = simulate(seed, steps, name, members=members, sweep=sweep, tell=_telling(seed, steps))
        wrong += bool(result.violation) != bool(name)
        sys.stdout.write(f"{result}\n")
    if plant == "all":
        sys.stdout.write(f"found {len(names) - wrong} of {len(names)}\n")
    return int(wrong > 0)


def _telling(seed: int, steps: int) -> Callable[[int], None]:
    """Says once in a minute how far a long storm has come."""
    told_at = time.monotonic()

    def tell(done: int) -> None:
        nonlocal told_at
        if time.monotonic() - told_at > PAUSE:
            told_at = time.monotonic()
            sys.stderr.write(f"seed={seed} {done:,} of {steps:,}\n")

    return tell


class Storm:
    """One episode: a few members of a merchant that does not exist."""

    def __init__(self, draw: random.Random, merchant_id: int, members: int) -> None:
        self.draw, self.merchant_id, self.members = draw, merchant_id, members
        self.world, self.now, self.steps = World(), START, 0
        self.reservations: dict[str, int] = {}
        self.key_count = 0

    def run(self, steps: int) -> str:
        """The first violation found, or an empty text."""
        try:
            while self.steps < steps:
                before = self.steps
                with clock.frozen(self.now), tenant(self.merchant_id):
                    self._blow()
                if self.steps.bit_length() > before.bit_length():
                    sql.refresh_statistics(*TABLES)
                self.now += self.draw.choice((0, 0, 0, 1, 1, 2, 5, 24)) * HOUR
            with clock.frozen(self.now), tenant(self.merchant_id):
                self._check()
        except Found as found:
            return str(found)
        return ""

    def key(self) -> str:
        """A new key."""
        self.key_count += 1
        return f"k{self.key_count}"

    def _blow(self) -> None:
        name = self.draw.choices(list(KINDS), [kind.weight for kind in KINDS.values()])[0]
        kind = KINDS[name]
        members = self.draw.sample(range(self.members), self.draw.choice((1, 8, 24, self.members)))
        if name not in {"join", "part"}:  # of joined members one asks: what two may have is no sum of two answers
            members = list({self.world.home(member): member for member in members}.values())
        asked = [request for member in members for request in kind.make(self, member)]
        self.steps += len(asked)
        codes = [refusal(self, request) for request in asked]
        for request, code in [one for one in zip(asked, codes, strict=True) if one[1]][:REFUSALS]:
            self._expect(code, partial(kind.act, self, [request]))
        fine = [request for request, code in zip(asked, codes, strict=True) if not code]
        if fine:
            self._do(name, partial(kind.act, self, fine))
            for request in [fine] if name == "settle" else fine:
                if getattr(request, "key", "") not in self.world.done:
                    kind.model(self, request)
        self._compare(members, has_sources=name in SOURCED)
        if self.draw.random() < (0.1 if self.members <= MEMBERS else 0.03):
            self._check()
        elif self.draw.random() < 0.1:
            self._let_time_work()
            self.now -= self.draw.randint(0, 3) * HOUR

    def _do(self, name: str, act: Callable[[], object]) -> None:
        """Do it, sometimes after a first attempt that died on the way."""
        if self.draw.random() < 0.15:
            try:
                with crashing(self.draw.randint(1, 14)), transaction.atomic():
                    act()
                    raise Crash
            except Crash:
                pass
            except Exception as error:
                raise Found(f"{name}: unexpected {type(error).__name__}: {error}") from error
        try:
            with transaction.atomic():
                act()
        except Exception as error:
            raise Found(f"{name}: unexpected {type(error).__name__}: {error}") from error

    def _expect(self, code: str, act: Callable[[], object]) -> None:
        try:
            with transaction.atomic():
                act()
        except Refused as refused:
            if refused.code != code:
                raise Found(f"refused as {refused.code} instead of {code}") from refused
        except Exception as error:
            raise Found(f"unexpected {type(error).__name__}: {error}") from error
        else:
            raise Found(f"not refused as {code}")

    def _compare(self, members: Sequence[int], *, has_sources: bool = True) -> None:
        """Balances of some members, and what their sources stand at, against the model."""
        found = queries.balances(self.merchant_id, ASSET, members)
        for member in members:
            real, expected = found[member], self.world.balance(member, self.now)
            if (real.active, real.pending, real.reserved, real.debt) != expected:
                raise Found(f"member {member}: {real} instead of {expected}")
        if not has_sources:
            return
        sources = [source(member, number) for member in members for number in range(SOURCES)]
        yields = queries.by_source(self.merchant_id, ASSET, sources)
        for one in sources:
            if (yields[one].amount if one in yields else 0) != self.world.standing(one):
                raise Found(f"source {one}: {yields.get(one)} instead of {self.world.standing(one)}")

    def _check(self) -> None:
        """Everything: invariants, all balances, what will lapse when, the sums of the whole."""
        self._let_time_work()
        for violation in checks.run(self.merchant_id):
            raise Found(f"{violation.check}: {violation.detail}")
        self._compare(range(self.members))
        lapsing: dict[int, dict[datetime, int]] = {member: {} for member in range(self.members)}
        for one in queries.expiring(self.merchant_id, ASSET, None, self.now + timedelta(days=10000)):
            lapsing[one.member_id][one.expires_at] = one.amount
        for member in range(self.members):
            if lapsing[member] != self.world.lapsing(member, self.now):
                raise Found(f"member {member}: lapsing {lapsing[member]}, not {self.world.lapsing(member, self.now)}")
        totals = queries.totals(self.merchant_id, ASSET)
        for name, real in (("spent", totals.spent), ("expired", totals.expired)):
            if real != self.world.gone(name):
                raise Found(f"{name} {real} instead of {self.world.gone(name)}")

    def _let_time_work(self) -> None:
        for act in (actions.mature, actions.expire, actions.expire_reservations):
            self._do("time", partial(act, self.merchant_id, self.now))
        for member in range(self.members):
            self.world.member(member, self.now)


@contextmanager
def undone(merchant_id: int) -> Iterator[None]:
    """Let nothing stay of what is done here."""
    with transaction.atomic(), tenant(merchant_id):
        try:
            yield
        finally:
            transaction.set_rollback(True)


@contextmanager
def crashing(after: int) -> Iterator[None]:
    """Let the process die before its `after`-th statement (savepoints are not counted)."""
    left = after

    def wrapper(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
        nonlocal left
        if not statement.startswith(("SAVEPOINT", "RELEASE", "ROLLBACK")):
            left -= 1
            if left == 0:
                raise Crash
        return execute(statement, params, many, context)

    with connection.execute_wrapper(wrapper):
        yield
