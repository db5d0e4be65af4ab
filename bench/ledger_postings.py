"""spine-5: batched ledger postings (earning and spending, with lots) against pgbench, one transaction per posting.

Both write in turns to the same durable server with two workers. The peer inserts one row with a unique key and changes
one of 100,000 balances (no hot row) in one prepared statement per transaction; it keeps no lots.
"""

from __future__ import annotations

import multiprocessing
import random
import re
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from ground import Ground, ground

MEMBERS, BATCH, WORKERS, ROUNDS, SECONDS = 100_000, 5_000, 2, 3, 6

_PEER = f"""
\\set member random(1, {MEMBERS})
WITH posted AS (
    INSERT INTO peer_posting (member_id, amount, key) VALUES (:member, 1, gen_random_uuid()::text) RETURNING member_id
)
UPDATE peer_balance b SET amount = b.amount + 1 FROM posted WHERE b.member_id = posted.member_id;
"""


def main() -> None:
    """Measure and print one line."""
    with ground() as place:
        _prepare_peer(place)
        ours, theirs = 0.0, 0.0
        for turn in range(ROUNDS):
            theirs += _pgbench(place) / ROUNDS
            ours += _postings(place, turn) / ROUNDS
        print(f"spine-5 ratio={ours / theirs:.2f} postings_per_s={ours:.0f} pgbench_per_s={theirs:.0f}")


def _postings(place: Ground, turn: int) -> float:
    from django.db import connections

    connections.close_all()
    forks = multiprocessing.get_context("fork")
    with forks.Pool(WORKERS) as pool:
        started = time.monotonic()
        done = sum(pool.starmap(_work, [(place.merchant_id, turn * WORKERS + number) for number in range(WORKERS)]))
        return done / (time.monotonic() - started)


def _work(merchant_id: int, number: int) -> int:
    """Earn and spend in turns, each worker with its own half of the members, as an import and a mall would."""
    from shuke.ledger import actions
    from shuke.ledger.actions import Spend, Target

    draw, now, done = random.Random(number), datetime.now(UTC), 0
    mine = range(1 + number % WORKERS, MEMBERS, WORKERS)
    until, earned = time.monotonic() + SECONDS, now - timedelta(days=1)
    while time.monotonic() < until:
        members = [draw.choice(mine) for _ in range(BATCH)]
        actions.settle(
            merchant_id,
            "points",
            [
                Target(
                    member_id, f"line:{number}:{done + place:09d}", 100, earned, now + timedelta(days=365), 1, earned
                )
                for place, member_id in enumerate(members)
            ],
        )
        actions.spend(
            merchant_id,
            "points",
            [
                Spend(member_id=member_id, amount=60, key=f"buy:{number}:{done + place}")
                for place, member_id in enumerate(members)
            ],
        )
        done += 2 * BATCH
    return done


def _prepare_peer(place: Ground) -> None:
    import psycopg
    from psycopg.conninfo import make_conninfo

    from shuke.core import database

    address = make_conninfo(**database.EmbeddedServer(place.home).address(database.OWNER))
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(
            "CREATE TABLE peer_posting (id bigserial PRIMARY KEY, member_id bigint, amount bigint, key text UNIQUE)"
        )
        connection.execute(
            "CREATE TABLE peer_balance (member_id bigint PRIMARY KEY, amount bigint CHECK (amount >= 0))"
            " WITH (fillfactor = 70)"
        )
        connection.execute(f"INSERT INTO peer_balance SELECT n, 0 FROM generate_series(1, {MEMBERS}) n")


def _pgbench(place: Ground) -> float:
    from shuke.core import database

    address = database.EmbeddedServer(place.home).address(database.OWNER)
    script = place.home / "peer.sql"
    script.write_text(_PEER)
    done = subprocess.run(  # noqa: S603 - PostgreSQL's own tool on this very file's script
        [database.BIN / "pgbench", "-h", address["host"], "-U", address["user"], "-n", "-M", "prepared",
         "-c", "16", "-j", str(WORKERS), "-T", str(SECONDS), "-f", str(script), address["dbname"]],
        check=True, capture_output=True, text=True,
    )  # fmt: skip
    found = re.search(r"tps = ([\d.]+)", done.stdout)
    if found is None:
        raise RuntimeError(done.stdout)
    return float(found[1])


if __name__ == "__main__":
    main()
