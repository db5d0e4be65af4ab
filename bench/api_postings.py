"""spine-7: points posted over the HTTP API, one posting per request, against what Odoo's loyalty write does (213/s).

Everything is real: granian serving WSGI, authorisation, rate limit, idempotency key, the ledger with lots, audit line and
fact, synchronous commits before the answer. Odoo 16 was measured on such a machine over JSON-RPC with 16 connections
and two workers (`loyalty.card.write`, neither ledger nor idempotency); its figure is the peer, since Odoo is not here.
"""

from __future__ import annotations

import argparse
import asyncio
import multiprocessing
import os
import random
import re
import subprocess
import sys
import time
import urllib.request
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import cast

sys.path.insert(0, str(Path(__file__).resolve().parent))
from ground import Ground, ground

ODOO_PER_SECOND = 213
MEMBERS = 20_000
_LENGTH = re.compile(rb"(?i)content-length: *([0-9]+)")


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=128)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, help="as many as `shuke serve` has, unless told")
    options = parser.parse_args()
    with ground() as place:
        key, member_ids = _prepare(place)
        port = _free_port()
        server = _serve(place, port, options.workers, options.threads)
        try:
            _wait(port)
            _load(port, key, member_ids, 3.0, options.connections)
            before = _processor_seconds(place, server.pid)
            done, failed, waits = _load(port, key, member_ids, options.seconds, options.connections)
            web, database = (
                now - then for now, then in zip(_processor_seconds(place, server.pid), before, strict=True)
            )
        finally:
            server.terminate()
            server.wait(20)
        _check(place, done, key)
    rate = done / options.seconds
    waits.sort()
    print(
        f"spine-7 ratio={rate / ODOO_PER_SECOND:.2f} postings_per_s={rate:.0f} odoo_per_s={ODOO_PER_SECOND}"
        f" failed={failed} p50_ms={waits[len(waits) // 2] * 1000:.1f} p99_ms={waits[int(len(waits) * 0.99)] * 1000:.1f}"
        f" connections={options.connections} web_us={web / done * 1e6:.0f} postgresql_us={database / done * 1e6:.0f}"
    )


def _prepare(place: Ground) -> tuple[str, list[int]]:
    from datetime import UTC, datetime

    from django.db import connections

    from shuke.core.actors import SYSTEM
    from shuke.core.tenancy import tenant
    from shuke.loyalty import actions as loyalty
    from shuke.loyalty.specs import PointsRuleSpec
    from shuke.members import actions as members
    from shuke.merchants import actions as merchants
    from shuke.merchants.specs import ApiKeySpec

    now = datetime.now(UTC)
    with tenant(place.merchant_id):
        spec = ApiKeySpec(name="bench", scopes=["points:write"], per_minute=1_000_000)
        _key_id, key = merchants.create_key(place.merchant_id, spec, by=SYSTEM)
        loyalty.save_points_rule(place.merchant_id, PointsRuleSpec(), by=SYSTEM)
    member_ids: list[int] = []
    for start in range(0, MEMBERS, 5000):
        with tenant(place.merchant_id):
            seen = [members.Sighting(seen_at=now, nick=f"buyer{number}") for number in range(start, start + 5000)]
            member_ids += members.recognise(place.merchant_id, place.shop_id, seen, source="bench", by=SYSTEM)
    connections.close_all()
    return key, member_ids


def _serve(place: Ground, port: int, workers: int, threads: int | None) -> subprocess.Popen[bytes]:
    from shuke.cli import supervisor

    command = supervisor.web("127.0.0.1", port, threads=threads or supervisor.THREADS)
    command[command.index("--workers") + 1] = str(workers)
    environment = {**os.environ, **supervisor.WEB_ENVIRONMENT, "SHUKE_HOME": str(place.home)}
    return subprocess.Popen(command, env=environment)  # noqa: S603 - our own command


def _load(port: int, key: str, member_ids: list[int], seconds: float, connections: int) -> tuple[int, int, list[float]]:
    """Postings that were answered in time, failures, seconds each took. In a process of its own."""
    pipe, there = multiprocessing.get_context("fork").Pipe(duplex=False)
    process = multiprocessing.get_context("fork").Process(
        target=_drive, args=(there, port, key, member_ids, seconds, connections)
    )
    process.start()
    found: tuple[int, int, list[float]] = pipe.recv()
    process.join()
    return found


