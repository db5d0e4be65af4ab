"""Points given and taken for a reason: posted, kept in the list of adjustments and told of, once under each key."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime

import orjson
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Refused
from shuke.core.facts import publish
from shuke.ledger import actions as ledger
from shuke.ledger import queries as balances
from shuke.loyalty.events import PointsAdjusted
from shuke.loyalty.queries.rulebook import POINTS, asking_versions, lapses_at
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places

ADJUSTED = "adjusted"


@dataclass(frozen=True, slots=True)
class Credit:
    """Points to give (`amount` > 0) or take (< 0) for a reason; `key` makes a retry harmless."""

    member_id: int
    amount: int
    reason: str
    key: str

    @property
    def ledger_key(self) -> str:
        """The key under which the ledger knows it."""
        return f"adjust:{self.key}:{self.member_id}"


Row = dict[str, str | int]


def credit(merchant_id: int, wanted: Sequence[Credit], *, by: Actor) -> dict[int, ledger.Balance]:
    """Give or take points by requests of programs that know nothing of each other; all or nothing, each key once.

    What `adjust` does for people, with a reason for each: the same lapse, fact, audit line and list of adjustments.
    What members hold then, of those for whom something was new.
    Refused `reason_missing`, `no_amount`, and by the ledger `not_enough`, `key_reused`.
    """
    if not all(one.reason.strip() for one in wanted):
        raise Refused("reason_missing", _("Please give a reason."))
    asked = list(dict.fromkeys(replace(one, reason=one.reason.strip()) for one in wanted))
    if len({one.key for one in asked}) < len(asked):
        raise key_reused()
    return give(merchant_id, asked, by=by)


def give(
    merchant_id: int, asked: Sequence[Credit], *, by: Actor, allow_debt: bool = False,
    note: Mapping[str, str] | None = None,
) -> dict[int, ledger.Balance]:  # fmt: skip
    """Post credits whose limits were looked at, and tell of them; those of one key are one adjustment.

    A key that stands with the very same credits is left alone, else Refused `key_reused`. What members hold then, of those
    for whom something was new.
    """
    now, rows = clock.now(), _rows(asked)
    with sql.all_or_nothing():
        first, versions, merchant = sql.ask_all(
            _keeping(merchant_id, rows, now, by), asking_versions(merchant_id), places.asking_merchant(merchant_id)
        )
        known = rows.keys() - first
        if known:
            _expect_same(merchant_id, {key: rows[key] for key in known}, asked)
        lapse = lapses_at(versions, merchant, now)
        held = _post(merchant_id, asked, lapse, now, by=by, allow_debt=allow_debt, note=note)
        _tell(merchant_id, [one for one in asked if one.key not in known], now, by=by)
    return held


def _keeping(merchant_id: int, rows: Mapping[str, Row], now: datetime, by: Actor) -> sql.Question[set[str]]:
    """Puts adjustments into the list; gives the keys of those that were not there."""
    return sql.Question(
        "INSERT INTO loyalty_adjustment (merchant_id, key, reason, member_count, amount, moved, at, by)"
        " SELECT %(merchant_id)s, key, reason, member_count, amount, moved, %(now)s, %(by)s"
        " FROM json_to_recordset(%(asked)s) AS c (key text, reason text, member_count int, amount bigint,"
        " moved bigint) ORDER BY key ON CONFLICT DO NOTHING RETURNING key",
        {"merchant_id": merchant_id, "now": now, "by": by.label, "asked": orjson.dumps(list(rows.values())).decode()},
        lambda found: {row[0] for row in found},
    )


def _rows(asked: Iterable[Credit]) -> dict[str, Row]:
    by_key: defaultdict[str, list[Credit]] = defaultdict(list)
    for one in asked:
        by_key[one.key].append(one)
    return {
        key: {"key": key, "reason": some[0].reason, "member_count": len(some), "amount": sum(one.amount for one in some),
              "moved": sum(abs(one.amount) for one in some)}
        for key, some in by_key.items()
    }  # fmt: skip


def _expect_same(merchant_id: int, known: Mapping[str, Row], asked: Sequence[Credit]) -> None:
    """Refused `key_reused` unless these keys stand for the same: what is new to the ledger would be posted untold."""
    standing = sql.rows(
        "SELECT key, reason, member_count, amount FROM loyalty_adjustment"
        " WHERE merchant_id = %(merchant_id)s AND key = ANY(%(keys)s)",
        {"merchant_id": merchant_id, "keys": list(known)},
    )
    posted = {one.ledger_key for one in asked if one.key in known}
    if balances.standing_keys(merchant_id, posted) != posted or any(
        tuple(row[1:]) != tuple(known[row[0]][name] for name in ("reason", "member_count", "amount"))
        for row in standing
    ):
        raise key_reused()


def _post(
    merchant_id: int, asked: Sequence[Credit], lapse: datetime | None, now: datetime, *, by: Actor, allow_debt: bool,
    note: Mapping[str, str] | None,
) -> dict[int, ledger.Balance]:  # fmt: skip
    """What is given lapses as the rule in force says."""
    postings = [
        ledger.Posting(
            member_id=one.member_id, amount=one.amount, kind=ADJUSTED, key=one.ledger_key, source="adjust",
            expires_at=lapse if one.amount > 0 else None, happened_at=now,
            note={"reason": one.reason, **(note or {})},
        )
        for one in asked
    ]  # fmt: skip
    return ledger.post(merchant_id, POINTS, postings, by=by, allow_debt=allow_debt)


def _tell(merchant_id: int, asked: Sequence[Credit], now: datetime, *, by: Actor) -> None:
    publish(
        merchant_id,
        [PointsAdjusted(member_id=one.member_id, happened_at=now, amount=one.amount) for one in asked],
        by=by,
    )
    entries = [(one.member_id, {"amount": one.amount, "reason": one.reason, "key": one.key}) for one in asked]
    merchants.audit_each(merchant_id, "points.adjusted", entries, by=by, object_kind="member")


def key_reused() -> Refused:
    """Same key, other content."""
    return Refused("key_reused", _("This was done already, with other values."))
