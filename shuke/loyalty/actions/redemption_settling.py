"""Bringing redemptions to what their orders say, and the ledger with them; doing it twice changes nothing."""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from django.db import IntegrityError, transaction

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.facts import publish
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.ledger import queries as balances
from shuke.loyalty.actions import redemption_counts as counts
from shuke.loyalty.events import RedemptionCommitted, RedemptionMismatch, RedemptionReleased, RedemptionReturned
from shuke.loyalty.queries.redemptions import Redemption, read, specs_by_rule
from shuke.loyalty.queries.rulebook import POINTS
from shuke.loyalty.rules import redemption as rules
from shuke.loyalty.rules.redemption import COUNTED, Seen, Terms, Verdict
from shuke.trade import queries as trade
from shuke.trade.queries import Payment

CHUNK = 500
LOOK_BACK = timedelta(days=45)
"""How old a code may be that an order is still found for, and how old that order when the code was made."""


def settle_redemptions(merchant_id: int, order_ids: Collection[int], *, by: Actor = SYSTEM) -> None:
    """Find the redemptions that these orders are about, and bring each to what its order says by now.

    A code belongs to the order whose number staff noted; else to the one whose remark holds it; else to the only order
    of its member that was paid by exactly its worth less than it was to cost. Recomputed from the orders, so that
    repeating and reordering makes no difference.
    """
    if not sql.scalar("SELECT EXISTS (SELECT FROM loyalty_redemption WHERE merchant_id = %(m)s)", {"m": merchant_id}):
        return
    payments = trade.payments(merchant_id, order_ids)
    _find_orders(merchant_id, payments)
    concerned = read(
        merchant_id, "order_no <> '' AND order_no = ANY(%(nos)s)", {"nos": [one.order_no for one in payments]}
    )
    settle(merchant_id, concerned, by=by)


def settle_redemptions_of(merchant_id: int, member_ids: Collection[int], *, by: Actor = SYSTEM) -> None:
    """Bring these members' redemptions to what their orders say, since other orders may be theirs by now."""
    condition = "(order_no <> '' OR state = 'reserved') AND member_id = ANY(%(members)s::bigint[])"
    settle(merchant_id, read(merchant_id, condition, {"members": sql.numbers(member_ids)}), by=by)


def expire_redemptions(merchant_id: int) -> int:
    """Set free what was not used in time, in chunks of their own; how many redemptions were looked at."""
    count = 0
    while True:
        with tenant(merchant_id):
            due = read(
                merchant_id,
                "(state = 'reserved' AND until_at <= %(now)s OR state = 'bound' AND held_until_at <= %(now)s)",
                {"now": clock.now()},
                order="held_until_at LIMIT %(limit)s",
                limit=CHUNK,
            )
            settle(merchant_id, due)
        count += len(due)
        if len(due) < CHUNK:
            return count


def settle(merchant_id: int, found: Sequence[Redemption], *, by: Actor = SYSTEM) -> None:
    """Bring these redemptions to what their orders say now; accounts are locked first, then the redemptions."""
    if not found:
        return
    ledger.lock(merchant_id, POINTS, sorted({one.home_id for one in found}))
    rows = _as_held(merchant_id, lock(merchant_id, [one.id for one in found]))
    specs, states = specs_by_rule(merchant_id), {}
    orders: dict[str, list[Payment]] = {}
    for payment in trade.payments_by_no(merchant_id, [one.order_no for one in rows if one.order_no]):
        orders.setdefault(payment.order_no, []).append(payment)
    for one in rows:
        order = _hers(one, orders.get(one.order_no, [])) if one.order_no else None
        seen = _seen(one, order) if order else None
        now = clock.now()
        terms = terms_of(one, frozenset(specs[one.rule_id].shop_ids))
        states[one.id] = _bring(merchant_id, one, rules.verdict(terms, seen, now), seen, now, by)
    # Slots of a day in one order for everybody, so that two callers never wait crosswise.
    for one in sorted(rows, key=lambda one: (one.asked_on, one.member_id % counts.SLOTS, one.id)):
        _count(merchant_id, one, states[one.id])


