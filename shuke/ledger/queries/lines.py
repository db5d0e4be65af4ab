"""The ledger's lines as somebody reads them: of one member, of everybody, and what they add up to."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import sql
from shuke.ledger import rules


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a statement.

    `amount` is what the line adds to (active + pending − debt), so the lines of a member add up to that; internal
    lines (maturing, repaying, committing) add nothing and show the amount that moved. `state` is where it stands:
    pending, active, spent, expired, taken_back, debt, reserved, released.
    """

    id: int
    kind: str
    amount: int
    state: str
    source: str
    note: dict[str, Any]
    happened_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    rule_id: int | None
    by: str
    is_internal: bool

    @property
    def cursor(self) -> tuple[datetime, int]:
        """`before` for the page that follows this line."""
        return (self.happened_at, self.id)


def statement(
    merchant_id: int,
    asset: str,
    member_id: int,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
    internal: bool = False,
) -> list[Line]:
    """A member's lines, the latest first; `before` is the last shown line's `cursor`.

    `internal` adds the lines that change nothing of what is hers.
    """  # fmt: skip
    found = sql.dicts(
        _STATEMENT,
        {"merchant_id": merchant_id, "asset": asset, "member_id": member_id, "limit": limit, "internal": internal,
         "before_at": before[0] if before else None, "before_id": before[1] if before else None},
    )  # fmt: skip
    return [Line(**{**row, "note": sql.loads(row["note"]) or {}}) for row in found]


def sum_before(merchant_id: int, asset: str, member_id: int, until: datetime) -> int:
    """What a member's lines before an instant add up to; the instant itself is left out."""
    return int(
        sql.scalar(
            f"SELECT coalesce(sum(amount * ((to_state IN ({_HERS}))::int - (from_state IN ({_HERS}))::int)), 0)"
            " FROM ledger_transfer WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s"
            " AND asset = %(asset)s AND happened_at < %(until)s",
            {"merchant_id": merchant_id, "member_id": member_id, "asset": asset, "until": until},
        )
    )


def journal(
    merchant_id: int,
    asset: str,
    *,
    member_id: int | None = None,
    kinds: Collection[str] = (),
    since: datetime | None = None,
    until: datetime | None = None,
    before: tuple[datetime, int] | None = None,
    limit: int = 50,
) -> list[tuple[int, Line]]:
    """Everybody's lines with their member, the latest first: of one member, of some kinds, of a stretch of time.

    `until` itself is left out; `before` is the last shown line's `cursor`.
    """
    found = sql.dicts(
        _JOURNAL,
        {"merchant_id": merchant_id, "asset": asset, "member_id": member_id, "kinds": list(kinds) or None,
         "since": since, "until": until, "before_at": before[0] if before else None,
         "before_id": before[1] if before else None, "limit": limit},
    )  # fmt: skip
    return [(row.pop("member_id"), Line(**{**row, "note": sql.loads(row["note"]) or {}})) for row in found]


_HERS = ", ".join(f"'{state}'" for state in sorted(rules.HERS))

_LINES = f"""
    SELECT t.id, t.kind, t.source, t.note, t.happened_at, t.rule_id, t.by, l.available_at, l.expires_at,
        t.amount * CASE WHEN m.change = 0 THEN 1 ELSE m.change END AS amount, m.change = 0 AS is_internal,
        CASE WHEN t.from_state = 'issued' AND l.state = 'pending' THEN 'pending'
            WHEN t.from_state = 'issued' AND l.state = 'lapsed' THEN 'expired'
            WHEN t.from_state = 'issued' THEN 'active'
            WHEN t.to_state = 'reserved' AND v.state = 'committed' THEN 'spent'
            WHEN t.to_state = 'reserved' THEN v.state
            WHEN t.from_state = 'debt' THEN 'debt'
            ELSE t.to_state END AS state
        %s
    FROM ledger_transfer t
    CROSS JOIN LATERAL (SELECT (t.to_state IN ({_HERS}))::int - (t.from_state IN ({_HERS}))::int AS change) m
    LEFT JOIN ledger_lot l ON l.merchant_id = t.merchant_id AND l.id = t.lot_id
    LEFT JOIN ledger_reservation v ON v.merchant_id = t.merchant_id AND v.id = t.id AND t.to_state = 'reserved'
    WHERE t.merchant_id = %%(merchant_id)s AND t.asset = %%(asset)s AND %s
        AND (%%(before_at)s::timestamptz IS NULL OR (t.happened_at, t.id) < (%%(before_at)s::timestamptz, %%(before_id)s::bigint))
    ORDER BY t.happened_at DESC, t.id DESC LIMIT %%(limit)s
"""

_STATEMENT = _LINES % ("", "t.member_id = %(member_id)s AND (%(internal)s OR m.change <> 0)")

_JOURNAL = _LINES % (
    ", t.member_id",
    """m.change <> 0 AND (%(member_id)s::bigint IS NULL OR t.member_id = %(member_id)s)
        AND (%(kinds)s::text[] IS NULL OR t.kind = ANY(%(kinds)s))
        AND (%(since)s::timestamptz IS NULL OR t.happened_at >= %(since)s)
        AND (%(until)s::timestamptz IS NULL OR t.happened_at < %(until)s)""",
)
