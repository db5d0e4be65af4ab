"""Reading members' accounts under lock, and writing back in a handful of statements what rules did to them.

Statements of this module ask for `merchant_id = (SELECT …)`: a merchant whose number the planner can see, but has no
figures of yet, looks to it as if she had one row, and it would read all of hers for every probe.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import fields
from datetime import datetime
from operator import attrgetter
from typing import Any

import orjson
from django.db import DatabaseError, Error
from django.utils.translation import gettext_lazy as _

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.ledger import events, rules
from shuke.ledger.actions.homes import reading_homes
from shuke.ledger.actions.keys import Content, key_reused, reading_keys
from shuke.ledger.rules import Account, Balance, Label, Lot, Move, Reservation

LOT_COLUMNS = (
    'l.id, l.member_id, l.source, l.part, l.amount, l.state, l.available_at, l.expires_at, l.happened_at, l.rule_id, l."left",'
    " l.lapsed, l.revoked, l.origin_id"
)


Records = list[dict[str, Any]]


class Book:
    """Accounts of some members for one asset; `save` writes what changed. Use `open_book`."""

    def __init__(self, merchant_id: int, asset: str, now: datetime, numbers: Iterator[int] | None = None) -> None:
        self.merchant_id, self.asset, self.now = merchant_id, asset, now
        self.accounts: dict[int, Account] = {}
        self.lots: dict[int, Lot] = {}
        self._before: dict[int, tuple[Any, ...]] = {}
        self._pools: dict[int, Balance] = {}
        self._reservation_states: dict[int, tuple[str, int]] = {}
        self._block = 16
        self.drawn: Sequence[int] = ()
        self.standing: dict[str, Content] = {}
        self.families: dict[int, int] = {}
        self.is_elsewhere = False
        self.numbers = numbers or self._numbers()

    def _numbers(self) -> Iterator[int]:
        yield from self.drawn
        while True:
            found = sql.new_ids(self._block)
            self._block = min(self._block * 4, 4096)
            yield from found

    def read(self, member_ids: Sequence[int]) -> None:
        """The members' balances, open lots and open reservations."""
        (_touched, balances), (_found, lots) = sql.at_once(*self.reading(member_ids))
        self.take_over(member_ids, balances, lots)

    def reading(self, member_ids: Sequence[int]) -> list[tuple[str, dict[str, Any]]]:
        """The statements whose rows `take_over` wants."""
        params = {"merchant_id": self.merchant_id, "asset": self.asset, "members": sql.numbers(member_ids)}
        return [(BALANCES, params), (_LOTS.format(array="%(members)s::bigint[]", condition=_OPEN_LOTS), params)]

    def take_over(self, member_ids: Sequence[int], balances: Sequence[Any], lots: Sequence[Any]) -> None:
        """See `read`."""
        for member_id in member_ids:
            self.accounts[member_id] = Account(member_id, self.numbers)
        for member_id, *pools in balances:
            account = self.accounts[member_id]
            account.active, account.pending, account.reserved, account.debt = pools
        self._take_lots(lots)
        self._read_reservations([one for one in member_ids if self.accounts[one].reserved])
        for member_id, account in self.accounts.items():
            self._pools[member_id] = account.balance

    def read_lots_of(self, sources: Sequence[str]) -> None:
        """All lots of settled sources that the same members hold."""
        self._read_lots("string_to_array(%(wanted)s, chr(31))", "l.source = wanted.id AND l.part IS NOT NULL",
                        sql.texts(sources))  # fmt: skip

    def read_lots(self, lot_ids: Sequence[int]) -> None:
        """More lots of the same members."""
        self._read_lots("%(wanted)s::bigint[]", "l.id = wanted.id", sql.numbers(lot_ids))

    def _read_lots(self, array: str, condition: str, wanted: str) -> None:
        statement = _LOTS.format(array=array, condition=condition)
        self._take_lots(sql.rows(statement, {"merchant_id": self.merchant_id, "asset": self.asset, "wanted": wanted}))

    def _take_lots(self, rows: Iterable[tuple[Any, ...]]) -> None:
        for row in rows:
            if row[0] in self.lots or row[1] not in self.accounts:
                continue
            lot = Lot(*row)
            self.lots[lot.id] = self.accounts[lot.member_id].lots[lot.id] = lot
            self._before[lot.id] = _mutable(lot)

    def _read_reservations(self, member_ids: Sequence[int]) -> None:
        """Those of members whose balance says that there are any."""
        if not member_ids:
            return
        found = sql.rows(
            "SELECT r.id, r.member_id, r.amount, r.state, r.until_at, t.kind, t.key, t.happened_at, t.by, t.source"
            " FROM ledger_reservation r JOIN ledger_transfer t ON t.merchant_id = r.merchant_id AND t.id = r.id"
            " WHERE r.merchant_id = (SELECT %(merchant_id)s::bigint) AND r.asset = %(asset)s"
            " AND r.member_id = ANY(%(members)s::bigint[]) AND r.state = 'reserved'",
            {"merchant_id": self.merchant_id, "asset": self.asset, "members": sql.numbers(member_ids)},
        )
        parts = self.parts_of([row[0] for row in found])
        for row in found:
            number, member_id, amount, state, until_at, *label = row
            one = Reservation(number, member_id, amount, state, until_at, Label(*label), parts[number])
            self.accounts[one.member_id].reservations[one.id] = one
            self._reservation_states[one.id] = (one.state, one.member_id)

    def parts_of(self, transfer_ids: Sequence[int]) -> dict[int, list[rules.Part]]:
        """From which lots transfers drew, in the order of use; lots that were not read yet are read, of these members."""
        if not transfer_ids:
            return {}
        found = sql.rows(
            "SELECT transfer_id, lot_id, amount FROM ledger_allocation"
            " WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND transfer_id = ANY(%(transfers)s::bigint[])",
            {"merchant_id": self.merchant_id, "transfers": sql.numbers(transfer_ids)},
        )
        missing = {row[1] for row in found} - self.lots.keys()
        if missing:
            self.read_lots(list(missing))
        parts: dict[int, list[rules.Part]] = {number: [] for number in transfer_ids}
        for transfer_id, lot_id, amount in found:
            if lot_id in self.lots:
                parts[transfer_id].append((self.lots[lot_id], amount))
        for some in parts.values():
            some.sort(key=lambda part: part[0].order)
        return parts

    def balances(self, member_ids: Iterable[int]) -> dict[int, Balance]:
        """What members hold as the book stands now."""
        return {one: self.accounts[one].balance for one in set(member_ids)}

    def bring_up_to_date(self) -> None:
        """Do for every account what time has brought."""
        for account in self.accounts.values():
            rules.bring_up_to_date(account, self.now)

    def save(self) -> None:
        """Write transfers, allocations, lots, reservations and balances. Refused `key_reused` on a key used meanwhile."""
        moves = [move for account in self.accounts.values() for move in account.moves]
        lots = {lot.id: lot for account in self.accounts.values() for lot in account.lots.values()}
        new = [lot for number, lot in lots.items() if number not in self._before]
        changed = [
            lot for number, lot in lots.items() if number in self._before and self._before[number] != _mutable(lot)
        ]
        self._write(
            (_INSERT_LOTS, _lot_rows(new)), *_transfers(moves), (_UPDATE_LOTS, _changed_lot_rows(changed)),
            *self._reservations(), (_UPDATE_BALANCES, self._deltas()),
        )  # fmt: skip
        self._tell_lapsed(moves)

    def _tell_lapsed(self, moves: Iterable[Move]) -> None:
        """Of lots that were there before: what arrives past its end was never hers to use."""
        lapsed: Counter[int] = Counter()
        for move in moves:
            if move.label.kind == rules.LAPSED and move.lot is not None and move.lot.id in self._before:
                lapsed[move.member_id] += move.amount
        events.publish_lapsed(self.merchant_id, self.asset, lapsed, self.now)

    def _reservations(self) -> Iterator[tuple[str, Records]]:
        every = [one for account in self.accounts.values() for one in account.reservations.values()]
        before = self._reservation_states
        yield _INSERT_RESERVATIONS, [
            {"id": one.id, "member_id": one.member_id, "amount": one.amount, "state": one.state,
             "until_at": one.until_at}
            for one in every if one.id not in before
        ]  # fmt: skip
        yield _UPDATE_RESERVATIONS, [
            {"id": one.id, "state": one.state, "member_id": one.member_id}
            for one in every if one.id in before and before[one.id] != (one.state, one.member_id)
        ]  # fmt: skip

    def _deltas(self) -> Records:
        changed = []
        for member_id, account in self.accounts.items():
            after = account.balance
            if after != self._pools[member_id]:
                deltas = [new - old for new, old in zip(after, self._pools[member_id], strict=True)]
                changed.append({"m": member_id, **dict(zip("aprd", deltas, strict=True))})
        return changed

    def _write(self, *wanted: tuple[str, Records]) -> None:
        """Run each statement over its records, all in one go; every record must have its effect."""
        some = [(statement, records) for statement, records in wanted if records]
        if not some:
            return
        params = {"merchant_id": self.merchant_id, "asset": self.asset}
        writes = [(statement, {**params, "rows": orjson.dumps(records).decode()}) for statement, records in some]
        try:
            _begun, *done, _over = sql.at_once(("SAVEPOINT ledger", {}), *writes, ("RELEASE SAVEPOINT ledger", {}))
        except DatabaseError as error:
            with suppress(Error):  # unless the connection is lost
                sql.run("ROLLBACK TO SAVEPOINT ledger")
            refused = refusal(error)
            if refused is error:
                raise
            raise refused from error
        if [touched for touched, _rows in done] != [len(records) for _statement, records in some]:
            raise RuntimeError("a ledger row changed although its member was locked")


