"""Adjustments that wait for a second person, and what became of those before."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import clock, sql


@dataclass(frozen=True, slots=True)
class AdjustmentRequest:
    """One request; `items` are (member id, points), `state` is waiting, approved, refused or expired."""

    id: int
    items: list[tuple[int, int]]
    reason: str
    member_count: int
    amount: int
    allow_debt: bool
    asked_by: str
    asked_at: datetime
    until_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    answer: str

    @property
    def only_member_id(self) -> int | None:
        """The member, where it is about one alone."""
        return self.items[0][0] if len(self.items) == 1 else None


_COLUMNS = (
    "id, items::text, reason, member_count, amount, allow_debt, asked_by, asked_at, until_at, state, decided_by,"
    " decided_at, answer"
)


def request(merchant_id: int, request_id: int) -> AdjustmentRequest | None:
    """One request."""
    found = sql.rows(
        f"SELECT {_COLUMNS} FROM loyalty_adjustmentrequest WHERE merchant_id = %(m)s AND id = %(id)s",
        {"m": merchant_id, "id": request_id},
    )
    return _request(found[0]) if found else None


def requests(
    merchant_id: int, *, states: Collection[str] = (), before_id: int | None = None, limit: int = 50
) -> list[AdjustmentRequest]:
    """Requests, the latest first; `before_id` pages on. One that is past its time counts as expired."""
    found = sql.rows(
        f"SELECT {_COLUMNS} FROM loyalty_adjustmentrequest WHERE merchant_id = %(m)s"
        " AND (%(states)s::text[] IS NULL OR CASE WHEN state = 'waiting' AND until_at <= %(now)s THEN 'expired'"
        " ELSE state END = ANY(%(states)s)) AND (%(before)s::bigint IS NULL OR id < %(before)s)"
        " ORDER BY id DESC LIMIT %(limit)s",
        {"m": merchant_id, "states": list(states) or None, "before": before_id, "now": clock.now(), "limit": limit},
    )
    return [_request(row) for row in found]


def waiting_count(merchant_id: int, *, without: str = "") -> int:
    """How many requests wait now; `without` leaves out those of one person, such as `staff:12`."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM loyalty_adjustmentrequest WHERE merchant_id = %(m)s AND state = 'waiting'"
            " AND until_at > %(now)s AND asked_by <> %(without)s",
            {"m": merchant_id, "now": clock.now(), "without": without},
        )
    )


def _request(row: tuple[Any, ...]) -> AdjustmentRequest:
    number, items, *rest = row
    return AdjustmentRequest(number, [(one[0], one[1]) for one in sql.loads(items)], *rest)
