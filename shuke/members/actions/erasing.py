"""Forgetting a person for good: asked for, waited for, done, and done again after an old backup was restored."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from django.conf import settings
from django.db import transaction
from django.utils import translation
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, sealed_log, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members.actions import tombstones
from shuke.members.events import MemberErased
from shuke.members.queries.homes import household
from shuke.members.specs import ErasureSpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries

LOG = "erasures.log"


def request_erasure(merchant_id: int, member_id: int, *, by: Actor) -> datetime:
    """Let a member be forgotten after the waiting time (ErasureSpec), unless called off; when that will be.

    Asked again, the first asking stands. Missing.
    """
    with tenant(merchant_id):
        _lock(merchant_id, [member_id])
        now = clock.now()
        due_at = now + timedelta(days=merchant_queries.setting(merchant_id, ErasureSpec).wait_days)
        params = {"merchant_id": merchant_id, "member_id": member_id, "by": by.label, "now": now, "due_at": due_at}
        if sql.run(
            "INSERT INTO members_erasurerequest (merchant_id, member_id, state, by, at, due_at)"
            " VALUES (%(merchant_id)s, %(member_id)s, 'waiting', %(by)s, %(now)s, %(due_at)s)"
            " ON CONFLICT (merchant_id, member_id) WHERE state = 'waiting' DO NOTHING",
            params,
        ):
            merchants.audit(merchant_id, "member.erasure_asked", by=by, object_kind="member", object_id=member_id)
            return due_at
        found: datetime = sql.scalar(
            "SELECT due_at FROM members_erasurerequest WHERE merchant_id = %(merchant_id)s"
            " AND member_id = %(member_id)s AND state = 'waiting'",
            params,
        )
        return found


def cancel_erasure(merchant_id: int, member_id: int, *, by: Actor) -> None:
    """Call a waiting erasure off. Refused `nothing_waiting`."""
    with tenant(merchant_id):
        if not sql.run(
            "UPDATE members_erasurerequest SET state = 'cancelled', ended_at = %(now)s"
            " WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s AND state = 'waiting'",
            {"merchant_id": merchant_id, "member_id": member_id, "now": clock.now()},
        ):
            raise Refused("nothing_waiting", _("There is no deletion to call off."))
        merchants.audit(merchant_id, "member.erasure_cancelled", by=by, object_kind="member", object_id=member_id)


def erase(merchant_id: int, member_id: int, *, by: Actor) -> None:
    """Forget a member, and all who were joined to her, at once and for good. Missing.

    Every identity, personal value, note, tag and proof in words is deleted; blind marks of her identities stay, so that
    a file of old orders does not bring her back, and so does her place on the do-not-contact list. Orders and books stay
    with a row that tells nothing; receivers in orders go by the story of the fact. The erasure is written to a sealed
    file outside the database too, from which `replay_erasures` does it again after an old backup was restored.
    """
    with tenant(merchant_id):
        _erase(merchant_id, member_id, clock.now(), by)


def erase_due(merchant_id: int) -> int:
    """Do all erasures whose waiting time is over; how many."""
    with tenant(merchant_id):
        due = sql.rows(
            "SELECT member_id FROM members_erasurerequest WHERE merchant_id = %(merchant_id)s AND state = 'waiting'"
            " AND due_at <= %(now)s ORDER BY member_id LIMIT 500 FOR UPDATE SKIP LOCKED",
            {"merchant_id": merchant_id, "now": clock.now()},
        )
        for (member_id,) in due:
            if _is_there(merchant_id, member_id):
                _erase(merchant_id, member_id, clock.now(), SYSTEM)
        # Of who went together with another one, or with the import that brought her, nothing is left to erase.
        sql.run(
            _END_REQUESTS,
            {"merchant_id": merchant_id, "members": sql.numbers(row[0] for row in due), "at": clock.now()},
        )
    return len(due)


def replay_erasures() -> int:
    """Erase again whoever the sealed file says was erased: to be called after a backup was restored; how many were there.

    Whoever the backup does not know leaves her marks all the same. Done twice it changes nothing.
    """
    count = 0
    for entry in sealed_log.read(LOG):
        merchant_id, at = int(entry["merchant_id"]), datetime.fromisoformat(entry["at"])
        with tenant(merchant_id):
            if merchant_queries.merchant(merchant_id) is None:
                continue
            tombstones.put(merchant_id, [bytes.fromhex(one) for one in entry["marks"]], entry["member_ids"][0], at)
            for member_id in entry["member_ids"]:
                if _is_there(merchant_id, member_id):
                    _erase(merchant_id, member_id, at, SYSTEM, replayed=True)
                    count += 1
    return count


def _erase(merchant_id: int, member_id: int, at: datetime, by: Actor, *, replayed: bool = False) -> None:
    members = sorted({one for home in _lock(merchant_id, [member_id]) for one in household(merchant_id, home)})
    marks = _marks(merchant_id, members)
    tombstones.put(merchant_id, marks, members[0], at)
    with translation.override(settings.LANGUAGE_CODE):
        name = gettext("Deleted customer")
    params = {"merchant_id": merchant_id, "members": sql.numbers(members), "at": at, "name": name, "by": by.label}
    for statement in _STEPS:
        sql.run(statement, params)
    merchants.audit(merchant_id, "member.erased", by=by, object_kind="member", object_id=member_id)
    now = clock.now()
    facts.publish(merchant_id, [MemberErased(member_id=one, happened_at=now) for one in members], by=by)
    if not replayed:
        entry = {"merchant_id": merchant_id, "member_ids": members, "at": at.isoformat(),
                 "marks": [one.hex() for one in marks]}  # fmt: skip
        transaction.on_commit(partial(sealed_log.append, LOG, entry))


def _marks(merchant_id: int, members: Sequence[int]) -> list[bytes]:
    vault = crypto.vault(merchant_id)
    return [
        tombstones.mark(vault, (row[0], row[1], row[2]))
        for row in sql.rows(
            "SELECT kind, shop_id, value FROM members_identity WHERE merchant_id = %(merchant_id)s"
            " AND member_id = ANY(%(members)s::bigint[]) ORDER BY id",
            {"merchant_id": merchant_id, "members": sql.numbers(members)},
        )
    ]


def _lock(merchant_id: int, member_ids: Iterable[int]) -> list[int]:
    found = sql.rows(
        "SELECT coalesce(home_id, id) FROM members_member WHERE merchant_id = %(merchant_id)s AND erased_at IS NULL"
        " AND id = ANY(%(members)s::bigint[]) ORDER BY id FOR UPDATE",
        {"merchant_id": merchant_id, "members": sql.numbers(member_ids)},
    )
    if not found:
        raise Missing("no_member", _("This customer does not exist."))
    return [row[0] for row in found]


def _is_there(merchant_id: int, member_id: int) -> bool:
    return bool(
        sql.scalar(
            "SELECT EXISTS (SELECT FROM members_member WHERE merchant_id = %(merchant_id)s AND id = %(id)s"
            " AND erased_at IS NULL)",
            {"merchant_id": merchant_id, "id": member_id},
        )
    )


def _of_members(table: str) -> str:
    return f"DELETE FROM {table} WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(members)s::bigint[])"


# Who is on the do-not-contact list herself stays on it by the numbers and addresses that are about to go.
_KEEP_SUPPRESSION = """
    INSERT INTO members_suppression (merchant_id, kind, index, reason, by, at)
    SELECT DISTINCT ON (f.kind, f.index) c.merchant_id, f.kind, f.index, s.reason, s.by, s.at
    FROM members_suppression s
    JOIN members_card c ON c.merchant_id = s.merchant_id AND c.member_id = ANY(%(members)s::bigint[])
    CROSS JOIN LATERAL (VALUES ('phone', c.phone_index), ('email', c.email_index)) AS f (kind, index)
    WHERE s.merchant_id = %(merchant_id)s AND s.member_id = ANY(%(members)s::bigint[]) AND f.index IS NOT NULL
    ORDER BY f.kind, f.index
    ON CONFLICT (merchant_id, kind, index, member_id) DO NOTHING
