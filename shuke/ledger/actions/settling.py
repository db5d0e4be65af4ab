"""Earning, by convergence: each source is told what it shall have yielded by now, and only the difference is posted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.ledger import events, rules
from shuke.ledger.actions.book import Book, expect_home, refusal, source_moved
from shuke.ledger.actions.homes import at_home
from shuke.ledger.actions.requests import Settled, Target
from shuke.ledger.rules import Account, Label, Lot


def settle(
    merchant_id: int,
    asset: str,
    targets: Sequence[Target],
    *,
    by: Actor = SYSTEM,
    kind: str = "earned",
    tell: bool = False,
) -> Settled:
    """Make every source have yielded its target's `amount` (≥ 0) in all by now, posting only the difference.

    More than stands is a further lot of the source; less is taken back: first what is pending of the source, then its
    own lots (what lapsed unused included, which costs nobody), then other lots in the order of use, then debt. Dates
    of lots that are still pending follow the target. Told twice, in another order or in other batches, the same
    targets lead to the same balances. Of several targets of one source in a call the last counts. A member's credits
    go before what is taken back.

    `kind` labels the credits; `tell` publishes one BalanceChanged per member. All or nothing.
    Refused `source_moved` when a source stands with another member and the amount is not 0; `bad_amount`.
    """  # fmt: skip
    last = {target.source: target for target in targets}
    if any(target.amount < 0 or not target.source for target in last.values()):
        raise Refused("bad_amount", _("A source yields nothing or more, and has a name."))
    if not last:
        return Settled()
    with tenant(merchant_id):
        settling = _Settling(merchant_id, asset, at_home(merchant_id, list(last.values()))[0], kind, by)
        settled = settling.run()
        if tell:
            changes = settling.changes()
            events.publish_changes(merchant_id, asset, changes, by=by)
    return settled


@dataclass(frozen=True, slots=True)
class _Plain:
    """What the set-wise path did: sources that were new, for members without debt."""

    members: dict[int, int]
    count: int


class _Settling:
    """One call. New sources of members without debt are posted by SQL alone; the others by rules, under the same lock."""

    def __init__(self, merchant_id: int, asset: str, targets: list[Target], kind: str, by: Actor) -> None:
        self.targets, self.kind, self.by, self.now = targets, kind, by, clock.now()
        self.asset = asset
        self.params: dict[str, Any] = {
            "merchant_id": merchant_id, "asset": asset, "kind": kind, "by": by.label, "now": self.now,
        }  # fmt: skip
        self.book = Book(merchant_id, asset, self.now)
        self.plain = _Plain({}, 0)

    def run(self) -> Settled:
        """See `settle`."""
        self._stage()
        slow = dict(self._set_known_aside())
        new_count = int(sql.scalar("SELECT count(*) FROM ledger_target"))
        if not slow and not new_count:
            return Settled(unchanged_count=len(self.targets))
        if not self._post_new(slow):
            slow |= dict(self._set_known_aside())
            if not self._post_new(slow):
                raise source_moved()
        self._by_rules([self.targets[position] for position in sorted(slow)])
        moves = [move for account in self.book.accounts.values() for move in account.moves]
        credited = sum(move.amount for move in moves if move.from_state == rules.ISSUED)
        return Settled(
            frozenset(self.plain.members) | {move.member_id for move in moves},
            sum(self.plain.members.values()) + credited,
            sum(move.amount for move in moves if move.to_state == rules.TAKEN_BACK),
            len(self.targets) - self.plain.count - len(slow),
        )

    def changes(self) -> dict[int, int]:
        """How each changed member's holding (active + pending − debt) changed."""
        found = dict(self.plain.members)
        for account in self.book.accounts.values():
            for move in account.moves:
                found[move.member_id] = (
                    found.get(move.member_id, 0) + rules.worth(move.from_state, move.to_state) * move.amount
                )
        return {member_id: change for member_id, change in found.items() if change}

    def _stage(self) -> None:
        sql.run(_STAGE)
        sql.run("TRUNCATE ledger_target")
        rows = (
            (position, one.member_id, one.source, one.amount, one.available_at, one.expires_at, one.rule_id,
             one.happened_at, None if one.note is None else orjson.dumps(one.note).decode())
            for position, one in enumerate(self.targets)
        )  # fmt: skip
        sql.copy_into("ledger_target", _STAGED, rows)

    def _set_known_aside(self) -> list[tuple[Any, ...]]:
        """Leave only sources without lots on the stage; (position, holder) of known ones that are to change."""
        return sql.rows(_SET_KNOWN_ASIDE, self.params)

    def _post_new(self, slow: dict[int, int | None]) -> bool:
        """Lock all members and post what is on the stage; debtors' targets go over to `slow`.

        False, and nothing posted or locked, if another call made one of the sources known meanwhile.
        """
        try:
            with transaction.atomic():
                debtors = self._lock_and_add(slow)
                count = sql.run(_INSERT_LOTS, self.params)
                if count:
                    sql.run(_INSERT_TRANSFERS, self.params)
                    self.plain = _Plain(dict(sql.rows(_CREDITED)), count)
        except IntegrityError as error:
            if refusal(error) is error:
                raise
            return False
        slow |= debtors
        return True

    def _lock_and_add(self, slow: dict[int, int | None]) -> dict[int, None]:
        """Lock the balances of all members, adding what is on the stage where there is no debt; the debtors' targets,
        which leave the stage.
        """
        members = {self.targets[position].member_id for position in slow} | {
            one for one in slow.values() if one is not None
        }
        members |= {row[0] for row in sql.rows("SELECT DISTINCT member_id FROM ledger_target")}
        self.locked = sorted(members)
        sql.run(_LOCK_AND_ADD, {**self.params, "members": sql.numbers(self.locked)})
        expect_home(self.book.merchant_id, self.locked)
        return {row[0]: None for row in sql.rows(_SET_DEBTORS_ASIDE, self.params)}

    def _by_rules(self, targets: list[Target]) -> None:
        if not targets:
            return
        book = self.book
        sources = [target.source for target in targets]
        history = {
            row[0]: _History(*row[1:]) for row in sql.rows(_HISTORY, {**self.params, "sources": sql.texts(sources)})
        }
        members = {target.member_id for target in targets}
        members |= {one.holder for one in history.values() if one.holder is not None}
        if not members <= set(self.locked):
            raise source_moved()
        book.read(sorted(members))
        book.read_lots_of(sources)
        plans = _plans(book, targets, history)
        book.bring_up_to_date()
        for plan in plans:
            plan.set_dates()
        book.bring_up_to_date()
        for plan in sorted(plans, key=lambda plan: plan.target.available_at or rules.NEVER):
            plan.credit(self)
        rests = [(plan, plan.take_back_own(self)) for plan in plans]
        book.bring_up_to_date()
        for plan, rest in rests:
            if rest:
                rules.take_back_rest(plan.account, plan.back_label(self), rest)
        book.save()


