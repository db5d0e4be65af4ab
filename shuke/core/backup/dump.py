"""The database of a backup: pg_dump of one snapshot, what that snapshot counts, and pg_restore into an empty database."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from typing import Any

import psycopg
from django.utils.translation import gettext_lazy as _
from psycopg import sql as pgsql
from psycopg.conninfo import make_conninfo

from shuke.core.backup.archive import Readable, damaged
from shuke.core.database import BIN
from shuke.core.errors import Refused

Address = dict[str, str]
Census = dict[str, dict[str, Any]]
Connection = psycopg.Connection[tuple[Any, ...]]

_SUMMED = re.compile(r"_fen$|^(amount|active|pending|debt|left|reserved)$")
_PLAIN = ("timezone=UTC", "datestyle=ISO", "extra_float_digits=1", "bytea_output=hex", "intervalstyle=postgres",
          "row_security=off")  # fmt: skip


@contextmanager
def snapshot(owner: Address) -> Iterator[tuple[Connection, str]]:
    """A connection that sees one instant of the whole database, and the name under which pg_dump sees the same.

    Nobody waits for it: it only reads. Refused `walls` when the role would be shown a part of the rows only.
    """
    with psycopg.connect(make_conninfo(**owner)) as connection:
        passes = connection.execute(
            "SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user"
        ).fetchone()
        if passes != (True,):
            raise Refused(
                "walls",
                _(
                    "The role %(role)s sees no merchant's rows. Let the server's administrator run: ALTER ROLE %(role)s BYPASSRLS"
                ),
                role=owner.get("user", ""),
            )
        connection.rollback()
        connection.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        connection.read_only = True
        found = connection.execute("SELECT pg_export_snapshot()").fetchone()
        assert found is not None  # noqa: S101 - a SELECT without FROM gives one row
        yield connection, found[0]


def census(connection: Connection) -> Census:
    """For every table: its rows, a digest of all their values whatever their order, and the sums of its amounts."""
    for setting in _PLAIN:
        name, value = setting.split("=")
        connection.execute("SELECT set_config(%s, %s, true)", [name, value])
    tables: dict[str, list[str]] = {}
    for table, column, kind in connection.execute(
        "SELECT c.relname, a.attname, a.atttypid::regtype::text FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        " ORDER BY 1, a.attnum"
    ):
        sums = tables.setdefault(table, [])
        if kind in {"bigint", "integer"} and _SUMMED.search(column):
            sums.append(column)
    return {table: _count(connection, table, sums) for table, sums in tables.items()}


def _count(connection: Connection, table: str, sums: list[str]) -> dict[str, Any]:
    asked = [
        pgsql.SQL("count(*)"),
        pgsql.SQL("coalesce(sum(hashtextextended(t::text, 0)::numeric), 0)::text"),
        *(pgsql.SQL("coalesce(sum({})::text, '0')").format(pgsql.Identifier(column)) for column in sums),
    ]
    row = connection.execute(
        pgsql.SQL("SELECT {} FROM {} t").format(pgsql.SQL(", ").join(asked), pgsql.Identifier(table))
    ).fetchone()
    assert row is not None  # noqa: S101 - an aggregate gives one row
    return {"rows": row[0], "digest": row[1], "sums": dict(zip(sums, row[2:], strict=True))}


@contextmanager
def dumping(owner: Address, snapshot_name: str) -> Iterator[Readable]:
    """pg_dump's stream of the snapshot, in its own compressed format. Refused `dump_failed`."""
    command = [_program("pg_dump", owner), "--format=custom", "--compress=3", f"--snapshot={snapshot_name}",
               "--lock-wait-timeout=60000", "--no-password"]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            command, stdout=subprocess.PIPE, stderr=said, env=_environment(owner)
        )
        assert process.stdout is not None  # noqa: S101 - asked for above
        try:
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        finally:
            process.stdout.close()
            code = process.wait()
        if code:
            raise Refused("dump_failed", _("PostgreSQL could not dump: %(why)s"), why=_last_words(said))


