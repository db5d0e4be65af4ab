"""spine-1 to spine-4: importing a large order export, against a plain COPY of the same rows.

    python bench/imports.py [--orders 1000000] [--buyers 400000]

Prints one line per figure. The import runs in a process of its own, whose peak memory is spine-4. The shop has the usual rules
for points, growth and levels, so the full story is about all orders. CPU seconds are of that process and of PostgreSQL's.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import subprocess
import sys
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
    rules(here)
    copied = plain_copy(here, path)
    first_id = uploaded(here, path)
    first = timed(here, "import", first_id)
    story = timed(here, "story", first_id)
    listed = timed(here, "list", first_id)
    again = timed(here, "import", uploaded(here, path))
    show("spine-1", 0.20, copied / first.seconds, orders, first)
    show("spine-2", 0.08, copied / (first.seconds + story.seconds), orders, first, story)
    show("spine-3", 0.5, copied / again.seconds, orders, again)
    megabytes = max(one.megabytes for one in (first, story, listed, again))
    print(f"spine-4 {'pass' if megabytes <= 256 else 'miss'} must_mb=256 peak_mb={megabytes}")
    print(f"copy rows_per_s={orders / copied:.0f} list_rows_per_s={buyers / listed.seconds:.0f}")


def show(name: str, must: float, ratio: float, orders: int, *steps: Step) -> None:
    """The line of one ratio."""
    seconds, python, postgres = (
        sum(values) for values in zip(*((s.seconds, s.python, s.postgres) for s in steps), strict=True)
    )
    print(
        f"{name} {'pass' if ratio >= must else 'miss'} must={must} ratio={ratio:.3f} orders_per_s={orders / seconds:.0f}"
        f" python_us={python / orders * 1e6:.0f} postgres_us={postgres / orders * 1e6:.0f}"
    )


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
        while facts.drain(int(merchant)):
            pass
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    print(f"{time.perf_counter() - began:.3f} {time.process_time() - used:.3f} {peak}")


if __name__ == "__main__":
    main()