@dataclass(frozen=True, slots=True)
class _History:
    """All lots a source ever had, with earlier members too: how many, what they yielded, who holds what stands."""

    part_count: int = 0
    credited: int = 0
    standing: int = 0
    holder: int | None = None


@dataclass(slots=True)
class _Plan:
    """One target beside what its source did so far; `lots` are those of the present holder."""

    target: Target
    account: Account
    lots: list[Lot]
    history: _History

    def set_dates(self) -> None:
        """Dates of pending lots follow the target."""
        for lot in self.lots:
            if lot.state == rules.PENDING and self.target.amount:
                lot.available_at, lot.expires_at = self.target.available_at, self.target.expires_at

    def credit(self, settling: _Settling) -> None:
        """What is missing becomes a further lot."""
        target, more = self.target, self.target.amount - self.history.standing
        if more <= 0:
            return
        lot = Lot(next(settling.book.numbers), target.member_id, target.source, self.history.part_count + 1, more,
                  rules.PENDING, target.available_at, target.expires_at, target.happened_at, target.rule_id)  # fmt: skip
        first = next((one.first_member_id for one in self.lots if one.amount > one.revoked), target.member_id)
        lot.origin_id = None if first == target.member_id else first
        label = self._label(settling, settling.kind, f"+{self.history.credited + more}", target.happened_at)
        rules.credit(self.account, label, more, settling.now, lot)

    def take_back_own(self, settling: _Settling) -> int:
        """What is too much is taken from the source's own lots; how much is still to be taken elsewhere."""
        less = self.history.standing - self.target.amount
        return rules.take_back_own(self.account, self.back_label(settling), self.lots, less) if less > 0 else 0

    def back_label(self, settling: _Settling) -> Label:
        """The label of what is taken back; its key says how much that makes in all."""
        return self._label(settling, "taken_back", f"-{self.history.credited - self.target.amount}", settling.now)

    def _label(self, settling: _Settling, kind: str, change: str, at: datetime) -> Label:
        target = self.target
        return Label(kind, f"{rules.OWN}settle:{settling.asset}:{target.source}:{change}", at, settling.by.label,
                     target.source, target.rule_id, None, target.note)  # fmt: skip


