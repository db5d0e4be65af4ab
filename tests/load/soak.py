"""Hours of ordinary work in some minutes: programs keep calling, and the memory of web and worker must not grow.

    python -m tests.load.soak [--minutes 20] [--seed 1]

Prints one line. Memory is compared between the second and the last fifth of the time, by the median of samples taken
every five seconds; exit code 1 when a process grew by more than a tenth and more than 20 MB, or calls failed.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import threading
import time
from collections.abc import Sequence
from pathlib import Path
from statistics import median

from tests.load.rounds import PROGRAMS, Books, Installation, Program, compare, join, prepare

SAMPLE_SECONDS = 5
ALLOWED_SHARE, ALLOWED_MB = 0.10, 20.0


def main(arguments: Sequence[str] | None = None) -> int:
    """Soak and print."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--minutes", type=float, default=20)
    options.add_argument("--seed", type=int, default=1)
    given = options.parse_args(arguments)
    home = Path(tempfile.mkdtemp(prefix="shuke-soak-"))
    try:
        samples, answered, wrong = soak(home, given.minutes * 60, given.seed)
    finally:
        shutil.rmtree(home, ignore_errors=True)
    told = []
    for part, values in samples.items():
        fifth = max(1, len(values) // 5)
        early, late = median(values[fifth : 2 * fifth] or values), median(values[-fifth:])
        told.append(f"{part}_mb={early:.0f}->{late:.0f}")
        if late > early * (1 + ALLOWED_SHARE) and late > early + ALLOWED_MB:
            wrong.append(f"{part} grew")
    print(f"soak minutes={given.minutes:g} answered={answered} {' '.join(told)} wrong={wrong}")
    return int(bool(wrong))


def soak(home: Path, seconds: float, seed: int) -> tuple[dict[str, list[float]], int, list[str]]:
    """Memory of web and worker in MB over the time, how many calls were answered, and what is wrong."""
    here, books, stop = Installation(home), Books(), threading.Event()
    key, shop_id = prepare(here)
    samples: dict[str, list[float]] = {"web": [], "worker": []}
    with here.serving():
        program = Program(here.port, key, books, random.Random(seed))
        member_ids = join(program, shop_id)
        threads = [
            threading.Thread(
                target=Program(here.port, key, books, random.Random(f"{seed}:{number}")).run,
                args=(f"p{number}", shop_id, member_ids, stop),
                daemon=True,
            )
            for number in range(PROGRAMS)
        ]
        for thread in threads:
            thread.start()
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            time.sleep(SAMPLE_SECONDS)
            for part, used in memory(here).items():
                samples[part].append(used)
        stop.set()
        for thread in threads:
            thread.join(60)
        wrong = compare(program, books, shop_id, member_ids)
    return samples, books.answered, wrong


def memory(here: Installation) -> dict[str, float]:
    """Private memory of each part with its children, in MB."""
    found = {"web": 0.0, "worker": 0.0}
    for pid in here.children():
        part = "web" if "granian" in Path(f"/proc/{pid}/cmdline").read_text() else "worker"
        found[part] += sum(private_kb(one) for one in family(pid)) / 1024
    return found


def family(pid: int) -> list[int]:
    """A process and all below it."""
    below = [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    return [pid, *(deeper for one in below for deeper in family(one))]


def private_kb(pid: int) -> int:
    """Memory that is a process's own."""
    lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
    return sum(int(line.split()[1]) for line in lines if line.startswith(("Private_Clean", "Private_Dirty")))


if __name__ == "__main__":
    sys.exit(main())
