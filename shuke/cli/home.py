"""The data folder and its database: started for a command, shared by several, stopped by the last of them."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from django.db.migrations.executor import MigrationExecutor
from psycopg.conninfo import make_conninfo

from shuke.core import database, epoch
from shuke.core.numbering import keep_in_order
from shuke.core.owner import owner_address


@contextmanager
def database_open(*, migrate: bool = True) -> Iterator[None]:
    """Have a database with all tables while the block runs.

    Shuke's own PostgreSQL is started if it is not running, and stopped by whichever command leaves last; one that
    was started by other means is left alone. A server named by DATABASE_URL is never started, stopped or migrated here.
    """
    server: database.EmbeddedServer | None = settings.SHUKE_EMBEDDED
    if server is None:
        yield
        return
    server.home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (server.home / "database.users").open("w") as users:
        with _gate(server.home):
            if server.start():
                _mark(server).touch()
            fcntl.flock(users, fcntl.LOCK_SH)
            if migrate:
                bring_up_to_date()
        try:
            yield
        finally:
            connections.close_all()
            with _gate(server.home), suppress(BlockingIOError):
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)  # only the last one gets it
                if _mark(server).exists():
                    server.stop()
                    _mark(server).unlink()


def revive_database() -> bool:
    """Start Shuke's own PostgreSQL where it has died under those who use it; whether that was so."""
    server: database.EmbeddedServer | None = settings.SHUKE_EMBEDDED
    if server is None or server.pid() is not None:
        return False
    with _gate(server.home):
        return server.start()


def bring_up_to_date() -> bool:
    """Make database, role and tables as this version wants them, as their owner; whether anything was migrated."""
    database.prepare(owner_address())
    pending = pending_migrations()
    if pending:
        call_command("migrate", database="owner", verbosity=0)
    connections["owner"].close()
    with psycopg.connect(make_conninfo(**owner_address())) as connection:
        keep_in_order(connection)
    epoch.look_around()
    return bool(pending)


def pending_migrations() -> list[str]:
    """Names of the migrations that were not applied yet."""
    executor = MigrationExecutor(connections["owner"])
    return [str(migration) for migration, _ in executor.migration_plan(executor.loader.graph.leaf_nodes())]


def _mark(server: database.EmbeddedServer) -> Path:
    return server.home / "database.ours"


@contextmanager
def _gate(home: Path) -> Iterator[None]:
    with (home / "database.gate").open("w") as gate:
        fcntl.flock(gate, fcntl.LOCK_EX)
        yield
