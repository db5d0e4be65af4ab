"""Whether this program can do its work: the database answers, its tables are this version's, a worker is at work."""

from __future__ import annotations

from contextlib import suppress

from django.db import Error, connection
from django.db.migrations.executor import MigrationExecutor

from shuke.core import clock, sql

_migrated: list[bool] = []


def look() -> dict[str, bool]:
    """database, migrations, worker: each whether it is well."""
    found = {"database": False, "migrations": False, "worker": False}
    with suppress(Error):
        found["database"] = sql.scalar("SELECT 1") == 1
        found["migrations"] = _is_migrated()
        found["worker"] = worker_count() > 0
    return found


def worker_count() -> int:
    """Workers that gave a sign of life within half a minute."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %(now)s - interval '30 seconds'",
            {"now": clock.now()},
        )
    )


def _is_migrated() -> bool:
    """Asked until it is so: tables do not go back under a running program."""
    if not _migrated:
        executor = MigrationExecutor(connection)
        if executor.migration_plan(executor.loader.graph.leaf_nodes()):
            return False
        _migrated.append(True)
    return True