def lock(merchant_id: int, ids: Collection[int]) -> list[Redemption]:
    """Redemptions as they stand, kept still until the transaction ends; the members' accounts are locked before."""
    return read(merchant_id, "id = ANY(%(ids)s)", {"ids": list(ids)}, order="id FOR UPDATE")


def _as_held(merchant_id: int, rows: Sequence[Redemption]) -> list[Redemption]:
    """Redemptions whose points the ledger has let go hold none: those of two members end when the two are parted."""
    keys = {one.ledger_key: one for one in rows if one.hold == "reserved"}
    taken = balances.taken_under(merchant_id, POINTS, keys)
    gone = {keys[key].id for key, (state, _amount) in taken.items() if state == "released"}
    return [replace(one, hold="none", reservation_id=None) if one.id in gone else one for one in rows]


def terms_of(one: Redemption, shop_ids: frozenset[int]) -> Terms:
    """What a redemption was agreed on, for the rules."""
    return Terms(
        one.home_id, one.points, one.asked_at, one.until_at, one.held_until_at, shop_ids, one.before_fen,
        one.after_fen, bool(one.order_no), one.decision,
    )  # fmt: skip


def _hers(one: Redemption, orders: Sequence[Payment]) -> Payment | None:
    """Of orders of the same number in several shops the one that is there, and hers before anybody else's."""
    return min(orders, key=lambda order: (order.is_gone, not one.is_hers(order.member_id)), default=None)


def _seen(one: Redemption, order: Payment) -> Seen:
    return Seen(
        one.home_id if one.is_hers(order.member_id) else order.member_id, order.shop_id, order.is_gone, order.is_closed, order.is_paid, order.paid_at, order.gross_fen,
        order.refund_fen,
    )  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Held:
    """How the points of a redemption stand in the ledger."""

    hold: str
    round_no: int
    reservation_id: int | None
    returned: int


def _bring(merchant_id: int, one: Redemption, said: Verdict, seen: Seen | None, now: datetime, by: Actor) -> str:
    """Bring ledger and row to a verdict, and tell what changed; the state it has come to."""
    held = _Held(one.hold, one.round_no, one.reservation_id, one.returned_points)
    try:
        with transaction.atomic():
            _write(merchant_id, one, said, _move(merchant_id, one, held, said, now, by), seen, now)
    except (Refused, IntegrityError) as error:
        if isinstance(error, Refused) and error.code not in {"not_enough", "in_debt"}:
            raise
        # Its points were used meanwhile, or another code took the order: somebody has to look.
        why = "not_enough" if isinstance(error, Refused) else "order_taken"
        state = rules.MISMATCH if why == "not_enough" and one.order_no else rules.RELEASED
        said = Verdict(state, why)
        _write(merchant_id, one, said, _free(merchant_id, one, held, by), seen, now)
    _tell(merchant_id, one, said, now, by)
    return said.state


def _move(merchant_id: int, one: Redemption, held: _Held, said: Verdict, now: datetime, by: Actor) -> _Held:
    """The ledger's part: hold, spend or set free, as the state asks."""
    if said.state == rules.COMMITTED:
        return _spend(merchant_id, one, held, said.returned, now, by)
    if said.state == rules.RELEASED:
        return _free(merchant_id, one, held, by)
    if said.state == rules.MISMATCH or held.hold == "reserved":
        return held
    held = _free(merchant_id, one, held, by)
    return hold(merchant_id, one, held.round_no + 1, by)


def hold(merchant_id: int, one: Redemption, round_no: int, by: Actor) -> _Held:
    """Reserve the points anew, in the next round."""
    wanted = ledger.Hold(
        member_id=one.member_id, amount=one.points, key=key_of(one.id, round_no), until_at=one.held_until_at,
        source=source_of(one.id), note={"code": one.shown_code, "fen": one.worth_fen},
    )  # fmt: skip
    reservation = ledger.reserve(merchant_id, POINTS, [wanted], by=by)[0]
    return _Held("reserved", round_no, reservation, 0)


def key_of(redemption_id: int, round_no: int) -> str:
    """The ledger's key for one taking of a redemption's points."""
    return f"redeem:{redemption_id}:{round_no}"


def source_of(redemption_id: int) -> str:
    """What a redemption is called as a source in the ledger."""
    return f"redemption:{redemption_id}"