def _plans(book: Book, targets: Iterable[Target], history: dict[str, _History]) -> list[_Plan]:
    by_source: dict[str, list[Lot]] = {}
    for lot in book.lots.values():
        if lot.part is not None:
            by_source.setdefault(lot.source, []).append(lot)
    plans = []
    for target in targets:
        before = history.get(target.source, _History())
        holder = target.member_id if before.holder is None else before.holder
        if holder != target.member_id and target.amount:
            raise source_moved()
        lots = [lot for lot in by_source.get(target.source, []) if lot.member_id == holder]
        plans.append(_Plan(target, book.accounts[holder], lots, before))
    return plans


_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS ledger_target (
        position int, member_id bigint, source text, amount bigint, available_at timestamptz, expires_at timestamptz,
        rule_id bigint, happened_at timestamptz, note jsonb, id bigint DEFAULT nextval('shuke_ids')
    ) ON COMMIT DELETE ROWS
"""

_STAGED = (
    "position", "member_id", "source", "amount", "available_at", "expires_at", "rule_id", "happened_at", "note",
)  # fmt: skip

# The aggregate under LATERAL keeps this one index probe per source, whatever the planner believes of the table.
_SET_KNOWN_ASIDE = """
    WITH known AS MATERIALIZED (
        SELECT t.position, t.member_id, t.amount, s.*
        FROM ledger_target t, LATERAL (
            SELECT count(*) AS lot_count, coalesce(sum(l.amount - l.revoked), 0) AS standing,
                max(l.member_id) FILTER (WHERE l.amount > l.revoked) AS holder,
                coalesce(bool_or(l.state = 'pending' AND (l.available_at, l.expires_at)
                    IS DISTINCT FROM (t.available_at, t.expires_at)), false) AS dates_differ
            FROM ledger_lot l
            WHERE l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.asset = %(asset)s AND l.source = t.source AND l.part IS NOT NULL
        ) s
        WHERE s.lot_count > 0 OR t.amount = 0
    ), gone AS (
        DELETE FROM ledger_target USING known WHERE ledger_target.position = known.position
    )
    SELECT position, holder FROM known
    WHERE standing <> amount OR (amount > 0 AND (dates_differ OR holder <> member_id))
"""

_SET_DEBTORS_ASIDE = """
    DELETE FROM ledger_target t USING ledger_balance b
    WHERE b.merchant_id = (SELECT %(merchant_id)s::bigint) AND b.asset = %(asset)s AND b.member_id = t.member_id AND b.debt > 0
    RETURNING t.position
