"""Bugs planted on purpose, each of which a storm must find: a statement altered on its way, a rule replaced."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Any

from django.db import connection

from shuke.ledger import handover, rules
from shuke.ledger.actions import opening, spending


@dataclass(frozen=True, slots=True)
class Statement:
    """Every SQL statement that contains `old` is run with `new` in its place."""

    old: str
    new: str

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Plant it for a while."""

        def wrapper(execute: Any, statement: str, params: Any, many: bool, context: Any) -> Any:
            return execute(statement.replace(self.old, self.new), params, many, context)

        with connection.execute_wrapper(wrapper):
            yield


@dataclass(frozen=True, slots=True)
class Rule:
    """A function is replaced by what `make` makes of it; a builtin is shadowed (`make` gets None)."""

    owner: Any
    name: str
    make: Callable[[Any], Any]

    @contextmanager
    def planted(self) -> Iterator[None]:
        """Plant it for a while."""
        before = self.owner.__dict__.get(self.name)
        setattr(self.owner, self.name, self.make(before))
        try:
            yield
        finally:
            if before is None:
                delattr(self.owner, self.name)
            else:
                setattr(self.owner, self.name, before)


def _order(key: Callable[[rules.Lot], Any]) -> Callable[[Any], Any]:
    return lambda _before: property(key)


def _sorted_otherwise(before: Callable[..., Any]) -> Callable[..., Any]:
    """Events by kind instead of by time: lots lapse before others mature."""

    def bring_up_to_date(account: Any, now: Any) -> None:
        for only in (rules.ACTIVE, rules.PENDING):
            hidden = {n: lot for n, lot in account.lots.items() if lot.state != only}
            account.lots = {n: lot for n, lot in account.lots.items() if lot.state == only}
            before(account, now)
            account.lots |= hidden

    return bring_up_to_date


def _draw_pending_too(before: Callable[..., Any]) -> Callable[..., Any]:
    def draw(account: Any, amount: int) -> Any:
        pending = [(lot, min(lot.left, amount)) for lot in account.lots.values() if lot.state == rules.PENDING]
        return pending[:1] if pending and pending[0][1] == amount else before(account, amount)

    return draw


def _without_first(before: Callable[..., Any]) -> Callable[..., Any]:
    def spend(account: Any, label: Any, amount: int, *, to_state: str = rules.SPENT) -> Any:
        made = before(account, label, amount, to_state=to_state)
        if len(made.parts) > 1:
            made.parts.pop(0)
        return made

    return spend


def _halved(before: Callable[..., Any]) -> Callable[..., Any]:
    def credit(account: Any, label: Any, amount: int, now: Any, lot: Any) -> Any:
        lot.amount = max(1, round(amount / 2) * 2)
        return before(account, label, lot.amount, now, lot)

    return credit


def _revived(before: Callable[..., Any]) -> Callable[..., Any]:
    return lambda _account, label, from_state, parts, at: before(
        _account, label, from_state, [(_alive(lot), n) for lot, n in parts], at
    )


def _alive(lot: rules.Lot) -> rules.Lot:
    lot.expires_at = None
    lot.state = rules.EMPTY if lot.left == 0 else lot.state
    return lot


def _whatever_the_content(before: Callable[..., Any]) -> Callable[..., Any]:
    def not_done_yet(requests: Any, key: Any, _content: Any, done: Any) -> Any:
        return before(requests, key, lambda _request: (), lambda names: dict.fromkeys(done(names), ()))

    return not_done_yet


def _straight_to_debt(_before: Callable[..., Any]) -> Callable[..., Any]:
    def take_back_rest(account: Any, label: Any, amount: int) -> None:
        if not account.active:
            rules.move(
                account, replace(label, key=f"{label.key}:debt"), rules.DEBT, rules.TAKEN_BACK, [], amount=amount
            )

    return take_back_rest


def _release_twice(before: Callable[..., Any]) -> Callable[..., Any]:
    def release(account: Any, reservation: Any, label: Any, at: Any) -> None:
        before(account, reservation, label, at)
        reservation.state = rules.RESERVED

    return release


def _own_in_order_of_use(before: Callable[..., Any]) -> Callable[..., Any]:
    def take_back_own(account: Any, label: Any, own: Any, amount: int) -> Any:
        for lot in own:
            lot.part = -(lot.part or 0)
        left = before(account, label, own, amount)
        for lot in own:
            lot.part = -(lot.part or 0)
        return left

    return take_back_own


def _one_less(before: Callable[..., Any]) -> Callable[..., Any]:
    return lambda account, label, own, amount: before(account, label, own, amount) and 0


def _nothing(_before: Any) -> Callable[..., Any]:
    return lambda *_given, **_more: None


_LATE = timedelta(hours=2)

