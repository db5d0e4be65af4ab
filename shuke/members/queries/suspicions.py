"""Pairs of members who may be one person, with the reason in a sentence and how strong it is."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import datetime

from shuke.core import crypto, sql
from shuke.members import rules, sealing
from shuke.members.queries.homes import kin


@dataclass(frozen=True, slots=True)
class Suspicion:
    """Two members who may be one person; the kinds are identities' or, both the same, one of `rules.SUSPECTED_BY`.

    `names` says of two with one phone number whether parcels to it bore one name.
    """

    id: int
    first_member_id: int
    first_name: str
    first_kind: str
    second_member_id: int
    second_name: str
    second_kind: str
    created_at: datetime
    state: str
    names: str = ""

    @property
    def why(self) -> str:
        """The reason as a sentence."""
        return rules.suspected(self.first_kind, self.second_kind, self.names)[0]

    @property
    def strength(self) -> int:
        """How sure it is, in percent."""
        return rules.suspected(self.first_kind, self.second_kind, self.names)[1]

    @property
    def is_strong(self) -> bool:
        """Whether pairs like this may be joined many at a time."""
        return self.strength >= rules.STRONG_PERCENT


def suspicions(
    merchant_id: int, *, state: str = "open", ids: Collection[int] | None = None, limit: int = 100
) -> list[Suspicion]:  # fmt: skip
    """Pairs that nobody has judged yet (or put off: "later"), the surest first; with `ids` those of them in either state."""
    found = [
        Suspicion(*row)
        for row in sql.rows(
            "SELECT s.id, a.id, a.display_name, s.first_kind, b.id, b.display_name, s.second_kind, s.created_at, s.state"
            " FROM members_suspicion s"
            " JOIN members_member a0 ON a0.merchant_id = s.merchant_id AND a0.id = s.first_member_id"
            " JOIN members_member b0 ON b0.merchant_id = s.merchant_id AND b0.id = s.second_member_id"
            " JOIN members_member a ON a.merchant_id = s.merchant_id AND a.id = coalesce(a0.home_id, a0.id)"
            " JOIN members_member b ON b.merchant_id = s.merchant_id AND b.id = coalesce(b0.home_id, b0.id)"
            " WHERE s.merchant_id = %(merchant_id)s AND s.state = ANY(%(states)s) AND a.id <> b.id"
            " AND (%(ids)s::bigint[] IS NULL OR s.id = ANY(%(ids)s::bigint[])) ORDER BY s.id DESC LIMIT %(most)s",
            {"merchant_id": merchant_id, "states": [state] if ids is None else ["open", "later"],
             "ids": None if ids is None else sql.numbers(ids), "most": max(limit, 1000)},
        )
    ]  # fmt: skip
    return sorted(_with_names(merchant_id, found), key=lambda one: (-one.strength, -one.id))[:limit]


def _with_names(merchant_id: int, found: list[Suspicion]) -> list[Suspicion]:
    """Of pairs with one phone number, what the parcels to that number were addressed to."""
    asked = {one.id for one in found if one.first_kind == one.second_kind == rules.SAME_PHONE}
    sides = {side for one in found if one.id in asked for side in (one.first_member_id, one.second_member_id)}
    receivers = _receivers(merchant_id, sides) if sides else {}

    def names(one: Suspicion) -> str:
        first, second = receivers.get(one.first_member_id, {}), receivers.get(one.second_member_id, {})
        shared = first.keys() & second.keys()
        return rules.names_agree(
            {name for phone in shared for name in first[phone]}, {name for phone in shared for name in second[phone]}
        )

    return [replace(one, names=names(one)) if one.id in asked else one for one in found]


def _receivers(merchant_id: int, member_ids: Collection[int]) -> dict[int, dict[bytes, set[str]]]:
    """By member, whoever was joined to her included: blind phone number → names on parcels to it, masked ones too."""
    vault = crypto.vault(merchant_id)
    homes = kin(merchant_id, member_ids)
    found: defaultdict[int, dict[bytes, set[str]]] = defaultdict(dict)
    for owner_id, phone, digest, sealed in sql.rows(
        "SELECT member_id, phone_index, digest, sealed FROM members_card WHERE merchant_id = %(merchant_id)s"
        " AND member_id = ANY(%(members)s::bigint[]) AND phone_index IS NOT NULL",
        {"merchant_id": merchant_id, "members": sql.numbers(homes)},
    ):
        told = sealing.open_card(vault, merchant_id, owner_id, bytes(digest), sealed)
        names = found[homes[owner_id]].setdefault(bytes(phone), set())
        names |= {value for field, value in told.items() if field.lstrip("~") == "name" and value}
    return found


def suspicion_count(merchant_id: int) -> int:
    """How many pairs wait to be judged."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM members_suspicion WHERE merchant_id = %(merchant_id)s AND state = 'open'",
            {"merchant_id": merchant_id},
        )
    )