def open_book(
    merchant_id: int, asset: str, member_ids: Iterable[int], now: datetime, *, at_home: bool = True,
    only_at_home: bool = False, keys: Sequence[str] = (),
) -> Book:  # fmt: skip
    """Lock the members' balance rows (made where missing, in the order of their ids) and read their accounts.

    `keys` are those of transfers to be made: what stands under them already is read too.
    Refused `member_moved` when one of them was joined to another meanwhile, unless `at_home` is False. With `only_at_home`
    it is looked up first: nothing is locked where one was joined before (the book `is_elsewhere`); `families` are theirs.
    """
    members = sorted(set(member_ids))
    book = Book(merchant_id, asset, now)
    params = {"merchant_id": merchant_id, "asset": asset, "members": sql.numbers(members)}
    # Each statement sees what was committed while the one before waited, as if they were sent one by one.
    looking = [reading_homes(merchant_id, members)] if only_at_home else []
    found = sql.at_once(
        *looking, (_LOCK_AT_HOME if only_at_home else _LOCK, params), (_HAS_MOVED, params), *book.reading(members),
        reading_keys(merchant_id, keys), (sql.NEW_IDS, {"n": len(keys)}),
    )  # fmt: skip
    *homes, _locked, [[has_moved]], balances, lots, standing, numbers = (rows for _touched, rows in found)
    book.families = {home_id: family_id for rows in homes for _member_id, home_id, family_id in rows}
    book.is_elsewhere = any(member_id != home_id for rows in homes for member_id, home_id, _family_id in rows)
    if book.is_elsewhere:
        return book
    if at_home and has_moved:
        raise member_moved()
    book.standing = {row[0]: row[1:] for row in standing}
    book.drawn = [row[0] for row in numbers]
    book.take_over(members, balances, lots)
    return book


