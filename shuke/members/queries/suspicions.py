"""Pairs of members who may be one person, with the reason in a sentence and how strong it is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shuke.core import sql
from shuke.members import rules


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two members who may be one person; the kinds are identities' or, both the same, one of `rules.SUSPECTED_BY`."""

    id: int
    first_member_id: int
    first_name: str
    first_kind: str
    second_member_id: int
    second_name: str
    second_kind: str
    created_at: datetime
    state: str

    @property
    def why(self) -> str:
        """The reason as a sentence."""
        return rules.suspected_by(self.first_kind, self.second_kind)

    @property
    def strength(self) -> int:
        """How sure it is, in percent."""
        return rules.suspected_percent(self.first_kind, self.second_kind)

    @property
    def is_strong(self) -> bool:
        """Whether pairs like this may be joined many at a time."""
        return self.strength >= rules.STRONG_PERCENT


def suspicions(merchant_id: int, *, state: str = "open", limit: int = 100) -> list[Suspicion]:
    """Pairs that nobody has judged yet (or put off: "later"), the surest first."""
    found = [
        Suspicion(*row)
        for row in sql.rows(
            "SELECT s.id, a.id, a.display_name, s.first_kind, b.id, b.display_name, s.second_kind, s.created_at, s.state"
            " FROM members_suspicion s"
            " JOIN members_member a0 ON a0.merchant_id = s.merchant_id AND a0.id = s.first_member_id"
            " JOIN members_member b0 ON b0.merchant_id = s.merchant_id AND b0.id = s.second_member_id"
            " JOIN members_member a ON a.merchant_id = s.merchant_id AND a.id = coalesce(a0.home_id, a0.id)"
            " JOIN members_member b ON b.merchant_id = s.merchant_id AND b.id = coalesce(b0.home_id, b0.id)"
            " WHERE s.merchant_id = %(merchant_id)s AND s.state = %(state)s AND a.id <> b.id"
            " ORDER BY s.id DESC LIMIT %(most)s",
            {"merchant_id": merchant_id, "state": state, "most": max(limit, 1000)},
        )
    ]
    return sorted(found, key=lambda one: (-one.strength, -one.id))[:limit]


def suspicion_count(merchant_id: int) -> int:
    """How many pairs wait to be judged."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM members_suspicion WHERE merchant_id = %(merchant_id)s AND state = 'open'",
            {"merchant_id": merchant_id},
        )
    )
