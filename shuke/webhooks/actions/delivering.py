"""Claiming deliveries before they are sent, and recording what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shuke.core import clock, epoch, sql
from shuke.core.actors import SYSTEM
from shuke.core.crypto import vault
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.webhooks import rules
from shuke.webhooks.queries import secret_row

BATCH = 40


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that is this worker's to send, with everything it takes."""

    merchant_id: int
    delivery_id: int
    endpoint_id: int
    member_id: int | None
    url: str
    message_id: str
    body: str
    attempt_count: int
    claimed_at: datetime
    secrets: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a call ended with: an HTTP status or None, trouble in one word, how long the receiver wants to be left alone.

    `was_called` False: nothing left this machine, and the attempt does not count.
    """

    status: int | None
    trouble: str = ""
    wait_seconds: int | None = None
    was_called: bool = True

    @property
    def is_sent(self) -> bool:
        """Whether the receiver took it."""
        return self.status is not None and 200 <= self.status < 300


def claim(merchant_id: int, *, limit: int = BATCH) -> list[Claim]:
    """Mark due deliveries as being sent, at most `limit` an endpoint, oldest first; committed before any call.

    Gives none while the epoch guard holds, and none for endpoints that are switched off, paused or resting.
    """
    with tenant(merchant_id):
        if not epoch.may_send(merchant_id):
            return []
        found = sql.rows(
            """
            WITH due AS (
                SELECT d.id FROM webhooks_endpoint e CROSS JOIN LATERAL (
                    SELECT d.id FROM webhooks_delivery d
                    WHERE d.merchant_id = e.merchant_id AND d.endpoint_id = e.id AND d.state IN ('new', 'failed')
                      AND d.next_at <= %(now)s
                    ORDER BY d.next_at, d.id LIMIT %(limit)s FOR UPDATE SKIP LOCKED
                ) d
                WHERE e.merchant_id = %(merchant_id)s AND e.is_active AND e.paused_at IS NULL
                  AND (e.rest_until IS NULL OR e.rest_until <= %(now)s)
            )
            UPDATE webhooks_delivery d SET state = 'sending', claimed_at = %(now)s, attempt_count = attempt_count + 1
            FROM due WHERE d.merchant_id = %(merchant_id)s AND d.id = due.id
            RETURNING d.id, d.endpoint_id, d.member_id, d.message_id, d.body, d.attempt_count, d.next_at
            """,
            {"merchant_id": merchant_id, "now": clock.now(), "limit": limit},
        )
        known = _endpoints(merchant_id) if found else {}
    return [
        Claim(
            merchant_id, row[0], row[1], row[2], known[row[1]][0], row[3], row[4], row[5], clock.now(), known[row[1]][1]
        )
        for row in sorted(found, key=lambda row: (row[6], row[0]))
        if row[1] in known
    ]


def record(one: Claim, outcome: Outcome, *, chance: float) -> None:
    """Keep what became of a claimed delivery, unless somebody else has taken it over; `chance` spreads the retries."""
    with tenant(one.merchant_id):
        now = clock.now()
        pause = rules.pause_seconds(one.attempt_count, chance=chance, wished=outcome.wait_seconds)
        gone = outcome.status == 410
        state = "sent" if outcome.is_sent else "dead" if outcome.was_called and (pause is None or gone) else "failed"
        touched = sql.run(
            """
            UPDATE webhooks_delivery SET state = %(state)s, status = %(status)s, trouble = %(trouble)s,
                sent_at = CASE WHEN %(state)s = 'sent' THEN %(now)s::timestamptz END,
                attempt_count = attempt_count - %(uncounted)s,
                next_at = %(now)s::timestamptz + make_interval(secs => %(pause)s)
            WHERE merchant_id = %(merchant_id)s AND id = %(id)s AND state = 'sending' AND attempt_count = %(attempt)s
            """,
            {"merchant_id": one.merchant_id, "id": one.delivery_id, "attempt": one.attempt_count, "state": state,
             "status": outcome.status, "trouble": outcome.trouble, "now": now, "uncounted": int(not outcome.was_called),
             "pause": (pause or 0) if outcome.was_called else 0},
        )  # fmt: skip
        if touched and outcome.was_called:
            _note_health(one, now, is_sent=outcome.is_sent, gone=gone)


def recover(merchant_id: int) -> int:
    """Give back what a dead worker had claimed: it may have arrived, so it is sent again under the same message id."""
    with tenant(merchant_id):
        return sql.run(
            "UPDATE webhooks_delivery SET state = 'failed', trouble = 'interrupted', next_at = %(now)s"
            " WHERE merchant_id = %(merchant_id)s AND state = 'sending' AND claimed_at < %(before)s",
            {"merchant_id": merchant_id, "now": clock.now(), "before": clock.now() - rules.CLAIM_FOR},
        )


def sweep_old(merchant_id: int) -> int:
    """Forget sent deliveries after 30 days and every other after 90; how many went."""
    with tenant(merchant_id):
        return sql.run(
            "DELETE FROM webhooks_delivery WHERE merchant_id = %(merchant_id)s AND created_at < %(sent)s"
            " AND (state = 'sent' OR created_at < %(any)s)",
            {"merchant_id": merchant_id, "sent": clock.now() - rules.KEEP_SENT, "any": clock.now() - rules.KEEP_ALL},
        )


def _endpoints(merchant_id: int) -> dict[int, tuple[str, tuple[str, ...]]]:
    keys, now = vault(merchant_id), clock.now()
    return {
        row[0]: (
            row[1],
            tuple(
                keys.open(sealed, row=secret_row(row[0]))
                for sealed in (row[2], row[3] if row[4] is not None and row[4] > now else None)
                if sealed is not None
            ),
        )
        for row in sql.rows(
            "SELECT id, url, secret, old_secret, old_until FROM webhooks_endpoint WHERE merchant_id = %(m)s",
            {"m": merchant_id},
        )
    }


def _note_health(one: Claim, now: datetime, *, is_sent: bool, gone: bool) -> None:
    params = {"merchant_id": one.merchant_id, "id": one.endpoint_id, "now": now}
    if is_sent:
        sql.run(
            "UPDATE webhooks_endpoint SET failure_count = 0, failing_since = NULL, rest_until = NULL"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s AND failure_count > 0",
            params,
        )
        return
    count = sql.scalar(
        "UPDATE webhooks_endpoint SET failure_count = failure_count + 1, failing_since = coalesce(failing_since, %(now)s)"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s RETURNING failure_count",
        params,
    )
    sql.run(
        "UPDATE webhooks_endpoint SET rest_until = %(now)s::timestamptz + make_interval(secs => %(rest)s)"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {**params, "rest": rules.rest_seconds(int(count or 1))},
    )
    paused = sql.run(
        "UPDATE webhooks_endpoint SET paused_at = %(now)s WHERE merchant_id = %(merchant_id)s AND id = %(id)s"
        " AND paused_at IS NULL AND (%(gone)s OR failing_since <= %(since)s)",
        {**params, "gone": gone, "since": now - rules.PAUSE_AFTER},
    )
    if paused:
        merchants.audit(one.merchant_id, "webhook.paused", by=SYSTEM, object_kind="webhook", object_id=one.endpoint_id)
