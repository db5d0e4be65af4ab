"""Keeping why a buyer did not pay."""

from __future__ import annotations

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.merchants import actions as merchants
from shuke.trade.rules import REASONS

_NOTE_LENGTH = 500


def keep_unpaid_reason(merchant_id: int, order_id: int, reason: str, note: str = "", *, by: Actor) -> None:
    """Keep the buyer's answer (a key of REASONS) and a note, sealed; a later answer replaces the earlier.

    Refused `no_reason` for an unknown reason, `is_paid` for an order that was paid; Missing.
    """
    if reason not in REASONS:
        raise Refused("no_reason", _("Choose a reason from the list."))
    found = sql.rows(
        "SELECT member_id, paid_at IS NOT NULL OR state NOT IN ('unpaid', 'closed') FROM trade_order"
        " WHERE merchant_id = %(merchant_id)s AND id = %(order_id)s AND removed_at IS NULL",
        {"merchant_id": merchant_id, "order_id": order_id},
    )
    if not found:
        raise Missing("no_order", _("This order does not exist."))
    member_id, is_paid = found[0]
    if is_paid:
        raise Refused("is_paid", _("This order has been paid."))
    row = f"trade_unpaidreason|note|{merchant_id}|{order_id}"
    sealed = crypto.vault(merchant_id).seal(note.strip()[:_NOTE_LENGTH], row=row) if note.strip() else None
    sql.run(
        "INSERT INTO trade_unpaidreason (merchant_id, order_id, member_id, reason, note_sealed, by, at)"
        " VALUES (%(merchant_id)s, %(order_id)s, %(member_id)s, %(reason)s, %(note)s, %(by)s, %(now)s)"
        " ON CONFLICT (merchant_id, order_id) DO UPDATE"
        " SET reason = excluded.reason, note_sealed = excluded.note_sealed, by = excluded.by, at = excluded.at",
        {"merchant_id": merchant_id, "order_id": order_id, "member_id": member_id, "reason": reason, "note": sealed,
         "by": by.label, "now": clock.now()},
    )  # fmt: skip
    merchants.audit(merchant_id, "order.reason_kept", by=by, object_kind="order", object_id=order_id, reason=reason)
