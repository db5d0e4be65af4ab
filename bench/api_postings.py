"""spine-7: points posted over the HTTP API, one posting per request, against what Odoo's loyalty write does (213/s).

Everything is real: granian serving WSGI, authorisation, rate limit, idempotency key, the ledger with lots, audit line and
fact, synchronous commits before the answer. Odoo 16 was measured on such a machine over JSON-RPC with 16 connections
and two workers (`loyalty.card.write`, neither ledger nor idempotency); its figure is the peer, since Odoo is not here.
"""

from __future__ import annotations

import argparse
import http.client
import json
import multiprocessing
import os
import random
import subprocess
import sys
import threading
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from ground import Ground, ground

ODOO_PER_SECOND = 213
MEMBERS = 20_000


def main() -> None:
    """Measure and print one line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=10)
    parser.add_argument("--connections", type=int, default=64)
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--threads", type=int, default=64)
    options = parser.parse_args()
    with ground() as place:
        key, member_ids = _prepare(place)
        port = _free_port()
        server = _serve(place, port, options.workers, options.threads)
        try:
            _wait(port)
            _load(port, key, member_ids, 2.0, options.connections)
            done, failed, waits = _load(port, key, member_ids, options.seconds, options.connections)
        finally:
            server.terminate()
            server.wait(20)
        _check(place, done, key)
    rate = done / options.seconds
    waits.sort()
    print(
        f"spine-7 ratio={rate / ODOO_PER_SECOND:.2f} postings_per_s={rate:.0f} odoo_per_s={ODOO_PER_SECOND}"
        f" failed={failed} p50_ms={waits[len(waits) // 2] * 1000:.1f} p99_ms={waits[int(len(waits) * 0.99)] * 1000:.1f}"
        f" connections={options.connections}"
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


def _serve(place: Ground, port: int, workers: int, threads: int) -> subprocess.Popen[bytes]:
    from shuke.cli import supervisor

    static = place.home / "static"
    static.mkdir(exist_ok=True)
    command = supervisor.web("127.0.0.1", port, static=static, threads=threads)
    command[command.index("--workers") + 1] = str(workers)
    return subprocess.Popen(command, env={**os.environ, "SHUKE_HOME": str(place.home)})  # noqa: S603 - our own command


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
    waits: list[list[float]] = [[] for _one in range(connections)]
    failures = [0] * connections
    until = time.monotonic() + seconds

    def run(number: int) -> None:
        draw = random.Random(f"{number} {time.monotonic()}")
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
        place = 0
        while time.monotonic() < until:
            place += 1
            body = json.dumps({"member_id": draw.choice(member_ids), "amount": 10, "reason": "review"})
            began = time.monotonic()
            line.request("POST", "/api/v1/points/adjust", body, {
                "Authorization": f"Bearer {key}", "Content-Type": "application/json",
                "Idempotency-Key": f"{os.getpid()}-{number}-{place}",
            })  # fmt: skip
            response = line.getresponse()
            response.read()
            if response.status == 200 and time.monotonic() < until:
                waits[number].append(time.monotonic() - began)
            elif response.status != 200:
                failures[number] += 1

    threads = [threading.Thread(target=run, args=(number,)) for number in range(connections)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    flat = [one for some in waits for one in some]
    pipe.send((len(flat), sum(failures), flat))  # type: ignore[attr-defined]  # a Connection, which typeshed makes generic


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
    from shuke.cli import supervisor

    if not supervisor.wait_for_port("127.0.0.1", port, alive=lambda: True):
        raise SystemExit("the server does not answer")


if __name__ == "__main__":
    main()
