"""Everything of one merchant, table by table, as one instant saw it; for taking it elsewhere."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction
from psycopg import sql as pgsql

from shuke.core import sql
from shuke.core.tenancy import tenant

_CHUNK = 2000


@contextmanager
def one_instant(merchant_id: int) -> Iterator[None]:
    """The merchant's scope in a transaction that sees nothing of what happens meanwhile. Not within another one."""
    with transaction.atomic(durable=True):
        sql.run("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        with tenant(merchant_id):
            yield


def tables() -> dict[str, list[str]]:
    """Every table of a merchant with its columns in their order; sealed columns are left out."""
    found: dict[str, list[str]] = {}
    for table, column in sql.rows(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.attnum > 0 AND NOT a.attisdropped"
        " AND a.atttypid <> 'bytea'::regtype AND c.relname <> 'core_merchantkey' AND EXISTS (SELECT FROM pg_attribute m"
        " WHERE m.attrelid = c.oid AND m.attname = 'merchant_id' AND NOT m.attisdropped) ORDER BY 1, a.attnum"
    ):
        found.setdefault(table, []).append(column)
    return found


def rows(merchant_id: int, table: str, columns: list[str]) -> Iterator[str]:
    """A table's rows as JSON objects, fetched a few at a time; to be read within `one_instant`."""
    inner = pgsql.SQL("SELECT {} FROM {} WHERE merchant_id = %s").format(
        pgsql.SQL(", ").join(map(pgsql.Identifier, columns)), pgsql.Identifier(table)
    )
    connection.ensure_connection()
    raw = connection.connection
    with raw.cursor(name="whole") as cursor:
        cursor.itersize = _CHUNK
        cursor.execute(pgsql.SQL("SELECT row_to_json(t)::text FROM ({}) t").format(inner), [merchant_id])
        for (line,) in cursor:
            yield line
