"""Tags and groups of many members at once, and free text as it may be shown."""

from __future__ import annotations

from collections.abc import Collection

from shuke.core import sql
from shuke.members import rules


def tags_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, list[str]]:
    """The tags of these members by name; who bears none is missing."""
    return dict(
        sql.rows(
            "SELECT x.member_id, array_agg(t.name ORDER BY t.name) FROM members_membertag x"
            " JOIN members_tag t ON t.merchant_id = x.merchant_id AND t.id = x.tag_id"
            " WHERE x.merchant_id = %(merchant_id)s AND x.member_id = ANY(%(members)s::bigint[]) GROUP BY x.member_id",
            {"merchant_id": merchant_id, "members": list(member_ids)},
        )
    )


def in_group(merchant_id: int, group_id: int, member_ids: Collection[int]) -> set[int]:
    """Those of these members who are in a group."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT member_id FROM members_membergroup WHERE merchant_id = %(merchant_id)s AND group_id = %(group_id)s"
            " AND member_id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "group_id": group_id, "members": list(member_ids)},
        )
    }


def masked_words(text: str) -> str:
    """A free text with the phone numbers and mail addresses in it masked."""
    return rules.mask_word(text)


def masked(field: str, value: str) -> str:
    """A personal value as everybody may see it; `field` is one of rules.FIELDS."""
    return rules.mask(field, value)
