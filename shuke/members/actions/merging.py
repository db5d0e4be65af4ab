"""Joining two members who are one person, and parting them again as if it had never been."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members import rules, sealing
from shuke.members.events import MemberJoinedTo, MemberParted
from shuke.members.queries.homes import homes
from shuke.merchants import actions as merchants

Pair = tuple[int, int]


def merge(merchant_id: int, pairs: Sequence[Pair], *, by: Actor, key: str) -> list[int]:
    """Let the second member of each pair stand for the first from now on; the ids of the joinings.

    The first one's row, names, cards and notes stay where they are and are read through her home; what others ask for
    by rows (tags, groups, attributes, the blacklist) is copied and taken back by `unmerge`. Orders, figures, the
    ledger's books and levels follow by the story of the fact. A pair that is one person already is passed over. The
    same key again gives the first answer. All or nothing. Missing; Refused `same_member`, `erased`, `key_reused`.
    """
    if any(loser == survivor for loser, survivor in pairs):
        raise Refused("same_member", _("Choose two different customers."))
    with tenant(merchant_id):
        sql.run("SELECT pg_advisory_xact_lock(hashtextextended('members.merge', %(m)s))", {"m": merchant_id})
        standing = _by_key(merchant_id, key)
        if standing:
            if not {loser for loser, _survivor in standing} <= {one for pair in pairs for one in pair}:
                raise Refused("key_reused", _("This key was used for something else."))
            return list(standing.values())
        _lock(merchant_id, {one for pair in pairs for one in pair})
        now = clock.now()
        return [
            made
            for loser, survivor in pairs
            if (made := _merge(merchant_id, loser, survivor, key, now, by)) is not None
        ]


def unmerge(merchant_id: int, merge_id: int, *, by: Actor) -> None:
    """Undo one joining, at any time: the member stands for herself again, and for those who were joined to her.

    What was copied is taken back; orders and books follow by the story of the fact, each to whom it was told of. The
    pair is remembered as two people. Undone before, nothing happens. Missing `no_merge`.
    """
    with tenant(merchant_id):
        sql.run("SELECT pg_advisory_xact_lock(hashtextextended('members.merge', %(m)s))", {"m": merchant_id})
        now = clock.now()
        params = {"merchant_id": merchant_id, "id": merge_id, "by": by.label, "now": now}
        found = sql.rows(
            "SELECT loser_id, survivor_id, carried, undone_at FROM members_merge"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            params,
        )
        if not found:
            raise Missing("no_merge", _("This joining does not exist."))
        loser, survivor, carried, undone_at = found[0]
        if undone_at is not None:
            return
        _refuse_erased(merchant_id, [loser, survivor])
        sql.run(
            "UPDATE members_merge SET undone_at = %(now)s, undone_by = %(by)s"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            params,
        )
        sql.run(_PART, {"merchant_id": merchant_id, "loser": loser})
        _put_back(merchant_id, loser, sql.loads(carried))
        _decide(merchant_id, loser, survivor, "different", by, now)
        merchants.audit(merchant_id, "member.unmerged", by=by, object_kind="member", object_id=survivor, other_id=loser)
        told = [
            MemberParted(member_id=one, happened_at=now, subject_id=other)
            for one, other in ((loser, survivor), (survivor, loser))
        ]
        facts.publish(merchant_id, told, by=by)


def judge(merchant_id: int, suspicion_ids: Sequence[int], *, verdict: str, by: Actor) -> int:
    """Remember of suspected pairs that they are different people ("different"), or put them off ("later"); how many."""
    if verdict not in {"different", "later"}:
        raise ValueError(verdict)
    return sql.run(
        "UPDATE members_suspicion SET state = %(verdict)s, decided_at = %(now)s, decided_by = %(by)s"
        " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(ids)s::bigint[]) AND state IN ('open', 'later')"
        " AND state <> %(verdict)s",
        {"merchant_id": merchant_id, "ids": sql.numbers(suspicion_ids), "verdict": verdict, "now": clock.now(),
         "by": by.label},
    )  # fmt: skip


def _merge(merchant_id: int, first: int, second: int, key: str, now: datetime, by: Actor) -> int | None:
    found = homes(merchant_id, [first, second])
    loser, survivor = found[first], found[second]
    if loser == survivor:
        return None
    _refuse_erased(merchant_id, [loser, survivor])
    params = {"merchant_id": merchant_id, "loser": loser, "survivor": survivor, "now": now, "by": by.label}
    sql.run(
        "UPDATE members_member SET home_id = %(survivor)s"
        " WHERE merchant_id = %(merchant_id)s AND (id = %(loser)s OR home_id = %(loser)s)",
        params,
    )
    carried = _carry(merchant_id, params)
    merge_id = int(
        sql.scalar(
            "INSERT INTO members_merge (merchant_id, loser_id, survivor_id, key, by, at, carried, undone_by)"
            " VALUES (%(merchant_id)s, %(loser)s, %(survivor)s, %(key)s, %(by)s, %(now)s, %(carried)s, '') RETURNING id",
            {**params, "key": key, "carried": json.dumps(carried)},
        )
    )
    _decide(merchant_id, loser, survivor, "joined", by, now)
    merchants.audit(merchant_id, "member.merged", by=by, object_kind="member", object_id=survivor, other_id=loser)
    told = [
        MemberJoinedTo(member_id=one, happened_at=now, subject_id=other, is_survivor=one == survivor)
        for one, other in ((survivor, loser), (loser, survivor))
    ]
    facts.publish(merchant_id, told, by=by)
    return merge_id


def _carry(merchant_id: int, params: dict[str, Any]) -> dict[str, Any]:
    """Copy what is asked for by rows; the ids of what was made, and whether the blacklist came along."""
    carried: dict[str, Any] = {
        "tags": [row[0] for row in sql.rows(_COPY_TAGS, params)],
        "groups": [row[0] for row in sql.rows(_COPY_GROUPS, params)],
        "values": _copy_values(merchant_id, params),
    }
    if sql.run(_COPY_BLACKLIST, params):
        carried["blacklisted"] = params["survivor"]
    return carried


def _copy_values(merchant_id: int, params: dict[str, Any]) -> list[int]:
    vault, made = crypto.vault(merchant_id), []
    for attribute_id, value, sealed, source, set_at in sql.rows(_VALUES_TO_COPY, params):
        text = b""
        if sealed is not None:
            clear = sealing.open_attribute(vault, merchant_id, params["loser"], attribute_id, sealed)
            text = sealing.seal_attribute(vault, merchant_id, params["survivor"], attribute_id, clear)
        made.append(
            sql.scalar(
                "INSERT INTO members_attributevalue (merchant_id, member_id, attribute_id, value, sealed, source, set_at)"
                " VALUES (%(merchant_id)s, %(survivor)s, %(attribute)s, %(value)s, %(sealed)s, %(source)s, %(set_at)s)"
                " RETURNING id",
                {**params, "attribute": attribute_id, "value": value, "sealed": text or None, "source": source,
                 "set_at": set_at},
            )
        )  # fmt: skip
    return [int(one) for one in made]


def _put_back(merchant_id: int, loser: int, carried: dict[str, Any]) -> None:
    for name, table in (("tags", "membertag"), ("groups", "membergroup"), ("values", "attributevalue")):
        sql.run(
            f"DELETE FROM members_{table} WHERE merchant_id = %(merchant_id)s AND id = ANY(%(ids)s::bigint[])",
            {"merchant_id": merchant_id, "ids": sql.numbers(carried.get(name, ()))},
        )
    if "blacklisted" in carried:
        sql.run(
            # Listed for another reason since, she is not there because of the loser.
            "UPDATE members_member m SET status = 'normal', status_reason = '' FROM members_member l"
            " WHERE m.merchant_id = %(merchant_id)s AND m.id = %(member_id)s AND l.merchant_id = m.merchant_id"
            " AND l.id = %(loser)s AND m.status_reason = l.status_reason",
            {"merchant_id": merchant_id, "member_id": carried["blacklisted"], "loser": loser},
        )


def _by_key(merchant_id: int, key: str) -> dict[Pair, int]:
    return {
        (row[1], row[2]): row[0]
        for row in sql.rows(
            "SELECT id, loser_id, survivor_id FROM members_merge WHERE merchant_id = %(merchant_id)s AND key = %(key)s"
            " ORDER BY id",
            {"merchant_id": merchant_id, "key": key},
        )
    }


def _lock(merchant_id: int, member_ids: set[int]) -> None:
    found = sql.rows(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(ids)s::bigint[])"
        " ORDER BY id FOR UPDATE",
        {"merchant_id": merchant_id, "ids": sql.numbers(member_ids)},
    )
    if len(found) < len(member_ids):
        raise Missing("no_member", _("This customer does not exist."))


def _refuse_erased(merchant_id: int, member_ids: Sequence[int]) -> None:
    if sql.scalar(
        "SELECT EXISTS (SELECT FROM members_member WHERE merchant_id = %(merchant_id)s AND erased_at IS NOT NULL"
        " AND id = ANY(%(ids)s::bigint[]))",
        {"merchant_id": merchant_id, "ids": sql.numbers(member_ids)},
    ):
        raise Refused("erased", _("This customer has been deleted."))


def _decide(merchant_id: int, one: int, other: int, state: str, by: Actor, now: datetime) -> None:
    sql.run(
        """
        INSERT INTO members_suspicion AS s (merchant_id, first_member_id, second_member_id, first_kind, second_kind,
            source, state, created_at, decided_at, decided_by)
        VALUES (%(merchant_id)s, least(%(one)s, %(other)s), greatest(%(one)s, %(other)s), %(hand)s, %(hand)s, '',
            %(state)s, %(now)s, %(now)s, %(by)s)
        ON CONFLICT (merchant_id, first_member_id, second_member_id) DO UPDATE
            SET state = excluded.state, decided_at = excluded.decided_at, decided_by = excluded.decided_by
        """,
        {"merchant_id": merchant_id, "one": one, "other": other, "state": state, "now": now, "by": by.label,
         "hand": rules.BY_HAND},
    )  # fmt: skip


_COPY_TAGS = """
    INSERT INTO members_membertag (merchant_id, tag_id, member_id, by, added_at)
    SELECT merchant_id, tag_id, %(survivor)s, by, added_at FROM members_membertag
    WHERE merchant_id = %(merchant_id)s AND member_id = %(loser)s ORDER BY tag_id
    ON CONFLICT (merchant_id, tag_id, member_id) DO NOTHING RETURNING id
