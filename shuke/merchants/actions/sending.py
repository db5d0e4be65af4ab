"""Letting a merchant send to the outside again after a restore."""

from __future__ import annotations

from shuke.core import epoch
from shuke.core.actors import Actor
from shuke.merchants.actions.auditing import audit


def release_sending(merchant_id: int, *, by: Actor) -> bool:
    """End the hold that follows a restore or a copy of the database; whether there was one. Harmless to repeat."""
    was_held = epoch.release(merchant_id, by=by)
    if was_held:
        audit(merchant_id, "sending.released", by=by, object_kind="merchant", object_id=merchant_id)
    return was_held