def _spend(merchant_id: int, one: Redemption, held: _Held, returned: int, now: datetime, by: Actor) -> _Held:
    if held.hold == "spent" and held.returned > returned:
        held = _free(merchant_id, one, held, by)  # a refund was unmade: what it brought back is used again
    if held.hold == "reserved" and now < one.held_until_at and held.reservation_id is not None:
        ledger.commit(merchant_id, POINTS, [held.reservation_id], by=by)
        held = replace(held, hold="spent")
    elif held.hold != "spent":
        held = _free(merchant_id, one, held, by)
        held = _Held("spent", held.round_no + 1, None, 0)
        wanted = ledger.Spend(
            member_id=one.member_id, amount=one.points, key=key_of(one.id, held.round_no), source=source_of(one.id),
            note={"code": one.shown_code, "fen": one.worth_fen},
        )  # fmt: skip
        ledger.spend(merchant_id, POINTS, [wanted], by=by)
    return _give_back(merchant_id, one, held, returned, by)


def _free(merchant_id: int, one: Redemption, held: _Held, by: Actor) -> _Held:
    """Give all of it back to the lots it came from."""
    if held.hold == "reserved" and held.reservation_id is not None:
        ledger.release(merchant_id, POINTS, [held.reservation_id], by=by)
    elif held.hold == "spent":
        _give_back(merchant_id, one, held, one.points, by)
    return _Held("none", held.round_no, None, 0)


def _give_back(merchant_id: int, one: Redemption, held: _Held, returned: int, by: Actor) -> _Held:
    if returned > held.returned:
        key = key_of(one.id, held.round_no)
        more = ledger.GiveBack(
            spend_key=key, amount=returned - held.returned, key=f"{key}:back:{returned}", source=source_of(one.id),
            note={"code": one.shown_code},
        )  # fmt: skip
        ledger.give_back(merchant_id, POINTS, [more], by=by)
    return replace(held, returned=returned)


def _write(merchant_id: int, one: Redemption, said: Verdict, held: _Held, seen: Seen | None, now: datetime) -> None:
    is_change = (one.state, one.why, one.returned_points) != (said.state, said.why, held.returned)
    sql.run(
        """
        UPDATE loyalty_redemption SET state = %(state)s, why = %(why)s, hold = %(hold)s, round_no = %(round_no)s,
            reservation_id = %(reservation_id)s, returned_points = %(returned)s, paid_fen = %(paid_fen)s,
            changed_at = CASE WHEN %(is_change)s THEN %(now)s ELSE changed_at END
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s
        """,
        {"merchant_id": merchant_id, "id": one.id, "state": said.state, "why": said.why, "hold": held.hold,
         "round_no": held.round_no, "reservation_id": held.reservation_id, "returned": held.returned, "now": now,
         "is_change": is_change, "paid_fen": seen.gross_fen if seen is not None and seen.is_paid else None},
    )  # fmt: skip


def _count(merchant_id: int, one: Redemption, state: str) -> None:
    """What is released counts for no limit; what comes back to life counts again."""
    if (one.state in COUNTED) == (state in COUNTED):
        return
    params: dict[str, Any] = {
        "merchant_id": merchant_id, "asked_on": one.asked_on, "member_id": one.member_id, "points": one.points,
        "id": one.id,
    }  # fmt: skip
    if state in COUNTED:
        slots = json.dumps(counts.count_again(params))
    else:
        told = sql.scalar(
            "SELECT slots FROM loyalty_redemption WHERE merchant_id = %(merchant_id)s AND id = %(id)s", params
        )
        counts.give_back(params, sql.loads(told) or {})
        slots = None
    sql.run(
        "UPDATE loyalty_redemption SET slots = %(slots)s WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {**params, "slots": slots},
    )


