"""`shuke serve` and `shuke import` killed outright in the middle of an import: nothing stays behind, nothing is lost."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from tests.cli.running import ROOT, Running, answers, free_port
from tests.cli.test_serving import _children
from tests.cli.test_supervisor import is_alive

pytestmark = pytest.mark.slow
ORDERS = 11_000
"""Three chunks, so that the kill falls between them."""
DONE = "SELECT coalesce(max(done_count), 0) FROM core_progress"


def begin(place: Running) -> int:
    """Have a merchant's import wait for a worker; the merchant."""
    command = [sys.executable, str(ROOT / "tests/crash/play.py"), "begin", place.export(orders=ORDERS, seed=5)]
    done = subprocess.run(
        command, env=place.environment({"PYTHONPATH": str(ROOT)}), cwd=ROOT, capture_output=True, check=True
    )
    return int(json.loads(done.stdout)[0])


def told(place: Running, statement: str) -> int:
    """The one number a statement gives; 0 while the database comes or goes."""
    try:
        return place.number(statement)
    except psycopg.Error:
        return 0


def test_the_next_supervisor_starts_at_once_and_takes_up_what_the_killed_one_left(ground: Path) -> None:
    place, port = Running(ground / "home"), free_port()
    first = place.start("serve", "--port", str(port))
    place.until(lambda: answers(port), alive=first)
    begin(place)
    place.until(lambda: place.number(DONE) > 0, alive=first)
    left = _children(first.pid)
    assert len(left) == 2
    first.kill()
    first.wait()

    second = place.start("serve", "--port", str(port))
    try:
        place.until(lambda: told(place, "SELECT count(*) FROM trade_import WHERE state = 'done'") == 1, alive=second)
        place.until(lambda: answers(port), alive=second)
        assert place.number("SELECT row_count FROM trade_import") == ORDERS
        assert place.number("SELECT count(*) FROM trade_order") == ORDERS
        place.until(lambda: not any(is_alive(pid) for pid in left), alive=second)
        assert "All is well." in place.shuke("doctor").stdout
    finally:
        second.terminate()
        second.wait(60)
    assert not (place.home / "postgres/postmaster.pid").exists()


def test_the_worker_of_a_killed_import_finishes_its_job_and_goes(ground: Path) -> None:
    place = Running(ground / "home")
    place.begin()
    asked = place.start("import", place.export(orders=ORDERS, seed=5))
    place.until(lambda: (place.home / "postgres/postmaster.pid").exists() and len(_children(asked.pid)) == 1)
    place.until(lambda: told(place, DONE) > 0, alive=asked)
    [worker] = _children(asked.pid)
    asked.kill()
    asked.wait()
    place.until(lambda: not is_alive(worker))
    assert not (place.home / "postgres/postmaster.pid").exists()
