"""Points that programs give and take, many requests at once."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Refused
from shuke.loyalty.actions.giving import Credit, post_credits, tell_credits


def credit(merchant_id: int, wanted: Sequence[Credit], *, by: Actor) -> None:
    """Give or take points by requests that know nothing of each other; all or nothing, each key once.

    What `adjust` does for people, with a reason for each: the same lapse, fact, audit line and list of adjustments.
    Refused `reason_missing`, `no_amount`, and by the ledger `not_enough`, `key_reused`.
    """
    if not all(one.reason.strip() for one in wanted):
        raise Refused("reason_missing", _("Please give a reason."))
    asked = [replace(one, reason=one.reason.strip()) for one in wanted]
    post_credits(merchant_id, asked, by=by)
    tell_credits(merchant_id, _first(merchant_id, asked, by), by=by)


def _first(merchant_id: int, wanted: Sequence[Credit], by: Actor) -> list[Credit]:
    """Those whose keys were not known yet; they are now."""
    known = {
        row[0]
        for row in sql.rows(
            "INSERT INTO loyalty_adjustment (merchant_id, key, reason, member_count, amount, at, by)"
            " SELECT %(merchant_id)s, c.key, c.reason, 1, c.amount, %(now)s, %(by)s"
            " FROM jsonb_to_recordset(%(asked)s::jsonb) AS c (key text, reason text, amount bigint)"
            " ON CONFLICT DO NOTHING RETURNING key",
            {"merchant_id": merchant_id, "now": clock.now(), "by": by.label, "asked": json.dumps(
                [{"key": one.key, "reason": one.reason, "amount": one.amount} for one in wanted])},
        )
    }  # fmt: skip
    return [one for one in wanted if one.key in known]
