"""Finding out who may be one person under two names, without joining anybody."""

from __future__ import annotations

from typing import Any

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.members import rules


def suspect_all(merchant_id: int) -> int:
    """Note every pair of members whose cards agree as `rules.SUSPECTED_BY` says; how many pairs are new.

    A number that more than four share (a parcel station's, a forwarder's) says nothing. Pairs that were judged before
    are left as they were judged.
    """
    with tenant(merchant_id):
        params: dict[str, Any] = {"merchant_id": merchant_id, "now": clock.now(), "most": rules.MOST_SHARING}
        return sum(
            sql.run(_SUSPECT.format(same=same, known=known), {**params, "why": why})
            for why, (same, known) in _SAME.items()
        )


_SAME = {
    rules.SAME_MAIL: ("email_index", "c.email_index IS NOT NULL"),
    rules.SAME_PHONE: ("phone_index", "c.phone_index IS NOT NULL"),
    rules.SAME_NAME_AND_TAIL: ("name_index || phone_tail", "c.name_index IS NOT NULL AND c.phone_tail IS NOT NULL"),
}

_SUSPECT = """
    WITH seen AS (
        SELECT DISTINCT {same} AS mark, coalesce(m.home_id, m.id) AS member_id
        FROM members_card c JOIN members_member m ON m.merchant_id = c.merchant_id AND m.id = c.member_id
        WHERE c.merchant_id = %(merchant_id)s AND {known}
    ), shared AS (
        SELECT mark, array_agg(member_id ORDER BY member_id) AS ids FROM seen
        GROUP BY mark HAVING count(*) BETWEEN 2 AND %(most)s
    )
    INSERT INTO members_suspicion (merchant_id, first_member_id, second_member_id, first_kind, second_kind, source,
        state, created_at)
    SELECT DISTINCT %(merchant_id)s, a.id, b.id, %(why)s, %(why)s, '', 'open', %(now)s::timestamptz
    FROM shared, unnest(ids) AS a (id), unnest(ids) AS b (id) WHERE a.id < b.id ORDER BY a.id, b.id
    ON CONFLICT (merchant_id, first_member_id, second_member_id) DO NOTHING
"""