def restore(owner: Address, database: str, stream: Iterator[bytes]) -> None:
    """Fill an empty database, made here, from a dump's blocks. Refused `damaged_backup`; then it is gone again."""
    with administration(owner) as connection:
        connection.execute(pgsql.SQL("DROP DATABASE IF EXISTS {}").format(pgsql.Identifier(database)))
        connection.execute(
            pgsql.SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'").format(pgsql.Identifier(database))
        )
    target = {**owner, "dbname": database}
    command = [_program("pg_restore", owner), "--exit-on-error", "--no-owner", "--single-transaction",
               "--no-password", f"--dbname={database}"]  # fmt: skip
    with tempfile.TemporaryFile() as said:
        process = subprocess.Popen(  # noqa: S603 - PostgreSQL's own program
            command, stdin=subprocess.PIPE, stdout=subprocess.DEVNULL, stderr=said, env=_environment(target)
        )
        assert process.stdin is not None  # noqa: S101 - asked for above
        try:
            with suppress(BrokenPipeError):  # it has ended, and its code says so
                for block in stream:
                    process.stdin.write(block)
                process.stdin.close()
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        if code:
            raise Refused("restore_failed", _("PostgreSQL could not restore: %(why)s"), why=_last_words(said))


def drop(owner: Address, database: str) -> None:
    """Remove a database, if there is one."""
    with administration(owner) as connection:
        connection.execute(pgsql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(pgsql.Identifier(database)))


def exists(owner: Address) -> bool:
    """Whether the database is there and holds any table of ours."""
    with administration(owner) as connection:
        if not connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [owner["dbname"]]).fetchone():
            return False
    with psycopg.connect(make_conninfo(**owner)) as connection:
        return connection.execute("SELECT to_regclass('public.core_fact')").fetchone() != (None,)


def swap(owner: Address, fresh: str, before: str) -> None:
    """Give `fresh` the database's name and the old one the name `before`, in one transaction. Refused `in_use`."""
    name = owner["dbname"]
    rename = pgsql.SQL("ALTER DATABASE {} RENAME TO {}")
    with administration(owner) as connection:
        found = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", [name]).fetchone()
        try:
            with connection.transaction():
                if found:
                    connection.execute(rename.format(pgsql.Identifier(name), pgsql.Identifier(before)))
                connection.execute(rename.format(pgsql.Identifier(fresh), pgsql.Identifier(name)))
        except psycopg.errors.ObjectInUse as error:
            raise in_use() from error


def is_used(owner: Address) -> bool:
    """Whether anybody is connected to the database."""
    with administration(owner) as connection:
        found = connection.execute("SELECT 1 FROM pg_stat_activity WHERE datname = %s", [owner["dbname"]]).fetchone()
    return found is not None


def in_use() -> Refused:
    """The refusal while anything still works with the database."""
    return Refused("in_use", _("Shuke is still running on these data; stop its pages and workers first."))


@contextmanager
def administration(owner: Address) -> Iterator[Connection]:
    """A connection beside the database itself, for making, naming and removing databases."""
    with psycopg.connect(make_conninfo(**{**owner, "dbname": "postgres"}), autocommit=True) as connection:
        yield connection


def compare(connection: Connection, expected: Census) -> None:
    """Refused `damaged_backup` when a restored database does not count what the backup had counted."""
    found = census(connection)
    if found != expected:
        raise damaged()


def _program(name: str, owner: Address) -> str:
    """The wheel's own program, or the system's where the server is newer than ours."""
    with psycopg.connect(make_conninfo(**{**owner, "dbname": "postgres"})) as connection:
        server = connection.info.server_version // 10000
    for path in (str(BIN / name), shutil.which(name)):
        if path and _major(path) >= server:
            return path
    raise Refused(
        "newer_server", _("The server is PostgreSQL %(version)s; install its client programs here."), version=server
    )


def _major(path: str) -> int:
    said = subprocess.run([path, "--version"], capture_output=True, text=True, check=True).stdout  # noqa: S603 - found above
    return int(re.findall(r"(\d+)", said)[0])


def _environment(address: Address) -> dict[str, str]:
    names = {"host": "PGHOST", "port": "PGPORT", "user": "PGUSER", "password": "PGPASSWORD", "dbname": "PGDATABASE",
             "sslmode": "PGSSLMODE", "sslrootcert": "PGSSLROOTCERT"}  # fmt: skip
    clean = {name: value for name, value in os.environ.items() if not name.startswith(("PG", "SHUKE", "DATABASE"))}
    return clean | {names[name]: value for name, value in address.items() if name in names}


def _last_words(said: Any) -> str:
    said.seek(0, os.SEEK_END)
    said.seek(max(0, said.tell() - 500))
    return " ".join(said.read().decode(errors="replace").split())