def lock(merchant_id: int, asset: str, member_ids: Sequence[int]) -> None:
    """Make missing balance rows and lock all, in one pass over the sorted ids, so that two callers never wait crosswise."""
    sql.run(_LOCK, {"merchant_id": merchant_id, "asset": asset, "members": sql.numbers(member_ids)})


def in_turn(assets: Iterable[str]) -> list[str]:
    """Assets, each once, in the order in which everybody locks them who locks several: points before growth."""
    return sorted(set(assets), reverse=True)


def expect_home(merchant_id: int, member_ids: Sequence[int]) -> None:
    """Refused `member_moved` if a locked member was joined to another one before this call had the lock."""
    if sql.scalar(_HAS_MOVED, {"merchant_id": merchant_id, "members": sql.numbers(member_ids)}):
        raise member_moved()


def member_moved() -> Refused:
    """Members were joined or parted between reading and locking."""
    return Refused("member_moved", _("This customer was just joined with another one. Please try again."))


def refusal(error: DatabaseError) -> Exception:
    """What a broken unique constraint means to the caller; other errors are bugs or troubles and stay what they are."""
    constraint = getattr(getattr(error.__cause__, "diag", None), "constraint_name", "")
    if constraint == "transfer_once":
        return key_reused()
    if constraint == "lot_once":
        return source_moved()
    return error


