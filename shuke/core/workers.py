"""Workers: each holds a lock as long as it lives, and whoever gets a dead one's lock puts its jobs back into the queue."""

from __future__ import annotations

import logging
import os
import select
import threading
from collections.abc import Callable
from typing import Any

import psycopg
from django import db
from django.db import connection, connections, transaction
from procrastinate.jobs import Job, Status
from procrastinate.manager import JobManager

from shuke.core import sql

log = logging.getLogger(__name__)

LOOK_SECONDS = 1.0
"""How often a worker gives a sign of life and looks whether another one has died."""
SOON_SECONDS = 0.2
SILENT_SECONDS = 7
"""A worker that holds its lock and gives no sign of life for so long (stopped, hung, cut off) is cut off for good."""
AGAIN_CODE = 75
"""Exit code of a process that is well but must begin anew (EX_TEMPFAIL)."""

_SESSIONS = (
    "pg_stat_activity s WHERE s.datname = current_database() AND s.usename = current_user AND s.application_name"
)
_GONE = (db.OperationalError, db.InterfaceError, psycopg.Error)


def leave(why: str) -> None:
    """End this process at once, its other threads in the middle of what they do: their jobs are, or will be, another's."""
    log.warning("this worker begins anew: %s", why)
    logging.shutdown()
    os._exit(AGAIN_CODE)


class Life:
    """A worker's life: its row in the list of workers, its lock, and the thread that looks after both.

    The lock belongs to one session of PostgreSQL, so it is free in the moment in which the process dies. All sessions
    of the worker carry its name, so that those of a worker taken for dead can be ended before its jobs go to another.
    A worker that notices that it was taken for dead, or that its database is gone, ends at once.
    """

    def __init__(self, *, leave: Callable[[str], None] = leave) -> None:
        self.worker_id = 0
        self.leave = leave
        self._stop_reader, self._stop_writer = os.pipe()
        self._begun = threading.Event()
        self._trouble: BaseException | None = None
        self._thread = threading.Thread(target=self._live, name="life", daemon=True)

    def begin(self) -> int:
        """Enter the list and put the jobs of dead workers back; the worker's id, by which this process's sessions go."""
        self._thread.start()
        self._begun.wait()
        if self._trouble is not None:
            raise self._trouble
        connections.close_all()
        os.environ["PGAPPNAME"] = name_of(self.worker_id)
        return self.worker_id

    def end(self) -> None:
        """Leave the list; no job may be running any more."""
        os.write(self._stop_writer, b".")
        self._thread.join()

    def _live(self) -> None:
        try:
            self.worker_id = _enter()
            is_all_done = take_up_jobs_of_the_dead(self.worker_id)
        except BaseException as error:  # handed to the thread that waits in `begin`
            self._trouble = error
        finally:
            self._begun.set()
        try:
            if self._trouble is None:
                self._go_on(is_all_done)
        except _GONE as error:
            self.leave(f"the database is gone ({type(error).__name__})")
        finally:
            connection.close()

    def _go_on(self, is_all_done: bool) -> None:
        while not self._is_asked_to_stop(LOOK_SECONDS if is_all_done else SOON_SECONDS):
            if not _beat(self.worker_id):
                self.leave("it gave no sign of life for too long")
                return
            is_all_done = take_up_jobs_of_the_dead(self.worker_id)
        sql.run("DELETE FROM procrastinate_workers WHERE id = %(id)s", {"id": self.worker_id})

    def _is_asked_to_stop(self, seconds: float) -> bool:
        """Wait; shorter when the database says something, which it does when it ends this session."""
        said = connection.connection.fileno()
        return self._stop_reader in select.select([self._stop_reader, said], [], [], seconds)[0]


