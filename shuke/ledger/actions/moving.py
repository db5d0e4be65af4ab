"""Books of members who are joined to others, or parted from them again: everything they hold changes hands."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.tenancy import tenant
from shuke.ledger import handover, rules
from shuke.ledger.actions.book import Book, in_turn, lock
from shuke.ledger.actions.homes import Home, homes
from shuke.ledger.rules import Account, Label, Lot, Reservation


def rehome(
    merchant_id: int, wanted: Mapping[int, int], *, firsts: Mapping[str, int] | None = None, by: Actor = SYSTEM
) -> None:
    """Let the books of each member be kept by the member she is joined to, and hers by herself again when she is parted.

    `wanted` is member → home for all members of the families concerned, those who stayed as they are included.
    `firsts` says of settled sources whose they are when nobody is joined (an order made after the joining, and hers).
    Every lot goes with what is left of it, its dates, source and rule; open reservations and debt too. Each pool
    leaves one member and comes to the other in a pair of transfers, so that the sum over both never changes. Parted,
    a member gets her own lots as they are by then, her debt as far as it still stands, and what a joining had repaid
    of anybody's debt is undone. A reservation that draws on lots of both is released first. Requests that name a
    joined member reach her home. Told twice it moves nothing.
    """
    members = sorted(set(wanted) | set(wanted.values()))
    wanted = {member_id: wanted.get(member_id, member_id) for member_id in members}
    with tenant(merchant_id):
        assets = in_turn(row[0] for row in sql.rows(_ASSETS, {"merchant_id": merchant_id}))
        for asset in assets:
            lock(merchant_id, asset, members)
        before = homes(merchant_id, members)
        changed = _changes({one: before[one].home_id if one in before else one for one in members}, wanted)
        if changed:
            _write_homes(merchant_id, wanted, before)
        family = _family(merchant_id, members)
        for asset in assets:
            _Move(Book(merchant_id, asset, clock.now()), wanted, changed, firsts or {}, family, by).run()


@dataclass(frozen=True, slots=True)
class Change:
    """Members who have left one home for another; `root` is the one whose joining or parting that was."""

    old: int
    new: int
    root: int
    is_joining: bool


def _changes(old: Mapping[int, int], new: Mapping[int, int]) -> list[Change]:
    """Each joining and parting that leads from the old homes to the new ones, partings first."""
    partings = {Change(old[one], new[one], new[one], is_joining=False)
                for one in old if old[one] != new[one] and old[new[one]] == old[one]}  # fmt: skip
    others = [one for one in old if old[one] != new[one] and old[new[one]] != old[one]]
    partings |= {Change(old[one], one, one, is_joining=False) for one in others if old[one] != one
                 and new[old[one]] != new[one]}  # fmt: skip
    joinings = {Change(old[one] if new[old[one]] == new[one] else one, new[one],
                       old[one] if new[old[one]] == new[one] else one, is_joining=True) for one in others}  # fmt: skip
    return [*sorted(partings, key=lambda one: one.root), *sorted(joinings, key=lambda one: one.root)]


class _Move:
    """One asset: read everything of the members, move it in memory, write it back."""

    def __init__(
        self, book: Book, wanted: Mapping[int, int], changes: list[Change], firsts: Mapping[str, int],
        family: Collection[int], by: Actor,
    ) -> None:  # fmt: skip
        self.book, self.wanted, self.changes, self.firsts, self.by = book, wanted, changes, firsts, by
        self.params: dict[str, Any] = {
            "merchant_id": book.merchant_id, "asset": book.asset, "members": sql.numbers(wanted),
            "family": sql.numbers(family), "sources": list(firsts),
        }  # fmt: skip

    def run(self) -> None:
        """See `rehome`."""
        book = self.book
        book.read(sorted(self.wanted))
        book.read_lots([row[0] for row in sql.rows(_LOTS, self.params)])
        book.bring_up_to_date()
        for source, first in self.firsts.items():
            for lot in book.lots.values():
                if lot.source == source and lot.part is not None:
                    lot.origin_id = None if lot.member_id == first else first
        for change in self.changes:
            if not change.is_joining:
                self._owe_again(change)
        made_by = dict(sql.rows(_RESERVED_BY, self.params))
        open_now = [one for account in book.accounts.values() for one in account.reservations.values()
                    if one.state == rules.RESERVED]  # fmt: skip
        self._release_mixed(open_now, made_by)
        self._move_lots()
        for one in open_now:
            home = self._home(made_by[one.id], one.member_id)
            if one.state == rules.RESERVED and home != one.member_id:
                handover.hand_over_reservation(self._account(one.member_id), self._account(home), one, self._label())
        for change in self.changes:
            self._move_debt(change)
        for change in self.changes:
            note = {"root": change.root} if change.is_joining else None
            handover.repay_joined(self._account(change.new), self._label("repaid", note))
        for account in book.accounts.values():
            handover.repay_joined(account, self._label("repaid"))
        book.save()

    def _account(self, member_id: int) -> Account:
        return self.book.accounts[member_id]

    def _home(self, first: int, holder: int) -> int:
        return self.wanted.get(first, holder)

    def _label(self, kind: str = "moved", note: dict[str, Any] | None = None) -> Label:
        return Label(kind, f"{rules.OWN}moved:{next(self.book.numbers)}", self.book.now, self.by.label, note=note)

    def _move_lots(self) -> None:
        ways: dict[tuple[int, int], list[Lot]] = defaultdict(list)
        for lot in self.book.lots.values():
            home = self._home(lot.first_member_id, lot.member_id)
            if home != lot.member_id:
                ways[lot.member_id, home].append(lot)
        for (giver, taker), lots in sorted(ways.items()):
            handover.hand_over(self._account(giver), self._account(taker), lots, self._label())

    def _release_mixed(self, reservations: list[Reservation], made_by: Mapping[int, int]) -> None:
        for one in reservations:
            home = self._home(made_by[one.id], one.member_id)
            if any(self._home(lot.first_member_id, lot.member_id) != home for lot, _amount in one.parts):
                label = Label(
                    "released", f"{rules.OWN}release:{one.id}", self.book.now, self.by.label, one.label.source
                )
                rules.release(self._account(one.member_id), one, label, self.book.now)

    def _owe_again(self, change: Change) -> None:
        account = self._account(change.old)
        found = [row[0] for row in sql.rows(_REPAID, {**self.params, "root": change.root})]
        for number, parts in self.book.parts_of(found).items():
            own = [(lot, amount) for lot, amount in parts if lot.member_id == change.old]
            label = Label("owed_again", f"{rules.OWN}owe_again:{number}", self.book.now, self.by.label, cause_id=number)
            handover.owe_again(account, label, own, self.book.now)

    def _move_debt(self, change: Change) -> None:
        giver, taker = self._account(change.old), self._account(change.new)
        amount = giver.debt
        if not change.is_joining:
            amount = min(amount, int(sql.scalar(_HANDED_DEBT, {**self.params, "root": change.root})))
        handover.hand_over_debt(giver, taker, amount, self._label(note={"root": change.root}))


def _write_homes(merchant_id: int, wanted: Mapping[int, int], before: Mapping[int, Home]) -> None:
    family_id = min([*wanted, *(home.family_id for home in before.values())])
    params = {"merchant_id": merchant_id, "family_id": family_id, "members": list(wanted),
              "homes": list(wanted.values()), "families": [home.family_id for home in before.values()]}  # fmt: skip
    sql.run(
        """
        INSERT INTO ledger_home AS h (merchant_id, member_id, home_id, family_id)
        SELECT %(merchant_id)s, member_id, home_id, %(family_id)s
        FROM unnest(%(members)s::bigint[], %(homes)s::bigint[]) AS w (member_id, home_id) ORDER BY member_id
        ON CONFLICT (merchant_id, member_id) DO UPDATE SET home_id = excluded.home_id, family_id = excluded.family_id
        """,
        params,
    )
    sql.run(
        "UPDATE ledger_home SET family_id = %(family_id)s WHERE merchant_id = %(merchant_id)s"
        " AND family_id = ANY(%(families)s::bigint[]) AND family_id <> %(family_id)s",
        params,
    )


def _family(merchant_id: int, members: Collection[int]) -> list[int]:
    """Everybody who was ever joined with one of the members: their lots may be hers by now."""
    found = sql.rows(
        "SELECT o.member_id FROM ledger_home h JOIN ledger_home o ON o.merchant_id = h.merchant_id"
        " AND o.family_id = h.family_id WHERE h.merchant_id = %(merchant_id)s AND h.member_id = ANY(%(members)s)",
        {"merchant_id": merchant_id, "members": list(members)},
    )
    return sorted({row[0] for row in found} | set(members))


_ASSETS = """
    WITH RECURSIVE known AS (
        (SELECT asset FROM ledger_balance WHERE merchant_id = (SELECT %(merchant_id)s::bigint) ORDER BY asset LIMIT 1)
        UNION ALL
        SELECT (SELECT asset FROM ledger_balance b WHERE b.merchant_id = (SELECT %(merchant_id)s::bigint)
            AND b.asset > known.asset ORDER BY asset LIMIT 1)
        FROM known WHERE known.asset IS NOT NULL
    )
    SELECT asset FROM known WHERE asset IS NOT NULL
