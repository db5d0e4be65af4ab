"""Workers that are killed, stopped or cut off: their job goes to another one, and never do two do it at the same time."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from shuke.core.workers import AGAIN_CODE, SILENT_SECONDS
from tests.crash.slowly import STEPS
from tests.crash.stage import ROOT, Stage

SLOWLY = str(Path(__file__).with_name("slowly.py"))
BEGUN = 5

pytestmark = [pytest.mark.slow]


@pytest.fixture
def two(stage: Stage) -> Iterator[tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]]:
    """(the worker that has begun the slow job, the other one)."""
    stage.rows("CREATE TABLE crash_step (pid int, run text, step int, at timestamptz DEFAULT clock_timestamp())")
    workers = [stage.work(SLOWLY), stage.work(SLOWLY)]
    stage.until(lambda: len(stage.rows("SELECT id FROM procrastinate_workers")) == len(workers))
    subprocess.run([sys.executable, SLOWLY, "ask"], check=True, env=stage.environment(), cwd=ROOT)
    stage.until(lambda: steps_of(stage) >= BEGUN)
    [(pid,)] = stage.rows("SELECT DISTINCT pid FROM crash_step")
    first, other = sorted(workers, key=lambda worker: worker.pid != pid)
    yield first, other
    stage.kill_workers()
    stage.rows("DROP TABLE crash_step")
    stage.rows("TRUNCATE procrastinate_jobs, procrastinate_workers CASCADE")


def steps_of(stage: Stage, pid: int | None = None) -> int:
    """How many steps were taken, by all or by one process."""
    where = "" if pid is None else f" WHERE pid = {pid}"
    return int(stage.rows(f"SELECT count(*) FROM crash_step{where}")[0][0])


def was_done_by_one_after_the_other(stage: Stage, first: int, other: int) -> None:
    """The other worker takes every step once, none before the first one's last, and the job is done."""
    stage.until(lambda: not stage.rows("SELECT id FROM procrastinate_jobs WHERE task_name = 'crash.slowly'"))
    runs = stage.rows(
        "SELECT pid, array_agg(step ORDER BY step), min(at), max(at) FROM crash_step GROUP BY run, pid ORDER BY 3"
    )
    assert [run[0] for run in runs] == [first, other]
    assert BEGUN <= len(runs[0][1]) < STEPS
    assert runs[1][1] == list(range(STEPS))
    assert runs[0][3] < runs[1][2]


def test_the_job_of_a_killed_worker_is_taken_up_at_once(
    stage: Stage, two: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
) -> None:
    first, other = two
    first.kill()
    killed_at = time.monotonic()
    stage.until(lambda: steps_of(stage, other.pid) > 0)
    assert time.monotonic() - killed_at < SILENT_SECONDS  # not because of its silence
    was_done_by_one_after_the_other(stage, first.pid, other.pid)


def test_a_stopped_worker_that_goes_on_finds_itself_replaced_and_does_nothing_more(
    stage: Stage, two: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
) -> None:
    first, other = two
    os.kill(first.pid, signal.SIGSTOP)
    try:
        stage.until(lambda: steps_of(stage, other.pid) >= BEGUN)
        taken = steps_of(stage, first.pid)
    finally:
        os.kill(first.pid, signal.SIGCONT)
    assert first.wait(20) == AGAIN_CODE
    assert other.poll() is None
    was_done_by_one_after_the_other(stage, first.pid, other.pid)
    assert steps_of(stage, first.pid) == taken


def test_a_worker_that_loses_its_lock_alone_ends_at_once(
    stage: Stage, two: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
) -> None:
    first, other = two
    stage.rows(
        "SELECT pg_terminate_backend(l.pid) FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid"
        " JOIN procrastinate_jobs j ON j.task_name = 'crash.slowly' AND a.application_name = 'shuke-worker-' || j.worker_id"
        " WHERE l.locktype = 'advisory' AND l.granted"
    )
    assert first.wait(20) == AGAIN_CODE
    was_done_by_one_after_the_other(stage, first.pid, other.pid)


def test_a_worker_asked_to_end_leaves_nothing_behind(
    stage: Stage, two: tuple[subprocess.Popen[bytes], subprocess.Popen[bytes]]
) -> None:
    first, other = two
    first.terminate()
    assert first.wait(30) == 0
    assert not stage.rows("SELECT id FROM procrastinate_jobs WHERE task_name = 'crash.slowly'")
    assert [row[0] for row in stage.rows("SELECT step FROM crash_step ORDER BY step")] == list(range(STEPS))
    assert len(stage.rows("SELECT id FROM procrastinate_workers")) == 1
    assert other.poll() is None
