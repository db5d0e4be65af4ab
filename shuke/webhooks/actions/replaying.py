"""Sending again what was given up or lost on the other side, and a message to try an endpoint out."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing
from shuke.merchants import actions as merchants
from shuke.webhooks.actions.spreading import message, new_message_id

TEST = "webhooks.test"


def send_test(merchant_id: int, endpoint_id: int, *, by: Actor) -> int:
    """Have a message of kind `webhooks.test` sent; the delivery's id. Missing."""
    delivery_id = sql.scalar(
        "INSERT INTO webhooks_delivery (merchant_id, endpoint_id, message_id, kind, body, state, attempt_count, next_at,"
        " trouble, created_at) SELECT merchant_id, id, %(message_id)s, %(kind)s, %(body)s, 'new', 0, %(now)s, '', %(now)s"
        " FROM webhooks_endpoint WHERE merchant_id = %(merchant_id)s AND id = %(endpoint_id)s RETURNING id",
        {"merchant_id": merchant_id, "endpoint_id": endpoint_id, "message_id": new_message_id(), "kind": TEST,
         "now": clock.now(), "body": message(TEST, clock.now().isoformat(), {"merchant_id": merchant_id})},
    )  # fmt: skip
    if delivery_id is None:
        raise Missing("no_endpoint", _("This webhook does not exist."))
    _wake(merchant_id, endpoint_id)
    merchants.audit(merchant_id, "webhook.tested", by=by, object_kind="webhook", object_id=endpoint_id)
    return int(delivery_id)


def replay(merchant_id: int, delivery_ids: Sequence[int], *, by: Actor) -> int:
    """Send deliveries again from their first attempt on, under their old message ids; how many. Unknown ids are skipped."""
    return _again(merchant_id, "id = ANY(%(ids)s) AND state <> 'sending'", {"ids": list(delivery_ids)}, by)


def replay_dead(merchant_id: int, endpoint_id: int, *, by: Actor) -> int:
    """Send again everything that was given up for an endpoint; how many."""
    return _again(merchant_id, "endpoint_id = %(endpoint_id)s AND state = 'dead'", {"endpoint_id": endpoint_id}, by)


def replay_since(merchant_id: int, endpoint_id: int, since: datetime, *, by: Actor) -> int:
    """Send again everything from an instant on, sent or not, for a receiver that lost it; how many."""
    return _again(
        merchant_id,
        "endpoint_id = %(endpoint_id)s AND created_at >= %(since)s AND state <> 'sending'",
        {"endpoint_id": endpoint_id, "since": since},
        by,
    )


def _again(merchant_id: int, condition: str, params: dict[str, object], by: Actor) -> int:
    found = sql.rows(
        "UPDATE webhooks_delivery SET state = 'new', attempt_count = 0, next_at = %(now)s, sent_at = NULL, trouble = ''"
        f" WHERE merchant_id = %(merchant_id)s AND {condition} RETURNING endpoint_id",
        {"merchant_id": merchant_id, "now": clock.now(), **params},
    )
    for endpoint_id in sorted({row[0] for row in found}):
        _wake(merchant_id, endpoint_id)
        merchants.audit(merchant_id, "webhook.replayed", by=by, object_kind="webhook", object_id=endpoint_id,
                        count=sum(row[0] == endpoint_id for row in found))  # fmt: skip
    return len(found)


def _wake(merchant_id: int, endpoint_id: int) -> None:
    """Whoever asks for a message wants to see it now."""
    sql.run(
        "UPDATE webhooks_endpoint SET rest_until = NULL WHERE merchant_id = %(m)s AND id = %(id)s",
        {"m": merchant_id, "id": endpoint_id},
    )
