"""What must always hold of webhooks: nothing for nobody, nothing sent without a time, nothing skipped."""

from __future__ import annotations

from collections.abc import Iterator

from shuke.core import sql
from shuke.core.checks import Violation
from shuke.webhooks import rules


def run(merchant_id: int) -> list[Violation]:
    """All checks of one merchant, within her scope."""
    return [violation for check in CHECKS for violation in check(merchant_id)]


def webhook_deliveries_have_an_endpoint(merchant_id: int) -> Iterator[Violation]:
    """A delivery without its endpoint would wait for ever."""
    yield from _none(
        merchant_id,
        "delivery has an endpoint",
        "NOT EXISTS (SELECT FROM webhooks_endpoint e WHERE e.merchant_id = d.merchant_id AND e.id = d.endpoint_id)",
    )


def webhook_states_fit_their_times(merchant_id: int) -> Iterator[Violation]:
    """Sent has a time, being sent was claimed, attempts stay within their number."""
    yield from _none(
        merchant_id,
        "delivery state fits",
        "(d.state = 'sent') <> (d.sent_at IS NOT NULL) OR (d.state = 'sending' AND d.claimed_at IS NULL)"
        " OR d.attempt_count NOT BETWEEN 0 AND %(attempts)s",
    )


def webhook_cursor_lies_before_every_unread_fact(merchant_id: int) -> Iterator[Violation]:
    """No delivery speaks of a fact behind the cursor: it would come twice."""
    yield from _none(
        merchant_id,
        "delivery lies before the cursor",
        "EXISTS (SELECT FROM core_fact f JOIN webhooks_cursor c ON c.merchant_id = f.merchant_id"
        " WHERE f.merchant_id = d.merchant_id AND f.id = d.fact_id AND (f.xid, f.id) > (c.xid, c.fact_id))",
    )


def _none(merchant_id: int, name: str, condition: str) -> Iterator[Violation]:
    found = sql.rows(
        f"SELECT d.id FROM webhooks_delivery d WHERE d.merchant_id = %(m)s AND ({condition}) ORDER BY d.id LIMIT 100",
        {"m": merchant_id, "attempts": rules.ATTEMPTS},
    )
    if found:
        yield Violation(name, ", ".join(str(row[0]) for row in found[:5]), len(found))


CHECKS = (
    webhook_deliveries_have_an_endpoint,
    webhook_states_fit_their_times,
    webhook_cursor_lies_before_every_unread_fact,
)
