"""The columns in which orders and lines are staged on their way into the tables."""

from __future__ import annotations

ORDER = {
    "id": "bigint", "shop_id": "bigint", "order_no": "text", "member_id": "bigint", "state": "text",
    "placed_at": "timestamptz", "paid_at": "timestamptz", "shipped_at": "timestamptz", "finished_at": "timestamptz",
    "goods_fen": "bigint", "post_fen": "bigint", "total_fen": "bigint", "paid_fen": "bigint", "refund_fen": "bigint",
    "item_count": "int", "line_count": "int", "title": "text", "flag": "smallint", "close_reason": "text",
    "doubts": "text", "private_sealed": "bytea", "row_hash": "bytea", "first_import_id": "bigint",
    "last_import_id": "bigint",
}  # fmt: skip

WHOLE_LINE = {"line_gross_fen": "bigint", "line_refund_fen": "bigint"}

LINE = {
    "id": "bigint", "order_id": "bigint", "line_key": "text", "title": "text", "sku": "text", "product_id": "text",
    "outer_id": "text", "price_fen": "bigint", "quantity": "int", "weight_fen": "bigint", "told_refund_fen": "bigint",
    "state": "text", "row_hash": "bytea", "last_import_id": "bigint",
}  # fmt: skip