def source_moved() -> Refused:
    """A source cannot yield to two members."""
    return Refused("source_moved", _("What this source yielded stands with another customer."))


_LOCKING = """
    INSERT INTO ledger_balance AS b (merchant_id, asset, member_id, active, pending, reserved, debt)
    SELECT %(merchant_id)s, %(asset)s, member_id, 0, 0, 0, 0
    FROM (SELECT DISTINCT unnest(%(members)s::bigint[]) AS member_id) m {unless} ORDER BY member_id
    ON CONFLICT (merchant_id, asset, member_id) DO UPDATE SET active = b.active WHERE false
"""
_ANY_MOVED = """
    EXISTS (SELECT FROM ledger_home WHERE merchant_id = (SELECT %(merchant_id)s::bigint)
        AND member_id = ANY(%(members)s::bigint[]) AND home_id <> member_id)
"""
_LOCK, _LOCK_AT_HOME = _LOCKING.format(unless=""), _LOCKING.format(unless=f"WHERE NOT {_ANY_MOVED}")
_HAS_MOVED = f"SELECT {_ANY_MOVED}"
BALANCES = """
    SELECT member_id, active, pending, reserved, debt FROM ledger_balance
    WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = ANY(%(members)s::bigint[])
"""
# LATERAL with OFFSET makes it one index probe for each, whatever the planner believes of the table.
_LOTS = f"""
    SELECT lot.* FROM unnest({{array}}) AS wanted (id) CROSS JOIN LATERAL (
        SELECT {LOT_COLUMNS} FROM ledger_lot l
        WHERE l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.asset = %(asset)s AND {{condition}} OFFSET 0
    ) lot
"""
_INSERT_LOTS = """
    INSERT INTO ledger_lot (merchant_id, asset, id, member_id, source, part, amount, state, available_at,
        expires_at, happened_at, rule_id, "left", lapsed, revoked, origin_id)
    SELECT %(merchant_id)s, %(asset)s, r.*
    FROM json_to_recordset(%(rows)s) AS r (id bigint, member_id bigint, source text, part int, amount bigint,
        state text, available_at timestamptz, expires_at timestamptz, happened_at timestamptz, rule_id bigint,
        "left" bigint, lapsed bigint, revoked bigint, origin_id bigint)
"""
_INSERT_TRANSFERS = """
    INSERT INTO ledger_transfer (merchant_id, asset, id, member_id, from_state, to_state, amount, lot_id, kind,
        key, happened_at, by, source, rule_id, cause_id, note)
    SELECT %(merchant_id)s, %(asset)s, r.*
    FROM json_to_recordset(%(rows)s) AS r (id bigint, member_id bigint, from_state text, to_state text,
        amount bigint, lot_id bigint, kind text, key text, happened_at timestamptz, by text, source text,
        rule_id bigint, cause_id bigint, note jsonb)
"""
_INSERT_ALLOCATIONS = """
    INSERT INTO ledger_allocation (merchant_id, transfer_id, lot_id, amount)
    SELECT %(merchant_id)s, r.* FROM json_to_recordset(%(rows)s) AS r (t bigint, l bigint, n bigint)
"""
# Rows are found by LATERAL with OFFSET and changed where they were found: one index probe for each, as above. They are
# locked, so nothing moves between.
_UPDATE_LOTS = """
    UPDATE ledger_lot l SET "left" = r."left", lapsed = r.lapsed, revoked = r.revoked, state = r.state,
        member_id = r.member_id, origin_id = r.origin_id, available_at = r.available_at, expires_at = r.expires_at
    FROM json_to_recordset(%(rows)s) AS r (id bigint, state text, available_at timestamptz,
        expires_at timestamptz, "left" bigint, lapsed bigint, revoked bigint, member_id bigint, origin_id bigint)
    CROSS JOIN LATERAL (
        SELECT ctid FROM ledger_lot WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND id = r.id OFFSET 0
    ) place
    WHERE l.ctid = place.ctid
"""
_UPDATE_BALANCES = """
    UPDATE ledger_balance b
    SET active = active + r.a, pending = pending + r.p, reserved = reserved + r.r, debt = debt + r.d
    FROM json_to_recordset(%(rows)s) AS r (m bigint, a bigint, p bigint, r bigint, d bigint)
    CROSS JOIN LATERAL (
        SELECT ctid FROM ledger_balance
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND member_id = r.m OFFSET 0
    ) place
    WHERE b.ctid = place.ctid
"""
_INSERT_RESERVATIONS = """
    INSERT INTO ledger_reservation (merchant_id, asset, id, member_id, amount, state, until_at)
    SELECT %(merchant_id)s, %(asset)s, r.* FROM json_to_recordset(%(rows)s) AS r (id bigint, member_id bigint,
        amount bigint, state text, until_at timestamptz)
"""
_UPDATE_RESERVATIONS = """
    UPDATE ledger_reservation v SET state = r.state, member_id = r.member_id
    FROM json_to_recordset(%(rows)s) AS r (id bigint, state text, member_id bigint)
    WHERE v.merchant_id = (SELECT %(merchant_id)s::bigint) AND v.id = r.id AND v.state = 'reserved'
"""
_OPEN_LOTS = "l.member_id = wanted.id AND l.state IN ('pending', 'active')"