def _tell(merchant_id: int, one: Redemption, said: Verdict, now: datetime, by: Actor) -> None:
    common: dict[str, Any] = {
        "member_id": one.member_id, "subject_id": one.id, "happened_at": now, "code": one.shown_code,
        "points": one.points,
    }  # fmt: skip
    if (one.state, one.why) != (said.state, said.why):
        if said.state == rules.COMMITTED:
            publish(merchant_id, [RedemptionCommitted(**common, worth_fen=one.worth_fen, order_no=one.order_no)], by=by)
        elif said.state == rules.RELEASED:
            publish(merchant_id, [RedemptionReleased(**common, why=said.why)], by=by)
        elif said.state == rules.MISMATCH:
            publish(merchant_id, [RedemptionMismatch(**common, why=said.why, order_no=one.order_no)], by=by)
    if said.state == rules.COMMITTED and said.returned > (one.returned_points if one.state == said.state else 0):
        publish(merchant_id, [RedemptionReturned(**common, returned=said.returned, order_no=one.order_no)], by=by)


def _find_orders(merchant_id: int, payments: Sequence[Payment]) -> None:
    """Bind codes that staff did not mark to the orders that speak of them."""
    loose = read(
        merchant_id,
        "order_no = '' AND asked_at > %(since)s AND (state = 'reserved' OR why IN ('time_over', 'cancelled'))",
        {"since": clock.now() - LOOK_BACK},
    )
    if not loose or not payments:
        return
    since = min(one.asked_at for one in loose)
    told = [order for order in payments if order.is_paid and not order.is_gone and (order.paid_at or since) >= since]
    by_code = {one.code: one for one in loose}
    named: dict[int, list[Redemption]] = {}
    for order_id, codes in trade.found_in_remarks(merchant_id, [one.order_id for one in told], rules.codes_in).items():
        named[order_id] = [by_code[code] for code in dict.fromkeys(codes) if code in by_code]
    for order in told:
        if found := named.get(order.order_id):
            _bind_found(merchant_id, found[0], order, "remark")
    taken = {one.id for found in named.values() for one in found}
    _find_by_price(merchant_id, [one for one in loose if one.id not in taken and not one.decision], told)


def _find_by_price(merchant_id: int, loose: Sequence[Redemption], told: Sequence[Payment]) -> None:
    """Orders that were paid by exactly a code's worth less, where one of hers alone fits one code alone."""
    members = {order.member_id for order in told}
    loose = [one for one in loose if not members.isdisjoint({one.member_id, one.home_id})]
    if not loose:
        return
    orders = trade.payments(
        merchant_id,
        trade.order_ids_of_members(merchant_id, {one.home_id for one in loose} | {one.member_id for one in loose}),
    )
    before = trade.unpaid_totals(merchant_id, [order.order_id for order in orders])
    pairs = [
        (one, order) for one in loose for order in orders
        if one.is_hers(order.member_id) and order.is_paid and not order.is_gone
        and order.paid_at is not None and one.asked_at <= order.paid_at < one.held_until_at
        and (order.placed_at is None or order.placed_at > one.asked_at - LOOK_BACK)
        and before.get(order.order_id, 0) - order.gross_fen == one.worth_fen
    ]  # fmt: skip
    for one, order in pairs:
        is_only = sum(one.id == other.id or order.order_id == same.order_id for other, same in pairs) == 1
        if is_only:
            _bind_found(merchant_id, one, order, "price")


def _bind_found(merchant_id: int, one: Redemption, order: Payment, found_by: str) -> None:
    """Note the order of a code; an order that another code has taken stays with that one."""
    before = trade.unpaid_totals(merchant_id, [order.order_id]).get(order.order_id)
    ledger.lock(merchant_id, POINTS, [one.home_id])
    sql.run(
        """
        UPDATE loyalty_redemption r SET order_no = %(order_no)s, before_fen = %(before)s, after_fen = %(after)s,
            found_by = %(found_by)s, bound_at = %(now)s, bound_by = 'system',
            state = CASE r.state WHEN 'reserved' THEN 'bound' ELSE r.state END
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s AND order_no = ''
            AND (state = 'reserved' OR why IN ('time_over', 'cancelled'))
            AND NOT EXISTS (SELECT FROM loyalty_redemption o WHERE o.merchant_id = r.merchant_id
                AND o.order_no = %(order_no)s AND o.state IN ('bound', 'committed', 'mismatch'))
        """,
        {"merchant_id": merchant_id, "id": one.id, "order_no": order.order_no, "before": before,
         "after": None if before is None else before - one.worth_fen, "found_by": found_by, "now": clock.now()},
    )  # fmt: skip
