"""The columns of temporary tables through which many rows reach the real ones (core.sql.stage)."""

from __future__ import annotations

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
