"""Pure rules of books that change hands: what one member has becomes another's, and nothing is lost on the way."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime

from shuke.ledger.rules import (
    ACTIVE,
    DEBT,
    EXPIRED,
    MOVED,
    OWN,
    PENDING,
    RESERVED,
    Account,
    Label,
    Lot,
    Part,
    Reservation,
    draw,
    move,
)


def hand_over(giver: Account, taker: Account, lots: list[Lot], label: Label) -> None:
    """Move lots, with what is left of them, from one member to another; their dates, source and rule stay."""
    for state in (PENDING, ACTIVE):
        parts = [(lot, lot.left) for lot in lots if lot.state == state]
        if parts:
            _cross(giver, taker, state, parts, label)
    for lot in lots:
        first = lot.first_member_id
        taker.lots[lot.id] = giver.lots.pop(lot.id)
        lot.member_id = taker.member_id
        lot.origin_id = None if first == taker.member_id else first


def hand_over_reservation(giver: Account, taker: Account, one: Reservation, label: Label) -> None:
    """Move an open reservation from one member to another; its lots move by `hand_over`."""
    _cross(giver, taker, RESERVED, one.parts, label)
    taker.reservations[one.id] = giver.reservations.pop(one.id)
    one.member_id = taker.member_id


def hand_over_debt(giver: Account, taker: Account, amount: int, label: Label) -> None:
    """Let another member owe what this one owes."""
    if amount:
        _cross(giver, taker, DEBT, [], label, amount=amount)


def repay_joined(account: Account, label: Label) -> None:
    """After lots and debts of two members came together: debt takes what is active."""
    amount = min(account.debt, account.active)
    if amount:
        move(account, replace(label, kind="repaid"), ACTIVE, DEBT, draw(account, amount))


def owe_again(account: Account, label: Label, parts: list[Part], now: datetime) -> None:
    """Undo a repayment that only a joining had made: its lots get theirs back, and the debt stands again."""
    dead = [part for part in parts if part[0].is_over(now)]
    alive = [part for part in parts if not part[0].is_over(now)]
    if alive:
        move(account, label, DEBT, ACTIVE, alive)
    if dead:
        move(account, replace(label, key=f"{label.key}:lost"), DEBT, EXPIRED, dead)


def _cross(
    giver: Account, taker: Account, state: str, parts: list[Part], label: Label, *, amount: int | None = None
) -> None:
    number = next(giver.numbers)
    key = f"{OWN}move:{number}"
    note = {**(label.note or {}), "from": giver.member_id, "to": taker.member_id}
    # Debt runs against the other pools: it leaves the giver by coming back from "moved".
    ways = ((MOVED, DEBT), (DEBT, MOVED)) if state == DEBT else ((state, MOVED), (MOVED, state))
    out = replace(label, key=f"{key}:out", note=note)
    move(giver, out, *ways[0], parts, amount=amount, number=number)
    move(taker, replace(out, key=f"{key}:in", cause_id=number), *ways[1], parts, amount=amount)
