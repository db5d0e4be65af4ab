"""Temporary tables through which many rows reach the real ones; not logged, emptied at each commit.

COPY may not write into a table with row-level security, so rows are copied here and inserted from here.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from shuke.core import sql

ORDER_COLUMNS = (
    "id", "shop_id", "order_no", "member_id", "state", "placed_at", "paid_at", "shipped_at", "finished_at",
    "goods_fen", "post_fen", "total_fen", "paid_fen", "refund_fen", "item_count", "line_count", "title", "flag",
    "close_reason", "doubts", "private_sealed", "row_hash", "first_import_id", "last_import_id",
)  # fmt: skip

LINE_COLUMNS = (
    "id", "order_id", "line_key", "title", "sku", "product_id", "outer_id", "price_fen", "quantity", "weight_fen",
    "told_refund_fen", "state", "row_hash", "last_import_id",
)  # fmt: skip

_ORDER_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS staged_order (
    id bigint, shop_id bigint, order_no text, member_id bigint, state text, placed_at timestamptz, paid_at timestamptz,
    shipped_at timestamptz, finished_at timestamptz, goods_fen bigint, post_fen bigint, total_fen bigint,
    paid_fen bigint, refund_fen bigint, item_count int, line_count int, title text, flag smallint, close_reason text,
    doubts text, private_sealed bytea, row_hash bytea, first_import_id bigint, last_import_id bigint,
    line_gross_fen bigint, line_refund_fen bigint
) ON COMMIT DELETE ROWS
"""

_LINE_TABLE = """
CREATE TEMP TABLE IF NOT EXISTS staged_line (
    id bigint, order_id bigint, line_key text, title text, sku text, product_id text, outer_id text, price_fen bigint,
    quantity int, weight_fen bigint, told_refund_fen bigint, state text, row_hash bytea, last_import_id bigint
) ON COMMIT DELETE ROWS
"""


def stage_orders(rows: Iterable[Sequence[Any]]) -> None:
    """Replace what is staged: ORDER_COLUMNS and then the whole-order line's gross and refunded fen."""
    sql.run(_ORDER_TABLE)
    sql.run("TRUNCATE staged_order")
    sql.copy_into("staged_order", (*ORDER_COLUMNS, "line_gross_fen", "line_refund_fen"), rows)


def stage_lines(rows: Iterable[Sequence[Any]]) -> None:
    """Replace what is staged: LINE_COLUMNS."""
    sql.run(_LINE_TABLE)
    sql.run("TRUNCATE staged_line")
    sql.copy_into("staged_line", LINE_COLUMNS, rows)


def new_ids(count: int) -> list[int]:
    """That many fresh ids."""
    return [row[0] for row in sql.rows("SELECT nextval('shuke_ids') FROM generate_series(1, %(n)s)", {"n": count})]
