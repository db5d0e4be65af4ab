"""Writing the audit log."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import orjson

from shuke.core import clock, sql
from shuke.core.actors import Actor


def audit(
    merchant_id: int, act: str, *, by: Actor, object_kind: str = "", object_id: int | None = None, **details: Any
) -> None:
    """Write one line of the audit log, in the transaction of the act; details never hold personal values."""
    sql.write(
        "INSERT INTO merchants_auditentry (merchant_id, at, by, act, object_kind, object_id, details)"
        " VALUES (%(merchant_id)s, %(at)s, %(by)s, %(act)s, %(object_kind)s, %(object_id)s, %(details)s)",
        {"merchant_id": merchant_id, "at": clock.now(), "by": by.label, "act": act, "object_kind": object_kind,
         "object_id": object_id, "details": json.dumps(details, ensure_ascii=False)},
    )  # fmt: skip


def audit_each(
    merchant_id: int, act: str, entries: Sequence[tuple[int, dict[str, Any]]], *, by: Actor, object_kind: str
) -> None:
    """Write a line for each (object id, details), as `audit` does, in one statement."""
    sql.write(
        "INSERT INTO merchants_auditentry (merchant_id, at, by, act, object_kind, object_id, details)"
        " SELECT %(merchant_id)s, %(at)s, %(by)s, %(act)s, %(object_kind)s, e.id, e.details"
        " FROM json_to_recordset(%(entries)s) AS e (id bigint, details jsonb)",
        {"merchant_id": merchant_id, "at": clock.now(), "by": by.label, "act": act, "object_kind": object_kind,
         "entries": orjson.dumps([{"id": one, "details": details} for one, details in entries]).decode()},
    )  # fmt: skip