_LABEL = [one.name for one in fields(Label)]
_LOT = [one.name for one in fields(Lot)]
_lot_cells = attrgetter(*_LOT)
_label_cells = attrgetter(*_LABEL)


def _lot_rows(lots: Sequence[Lot]) -> Records:
    return [dict(zip(_LOT, _lot_cells(lot), strict=True)) for lot in lots]


def _changed_lot_rows(lots: Sequence[Lot]) -> Records:
    return [
        {"id": lot.id, "state": lot.state, "available_at": lot.available_at, "expires_at": lot.expires_at,
         "left": lot.left, "lapsed": lot.lapsed, "revoked": lot.revoked, "member_id": lot.member_id,
         "origin_id": lot.origin_id}
        for lot in lots
    ]  # fmt: skip


def _transfers(moves: Sequence[Move]) -> Iterator[tuple[str, Records]]:
    yield _INSERT_TRANSFERS, [
        {"id": move.id, "member_id": move.member_id, "from_state": move.from_state, "to_state": move.to_state,
         "amount": move.amount, "lot_id": move.lot.id if move.lot else None,
         **dict(zip(_LABEL, _label_cells(move.label), strict=True))}
        for move in moves
    ]  # fmt: skip
    yield (
        _INSERT_ALLOCATIONS,
        [{"t": move.id, "l": lot.id, "n": amount} for move in moves for lot, amount in move.parts],
    )


_mutable = attrgetter("left", "lapsed", "revoked", "state", "available_at", "expires_at", "member_id", "origin_id")