class OwnJobs(JobManager):
    """What a worker writes about jobs: only about those that are still its own."""

    def __init__(self, connector: Any, life: Life) -> None:
        super().__init__(connector)
        self._life = life

    async def register_worker(self) -> int:
        """Done already, when the life began."""
        return self._life.worker_id

    async def unregister_worker(self, worker_id: int) -> None:
        """Done at the end of the life."""

    async def update_heartbeat(self, worker_id: int) -> None:
        """Done by the life, which goes on while the last jobs are finished."""

    async def prune_stalled_workers(self, seconds_since_heartbeat: float) -> list[int]:  # noqa: ARG002 - not by time
        """Done by the life, which knows better who is dead."""
        return []

    async def finish_job(self, job: Job, status: Status, delete_job: bool) -> None:
        """Note a job's end, unless it is another worker's by now."""
        await self._write(
            job,
            "procrastinate_finish_job_v1(id, %(status)s, %(is_deleted)s)",
            status=status.value,
            is_deleted=delete_job,
        )

    async def retry_job(
        self, job: Job, retry_at: Any = None, priority: int | None = None, queue: str | None = None, lock: str | None = None
    ) -> None:  # fmt: skip
        """Queue a failed job again, unless it is another worker's by now."""
        await self._write(
            job, "procrastinate_retry_job_v2(id, coalesce(%(retry_at)s, now()), %(priority)s, %(queue)s, %(lock)s)",
            retry_at=retry_at, priority=priority, queue=queue, lock=lock,
        )  # fmt: skip

    async def _write(self, job: Job, call: str, **values: Any) -> None:
        found = await self.connector.execute_query_all_async(
            "WITH own AS MATERIALIZED (SELECT id FROM procrastinate_jobs WHERE id = %(job_id)s AND status = 'doing'"
            f" AND worker_id = %(worker_id)s FOR UPDATE) SELECT {call} FROM own",
            job_id=job.id, worker_id=self._life.worker_id, **values,
        )  # fmt: skip
        if not found:
            self._life.leave("a job was taken from it")


def name_of(worker_id: int) -> str:
    """The name of a worker's sessions."""
    return f"shuke-worker-{worker_id}"


def take_up_jobs_of_the_dead(worker_id: int) -> bool:
    """Queue again what dead workers had begun, for any worker, this one or another; False when somebody is still dying.

    A worker is dead when nobody holds its lock. Its jobs go back once none of its sessions is left, so nothing it began
    can be committed after another one begins it. A silent one's sessions are ended, which frees its lock.
    """
    with transaction.atomic():
        dead, dying = _dead(worker_id)
        _end_sessions(dying)
        jobs = sql.rows(
            "SELECT id FROM procrastinate_jobs WHERE status = 'doing' AND (worker_id = ANY(%(dead)s) OR worker_id IS NULL)"
            " ORDER BY id FOR UPDATE SKIP LOCKED",
            {"dead": dead},
        )
        for (job_id,) in jobs:
            log.warning("job %s of a dead worker is taken up again", job_id)
            _queue_again(job_id)
        if dead:
            sql.run("DELETE FROM procrastinate_workers WHERE id = ANY(%(dead)s)", {"dead": dead})
    return not dying


def _enter() -> int:
    """A row for this worker, seen by nobody before its lock is held."""
    with transaction.atomic():
        worker_id = int(sql.scalar("INSERT INTO procrastinate_workers DEFAULT VALUES RETURNING id"))
        sql.run("SELECT set_config('application_name', %(name)s, false)", {"name": name_of(worker_id)})
        sql.run("SELECT pg_advisory_lock(hashtextextended('worker', %(id)s))", {"id": worker_id})
    return worker_id


def _beat(worker_id: int) -> bool:
    """A sign of life; False when there is no such worker any more."""
    beat = "UPDATE procrastinate_workers SET last_heartbeat = now() WHERE id = %(id)s"
    return sql.run(beat, {"id": worker_id}) == 1


def _dead(worker_id: int) -> tuple[list[int], list[int]]:
    """(workers that are gone to the last session, workers that are dead or silent and have sessions left)."""
    found = sql.rows(
        f"""
        SELECT id, pg_try_advisory_xact_lock(hashtextextended('worker', id)),
            now() - last_heartbeat > %(silent)s * interval '1 second',
            EXISTS (SELECT FROM {_SESSIONS} = 'shuke-worker-' || id)
        FROM procrastinate_workers WHERE id <> %(me)s ORDER BY id
        """,
        {"me": worker_id, "silent": SILENT_SECONDS},
    )
    dead = [other for other, is_free, _is_silent, has_sessions in found if is_free and not has_sessions]
    dying = [other for other, is_free, is_silent, has_sessions in found if has_sessions and (is_free or is_silent)]
    return dead, dying


def _end_sessions(worker_ids: list[int]) -> None:
    if worker_ids:
        sql.run(
            f"SELECT pg_terminate_backend(pid) FROM {_SESSIONS} = ANY(%(names)s)",
            {"names": [name_of(one) for one in worker_ids]},
        )


def _queue_again(job_id: int) -> None:
    try:
        with transaction.atomic():
            sql.run("SELECT procrastinate_retry_job_v2(%(id)s, now(), NULL, NULL, NULL)", {"id": job_id})
    except db.IntegrityError:  # the same work waits already, and needs to be done once
        sql.run("SELECT procrastinate_finish_job_v1(%(id)s, 'aborted', false)", {"id": job_id})
        return
    sql.run(
        "SELECT pg_notify('procrastinate_any_queue_v1', json_build_object('type', 'job_inserted', 'job_id', %(id)s)::text)",
        {"id": job_id},
    )