"""

_END_REQUESTS = """
    UPDATE members_erasurerequest SET state = 'done', ended_at = %(at)s WHERE merchant_id = %(merchant_id)s
      AND member_id = ANY(%(members)s::bigint[]) AND state = 'waiting'
"""

_STEPS = (
    _KEEP_SUPPRESSION,
    *(
        _of_members(f"members_{table}")
        for table in (
            "identity",
            "card",
            "sourceuse",
            "membertag",
            "membergroup",
            "note",
            "attributevalue",
            "evidence",
            "suppression",
        )
    ),
    (
        "DELETE FROM members_suspicion WHERE merchant_id = %(merchant_id)s"
        " AND (first_member_id = ANY(%(members)s::bigint[]) OR second_member_id = ANY(%(members)s::bigint[]))"
    ),
    (
        "UPDATE members_member SET display_name = %(name)s, status = 'normal', status_reason = '', province = '',"
        " city = '', gender = '', birth_month_day = NULL, seen_digest = NULL, seen_source = '', erased_at = %(at)s"
        " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])"
    ),
    (
        "INSERT INTO members_erasurerequest (merchant_id, member_id, state, by, at, due_at)"
        " SELECT %(merchant_id)s, id, 'waiting', %(by)s, %(at)s, %(at)s FROM unnest(%(members)s::bigint[]) AS id"
        " ON CONFLICT (merchant_id, member_id) WHERE state = 'waiting' DO NOTHING"
    ),
    _END_REQUESTS,
)
