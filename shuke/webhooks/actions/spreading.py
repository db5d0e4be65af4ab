"""Making facts into deliveries: read once, in order, none skipped."""

from __future__ import annotations

import secrets
from collections.abc import Iterator

import orjson

from shuke.core import clock, facts, sql
from shuke.core.facts import Place, Written
from shuke.core.tenancy import tenant
from shuke.webhooks import rules

BATCH = 2000


def spread(merchant_id: int, *, limit: int = BATCH) -> int:
    """Write a delivery for every endpoint that wants one of the merchant's next facts; how many facts were read.

    The cursor moves in the same transaction. Another process that does the same makes this one return 0.
    """
    with tenant(merchant_id):
        if not sql.scalar("SELECT pg_try_advisory_xact_lock(hashtextextended('webhooks', %(m)s))", {"m": merchant_id}):
            return 0
        wanted = _wanted(merchant_id)
        if not wanted:
            return 0
        batch = facts.read_after(merchant_id, _place(merchant_id), limit=limit)
        if batch:
            _write(merchant_id, list(_deliveries(merchant_id, batch, wanted)))
            _advance(merchant_id, batch[-1].place)
        return len(batch)


def begin_reading(merchant_id: int) -> None:
    """Where nobody was told anything before: begin behind the newest fact, not with the oldest."""
    if not _wanted(merchant_id):
        _advance(merchant_id, facts.newest_place(merchant_id))


def message(kind: str, timestamp: str, content: dict[str, object]) -> str:
    """The body of a message, as Standard Webhooks has it."""
    return orjson.dumps({"type": kind, "timestamp": timestamp, "data": content}).decode()


def new_message_id() -> str:
    """The id by which a receiver knows a message that comes twice; the same for every attempt."""
    return f"msg_{secrets.token_hex(16)}"


def _wanted(merchant_id: int) -> dict[int, frozenset[str]]:
    """Switched-on endpoints and the kinds they want; none named = all."""
    return {
        row[0]: frozenset(sql.loads(row[1]))
        for row in sql.rows(
            "SELECT id, kinds FROM webhooks_endpoint WHERE merchant_id = %(m)s AND is_active ORDER BY id",
            {"m": merchant_id},
        )
    }


def _deliveries(
    merchant_id: int, batch: list[Written], wanted: dict[int, frozenset[str]]
) -> Iterator[tuple[int, Written, str, str]]:
    for one in batch:
        body = message(
            one.kind,
            one.happened_at.isoformat(),
            {"merchant_id": merchant_id, "fact_id": one.place.fact_id, "member_id": one.member_id,
             "subject_id": one.subject_id, **rules.plain(one.payload)},
        )  # fmt: skip
        for endpoint_id, kinds in wanted.items():
            if not kinds or one.kind in kinds:
                yield endpoint_id, one, body, new_message_id()


def _write(merchant_id: int, found: list[tuple[int, Written, str, str]]) -> None:
    sql.run(
        """
        INSERT INTO webhooks_delivery (merchant_id, endpoint_id, fact_id, member_id, message_id, kind, body, state,
            attempt_count, next_at, trouble, created_at)
        SELECT %(merchant_id)s, endpoint_id, fact_id, member_id, message_id, kind, body, 'new', 0, %(now)s, '', %(now)s
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS r (place int, endpoint_id bigint, fact_id bigint, member_id bigint,
            message_id text, kind text, body text)
        ORDER BY place
        ON CONFLICT DO NOTHING
        """,
        {
            "merchant_id": merchant_id,
            "now": clock.now(),
            "rows": orjson.dumps(
                [
                    {"place": place, "endpoint_id": endpoint_id, "fact_id": one.place.fact_id, "member_id": one.member_id,
                     "message_id": message_id, "kind": one.kind, "body": body}
                    for place, (endpoint_id, one, body, message_id) in enumerate(found)
                ]
            ).decode(),
        },
    )  # fmt: skip


def _place(merchant_id: int) -> Place:
    found = sql.rows("SELECT xid::text, fact_id FROM webhooks_cursor WHERE merchant_id = %(m)s", {"m": merchant_id})
    return Place(*found[0]) if found else Place()


def _advance(merchant_id: int, place: Place) -> None:
    sql.run(
        "INSERT INTO webhooks_cursor (merchant_id, xid, fact_id) VALUES (%(m)s, %(xid)s::xid8, %(fact_id)s)"
        " ON CONFLICT (merchant_id) DO UPDATE SET xid = excluded.xid, fact_id = excluded.fact_id",
        {"m": merchant_id, "xid": place.xid, "fact_id": place.fact_id},
    )