"""

_COPY_GROUPS = """
    INSERT INTO members_membergroup (merchant_id, group_id, member_id, by, added_at)
    SELECT merchant_id, group_id, %(survivor)s, by, added_at FROM members_membergroup
    WHERE merchant_id = %(merchant_id)s AND member_id = %(loser)s ORDER BY group_id
    ON CONFLICT (merchant_id, group_id, member_id) DO NOTHING RETURNING id
"""

_VALUES_TO_COPY = """
    SELECT attribute_id, value, sealed, source, set_at FROM members_attributevalue v
    WHERE merchant_id = %(merchant_id)s AND member_id = %(loser)s AND NOT EXISTS (
        SELECT FROM members_attributevalue o WHERE o.merchant_id = v.merchant_id AND o.member_id = %(survivor)s
        AND o.attribute_id = v.attribute_id)
    ORDER BY attribute_id
"""

_COPY_BLACKLIST = """
    UPDATE members_member m SET status = l.status, status_reason = l.status_reason FROM members_member l
    WHERE m.merchant_id = %(merchant_id)s AND m.id = %(survivor)s AND m.status = 'normal'
        AND l.merchant_id = m.merchant_id AND l.id = %(loser)s AND l.status <> 'normal'
"""

# She herself, and who came to her by joinings that still hold, also through others.
_PART = """
    WITH RECURSIVE hers AS (
        SELECT %(loser)s::bigint AS id
        UNION
        SELECT g.loser_id FROM hers JOIN members_merge g ON g.merchant_id = %(merchant_id)s
            AND g.survivor_id = hers.id AND g.undone_at IS NULL
    )
    UPDATE members_member m SET home_id = nullif(%(loser)s::bigint, m.id) FROM hers
    WHERE m.merchant_id = %(merchant_id)s AND m.id = hers.id
"""
