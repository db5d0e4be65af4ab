"""Who has her birthday when, as far as it is known long enough."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime

from shuke.core import sql


def born_on(merchant_id: int, month_days: Collection[int], *, known_since: datetime) -> list[tuple[int, int]]:
    """Members of good standing with one of these birthdays (month × 100 + day), by rising id, each with hers.

    The birthday of who was joined to another one is that one's, unless she has one of her own. Left out is whose
    birthday was written or changed after `known_since`; facts remember when.
    """
    found = sql.rows(
        """
        SELECT DISTINCT ON (whose) coalesce(m.home_id, m.id) AS whose, m.birth_month_day FROM members_member m
        LEFT JOIN members_member h ON h.merchant_id = m.merchant_id AND h.id = m.home_id
        WHERE m.merchant_id = %(merchant_id)s AND m.birth_month_day = ANY(%(month_days)s::smallint[])
            AND h.birth_month_day IS NULL AND m.status = 'normal' AND m.joined_at <= %(known_since)s AND NOT EXISTS (
                SELECT FROM core_fact f
                WHERE f.merchant_id = m.merchant_id AND f.member_id = m.id AND f.kind = 'members.profile_edited'
                    AND f.happened_at > %(known_since)s AND f.payload->'fields' ? 'birthday')
        ORDER BY whose, m.id
        """,
        {"merchant_id": merchant_id, "month_days": sql.numbers(month_days), "known_since": known_since},
    )
    return [(row[0], row[1]) for row in found]


def birthday_count(merchant_id: int) -> int:
    """Of how many members the birthday is known."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM members_member WHERE merchant_id = %(merchant_id)s AND birth_month_day IS NOT NULL",
            {"merchant_id": merchant_id},
        )
    )