"""

# A lot's id is that of the transfer that made it.
_LOTS = """
    SELECT id FROM ledger_transfer WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s
        AND member_id = ANY(%(family)s::bigint[]) AND from_state = 'issued'
    UNION
    SELECT id FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s
        AND source = ANY(%(sources)s) AND part IS NOT NULL
"""

_RESERVED_BY = """
    SELECT r.id, t.member_id FROM ledger_reservation r
    JOIN ledger_transfer t ON t.merchant_id = r.merchant_id AND t.id = r.id
    WHERE r.merchant_id = (SELECT %(merchant_id)s::bigint) AND r.asset = %(asset)s
        AND r.member_id = ANY(%(members)s::bigint[]) AND r.state = 'reserved'
"""

_REPAID = """
    SELECT t.id FROM ledger_transfer t
    WHERE t.merchant_id = (SELECT %(merchant_id)s::bigint) AND t.asset = %(asset)s
        AND t.member_id = ANY(%(family)s::bigint[]) AND t.kind = 'repaid' AND (t.note->>'root')::bigint = %(root)s
        AND NOT EXISTS (SELECT FROM ledger_transfer u WHERE u.merchant_id = t.merchant_id AND u.cause_id = t.id
            AND u.from_state = 'debt')
    ORDER BY t.id
"""

# Only her own joinings and partings count: as a home she also takes what those who joined her owe.
_HANDED_DEBT = """
    SELECT coalesce(sum(amount * (CASE to_state WHEN 'debt' THEN 1 ELSE -1 END)), 0)::bigint FROM ledger_transfer
    WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = %(root)s
        AND (note->>'root')::bigint = %(root)s
        AND ((from_state = 'moved' AND to_state = 'debt') OR (from_state = 'debt' AND to_state = 'moved'))
"""
