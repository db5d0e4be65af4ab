"""Using up what is active, and giving it back to the lots it came from."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Sequence

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.ledger import rules
from shuke.ledger.actions.book import Book, member_moved, open_book
from shuke.ledger.actions.homes import family_of
from shuke.ledger.actions.keys import Content, not_done_yet, transfers_by_key
from shuke.ledger.actions.opening import opened
from shuke.ledger.actions.requests import GiveBack, Spend
from shuke.ledger.rules import Balance, Label

_BESIDE = ("lost", *(f"{lost}with{place}" for place in range(1, 8) for lost in ("", "lost:=")))


def spend(merchant_id: int, asset: str, spends: Sequence[Spend], *, by: Actor = SYSTEM) -> dict[int, Balance]:
    """Use up active amounts, soonest-expiring lots first, then oldest; lots without an end last.

    All or nothing. Refused `not_enough`, `in_debt`, `member_moved`; a key that stands is left alone, Refused `key_reused` when it
    stands with other content. What is due by now (maturing, lapsing, reservations over) is done first.
    What members hold then, of those for whom something was new.
    """
    now = clock.now()
    _positive(spends)
    with tenant(merchant_id):
        spends, families, book = opened(merchant_id, asset, spends, now)
        new = not_done_yet(
            spends,
            lambda one: one.key,
            lambda one: (asset, families.get(one.member_id, one.member_id), rules.ACTIVE, rules.SPENT, one.kind, one.source,
                         one.amount),
            lambda _keys: {key: row[:-1] for key, row in transfers_by_key(merchant_id, (), standing=book.standing).items()},
        )  # fmt: skip
        for one in new:
            account = book.accounts[one.member_id]
            rules.bring_up_to_date(account, now)
            label = Label(one.kind, one.key, one.happened_at or now, by.label, one.source, None, None, one.note)
            rules.spend(account, label, one.amount)
        book.save()
        return book.balances(one.member_id for one in new)


def give_back(merchant_id: int, asset: str, backs: Sequence[GiveBack], *, by: Actor = SYSTEM) -> None:
    """Return part or all of spendings (or committed reservations, by the reservation's key) to the very same lots.

    The old expiry stays: what lapsed meanwhile stays lapsed. The lots used last get theirs first. Debt is repaid first.
    Lots that are somebody else's by now, because members were joined or parted, get theirs as hers.
    All or nothing. Missing `no_spending`; Refused `more_than_spent`, `key_reused`.
    """
    now = clock.now()
    _positive(backs)
    with tenant(merchant_id):
        spendings = _spendings(merchant_id, asset, [one.spend_key for one in backs])
        holders = _holders(merchant_id, [spend_id for spend_id, _member_id in spendings.values()])
        book = open_book(merchant_id, asset, holders, now)
        if _holders(merchant_id, [spend_id for spend_id, _member_id in spendings.values()]) != holders:
            raise member_moved()
        new = not_done_yet(
            backs,
            lambda one: one.key,
            lambda one: (asset, spendings[one.spend_key], one.kind, one.source, one.amount),
            lambda keys: _done(merchant_id, keys),
        )
        parts = _still_spent(book, {spendings[one.spend_key][0] for one in new})
        book.bring_up_to_date()
        for one in new:
            spend_id, _member_id = spendings[one.spend_key]
            label = Label(one.kind, one.key, one.happened_at or now, by.label, one.source, None, spend_id, one.note)
            parts[spend_id] = rules.give_back(book.accounts, label, one.amount, parts[spend_id], now)
        book.save()


def _spendings(merchant_id: int, asset: str, keys: Sequence[str]) -> dict[str, tuple[int, int]]:
    """(transfer id, member or her family) of what was spent under each key; a reservation's key stands for its commitment."""
    found = {
        row[0]: (row[1], row[2])
        for row in sql.rows(
            """
            SELECT t.key, coalesce(c.id, t.id), t.member_id FROM ledger_transfer t
            LEFT JOIN ledger_transfer c ON c.merchant_id = t.merchant_id AND c.cause_id = t.id
                AND t.to_state = 'reserved' AND c.from_state = 'reserved' AND c.to_state = 'spent'
            WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.asset = %(asset)s AND t.key = ANY(%(keys)s)
                AND (t.to_state = 'spent' OR c.id IS NOT NULL)
            """,
            {"merchant_id": merchant_id, "asset": asset, "keys": list(keys)},
        )
    }
    if any(key not in found for key in keys):
        raise Missing("no_spending", _("This spending does not exist."))
    families = family_of(merchant_id, {member_id for _id, member_id in found.values()})
    return {key: (number, families.get(member_id, member_id)) for key, (number, member_id) in found.items()}


def _holders(merchant_id: int, spend_ids: Sequence[int]) -> set[int]:
    """Whose the lots are now that some spendings drew on."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT l.member_id FROM ledger_allocation a"
            " JOIN ledger_lot l ON l.merchant_id = a.merchant_id AND l.id = a.lot_id"
            " WHERE a.merchant_id = (SELECT %(merchant_id)s::bigint) AND a.transfer_id = ANY(%(spends)s::bigint[])",
            {"merchant_id": merchant_id, "spends": sql.numbers(spend_ids)},
        )
    }


def _still_spent(book: Book, spend_ids: Collection[int]) -> dict[int, list[rules.Part]]:
    """What spendings still have of each lot, in the order of use."""
    earlier = dict(
        sql.rows(
            "SELECT id, cause_id FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint)"
            " AND cause_id = ANY(%(spends)s::bigint[]) AND from_state = 'spent'",
            {"merchant_id": book.merchant_id, "spends": sql.numbers(spend_ids)},
        )
    )
    parts = book.parts_of([*spend_ids, *earlier])
    given: Counter[tuple[int, int]] = Counter()
    for number, spend_id in earlier.items():
        for lot, amount in parts[number]:
            given[spend_id, lot.id] += amount
    return {one: [(lot, amount - given[one, lot.id]) for lot, amount in parts[one]] for one in spend_ids}


def _done(merchant_id: int, keys: Sequence[str]) -> dict[str, Content]:
    found = transfers_by_key(merchant_id, keys, prefixes=_BESIDE)
    causes = dict(
        sql.rows(
            "SELECT key, cause_id FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND key = ANY(%(keys)s)",
            {"merchant_id": merchant_id, "keys": list(found)},
        )
    )
    return {
        key: (asset, (causes[key], member_id), kind, source, amount)
        for key, (asset, member_id, _from, _to, kind, source, amount, _id) in found.items()
    }


def _positive(requests: Sequence[Spend] | Sequence[GiveBack]) -> None:
    if any(one.amount <= 0 for one in requests):
        raise Refused("no_amount", _("An amount of nothing cannot be posted."))