"""

_HISTORY = """
    SELECT source, max(part), sum(amount)::bigint, sum(amount - revoked)::bigint,
        max(member_id) FILTER (WHERE amount > revoked)
    FROM unnest(string_to_array(%(sources)s, chr(31))) AS wanted (id) CROSS JOIN LATERAL (
        SELECT source, part, amount, revoked, member_id FROM ledger_lot
        WHERE merchant_id = (SELECT %(merchant_id)s::bigint) AND asset = %(asset)s AND source = wanted.id
            AND part IS NOT NULL OFFSET 0
    ) lot
    GROUP BY source
"""

_IS_ACTIVE = "coalesce(t.available_at <= %(now)s, false)"
_IS_LAPSED = f"({_IS_ACTIVE} AND coalesce(t.expires_at <= %(now)s, false))"

_INSERT_LOTS = f"""
    INSERT INTO ledger_lot (merchant_id, id, member_id, asset, source, part, amount, "left", lapsed, revoked, state,
        available_at, expires_at, rule_id, happened_at)
    SELECT %(merchant_id)s, t.id, t.member_id, %(asset)s, t.source, 1, t.amount,
        CASE WHEN {_IS_LAPSED} THEN 0 ELSE t.amount END, CASE WHEN {_IS_LAPSED} THEN t.amount ELSE 0 END, 0,
        CASE WHEN {_IS_LAPSED} THEN 'lapsed' WHEN {_IS_ACTIVE} THEN 'active' ELSE 'pending' END,
        t.available_at, t.expires_at, t.rule_id, t.happened_at
    FROM ledger_target t
"""

_INSERT_TRANSFERS = f"""
    INSERT INTO ledger_transfer (merchant_id, id, member_id, asset, kind, from_state, to_state, amount, source, key,
        lot_id, rule_id, note, happened_at, by)
    SELECT %(merchant_id)s, t.id, t.member_id, %(asset)s, %(kind)s, 'issued',
        CASE WHEN {_IS_ACTIVE} THEN 'active' ELSE 'pending' END, t.amount, t.source,
        '=settle:' || %(asset)s || ':' || t.source || ':+' || t.amount, t.id, t.rule_id, t.note, t.happened_at, %(by)s
    FROM ledger_target t
    UNION ALL
    SELECT %(merchant_id)s, nextval('shuke_ids'), t.member_id, %(asset)s, 'lapsed', 'active', 'expired', t.amount,
        t.source, '=expire:' || t.id, t.id, t.rule_id, NULL, greatest(t.expires_at, t.available_at), 'system'
    FROM ledger_target t WHERE {_IS_LAPSED}
"""

# As `book.lock`, and the credits of whoever owes nothing in the same pass; a debtor's row is locked and stays as it is.
_LOCK_AND_ADD = f"""
    INSERT INTO ledger_balance AS b (merchant_id, asset, member_id, active, pending, reserved, debt)
    SELECT %(merchant_id)s, %(asset)s, m.member_id,
        coalesce(sum(t.amount) FILTER (WHERE {_IS_ACTIVE} AND NOT {_IS_LAPSED}), 0),
        coalesce(sum(t.amount) FILTER (WHERE NOT {_IS_ACTIVE}), 0), 0, 0
    FROM unnest(%(members)s::bigint[]) AS m (member_id) LEFT JOIN ledger_target t ON t.member_id = m.member_id
    GROUP BY m.member_id ORDER BY m.member_id
    ON CONFLICT (merchant_id, asset, member_id)
    DO UPDATE SET active = b.active + excluded.active, pending = b.pending + excluded.pending
    WHERE b.debt = 0 AND excluded.active + excluded.pending > 0
"""

_CREDITED = "SELECT member_id, sum(amount)::bigint FROM ledger_target GROUP BY member_id"
