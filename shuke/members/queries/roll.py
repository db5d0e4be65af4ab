"""The roll of members as other modules call it: everybody's ids, since when they are members, who is blacklisted."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shuke.core import sql


def member_ids(merchant_id: int, *, after_id: int = 0, limit: int = 5000) -> list[int]:
    """Ids of all members who stand for themselves, rising, to page through."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id > %(after_id)s"
            " AND home_id IS NULL AND erased_at IS NULL"
            " ORDER BY id LIMIT %(limit)s",
            {"merchant_id": merchant_id, "after_id": after_id, "limit": limit},
        )
    ]


def member_count(merchant_id: int) -> int:
    """How many members the merchant has."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM members_member WHERE merchant_id = %(merchant_id)s AND home_id IS NULL"
            " AND erased_at IS NULL",
            {"merchant_id": merchant_id},
        )
    )


def erased(merchant_id: int, member_ids: Collection[int]) -> set[int]:
    """Those of these members who were erased."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND erased_at IS NOT NULL"
            " AND id = ANY(%(member_ids)s::bigint[])",
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    }


def joined_at(merchant_id: int, member_ids: Collection[int]) -> dict[int, datetime]:
    """Since when these are members; unknown ids are missing."""
    return dict(
        sql.rows(
            "SELECT id, joined_at FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(member_ids)s::bigint[])",
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    )


def blacklisted_since(merchant_id: int, member_ids: Collection[int]) -> dict[int, datetime]:
    """Those of these members who are on the blacklist now, and since when: the last fact that put them there."""
    return dict(
        sql.rows(
            """
            SELECT m.id, coalesce(
                (SELECT max(f.happened_at) FROM core_fact f
                 WHERE f.merchant_id = m.merchant_id AND f.member_id = m.id AND f.kind = 'members.blacklisted'
                   AND (f.payload->>'is_on')::boolean), m.joined_at)
            FROM members_member m
            WHERE m.merchant_id = %(merchant_id)s AND m.status <> 'normal' AND m.id = ANY(%(member_ids)s::bigint[])
            """,
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    )
