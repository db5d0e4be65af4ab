"""The limits of a day: guarded counters, one for each member, and several for all so that no row is hot."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.loyalty.queries.redemptions import counted
from shuke.loyalty.rules.redemption import shares
from shuke.loyalty.specs.redemption import RedemptionRuleSpec

SLOTS = 8
EVERYBODY = 0

Slots = dict[str, int]


def take(params: dict[str, Any], spec: RedemptionRuleSpec, kin: Collection[int]) -> Slots:
    """Count points for the member and for all on a day; what was taken of which slot.

    `params` hold merchant_id, asked_on, member_id and points; `kin` is she and everybody who was joined to her, whose
    accounts are all locked: the limit of one customer is that of the person. Refused `member_day_full`, `day_full`.
    """
    limit = spec.member_day_points
    if limit is not None:
        limit -= counted(params["merchant_id"], params["asked_on"], set(kin) - {params["member_id"]})
    if not _add(params, params["member_id"], 0, limit):
        raise Refused("member_day_full", _("The limit of points for one customer in one day is reached."))
    if spec.day_points is None:
        return _own_slot(params)
    _open_slots(params)
    caps = shares(spec.day_points, SLOTS)
    own = params["member_id"] % SLOTS
    if params["points"] <= caps[own] and _fill(params, own, params["points"], caps[own]):
        return {str(own): params["points"]}
    return _steal(params, caps)


def count_again(params: dict[str, Any]) -> Slots:
    """Count what was agreed on before and comes back to life; limits do not stop it."""
    _add(params, params["member_id"], 0, None)
    return _own_slot(params)


def give_back(params: dict[str, Any], slots: Slots) -> None:
    """Take points off again where they were counted."""
    for slot, points in sorted(slots.items()):
        _lower({**params, "who": EVERYBODY, "slot": int(slot), "amount": points})
    _lower({**params, "who": params["member_id"], "slot": 0, "amount": params["points"]})


def _own_slot(params: dict[str, Any]) -> Slots:
    own = params["member_id"] % SLOTS
    _add(params, EVERYBODY, own, None)
    return {str(own): params["points"]}


def _add(params: dict[str, Any], who: int, slot: int, limit: int | None) -> bool:
    if limit is not None and params["points"] > limit:
        return False
    return bool(
        sql.run(
            "INSERT INTO loyalty_redemptioncount AS c (merchant_id, asked_on, member_id, slot, points)"
            " VALUES (%(merchant_id)s, %(asked_on)s, %(who)s, %(slot)s, %(points)s)"
            " ON CONFLICT (merchant_id, asked_on, member_id, slot) DO UPDATE SET points = c.points + excluded.points"
            " WHERE %(limit)s::bigint IS NULL OR c.points + excluded.points <= %(limit)s",
            {**params, "who": who, "slot": slot, "limit": limit},
        )
    )


def _open_slots(params: dict[str, Any]) -> None:
    sql.run(
        "INSERT INTO loyalty_redemptioncount (merchant_id, asked_on, member_id, slot, points)"
        " SELECT %(merchant_id)s, %(asked_on)s, 0, slot, 0 FROM generate_series(0, %(last)s) slot"
        " ON CONFLICT DO NOTHING",
        {**params, "last": SLOTS - 1},
    )


def _fill(params: dict[str, Any], slot: int, points: int, cap: int) -> bool:
    return bool(
        sql.run(
            "UPDATE loyalty_redemptioncount SET points = points + %(more)s WHERE merchant_id = %(merchant_id)s"
            " AND asked_on = %(asked_on)s AND member_id = 0 AND slot = %(slot)s AND points + %(more)s <= %(cap)s",
            {**params, "slot": slot, "more": points, "cap": cap},
        )
    )


def _steal(params: dict[str, Any], caps: list[int]) -> Slots:
    """When her own slot is full: from all slots together, locked in their order."""
    _refuse_early(params, sum(caps))
    found = sql.rows(
        "SELECT slot, points FROM loyalty_redemptioncount WHERE merchant_id = %(merchant_id)s"
        " AND asked_on = %(asked_on)s AND member_id = 0 ORDER BY slot FOR UPDATE",
        params,
    )
    wanted, slots = params["points"], {}
    for slot, points in found:
        if part := min(wanted, max(0, caps[slot] - points)):
            slots[str(slot)] = part
            wanted -= part
    if wanted or not all(_fill(params, int(slot), part, caps[int(slot)]) for slot, part in slots.items()):
        raise _full()
    return slots


def _refuse_early(params: dict[str, Any], limit: int) -> None:
    """A day that is full is noticed before anything is locked."""
    counted = sql.scalar(
        "SELECT coalesce(sum(points), 0) FROM loyalty_redemptioncount WHERE merchant_id = %(merchant_id)s"
        " AND asked_on = %(asked_on)s AND member_id = 0",
        params,
    )
    if counted + params["points"] > limit:
        raise _full()


def _full() -> Refused:
    return Refused("day_full", _("Today's points are all taken. New ones can be used from tomorrow on."))


def _lower(params: dict[str, Any]) -> None:
    if not sql.run(
        "UPDATE loyalty_redemptioncount SET points = points - %(amount)s WHERE merchant_id = %(merchant_id)s"
        " AND asked_on = %(asked_on)s AND member_id = %(who)s AND slot = %(slot)s",
        params,
    ):
        raise RuntimeError("a day's counter is missing")
