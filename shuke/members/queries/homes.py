"""Who stands for whom since members were joined: everybody has one home, most are their own."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shuke.core import sql


@dataclass(frozen=True, slots=True)
class Join:
    """One joining of a member to another, as her page tells it; `undone_at` is None while it holds."""

    id: int
    loser_id: int
    loser_name: str
    survivor_id: int
    survivor_name: str
    by: str
    at: datetime
    undone_by: str
    undone_at: datetime | None


def homes(merchant_id: int, member_ids: Collection[int]) -> dict[int, int]:
    """Who stands for each of the members: herself, or the one she was joined to."""
    found = dict(
        sql.rows(
            "SELECT id, home_id FROM members_member WHERE merchant_id = %(merchant_id)s AND home_id IS NOT NULL"
            " AND id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "members": sql.numbers(set(member_ids))},
        )
    )
    return {member_id: found.get(member_id, member_id) for member_id in member_ids}


def home(merchant_id: int, member_id: int) -> int:
    """Who stands for one member."""
    return homes(merchant_id, [member_id])[member_id]


def families(merchant_id: int, member_ids: Collection[int]) -> dict[int, int]:
    """Member → home of everybody who has a home together with one of the members, now or before a joining was undone."""
    found = sql.rows(
        """
        WITH RECURSIVE kin AS (
            SELECT unnest(%(members)s::bigint[]) AS id
            UNION
            SELECT CASE WHEN g.loser_id = kin.id THEN g.survivor_id ELSE g.loser_id END
            FROM kin JOIN members_merge g ON g.merchant_id = %(merchant_id)s AND kin.id IN (g.loser_id, g.survivor_id)
        )
        SELECT m.id, coalesce(m.home_id, m.id) FROM kin
        JOIN members_member m ON m.merchant_id = %(merchant_id)s AND m.id = kin.id
        """,
        {"merchant_id": merchant_id, "members": sql.numbers(set(member_ids))},
    )
    return dict(found)


def household(merchant_id: int, member_id: int) -> list[int]:
    """A member and all who were joined to her."""
    return [
        member_id,
        *(
            row[0]
            for row in sql.rows(
                "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND home_id = %(member_id)s ORDER BY id",
                {"merchant_id": merchant_id, "member_id": member_id},
            )
        ),
    ]


def guests(merchant_id: int, member_ids: Collection[int]) -> dict[int, int]:
    """Everybody who was joined to one of the members → that one."""
    return dict(
        sql.rows(
            "SELECT id, home_id FROM members_member WHERE merchant_id = %(merchant_id)s AND home_id IS NOT NULL"
            " AND home_id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "members": sql.numbers(set(member_ids))},
        )
    )


def kin(merchant_id: int, member_ids: Collection[int]) -> dict[int, int]:
    """Each of the members, and everybody who was joined to one of them → that one."""
    return {**{one: one for one in member_ids}, **guests(merchant_id, member_ids)}


def joins(merchant_id: int, member_id: int) -> list[Join]:
    """Every joining a member had a part in, the latest first."""
    return [
        Join(*row)
        for row in sql.rows(
            "SELECT g.id, l.id, l.display_name, s.id, s.display_name, g.by, g.at, g.undone_by, g.undone_at"
            " FROM members_merge g"
            " JOIN members_member l ON l.merchant_id = g.merchant_id AND l.id = g.loser_id"
            " JOIN members_member s ON s.merchant_id = g.merchant_id AND s.id = g.survivor_id"
            " WHERE g.merchant_id = %(merchant_id)s AND %(member_id)s IN (g.loser_id, g.survivor_id)"
            " ORDER BY g.id DESC",
            {"merchant_id": merchant_id, "member_id": member_id},
        )
    ]