def _drive(pipe: object, port: int, key: str, member_ids: list[int], seconds: float, connections: int) -> None:
    run = _Run(key, member_ids, time.monotonic() + seconds)

    async def all_lines() -> None:
        loop = asyncio.get_running_loop()
        lines = [
            (await loop.create_connection(partial(_Line, run, number), "127.0.0.1", port))[1]
            for number in range(connections)
        ]
        await asyncio.gather(*(line.over for line in lines))

    asyncio.run(all_lines())
    pipe.send((len(run.waits), run.failed, run.waits))  # type: ignore[attr-defined]  # a Connection, generic in typeshed


class _Run:
    """What the connections of a run have in common."""

    def __init__(self, key: str, member_ids: list[int], until: float) -> None:
        self.member_ids, self.until = member_ids, until
        self.draw = random.Random(f"{os.getpid()} {until}")
        self.waits: list[float] = []
        self.failed = 0
        self.head = (
            "POST /api/v1/points/adjust HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\n"
            f"Authorization: Bearer {key}\r\nIdempotency-Key: {os.getpid()}-"
        )


class _Line(asyncio.Protocol):
    """One kept-alive connection that asks again once it was answered; bytes as they go, so that asking costs little."""

    def __init__(self, run: _Run, number: int) -> None:
        self.run, self.number, self.count = run, number, 0
        self.over: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.came, self.began = b"", 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = cast("asyncio.Transport", transport)
        self._ask()

    def _ask(self) -> None:
        self.count += 1
        body = f'{{"member_id":{self.run.draw.choice(self.run.member_ids)},"amount":10,"reason":"review"}}'
        self.came, self.began = b"", time.monotonic()
        self.transport.write(
            f"{self.run.head}{self.number}-{self.count}\r\nContent-Length: {len(body)}\r\n\r\n{body}".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.came += data
        head, blank, body = self.came.partition(b"\r\n\r\n")
        if not blank or len(body) < int(_LENGTH.findall(head)[0]):
            return
        now = time.monotonic()
        if not head.startswith(b"HTTP/1.1 200 "):
            self.run.failed += 1
        elif now < self.run.until:
            self.run.waits.append(now - self.began)
        if now < self.run.until:
            self._ask()
        else:
            self.transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        self.run.failed += exc is not None
        self.over.set_result(None)


def _check(place: Ground, done: int, key: str) -> None:
    """Every answered posting is in the ledger, and the ledger holds."""
    from shuke.core import sql
    from shuke.core.tenancy import tenant
    from shuke.ledger import checks

    del key
    with tenant(place.merchant_id):
        kept = sql.scalar("SELECT count(*) FROM ledger_transfer WHERE kind = 'adjusted'")
        if kept < done or checks.run(place.merchant_id):
            raise SystemExit(f"{kept} postings kept of {done} answered")


def _free_port() -> int:
    import socket

    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _wait(port: int) -> None:
    """Until it answers; the port is open before the program is loaded."""
    until = time.monotonic() + 120
    while time.monotonic() < until:
        with suppress(OSError):
            urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=60).close()
            return
        time.sleep(0.1)
    raise SystemExit("the server does not answer")


def _processor_seconds(place: Ground, server: int) -> tuple[float, float]:
    """What the web server's processes and PostgreSQL's have used up; told beside the clock, which others slow down too."""
    from shuke.core.database import EmbeddedServer

    return _tree_seconds(server), _tree_seconds(EmbeddedServer(place.home).pid() or 0)


def _tree_seconds(root: int) -> float:
    """Processor time of a process and everything below it, the ended included."""
    parents: dict[int, int] = {}
    ticks: dict[int, int] = {}
    for path in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            parents[int(path.parent.name)] = int(fields[1])
            ticks[int(path.parent.name)] = sum(map(int, fields[11:15]))
    ours, found = {root}, -1
    while len(ours) != found:
        found = len(ours)
        ours |= {pid for pid, parent in parents.items() if parent in ours}
    return sum(ticks.get(pid, 0) for pid in ours) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main()
