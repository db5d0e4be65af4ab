"""Settling: the ledger is brought to what orders have yielded by now."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from django.db import transaction

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.ledger import actions as ledger
from shuke.ledger import queries as balances
from shuke.loyalty.queries.reckoning import reckon
from shuke.loyalty.queries.rulebook import GROWTH, POINTS, order_source, point_versions
from shuke.loyalty.rules.points import Yield
from shuke.loyalty.rules.terms import ONE
from shuke.trade import queries as trade


@dataclass(frozen=True, slots=True)
class Settlement:
    """What settling orders did: their members, and points credited and taken back in all."""

    member_ids: frozenset[int] = frozenset()
    credited: int = 0
    taken_back: int = 0


def settle_orders(
    merchant_id: int, order_ids: Collection[int], *, also_of: Collection[int] = (), by: Actor = SYSTEM
) -> Settlement:
    """Bring points and growth of these orders to what their lines have yielded in all by now.

    Recomputed from the orders, so that repeating, reordering and joining calls makes no difference. An order that is
    nobody's any more yields nothing. Where a rule caps days or months, the other orders of the same members are settled too,
    and those of the members (`also_of`) to whom some of these may have belonged before.
    """
    lock(merchant_id)
    versions = point_versions(merchant_id)
    if any(version.terms.has_period_caps for version in versions):
        order_ids = _with_siblings(merchant_id, order_ids, also_of)
    lines = trade.earning_lines(merchant_id, order_ids)
    member_ids = frozenset(line.member_id for line in lines)
    if not versions:
        return Settlement(member_ids)
    found = reckon(merchant_id, lines, versions) if lines else []
    now = clock.now()
    noted = list(zip(found, map(note_of, found), strict=True))
    nobodys = [order_source(order_id) for order_id in set(order_ids) - {line.order_id for line in lines}]
    targets = [_points_target(one, note, now) for one, note in noted] + _nothing(merchant_id, POINTS, nobodys, now)
    points = settle_sources(merchant_id, POINTS, targets, by=by)
    if any(version.terms.growth_per_fen for version in versions):
        growth = [_growth_target(one, note, now) for one, note in noted] + _nothing(merchant_id, GROWTH, nobodys, now)
        settle_sources(merchant_id, GROWTH, growth, by=by)
    return Settlement(member_ids | points.changed_members, points.credited, points.taken_back)


def lock(merchant_id: int) -> None:
    """One settling of a merchant at a time: an older reading of an order must not overwrite a newer one."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('loyalty', %(m)s))", {"m": merchant_id})


def settle_sources(
    merchant_id: int, asset: str, targets: list[ledger.Target], *, by: Actor, kind: str = "earned"
) -> ledger.Settled:
    """Settle in the ledger; a source that turned out to be somebody else's moves over to her."""
    try:
        with transaction.atomic():
            return ledger.settle(merchant_id, asset, targets, by=by, kind=kind)
    except Refused as refused:
        if refused.code != "source_moved":
            raise
    # An order turned out to be somebody else's: it is taken from the one before the other gets it.
    standing = balances.by_source(merchant_id, asset, [target.source for target in targets])
    moved = [
        replace(target, amount=0)
        for target in targets
        if (now := standing.get(target.source)) and now.amount and now.member_id != target.member_id
    ]
    left = ledger.settle(merchant_id, asset, moved, by=by)
    settled = ledger.settle(merchant_id, asset, targets, by=by, kind=kind)
    return replace(
        settled,
        changed_members=settled.changed_members | left.changed_members,
        taken_back=settled.taken_back + left.taken_back,
    )


def _with_siblings(merchant_id: int, order_ids: Collection[int], also_of: Collection[int]) -> set[int]:
    buyers = {*trade.members_of_orders(merchant_id, order_ids), *also_of}
    return {*order_ids, *trade.order_ids_of_members(merchant_id, buyers)}


def _nothing(merchant_id: int, asset: str, sources: list[str], now: datetime) -> list[ledger.Target]:
    """Nothing of sources that are nobody's, from those who have something of them."""
    standing = balances.by_source(merchant_id, asset, sources) if sources else {}
    return [
        ledger.Target(one.member_id, source, 0, None, None, None, now) for source, one in standing.items() if one.amount
    ]


def _points_target(one: Yield, note: dict[str, Any], now: datetime) -> ledger.Target:
    return ledger.Target(
        one.member_id, order_source(one.order_id), one.points, one.available_at, one.expires_at,
        one.version.id if one.version else None, one.counted_at or now, note,
    )  # fmt: skip


def _growth_target(one: Yield, note: dict[str, Any], now: datetime) -> ledger.Target:
    at = one.counted_at or now
    return ledger.Target(
        one.member_id, order_source(one.order_id), one.growth, at, None, one.version.id if one.version else None, at,
        note,
    )  # fmt: skip


def note_of(one: Yield) -> dict[str, Any]:
    """What is needed to explain a line later: order number, amounts in fen, multiplier."""
    note: dict[str, Any] = {"order_no": one.order_no, "fen": one.eligible_fen}
    if one.refund_fen:
        note["refund_fen"] = one.refund_fen
    if one.times is not ONE and one.times != 1:
        note["times"] = str(one.times)
    if one.own:
        note[f"{one.own}_times"] = str(one.own_times)
    if one.times is not one.own_times and one.day_times != 1:
        note["day_times"] = str(one.day_times)
    return note
