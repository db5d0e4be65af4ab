"""Who is dead, and what becomes of the jobs a dead worker had begun."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from asgiref.sync import async_to_sync
from django.db import connection
from procrastinate.contrib.django import app
from procrastinate.jobs import Job, Status
from psycopg.conninfo import make_conninfo

from shuke.core import sql
from shuke.core.workers import Life, OwnJobs, take_up_jobs_of_the_dead

ME = 0


def worker() -> int:
    """A worker whose lock nobody holds: it is dead."""
    return int(sql.scalar("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"))


def job(status: str, worker_id: int | None = None, *, queueing_lock: str | None = None) -> int:
    """A job in a state."""
    return int(
        sql.scalar(
            "INSERT INTO procrastinate_jobs (queue_name, task_name, status, worker_id, queueing_lock)"
            " VALUES ('jobs', 'some.job', %(status)s::procrastinate_job_status, %(worker_id)s, %(lock)s) RETURNING id",
            {"status": status, "worker_id": worker_id, "lock": queueing_lock},
        )
    )


def states() -> dict[int, str]:
    """Every job's state."""
    return dict(sql.rows("SELECT id, status::text FROM procrastinate_jobs"))


@pytest.mark.django_db
def test_what_a_dead_worker_had_begun_waits_again_and_the_worker_is_forgotten() -> None:
    dead = worker()
    begun, orphaned, waiting, failed = job("doing", dead), job("doing"), job("todo"), job("failed", dead)
    assert take_up_jobs_of_the_dead(ME)
    assert states() == {begun: "todo", orphaned: "todo", waiting: "todo", failed: "failed"}
    assert sql.rows("SELECT id FROM procrastinate_workers") == []


@pytest.mark.django_db
def test_work_that_waits_already_is_not_queued_a_second_time() -> None:
    dead = worker()
    first, second = job("doing", dead, queueing_lock="sweep"), job("doing", dead, queueing_lock="sweep")
    covered, waiting = job("doing", dead, queueing_lock="rows"), job("todo", queueing_lock="rows")
    assert take_up_jobs_of_the_dead(ME)
    assert states() == {first: "todo", second: "aborted", covered: "aborted", waiting: "todo"}


@pytest.fixture
def life(transactional_db: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[Life, list[str]]]:
    """A living worker, and why it left if it did."""
    monkeypatch.setenv("PGAPPNAME", "tests")
    left: list[str] = []
    made = Life(leave=left.append)
    made.begin()
    yield made, left
    made.end()


def test_a_living_worker_keeps_its_jobs(life: tuple[Life, list[str]]) -> None:
    alive, left = life
    mine = job("doing", alive.worker_id)
    assert take_up_jobs_of_the_dead(ME)
    assert states() == {mine: "doing"}
    assert os.environ["PGAPPNAME"] == f"shuke-worker-{alive.worker_id}"
    assert left == []


@pytest.mark.django_db(transaction=True)
def test_a_silent_worker_is_cut_off_before_its_job_is_taken_up() -> None:
    hung = int(
        sql.scalar(
            "INSERT INTO procrastinate_workers (last_heartbeat) VALUES (now() - interval '8 seconds') RETURNING id"
        )
    )
    begun = job("doing", hung)
    session = silent_session(hung)
    assert not take_up_jobs_of_the_dead(ME)
    assert states() == {begun: "doing"}
    until(lambda: take_up_jobs_of_the_dead(ME))
    assert states() == {begun: "todo"}
    with pytest.raises(psycopg.errors.AdminShutdown):
        session.execute("SELECT 1")


@pytest.mark.django_db(transaction=True)
def test_a_session_that_outlives_its_worker_is_ended_before_its_job_is_taken_up() -> None:
    dead = worker()
    begun = job("doing", dead)
    session = silent_session(dead, holds_lock=False)
    assert not take_up_jobs_of_the_dead(ME)
    assert states() == {begun: "doing"}
    until(lambda: take_up_jobs_of_the_dead(ME))
    assert states() == {begun: "todo"}
    assert sql.rows("SELECT id FROM procrastinate_workers") == []
    with pytest.raises(psycopg.errors.AdminShutdown):
        session.execute("SELECT 1")


def until(holds: Callable[[], bool]) -> None:
    """Wait for something that must come true."""
    end = time.monotonic() + 20
    while not holds():
        assert time.monotonic() < end
        time.sleep(0.02)


def silent_session(worker_id: int, *, holds_lock: bool = True) -> psycopg.Connection[Any]:
    """A session of a worker's name that says nothing more."""
    known = connection.get_connection_params()
    address = {name: known[name] for name in ("host", "user", "dbname")}
    session = psycopg.connect(make_conninfo(**address), autocommit=True, application_name=f"shuke-worker-{worker_id}")
    if holds_lock:
        session.execute("SELECT pg_advisory_lock(hashtextextended('worker', %s))", [worker_id])
    return session


@pytest.mark.django_db
def test_a_worker_writes_only_about_jobs_that_are_its_own() -> None:
    left: list[str] = []
    life = Life(leave=left.append)
    life.worker_id, other = worker(), worker()
    done, failed, taken, waiting = (
        job("doing", life.worker_id), job("doing", life.worker_id), job("doing", other), job("todo", life.worker_id),
    )  # fmt: skip
    mine = OwnJobs(app.connector, life)

    async def write() -> None:
        await mine.finish_job(named(done), Status.SUCCEEDED, delete_job=True)
        await mine.retry_job(named(failed))
        assert left == []
        await mine.finish_job(named(taken), Status.SUCCEEDED, delete_job=True)
        await mine.retry_job(named(waiting))

    async_to_sync(write)()
    assert states() == {failed: "todo", taken: "doing", waiting: "todo"}
    assert left == ["a job was taken from it"] * 2


def named(job_id: int) -> Job:
    """A job as the worker knows it."""
    return Job(id=job_id, queue="jobs", lock=None, queueing_lock=None, task_name="some.job", task_kwargs={})