PLANTS: dict[str, Statement | Rule] = {
    "known sources are not recognised": Statement("WHERE s.lot_count > 0 OR t.amount = 0", "WHERE t.amount = 0"),
    "less is never taken back": Statement("WHERE standing <> amount", "WHERE standing < amount"),
    "more is never credited": Statement("WHERE standing <> amount", "WHERE standing > amount"),
    "dates do not follow": Statement("(dates_differ OR", "(false OR"),
    "a source may change its member": Statement("OR holder <> member_id", "OR false"),
    "debtors take the short way": Statement("AND b.debt > 0\n    RETURNING", "AND b.debt < 0\n    RETURNING"),
    "new pending is not added": Statement("pending = b.pending + excluded.pending", "pending = b.pending"),
    "new active is added as pending": Statement(
        "THEN 'active' ELSE 'pending' END, t.amount", "THEN 'pending' ELSE 'pending' END, t.amount"
    ),
    "old orders keep what lapsed": Statement("THEN 0 ELSE t.amount END", "THEN t.amount ELSE t.amount END"),
    "maturing two days early": Statement(
        "lot.available_at <= %(now)s\n", "lot.available_at <= %(now)s + interval '2 days'\n"
    ),
    "lapsing two days early": Statement(
        "lot.expires_at <= %(now)s\n", "lot.expires_at <= %(now)s + interval '2 days'\n"
    ),
    "lapsing the whole amount": Statement('lapsed = l.lapsed + due."left"', "lapsed = l.amount"),
    "maturing counts one lot": Statement('sum("left") AS amount FROM due', 'max("left") AS amount FROM due'),
    "lapsing counts one lot": Statement("sum(amount) AS amount FROM lapsed", "min(amount) AS amount FROM lapsed"),
    "revoked is forgotten": Statement("revoked = r.revoked,", ""),
    "lapsed is forgotten": Statement("lapsed = r.lapsed,", ""),
    "left is forgotten": Statement('SET "left" = r."left",', "SET"),
    "new expiry is forgotten": Statement("expires_at = r.expires_at\n", "expires_at = l.expires_at\n"),
    "debt is forgotten": Statement("debt = debt + r.d", "debt = debt"),
    "reserved is forgotten": Statement("reserved = reserved + r.r", "reserved = reserved"),
    "a reservation stays open": Statement("SET state = r.state, member_id", "SET state = 'reserved', member_id"),
    "earlier give-backs are forgotten": Statement(
        "AND cause_id = ANY(%(spends)s::bigint[]) AND from_state = 'spent'", "AND false"
    ),
    "pending lots are not read": Statement("l.state IN ('pending', 'active')", "l.state IN ('active')"),
    "open reservations are not read": Statement(
        "AND r.member_id = ANY(%(members)s::bigint[]) AND r.state = 'reserved'", "AND false"
    ),
    "what matures is not seen": Statement("state = 'pending' AND available_at <=", "false AND available_at <="),
    "what lapsed is still seen": Statement("OR state = 'active' AND expires_at <=", "OR false AND expires_at <="),
    "posted lots count as settled": Statement("AND l.part IS NOT NULL", ""),
    "allocations name one lot": Statement("lot_id, amount)\n    SELECT", "lot_id, amount)\n    SELECT DISTINCT ON (t)"),
    "keys are not looked up": Statement("AND key = wanted.key", "AND false"),
    "another key content passes": Rule(spending, "not_done_yet", _whatever_the_content),
    "oldest lots go first": Rule(rules.Lot, "order", _order(lambda lot: (lot.happened_at, lot.id))),
    "latest-expiring lots go first": Rule(
        rules.Lot, "order", _order(lambda lot: -(lot.expires_at.timestamp() if lot.expires_at else 1e12))
    ),
    "endless lots go first": Rule(
        rules.Lot,
        "order",
        _order(lambda lot: (lot.expires_at.timestamp() if lot.expires_at else 0, lot.happened_at, lot.id)),
    ),
    "lapsed lots revive": Rule(rules, "_return", _revived),
    "maturing hours late": Rule(rules, "_matures", lambda before: lambda lot, now: before(lot, now - _LATE)),
    "what lapsed lives again": Rule(rules.Lot, "is_over", lambda _before: lambda _lot, _at: False),
    "debt is not repaid": Rule(rules, "_repay", _nothing),
    "a spending forgets its first lot": Rule(rules, "spend", _without_first),
    "time does not pass": Rule(rules, "bring_up_to_date", _nothing),
    "time passes in the wrong order": Rule(rules, "bring_up_to_date", _sorted_otherwise),
    "pending can be used": Rule(rules, "draw", _draw_pending_too),
    "amounts are rounded": Rule(rules, "credit", _halved),
    "others are spared": Rule(rules, "take_back_rest", _straight_to_debt),
    "the rest is waived": Rule(rules, "take_back_own", _one_less),
    "own lots oldest first": Rule(rules, "take_back_own", _own_in_order_of_use),
    "a release leaves the reservation": Rule(rules, "release", _release_twice),
    "lots are revoked twice": Rule(
        rules,
        "_revoke",
        lambda before: lambda lots, amount: before(lots, min(2 * amount, sum(x.amount - x.revoked for x in lots))),
    ),
    "give back from the front": Rule(rules, "reversed", lambda _before: list),
    "lots stay when members are joined": Rule(handover, "hand_over", _nothing),
    "reservations stay when members are joined": Rule(handover, "hand_over_reservation", _nothing),
    "debt stays when members are joined": Rule(handover, "hand_over_debt", _nothing),
    "what arrives is written as nobody's": Statement("member_id = r.member_id, origin_id", "origin_id"),
    "whose a lot was first is forgotten": Statement("origin_id = r.origin_id,", ""),
    "repayments of a joining stand after the parting": Rule(handover, "owe_again", _nothing),
    "a joined member's requests stay with her": Rule(
        opening, "at_home", lambda _before: lambda _merchant_id, requests: (requests, {})
    ),
    "the rest is never taken": Rule(rules, "take_back_rest", _nothing),
}
