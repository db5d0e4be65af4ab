"""spine-1 to spine-4: importing a large order export, against a plain COPY of the same rows.

    python bench/imports.py [--orders 1000000] [--buyers 400000]

Prints one line per figure. The import runs in a process of its own, whose peak memory is spine-4.
"""

from __future__ import annotations

import argparse
import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

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
    copied = plain_copy(here, path)
    first_id = uploaded(here, path)
    first, memory = timed(here, "import", first_id)
    story, story_memory = timed(here, "story", first_id)
    again_id = uploaded(here, path)
    again, again_memory = timed(here, "import", again_id)
    megabytes = max(memory, story_memory, again_memory) // 1024
    print(f"spine-1 ratio={copied / first:.3f} orders_per_s={orders / first:.0f} copy_rows_per_s={orders / copied:.0f}")
    print(f"spine-2 ratio={copied / (first + story):.3f} orders_per_s={orders / (first + story):.0f}")
    print(f"spine-3 ratio={copied / again:.3f} orders_per_s={orders / again:.0f}")
    print(f"spine-4 peak_mb={megabytes} import_mb={memory // 1024} story_mb={story_memory // 1024}")


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


def timed(here: Ground, step: str, import_id: int) -> tuple[float, int]:
    """Run one step in a process of its own: (seconds of the work itself, peak memory in kB)."""
    command = [sys.executable, __file__, "--child", step, str(here.home), str(here.merchant_id), str(import_id)]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603 - this very file
    seconds, kilobytes = done.stdout.split()[-2:]
    return float(seconds), int(kilobytes)


def child(step: str, home: str, merchant: str, import_id: str) -> None:
    """The work of one step; prints its seconds and the peak memory of this process."""
    os.environ.update(SHUKE_HOME=home, DJANGO_SETTINGS_MODULE="shuke.settings")
    sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
    import django

    django.setup()
    from shuke.core import facts, jobs
    from shuke.trade import actions as trade

    jobs.collect_seldom()  # as a worker does
    began = time.perf_counter()
    if step == "import":
        trade.run(int(merchant), int(import_id))
    else:
        while facts.drain(int(merchant)):
            pass
    print(f"{time.perf_counter() - began:.3f}", resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)


if __name__ == "__main__":
    main()
