"""spine-1 to spine-4: importing a large order export, against a plain COPY of the same rows.

    python bench/imports.py [--orders 1000000] [--buyers 400000]

Prints one line per figure. Each step runs in a process of its own, whose peak memory is spine-4. The merchants have the usual
rules for points, growth and levels, so the full story is about all orders: a second merchant imports the file while another
thread tells what is committed, as the worker does. CPU seconds are of the process and of PostgreSQL's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple

import psycopg
from ground import Ground, ground
from psycopg.conninfo import make_conninfo


def main() -> None:
    """Measure and print."""
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--orders", type=int, default=1_000_000)
    arguments.add_argument("--buyers", type=int, default=400_000)
    arguments.add_argument("--child", nargs=4, metavar=("STEP", "HOME", "MERCHANT", "IMPORT"))
    given = arguments.parse_args()
    if given.child:
        child(*given.child)
        return
    with ground() as here:
        measure(here, given.orders, given.buyers)


def measure(here: Ground, orders: int, buyers: int) -> None:
    """All figures of one file."""
    from shuke.cli.sample_exports import write_exports

    [path] = write_exports(here.home / "files", orders=orders, buyers=buyers, months=24, lines=None)
    other = another_merchant(here)
    rules(here)
    rules(other)
    copied = plain_copy(here, path)
    first = timed(here, "import", uploaded(here, path))
    again = timed(here, "import", uploaded(here, path))
    whole_id = uploaded(other, path)
    whole = timed(other, "whole", whole_id)
    listed = timed(other, "list", whole_id)
    show("spine-1", 0.20, copied / first.seconds, orders, first)
    show("spine-2", 0.08, copied / whole.seconds, orders, whole)
    show("spine-3", 0.5, copied / again.seconds, orders, again)
    megabytes = max(one.megabytes for one in (first, again, whole, listed))
    print(f"spine-4 {'pass' if megabytes <= 256 else 'miss'} must_mb=256 peak_mb={megabytes}")
    print(f"copy rows_per_s={orders / copied:.0f} list_rows_per_s={buyers / listed.seconds:.0f}")


def show(name: str, must: float, ratio: float, orders: int, step: Step) -> None:
    """The line of one ratio."""
    print(
        f"{name} {'pass' if ratio >= must else 'miss'} must={must} ratio={ratio:.3f}"
        f" orders_per_s={orders / step.seconds:.0f} python_us={step.python / orders * 1e6:.0f}"
        f" postgres_us={step.postgres / orders * 1e6:.0f}"
    )


def another_merchant(here: Ground) -> Ground:
    """A second merchant with one shop beside the first."""
    from shuke.core.actors import SYSTEM
    from shuke.core.tenancy import tenant
    from shuke.merchants import actions as merchants

    user_id = merchants.create_user("bench2", "Bench", "correct horse battery")
    merchant_id, _staff_id = merchants.open_merchant("Bench 2", owner_user_id=user_id)
    with tenant(merchant_id):
        return Ground(here.home, merchant_id, merchants.open_shop(merchant_id, "Bench 2", "taobao", by=SYSTEM))


def rules(here: Ground) -> None:
    """The rules of an ordinary shop, in force before its first order."""
    from shuke.core.actors import SYSTEM
    from shuke.core.tenancy import tenant
    from shuke.loyalty import actions as loyalty
    from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec

    with tenant(here.merchant_id):
        loyalty.save_level_rule(here.merchant_id, LevelRuleSpec(), by=SYSTEM)
        loyalty.save_points_rule(
            here.merchant_id, PointsRuleSpec(start_on=date(2020, 1, 1), growth_per_yuan=Decimal(1)), by=SYSTEM
        )


def plain_copy(here: Ground, path: Path) -> float:
    """Seconds to COPY the same rows into a bare table of text columns, the best of two."""
    from shuke.core import database

    owner = make_conninfo(**database.EmbeddedServer(here.home).address(database.OWNER))
    header = path.open("rb").readline().decode("gb18030").strip().split(",")
    columns = ", ".join(f"c{place} text" for place in range(len(header)))
    best = float("inf")
    for _ in range(2):
        with psycopg.connect(owner, autocommit=True) as connection:
            connection.execute("DROP TABLE IF EXISTS plain")
            connection.execute(f"CREATE TABLE plain ({columns})")
            began = time.perf_counter()
            statement = "COPY plain FROM STDIN (FORMAT csv, HEADER, ENCODING 'GBK')"
            with path.open("rb") as file, connection.cursor().copy(statement) as copy:
                while block := file.read(1 << 20):
                    copy.write(block)
            best = min(best, time.perf_counter() - began)
            connection.execute("DROP TABLE plain")
    return best


def uploaded(here: Ground, path: Path) -> int:
    """Upload, look at and start a file, as the page does; the import's id."""
    from shuke.core.actors import SYSTEM
    from shuke.core.tenancy import tenant
    from shuke.trade import actions as trade

    def blocks() -> Iterator[bytes]:
        with path.open("rb") as file:
            while block := file.read(1 << 20):
                yield block

    with tenant(here.merchant_id):
        import_id = trade.upload(here.merchant_id, here.shop_id, path.name, blocks(), by=SYSTEM)
        trade.inspect(here.merchant_id, import_id)
        trade.start(here.merchant_id, import_id, by=SYSTEM)
    return import_id


class Step(NamedTuple):
    """What one step took: seconds in all, and of processor time in its own process and in PostgreSQL."""

    seconds: float
    python: float
    postgres: float
    megabytes: int


def timed(here: Ground, name: str, import_id: int) -> Step:
    """Run one step in a process of its own."""
    command = [sys.executable, __file__, "--child", name, str(here.home), str(here.merchant_id), str(import_id)]
    before = postgres_seconds(here)
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    seconds, python, kilobytes = done.stdout.split()[-3:]
    return Step(float(seconds), float(python), postgres_seconds(here) - before, int(kilobytes) // 1024)


def postgres_seconds(here: Ground) -> float:
    """Processor time of the server until now, its helpers (writers, autovacuum) included; 0 where there is no /proc."""
    from shuke.core import database

    server, ticks = database.EmbeddedServer(here.home).pid(), 0
    for path in Path("/proc").glob("[0-9]*/stat"):
        with contextlib.suppress(OSError):
            fields = path.read_text().rpartition(")")[2].split()
            if int(path.parent.name) == server:
                ticks += sum(map(int, fields[11:15]))
            elif int(fields[1]) == server:
                ticks += int(fields[11]) + int(fields[12])
    return float(ticks / os.sysconf("SC_CLK_TCK"))


def child(step: str, home: str, merchant: str, import_id: str) -> None:
    """The work of one step; prints its seconds and the peak memory of this process."""
    os.environ.update(SHUKE_HOME=home, DJANGO_SETTINGS_MODULE="shuke.settings")
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import django

    django.setup()
    from shuke.analytics.jobs import bring_up_to_date
    from shuke.core import facts, jobs
    from shuke.trade import actions as trade

    jobs.collect_seldom()  # as a worker does
    began, used = time.perf_counter(), time.process_time()
    if step == "import":
        trade.run(int(merchant), int(import_id))
    elif step == "list":
        bring_up_to_date(int(merchant))
    else:
        importing = threading.Thread(target=trade.run, args=(int(merchant), int(import_id)))
        importing.start()
        while importing.is_alive():
            if not facts.drain(int(merchant)):
                importing.join(0.02)
        while facts.drain(int(merchant)):
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{time.perf_counter() - began:.3f} {time.process_time() - used:.3f} {peak}")


if __name__ == "__main__":
    main()
