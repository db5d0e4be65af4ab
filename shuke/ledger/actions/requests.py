"""What callers hand to the ledger's actions, and what they get back.

Amounts are whole numbers of the asset's unit (points, fen …). `kind` and `source` are the caller's labels, `key` makes
a retry harmless, `note` is what is needed to explain the line later and never holds personal data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any


@dataclass(frozen=True, slots=True)
class Target:
    """What a source shall have yielded in all by now: `amount` ≥ 0.

    `available_at` None means "not known yet", in the future "from then on": both are pending. `expires_at` None means
    never. `rule_id` is the version of the rule that computed the amount.
    """

    member_id: int
    source: str
    amount: int
    available_at: datetime | None
    expires_at: datetime | None
    rule_id: int | None
    happened_at: datetime
    note: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True)
class Settled:
    """What a settling did: members whose holdings changed, sums credited and taken back, sources left as they were."""

    changed_members: frozenset[int] = frozenset()
    credited: int = 0
    taken_back: int = 0
    unchanged_count: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Posting:
    """A credit (`amount` > 0) or debit (< 0) outside settling. `available_at` None means at once, unlike in a Target."""

    member_id: int
    amount: int
    kind: str
    key: str
    source: str = ""
    expires_at: datetime | None = None
    available_at: datetime | None = None
    happened_at: datetime | None = None
    rule_id: int | None = None
    note: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Spend:
    """Using up `amount` > 0 of what is active."""

    member_id: int
    amount: int
    key: str
    kind: str = "spent"
    source: str = ""
    happened_at: datetime | None = None
    note: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class GiveBack:
    """Undoing `amount` > 0 of a spending, or of a committed reservation, named by its key."""

    spend_key: str
    amount: int
    key: str
    kind: str = "given_back"
    source: str = ""
    happened_at: datetime | None = None
    note: dict[str, Any] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Hold:
    """Setting `amount` > 0 aside until an instant."""

    member_id: int
    amount: int
    key: str
    until_at: datetime
    kind: str = "reserved"
    source: str = ""
    happened_at: datetime | None = None
    note: dict[str, Any] | None = field(default=None)
