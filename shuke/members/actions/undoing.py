"""Taking back what one source brought, as if it had never told anything."""

from __future__ import annotations

from collections.abc import Iterable

from shuke.core import clock, facts, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.members.events import MemberRemoved


def undo_source(merchant_id: int, source: str, *, keep: Iterable[int] = (), by: Actor = SYSTEM) -> list[int]:
    """Remove what `source` ("import:123") brought and no other source told too; the ids of members removed.

    A value or identity that another source told again is that source's from now on. Members in `keep` (they still
    have orders) stay, and so do those whom staff tagged, grouped, noted or blacklisted; whoever stays keeps her
    identities where all of them came from this source.
    """
    if not source:
        raise ValueError("values without a source cannot be undone")
    params = {"merchant_id": merchant_id, "source": source, "keep": sql.numbers(keep)}
    for statement in _STEPS:
        sql.run(statement, params)
    removed = [row[0] for row in sql.rows(_REMOVE, params)]
    for statement in _AFTERWARDS:
        sql.run(statement, {**params, "removed": sql.numbers(removed)})
    now = clock.now()
    facts.publish(merchant_id, [MemberRemoved(member_id=one, happened_at=now, source=source) for one in removed], by=by)
    return removed


_CARD_ITEM = "encode(x.digest, 'hex')"
_IDENTITY_ITEM = "x.kind || '|' || x.shop_id || '|' || x.value"


def _hand_over(table: str, item: str) -> str:
    return f"""
        UPDATE {table} t SET source = found.source FROM (
            SELECT DISTINCT ON (x.id) x.id, u.source FROM {table} x
            JOIN members_sourceuse u ON u.merchant_id = x.merchant_id AND u.member_id = x.member_id
                AND jsonb_exists(u.items, {item})
            WHERE x.merchant_id = %(merchant_id)s AND x.source = %(source)s ORDER BY x.id, u.id
        ) AS found WHERE t.merchant_id = %(merchant_id)s AND t.id = found.id
    """


# Staff's own work on a member; whoever has some stays.
_CARED_FOR = """
    m.status <> 'normal' OR m.home_id IS NOT NULL OR m.erased_at IS NOT NULL
    OR EXISTS (SELECT FROM members_merge g WHERE g.merchant_id = m.merchant_id AND m.id IN (g.loser_id, g.survivor_id))
    OR EXISTS (SELECT FROM members_membertag x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    OR EXISTS (SELECT FROM members_membergroup x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    OR EXISTS (SELECT FROM members_note x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    OR EXISTS (SELECT FROM members_attributevalue x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    OR EXISTS (SELECT FROM members_card x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id
        AND x.source <> %(source)s)
"""

# She stays, and nothing but this source knows a name of hers: then this source's rows stay as nobody's.
_NAMED_BY_IT_ALONE = f"""
    SELECT m.id FROM members_member m WHERE m.merchant_id = %(merchant_id)s
    AND (m.id = ANY(%(keep)s::bigint[]) OR m.source <> %(source)s OR {_CARED_FOR})
    AND EXISTS (SELECT FROM members_identity i WHERE i.merchant_id = m.merchant_id AND i.member_id = m.id
        AND i.source = %(source)s)
    AND NOT EXISTS (SELECT FROM members_identity i WHERE i.merchant_id = m.merchant_id AND i.member_id = m.id
        AND i.source <> %(source)s)
"""

_FORGET_FILLED = (
    # What was changed by hand since is not what the source filled in.
    (
        "UPDATE members_member m SET gender = '' FROM members_sourceuse u WHERE m.merchant_id = %(merchant_id)s"
        " AND u.merchant_id = m.merchant_id AND u.member_id = m.id AND u.source = %(source)s"
        " AND jsonb_exists(u.items, 'gender|' || m.gender)"
    ),
    (
        "UPDATE members_member m SET birth_month_day = NULL FROM members_sourceuse u"
        " WHERE m.merchant_id = %(merchant_id)s AND u.merchant_id = m.merchant_id AND u.member_id = m.id"
        " AND u.source = %(source)s AND jsonb_exists(u.items, 'birth|' || m.birth_month_day)"
    ),
    (
        "UPDATE members_membertag x SET by = u.source FROM members_sourceuse u WHERE x.merchant_id = %(merchant_id)s"
        " AND x.by = %(source)s AND u.merchant_id = x.merchant_id AND u.member_id = x.member_id"
        " AND u.source <> %(source)s AND jsonb_exists(u.items, 'tag|' || x.tag_id)"
    ),
    "DELETE FROM members_membertag WHERE merchant_id = %(merchant_id)s AND by = %(source)s",
)

_STEPS = (
    *_FORGET_FILLED,
    "DELETE FROM members_sourceuse WHERE merchant_id = %(merchant_id)s AND source = %(source)s",
    (
        "UPDATE members_card c SET seen_at = m.seen_at FROM members_member m WHERE m.merchant_id = %(merchant_id)s"
        " AND m.seen_source = %(source)s AND c.merchant_id = m.merchant_id AND c.member_id = m.id"
        " AND c.digest = m.seen_digest AND c.seen_at < m.seen_at"
    ),
    _hand_over("members_card", _CARD_ITEM),
    _hand_over("members_identity", _IDENTITY_ITEM),
    (
        f"WITH alone AS MATERIALIZED ({_NAMED_BY_IT_ALONE}), freed AS ("
        " UPDATE members_card c SET source = '' FROM alone WHERE c.merchant_id = %(merchant_id)s"
        " AND c.member_id = alone.id AND c.source = %(source)s)"
        " UPDATE members_identity i SET source = '' FROM alone WHERE i.merchant_id = %(merchant_id)s"
        " AND i.member_id = alone.id AND i.source = %(source)s"
    ),
    "DELETE FROM members_card WHERE merchant_id = %(merchant_id)s AND source = %(source)s",
    "DELETE FROM members_identity WHERE merchant_id = %(merchant_id)s AND source = %(source)s",
)

_REMOVE = f"""
    DELETE FROM members_member m WHERE m.merchant_id = %(merchant_id)s AND m.source = %(source)s
    AND m.id <> ALL(%(keep)s::bigint[]) AND NOT ({_CARED_FOR})
    AND NOT EXISTS (SELECT FROM members_identity x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    AND NOT EXISTS (SELECT FROM members_sourceuse x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)
    RETURNING m.id
"""

_AFTERWARDS = (
    (
        "DELETE FROM members_suspicion WHERE merchant_id = %(merchant_id)s"
        " AND (first_member_id = ANY(%(removed)s::bigint[]) OR second_member_id = ANY(%(removed)s::bigint[]))"
    ),
    (
        "UPDATE members_member m SET source = coalesce((SELECT u.source FROM members_sourceuse u"
        " WHERE u.merchant_id = m.merchant_id AND u.member_id = m.id ORDER BY u.id LIMIT 1), '')"
        " WHERE m.merchant_id = %(merchant_id)s AND m.source = %(source)s"
    ),
    (
        "UPDATE members_member m SET seen_digest = NULL, seen_source = '', seen_at = (SELECT max(c.seen_at)"
        " FROM members_card c WHERE c.merchant_id = m.merchant_id AND c.member_id = m.id),"
        " display_name = coalesce((SELECT i.value FROM members_identity i WHERE i.merchant_id = m.merchant_id"
        " AND i.member_id = m.id AND i.kind = 'nick' AND i.value NOT LIKE '#%%' ORDER BY i.id DESC LIMIT 1), m.display_name)"
        " WHERE m.merchant_id = %(merchant_id)s AND m.seen_source = %(source)s"
    ),
)
