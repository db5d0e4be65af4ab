"""Points that programs give and take, many requests at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Refused
from shuke.core.facts import publish
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.giving import ADJUSTED
from shuke.loyalty.events import PointsAdjusted
from shuke.loyalty.queries.rulebook import POINTS, gift_lapses_at
from shuke.merchants import actions as merchants


@dataclass(frozen=True, slots=True)
class Credit:
    """Points to give (`amount` > 0) or take (< 0) for a reason; `key` makes a retry harmless."""

    member_id: int
    amount: int
    reason: str
    key: str


def credit(merchant_id: int, wanted: Sequence[Credit], *, by: Actor) -> None:
    """Give or take points by requests that know nothing of each other; all or nothing, each key once.

    What `adjust` does for people, with a reason for each: the same lapse, fact, audit line and list of adjustments.
    Refused `reason_missing`, `no_amount`, and by the ledger `not_enough`, `key_reused`.
    """
    if not all(one.reason.strip() for one in wanted):
        raise Refused("reason_missing", _("Please give a reason."))
    now = clock.now()
    expires_at = gift_lapses_at(merchant_id, now)
    postings = [
        ledger.Posting(
            member_id=one.member_id, amount=one.amount, kind=ADJUSTED, key=f"adjust:{one.key}:{one.member_id}",
            source="adjust", expires_at=expires_at if one.amount > 0 else None, happened_at=now,
            note={"reason": one.reason.strip()},
        )
        for one in wanted
    ]  # fmt: skip
    ledger.post(merchant_id, POINTS, postings, by=by)
    first = _first(merchant_id, wanted, by)
    publish(
        merchant_id,
        [PointsAdjusted(member_id=one.member_id, happened_at=now, amount=one.amount) for one in first],
        by=by,
    )
    entries = [(one.member_id, {"amount": one.amount, "reason": one.reason.strip(), "key": one.key}) for one in first]
    merchants.audit_each(merchant_id, "points.adjusted", entries, by=by, object_kind="member")


def _first(merchant_id: int, wanted: Sequence[Credit], by: Actor) -> list[Credit]:
    """Those whose keys were not known yet; they are now."""
    known = {
        row[0]
        for row in sql.rows(
            "INSERT INTO loyalty_adjustment (merchant_id, key, reason, member_count, amount, at, by)"
            " SELECT %(merchant_id)s, c.key, c.reason, 1, c.amount, %(now)s, %(by)s"
            " FROM jsonb_to_recordset(%(credits)s::jsonb) AS c (key text, reason text, amount bigint)"
            " ON CONFLICT DO NOTHING RETURNING key",
            {"merchant_id": merchant_id, "now": clock.now(), "by": by.label, "credits": json.dumps(
                [{"key": one.key, "reason": one.reason.strip(), "amount": one.amount} for one in wanted])},
        )
    }  # fmt: skip
    return [one for one in wanted if one.key in known]
