"""Setting amounts aside for a while: spent in the end, or released."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.ledger import rules
from shuke.ledger.actions.book import Book, in_turn, member_moved, open_book
from shuke.ledger.actions.homes import at_home, homes
from shuke.ledger.actions.keys import not_done_yet, transfers_by_key
from shuke.ledger.actions.requests import Hold
from shuke.ledger.rules import Label

CHUNK = 1000


def reserve(merchant_id: int, asset: str, holds: Sequence[Hold], *, by: Actor = SYSTEM) -> list[int]:
    """Set active amounts aside until `until_at`; the reservations' ids in the order asked.

    All or nothing; refusals and keys as in `spend`. A key that stands gives the first answer again.
    """
    now = clock.now()
    if any(one.amount <= 0 for one in holds):
        raise Refused("no_amount", _("An amount of nothing cannot be posted."))
    with tenant(merchant_id):
        asked = holds
        holds, families = at_home(merchant_id, asked)
        book = open_book(merchant_id, asset, (one.member_id for one in holds), now)
        if families and at_home(merchant_id, asked)[0] != holds:
            raise member_moved()
        standing = transfers_by_key(merchant_id, [one.key for one in holds])
        new = not_done_yet(
            holds,
            lambda one: one.key,
            lambda one: (asset, families.get(one.member_id, one.member_id), rules.ACTIVE, rules.RESERVED, one.kind,
                         one.source, one.amount),
            lambda _keys: {key: row[:-1] for key, row in standing.items()},
        )  # fmt: skip
        numbers = {key: int(row[-1]) for key, row in standing.items()}
        for one in new:
            account = book.accounts[one.member_id]
            rules.bring_up_to_date(account, now)
            label = Label(one.kind, one.key, one.happened_at or now, by.label, one.source, None, None, one.note)
            numbers[one.key] = rules.reserve(account, label, one.amount, one.until_at).id
        book.save()
    return [numbers[one.key] for one in holds]


def commit(
    merchant_id: int,
    asset: str,
    reservation_ids: Sequence[int],
    *,
    by: Actor = SYSTEM,
    happened_at: datetime | None = None,
    kind: str = "spent",
) -> None:
    """Spend reservations. One that was committed before is left alone.

    `happened_at` is when it was used (default now): within the time limit it counts even if told later, as long as it
    was not released meanwhile. All or nothing. Missing `no_reservation`; Refused `reservation_over`.
    """  # fmt: skip
    now = clock.now()
    at = happened_at or now
    with tenant(merchant_id):
        book = _open_book(merchant_id, asset, reservation_ids, now)
        committed = _in_state(merchant_id, asset, reservation_ids, rules.COMMITTED)
        for number in sorted(set(reservation_ids) - committed):
            account, one = next(
                ((a, a.reservations[number]) for a in book.accounts.values() if number in a.reservations),
                (None, None),
            )
            if account is None or one is None or one.until_at <= at:
                raise Refused("reservation_over", _("The time for this reservation is over."))
            label = Label(kind, f"{rules.OWN}commit:{number}", at, by.label, one.label.source)
            rules.commit(account, one, label)
        book.bring_up_to_date()
        book.save()


def release(merchant_id: int, asset: str, reservation_ids: Sequence[int], *, by: Actor = SYSTEM) -> None:
    """Return reservations to their lots (to lapsed ones as lapsed). One that was released before is left alone.

    All or nothing. Missing `no_reservation`; Refused `reservation_spent` when it was committed.
    """
    now = clock.now()
    with tenant(merchant_id):
        book = _open_book(merchant_id, asset, reservation_ids, now)
        if _in_state(merchant_id, asset, reservation_ids, rules.COMMITTED):
            raise Refused("reservation_spent", _("This reservation has been spent."))
        for account in book.accounts.values():
            rules.bring_up_to_date(account, now)
            for number in sorted(set(reservation_ids) & account.reservations.keys()):
                one = account.reservations[number]
                if one.state == rules.RESERVED:
                    label = Label("released", f"{rules.OWN}release:{number}", now, by.label, one.label.source)
                    rules.release(account, one, label, now)
        book.save()


def expire_reservations(merchant_id: int, now: datetime | None = None) -> int:
    """Release every reservation whose time is over, in chunks of their own; how many members had one."""
    now = now or clock.now()
    count = 0
    while True:
        with tenant(merchant_id):
            found = sql.rows(
                "SELECT asset, member_id FROM ledger_reservation WHERE merchant_id = (SELECT %(merchant_id)s::bigint)"
                " AND state = 'reserved' AND until_at <= %(now)s ORDER BY until_at LIMIT %(chunk)s",
                {"merchant_id": merchant_id, "now": now, "chunk": CHUNK},
            )
            for asset in in_turn(row[0] for row in found):
                members = {row[1] for row in found if row[0] == asset}
                book = open_book(merchant_id, asset, members, now, at_home=False)
                book.bring_up_to_date()
                book.save()
            count += len(set(found))
        if len(found) < CHUNK:
            return count


def _open_book(merchant_id: int, asset: str, reservation_ids: Sequence[int], now: datetime) -> Book:
    """The books of whoever holds some reservations; Refused `member_moved` when they changed hands meanwhile."""
    members = _members(merchant_id, asset, reservation_ids)
    book = open_book(merchant_id, asset, members, now)
    if _members(merchant_id, asset, reservation_ids) != members:
        raise member_moved()
    return book


def _members(merchant_id: int, asset: str, reservation_ids: Sequence[int]) -> set[int]:
    found = sql.rows(
        "SELECT id, member_id FROM ledger_reservation WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s"
        " AND id = ANY(%(ids)s)",
        {"merchant_id": merchant_id, "asset": asset, "ids": list(reservation_ids)},
    )
    if len(found) < len(set(reservation_ids)):
        raise Missing("no_reservation", _("This reservation does not exist."))
    known = homes(merchant_id, {row[1] for row in found})  # one that ended before its member was joined stays hers
    return {known[row[1]].home_id if row[1] in known else row[1] for row in found}


def _in_state(merchant_id: int, asset: str, reservation_ids: Sequence[int], state: str) -> set[int]:
    return {
        row[0]
        for row in sql.rows(
            "SELECT id FROM ledger_reservation WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s"
            " AND id = ANY(%(ids)s) AND state = %(state)s",
            {"merchant_id": merchant_id, "asset": asset, "ids": list(reservation_ids), "state": state},
        )
    }
