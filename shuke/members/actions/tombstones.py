"""Blind marks of identities that were erased: what was told of them before brings nobody back."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from shuke.core import crypto, sql
from shuke.core.crypto import Vault
from shuke.members.sighting import Key, Seen


def match(merchant_id: int, seen: Sequence[Seen]) -> dict[int, int]:
    """Which sightings (by place) are of an erased member and of before her erasure, and whose they are."""
    if not sql.scalar(
        "SELECT EXISTS (SELECT FROM members_tombstone WHERE merchant_id = %(merchant_id)s)",
        {"merchant_id": merchant_id},
    ):
        return {}
    vault = crypto.vault(merchant_id)
    marks = [[mark(vault, key) for key in one.keys] for one in seen]
    found = {
        bytes(row[0]): (row[1], row[2])
        for row in sql.rows(
            "SELECT index, member_id, erased_at FROM members_tombstone"
            " WHERE merchant_id = %(merchant_id)s AND index = ANY(%(marks)s::bytea[])",
            {"merchant_id": merchant_id, "marks": list({one for some in marks for one in some})},
        )
    }
    gone: dict[int, int] = {}
    for place, (sighting, _keys, _digest) in enumerate(seen):
        for one in marks[place]:
            if one in found and sighting.seen_at <= found[one][1]:
                gone.setdefault(place, found[one][0])
    return gone


def put(merchant_id: int, marks: Collection[bytes], member_id: int, erased_at: datetime) -> None:
    """Remember erased identities; of two erasures of one identity the later counts."""
    sql.run(
        """
        INSERT INTO members_tombstone AS t (merchant_id, index, member_id, erased_at)
        SELECT %(merchant_id)s, mark, %(member_id)s, %(erased_at)s FROM unnest(%(marks)s::bytea[]) AS mark ORDER BY mark
        ON CONFLICT (merchant_id, index) DO UPDATE SET member_id = excluded.member_id, erased_at = excluded.erased_at
        WHERE t.erased_at < excluded.erased_at
        """,
        {"merchant_id": merchant_id, "marks": list(marks), "member_id": member_id, "erased_at": erased_at},
    )


def mark(vault: Vault, key: Key) -> bytes:
    """The blind mark of an identity."""
    return vault.index("tombstone", f"{key[0]}|{key[1]}|{key[2]}")
