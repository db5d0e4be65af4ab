"""Keeping facts in order where their database moved to a server that counts transactions from another number on."""

from __future__ import annotations

from typing import Any

import psycopg
from psycopg import sql as pgsql

_HIGHEST_FACT = """
    SELECT max(f.xid) FROM merchants_merchant m
    CROSS JOIN LATERAL (SELECT xid FROM core_fact WHERE merchant_id = m.id ORDER BY xid DESC, id DESC LIMIT 1) f
"""


def keep_in_order(connection: psycopg.Connection[Any]) -> bool:
    """Number new facts above all that are there, as the tables' owner; whether they would not have been.

    A restored database may stand on a server whose transactions have lower numbers: new facts would then lie below
    every reader's cursor and never be told. Nothing is rewritten: the two functions that give the numbers add the gap.
    """
    if _one(connection, "SELECT to_regproc('shuke_fact_xid')") is None:
        return False
    highest = max((int(found) for found in _numbers(connection) if found is not None), default=0)
    if int(_one(connection, "SELECT shuke_fact_xid()::text")) > highest:
        return False
    gap = highest + 1 - int(_one(connection, "SELECT pg_current_xact_id()::text"))
    for name, origin in (
        ("shuke_fact_xid", "pg_current_xact_id()"), ("shuke_fact_horizon", "pg_snapshot_xmin(pg_current_snapshot())"),
    ):  # fmt: skip
        connection.execute(
            f"CREATE OR REPLACE FUNCTION {name}() RETURNS xid8 LANGUAGE sql STABLE"
            f" AS 'SELECT ({origin}::text::numeric + {gap})::text::xid8'"
        )
    return True


def _numbers(connection: psycopg.Connection[Any]) -> list[str | None]:
    """The highest number of the facts, and of everything that remembers one."""
    columns = connection.execute(
        "SELECT c.relname, a.attname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND a.atttypid = 'xid8'::regtype"
        " AND NOT a.attisdropped AND c.relname <> 'core_fact'"
    ).fetchall()
    return [
        _one(connection, f"SELECT ({_HIGHEST_FACT})::text"),
        *(
            _one(connection, pgsql.SQL("SELECT max({})::text FROM {}").format(pgsql.Identifier(column), pgsql.Identifier(table)))
            for table, column in columns
        ),
    ]  # fmt: skip


def _one(connection: psycopg.Connection[Any], statement: Any) -> Any:
    row = connection.execute(statement).fetchone()
    return row[0] if row else None
