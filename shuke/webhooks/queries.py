"""Questions about webhooks: endpoints and how they do, the log of deliveries."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import metrics, sql

STATES = ("new", "sending", "sent", "failed", "dead")


@dataclass(frozen=True, slots=True)
class Endpoint:
    """An endpoint as pages show it; `waiting_count` and `dead_count` are its deliveries not yet sent and given up."""

    id: int
    url: str
    description: str
    kinds: tuple[str, ...]
    is_active: bool
    failing_since: datetime | None
    paused_at: datetime | None
    old_until: datetime | None
    created_at: datetime
    waiting_count: int
    dead_count: int

    @property
    def name(self) -> str:
        """What people call it."""
        return self.description or self.url


@dataclass(frozen=True, slots=True)
class Delivery:
    """One line of the log; `trouble` is a word such as `timeout`, `status` the receiver's last answer."""

    id: int
    endpoint_id: int
    message_id: str
    kind: str
    member_id: int | None
    state: str
    attempt_count: int
    status: int | None
    trouble: str
    created_at: datetime
    sent_at: datetime | None
    next_at: datetime
    body: str


def endpoints(merchant_id: int) -> list[Endpoint]:
    """All endpoints of the merchant, the oldest first."""
    return _endpoints(merchant_id, "", {})


def endpoint(merchant_id: int, endpoint_id: int) -> Endpoint | None:
    """One endpoint."""
    found = _endpoints(merchant_id, "AND e.id = %(id)s", {"id": endpoint_id})
    return found[0] if found else None


def deliveries(
    merchant_id: int, endpoint_id: int, *, state: str = "", before_id: int | None = None, limit: int = 50
) -> list[Delivery]:
    """The log of an endpoint, latest first; `before_id` pages on."""
    return [
        Delivery(**row)
        for row in sql.dicts(
            f"SELECT {_COLUMNS} FROM webhooks_delivery WHERE merchant_id = %(merchant_id)s"
            " AND endpoint_id = %(endpoint_id)s AND (%(state)s = '' OR state = %(state)s)"
            " AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s) ORDER BY id DESC LIMIT %(limit)s",
            {
                "merchant_id": merchant_id,
                "endpoint_id": endpoint_id,
                "state": state,
                "before_id": before_id,
                "limit": limit,
            },
        )
    ]


def delivery(merchant_id: int, delivery_id: int) -> Delivery | None:
    """One delivery."""
    found = sql.dicts(
        f"SELECT {_COLUMNS} FROM webhooks_delivery WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": delivery_id},
    )
    return Delivery(**found[0]) if found else None


@metrics.figure("shuke_webhook_deliveries", "Webhook messages by state.", "state")
def counts(merchant_id: int) -> dict[str, int]:
    """How many deliveries are in each state."""
    found = dict(
        sql.rows(
            "SELECT state, count(*) FROM webhooks_delivery WHERE merchant_id = %(m)s GROUP BY state", {"m": merchant_id}
        )
    )
    return {state: int(found.get(state, 0)) for state in STATES}


def has_work(merchant_id: int) -> bool:
    """Whether anybody is to be told anything."""
    return bool(
        sql.scalar(
            "SELECT EXISTS (SELECT FROM webhooks_endpoint WHERE merchant_id = %(m)s AND is_active)", {"m": merchant_id}
        )
    )


def paused(merchant_id: int) -> list[str]:
    """Names of the endpoints that were paused because they failed for days."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT coalesce(nullif(description, ''), url) FROM webhooks_endpoint"
            " WHERE merchant_id = %(m)s AND is_active AND paused_at IS NOT NULL ORDER BY id",
            {"m": merchant_id},
        )
    ]


def secret_row(endpoint_id: int) -> str:
    """What an endpoint's sealed secrets are bound to."""
    return f"webhooks_endpoint|secret|{endpoint_id}"


_COLUMNS = (
    "id, endpoint_id, message_id, kind, member_id, state, attempt_count, status, trouble, created_at, sent_at, next_at,"
    " body"
)


def _endpoints(merchant_id: int, condition: str, params: dict[str, Any]) -> list[Endpoint]:
    return [
        Endpoint(**{**row, "kinds": tuple(sql.loads(row["kinds"]))})
        for row in sql.dicts(
            "SELECT e.id, e.url, e.description, e.kinds, e.is_active, e.failing_since, e.paused_at, e.old_until,"
            " e.created_at, (SELECT count(*) FROM webhooks_delivery d WHERE d.merchant_id = e.merchant_id"
            "  AND d.endpoint_id = e.id AND d.state IN ('new', 'sending', 'failed')) AS waiting_count,"
            " (SELECT count(*) FROM webhooks_delivery d WHERE d.merchant_id = e.merchant_id"
            "  AND d.endpoint_id = e.id AND d.state = 'dead') AS dead_count"
            f" FROM webhooks_endpoint e WHERE e.merchant_id = %(merchant_id)s {condition} ORDER BY e.id",
            {"merchant_id": merchant_id, **params},
        )
    ]
