"""Temporary tables through which many rows reach the real ones; not logged, emptied at each commit.

COPY may not write into a table with row-level security, so rows are copied here and inserted from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from shuke.core import sql

SEPARATOR = "\x1f"

MEMBER = {
    "id": "bigint", "display_name": "text", "relation_source": "text", "province": "text", "city": "text",
    "joined_at": "timestamptz", "source": "text", "seen_at": "timestamptz", "seen_digest": "bytea",
    "seen_source": "text",
}  # fmt: skip
IDENTITY = {
    "member_id": "bigint", "kind": "text", "shop_id": "bigint", "value": "text", "source": "text",
    "created_at": "timestamptz",
}  # fmt: skip
CARD = {
    "member_id": "bigint", "digest": "bytea", "sealed": "bytea", "name_index": "bytea", "phone_index": "bytea", "phone_tail": "bytea", "email_index": "bytea",
    "alipay_index": "bytea", "seen_at": "timestamptz", "source": "text",
}  # fmt: skip
SOURCE_USE = {"member_id": "bigint", "source": "text", "items": "jsonb"}


def stage(name: str, columns: Mapping[str, str], records: Iterable[Sequence[Any]]) -> str:
    """Replace what is staged under a name; the columns' names as a list for SQL. All names come from code."""
    sql.run(
        f"CREATE TEMP TABLE IF NOT EXISTS {name} ({', '.join(f'{column} {kind}' for column, kind in columns.items())})"
        " ON COMMIT DELETE ROWS"
    )
    sql.run(f"TRUNCATE {name}")
    sql.copy_into(name, list(columns), records)
    return ", ".join(columns)


def texts(values: Iterable[str]) -> str:
    """Many texts as one parameter for `string_to_array(…, chr(31))`, a tenth of the cost of an array of texts."""
    return SEPARATOR.join(values)


def numbers(values: Iterable[int]) -> str:
    """Many whole numbers as one parameter for `%(…)s::bigint[]`, a tenth of the cost of an array of numbers."""
    return f"{{{','.join(map(str, values))}}}"


def new_ids(count: int) -> list[int]:
    """That many fresh ids."""
    return [row[0] for row in sql.rows("SELECT nextval('shuke_ids') FROM generate_series(1, %(n)s)", {"n": count})]
