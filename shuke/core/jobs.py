"""The jobs every installation has, and how a worker works them off."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Callable
from typing import Any

import psycopg
from django import db
from procrastinate import RetryStrategy
from procrastinate.contrib.django import DjangoApp, app

from shuke.core import facts, sql
from shuke.core.backup import nightly
from shuke.core.checks import check_and_note
from shuke.core.tenancy import every_merchant
from shuke.core.workers import Life, OwnJobs

log = logging.getLogger(__name__)

POLL_SECONDS = 2.0
DATABASE_LOST = (db.OperationalError, db.InterfaceError, psycopg.OperationalError, psycopg.InterfaceError)
AGAIN = RetryStrategy(max_attempts=30, wait=2, retry_exceptions=[*DATABASE_LOST])
_ROUNDS = 200


@app.task(name="facts.tell", queue="facts")
def tell_facts(merchant_id: int) -> None:
    """Tell all waiting facts of a merchant, batch by batch, each in its own transaction."""
    for _ in range(_ROUNDS):
        if not facts.drain(merchant_id):
            return
    tell_facts.defer(merchant_id=merchant_id)


def wake(merchant_id: int) -> None:
    """Have the merchant's facts told after the present transaction; one waiting job is enough."""
    waiting = sql.scalar(
        "SELECT EXISTS (SELECT FROM procrastinate_jobs WHERE task_name = 'facts.tell' AND status = 'todo'"
        " AND (args->>'merchant_id')::bigint = %(merchant_id)s)",
        {"merchant_id": merchant_id},
    )
    if not waiting:
        tell_facts.defer(merchant_id=merchant_id)


def merchant_ids() -> list[int]:
    """Every merchant of the installation."""
    with every_merchant():
        return [row[0] for row in sql.rows("SELECT id FROM merchants_merchant ORDER BY id")]


def for_each_merchant(*works: Callable[[int], object]) -> None:
    """Do some work for every merchant. Where it fails for one the others get theirs all the same; then the job fails."""
    failures: list[Exception] = []
    for merchant_id in merchant_ids():
        for work in works:
            try:
                work(merchant_id)
            except DATABASE_LOST:
                raise
            except Exception as error:
                error.add_note(f"of merchant {merchant_id}")
                failures.append(error)
    if failures:
        raise failures[0] if len(failures) == 1 else ExceptionGroup("several merchants", failures)


@app.periodic(cron="* * * * * */5")
@app.task(name="facts.sweep", queue="facts", pass_context=False, queueing_lock="facts.sweep")
def sweep_facts(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Tell what a wake-up missed: facts that were invisible while a longer transaction ran, postponed facts."""
    for_each_merchant(tell_facts.func)


@app.periodic(cron="40 * * * *")
@app.task(name="backup.nightly", queue="jobs", queueing_lock="backup.nightly")
def back_up(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Once a night, or as soon as a machine that was off at night is on again, make the automatic backup."""
    nightly.back_up_if_due()


@app.periodic(cron="20 4 * * *")
@app.task(name="checks.nightly", queue="jobs", queueing_lock="checks.nightly")
def check_all(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Every night: look whether everything holds that must always hold."""
    for_each_merchant(_check)


def _check(merchant_id: int) -> None:
    count = check_and_note(merchant_id)
    if count:
        log.error("%s checks of merchant %s do not hold; see `shuke doctor`", count, merchant_id)


def collect_seldom() -> None:
    """Have Python look for unreachable objects rarely: jobs make millions of rows that are freed without looking.

    And have it change threads ten times as often, so that whoever hears from PostgreSQL need not wait for whoever parses.
    """
    gc.freeze()
    gc.set_threshold(100_000, 50, 100)
    sys.setswitchinterval(0.0005)


def run_worker(**options: Any) -> None:
    """Work until told to stop; running jobs are finished first.

    The worker listens on a connection of its own, while tasks keep the Django app: a job deferred by a job is written
    in that job's transaction. A job that lost the database on the way is tried again every two seconds for a minute,
    unless it says otherwise itself.
    """
    collect_seldom()
    life = Life()
    life.begin()
    connector = app.connector.get_worker_connector()  # type: ignore[attr-defined]  # only the Django app has one
    worker = DjangoApp(connector=connector, import_paths=app.import_paths)
    worker.tasks, worker.periodic_registry = app.tasks, app.periodic_registry
    worker.job_manager = OwnJobs(connector, life)
    for task in worker.tasks.values():
        task.retry_strategy = task.retry_strategy or AGAIN
    worker.run_worker(
        concurrency=4,
        fetch_job_polling_interval=POLL_SECONDS,
        shutdown_graceful_timeout=20,
        delete_jobs="successful",
        **options,
    )
    life.end()
