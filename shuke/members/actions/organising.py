"""How the shop sorts its customers: tags, groups, the blacklist, notes."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.members import rules
from shuke.members.events import MemberBlacklisted, MemberGrouped, MemberTagged, NoteWritten
from shuke.members.sealing import seal_note
from shuke.members.specs import GroupSpec
from shuke.merchants import actions as merchants


def tag(merchant_id: int, member_ids: Sequence[int], names: Sequence[str], *, by: Actor) -> int:
    """Put tags, made where they are new, on members; how many members got one they had not. Refused `bad_name`."""
    names = sorted({_open_word(name) for name in names})
    params = {"merchant_id": merchant_id, "names": names, "members": sql.numbers(member_ids), "by": by.label,
              "now": clock.now()}  # fmt: skip
    sql.run(
        "INSERT INTO members_tag (merchant_id, name) SELECT %(merchant_id)s, name FROM unnest(%(names)s::text[]) AS name"
        " ON CONFLICT (merchant_id, name) DO NOTHING",
        params,
    )
    added = sql.rows(
        """
        INSERT INTO members_membertag (merchant_id, tag_id, member_id, by, added_at)
        SELECT t.merchant_id, t.id, m.id, %(by)s, %(now)s FROM members_tag t JOIN members_member m USING (merchant_id)
        WHERE t.merchant_id = %(merchant_id)s AND t.name = ANY(%(names)s) AND m.id = ANY(%(members)s::bigint[])
          AND m.erased_at IS NULL
        ORDER BY t.id, m.id FOR KEY SHARE OF m
        ON CONFLICT (merchant_id, tag_id, member_id) DO NOTHING RETURNING member_id, tag_id
        """,
        params,
    )
    return _tell_tags(merchant_id, added, is_on=True, by=by)


def untag(merchant_id: int, member_ids: Sequence[int], names: Sequence[str], *, by: Actor) -> int:
    """Take tags off members; how many members lost one."""
    removed = sql.rows(
        "DELETE FROM members_membertag x USING members_tag t WHERE x.merchant_id = %(merchant_id)s"
        " AND t.merchant_id = x.merchant_id AND t.id = x.tag_id AND t.name = ANY(%(names)s)"
        " AND x.member_id = ANY(%(members)s::bigint[]) RETURNING x.member_id, x.tag_id",
        {"merchant_id": merchant_id, "names": [name.strip() for name in names], "members": sql.numbers(member_ids)},
    )
    return _tell_tags(merchant_id, removed, is_on=False, by=by)


def delete_tag(merchant_id: int, tag_id: int, *, by: Actor) -> None:
    """Take a tag off everybody and forget it."""
    params = {"merchant_id": merchant_id, "tag_id": tag_id}
    count = sql.run("DELETE FROM members_membertag WHERE merchant_id = %(merchant_id)s AND tag_id = %(tag_id)s", params)
    sql.run("DELETE FROM members_tag WHERE merchant_id = %(merchant_id)s AND id = %(tag_id)s", params)
    merchants.audit(merchant_id, "tag.deleted", by=by, object_kind="tag", object_id=tag_id, member_count=count)


def create_group(merchant_id: int, spec: GroupSpec, *, by: Actor) -> int:
    """A new, empty group; its id. Refused `name_taken`."""
    group_id = sql.scalar(
        "INSERT INTO members_group (merchant_id, name, note, offer, strategy)"
        " VALUES (%(merchant_id)s, %(name)s, %(note)s, %(offer)s, %(strategy)s) ON CONFLICT DO NOTHING RETURNING id",
        {"merchant_id": merchant_id, **_group_words(spec)},
    )
    if group_id is None:
        raise Refused("name_taken", _("There is already a group called “%(name)s”."), name=spec.name)
    merchants.audit(merchant_id, "group.created", by=by, object_kind="group", object_id=group_id)
    return int(group_id)


def edit_group(merchant_id: int, group_id: int, spec: GroupSpec, *, by: Actor) -> None:
    """Change a group's name and words. Missing; Refused `name_taken`."""
    params = {"merchant_id": merchant_id, "group_id": group_id, **_group_words(spec)}
    with sql.unless_taken(Refused("name_taken", _("There is already a group called “%(name)s”."), name=spec.name)):
        changed = sql.run(
            "UPDATE members_group SET name = %(name)s, note = %(note)s, offer = %(offer)s, strategy = %(strategy)s"
            " WHERE merchant_id = %(merchant_id)s AND id = %(group_id)s",
            params,
        )
    if not changed:
        raise _no_group()
    merchants.audit(merchant_id, "group.edited", by=by, object_kind="group", object_id=group_id)


def delete_group(merchant_id: int, group_id: int, *, by: Actor) -> None:
    """Dissolve a group; its members stay customers."""
    params = {"merchant_id": merchant_id, "group_id": group_id}
    count = sql.run(
        "DELETE FROM members_membergroup WHERE merchant_id = %(merchant_id)s AND group_id = %(group_id)s", params
    )
    sql.run("DELETE FROM members_group WHERE merchant_id = %(merchant_id)s AND id = %(group_id)s", params)
    merchants.audit(merchant_id, "group.deleted", by=by, object_kind="group", object_id=group_id, member_count=count)


def add_to_group(merchant_id: int, group_id: int, member_ids: Sequence[int], *, by: Actor) -> int:
    """Put members into a group; how many were not in it before. Missing."""
    params = {"merchant_id": merchant_id, "group_id": group_id, "members": sql.numbers(member_ids), "by": by.label,
              "now": clock.now()}  # fmt: skip
    name = _group_name(merchant_id, group_id)
    added = sql.rows(
        """
        INSERT INTO members_membergroup (merchant_id, group_id, member_id, by, added_at)
        SELECT merchant_id, %(group_id)s, id, %(by)s, %(now)s FROM members_member
        WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[]) AND erased_at IS NULL
        ORDER BY id FOR KEY SHARE
        ON CONFLICT (merchant_id, group_id, member_id) DO NOTHING RETURNING member_id
        """,
        params,
    )
    _tell_group(merchant_id, group_id, name, added, is_in=True, by=by)
    return len(added)


def remove_from_group(merchant_id: int, group_id: int, member_ids: Sequence[int], *, by: Actor) -> int:
    """Take members out of a group; how many were in it. Missing."""
    name = _group_name(merchant_id, group_id)
    removed = sql.rows(
        "DELETE FROM members_membergroup WHERE merchant_id = %(merchant_id)s AND group_id = %(group_id)s"
        " AND member_id = ANY(%(members)s::bigint[]) RETURNING member_id",
        {"merchant_id": merchant_id, "group_id": group_id, "members": sql.numbers(member_ids)},
    )
    _tell_group(merchant_id, group_id, name, removed, is_in=False, by=by)
    return len(removed)


def blacklist(merchant_id: int, member_ids: Sequence[int], reason: str, *, by: Actor) -> int:
    """Blacklist members or give listed ones another reason; how many changed. Refused `reason_missing`."""
    reason = reason.strip()
    if len(reason) < 2:
        raise Refused("reason_missing", _("Say why."))
    return _set_status(merchant_id, member_ids, rules.BLACKLIST, _open_word(reason, longest=200), by)


def unblacklist(merchant_id: int, member_ids: Sequence[int], *, by: Actor) -> int:
    """Take members off the blacklist; how many were on it."""
    return _set_status(merchant_id, member_ids, rules.NORMAL, "", by)


def write_note(merchant_id: int, member_id: int, text: str, *, by: Actor) -> int:
    """Keep a note about a member, sealed; its id. Missing; Refused `empty_note`."""
    text = text.strip()
    if not text:
        raise Refused("empty_note", _("The note is empty."))
    note_id, now = sql.new_ids(1)[0], clock.now()
    sealed = seal_note(crypto.vault(merchant_id), merchant_id, note_id, text)
    if not sql.run(
        "INSERT INTO members_note (merchant_id, id, member_id, sealed, by, written_at)"
        " SELECT merchant_id, %(id)s, id, %(sealed)s, %(by)s, %(now)s FROM members_member"
        " WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s AND erased_at IS NULL FOR KEY SHARE",
        {"merchant_id": merchant_id, "id": note_id, "member_id": member_id, "sealed": sealed, "by": by.label,
         "now": now},
    ):  # fmt: skip
        raise Missing("no_member", _("This customer does not exist."))
    facts.publish(merchant_id, [NoteWritten(member_id=member_id, subject_id=note_id, happened_at=now)], by=by)
    return note_id


def _set_status(merchant_id: int, member_ids: Sequence[int], status: str, reason: str, by: Actor) -> int:
    changed = sql.rows(
        """
        UPDATE members_member m SET status = %(status)s, status_reason = %(reason)s
        FROM (SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])
            AND erased_at IS NULL AND (status, status_reason) <> (%(status)s, %(reason)s) ORDER BY id FOR NO KEY UPDATE) AS found
        WHERE m.merchant_id = %(merchant_id)s AND m.id = found.id RETURNING m.id
        """,
        {"merchant_id": merchant_id, "members": sql.numbers(member_ids), "status": status, "reason": reason},
    )
    now, is_on = clock.now(), status == rules.BLACKLIST
    facts.publish(
        merchant_id,
        [MemberBlacklisted(member_id=row[0], happened_at=now, is_on=is_on, reason=reason) for row in changed],
        by=by,
    )
    if changed:
        merchants.audit(merchant_id, "member.blacklisted" if is_on else "member.unblacklisted", by=by,
                        object_kind="member", object_id=changed[0][0] if len(changed) == 1 else None,
                        member_count=len(changed), reason=reason)  # fmt: skip
    return len(changed)


def _tell_tags(merchant_id: int, pairs: Iterable[tuple[int, int]], *, is_on: bool, by: Actor) -> int:
    names = dict(sql.rows("SELECT id, name FROM members_tag WHERE merchant_id = %(m)s", {"m": merchant_id}))
    words: dict[int, list[str]] = {}
    for member_id, tag_id in pairs:
        words.setdefault(member_id, []).append(names[tag_id])
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            MemberTagged(member_id=member_id, happened_at=now, added=found if is_on else [],
                         removed=[] if is_on else found)
            for member_id, found in words.items()
        ],
        by=by,
    )  # fmt: skip
    return len(words)


def _tell_group(
    merchant_id: int, group_id: int, name: str, found: Iterable[tuple[int]], *, is_in: bool, by: Actor
) -> None:
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            MemberGrouped(member_id=row[0], subject_id=group_id, happened_at=now, group=name, is_in=is_in)
            for row in found
        ],
        by=by,
    )


def _group_name(merchant_id: int, group_id: int) -> str:
    name = sql.scalar(
        "SELECT name FROM members_group WHERE merchant_id = %(merchant_id)s AND id = %(group_id)s",
        {"merchant_id": merchant_id, "group_id": group_id},
    )
    if name is None:
        raise _no_group()
    return str(name)


def _no_group() -> Missing:
    return Missing("no_group", _("This group does not exist."))


def _group_words(spec: GroupSpec) -> dict[str, str]:
    return {
        "name": _open_word(spec.name),
        **{
            field: _open_word(getattr(spec, field), longest=2000, shortest=0) for field in ("note", "offer", "strategy")
        },
    }


def _open_word(text: str, *, longest: int = 40, shortest: int = 1) -> str:
    """A text that lies open in the database: of fit length, and without anybody's phone number or mail address."""
    text = text.strip()
    if not shortest <= len(text) <= longest:
        raise Refused(
            "bad_name", _("Between %(from)s and %(to)s characters, please."), **{"from": shortest, "to": longest}
        )
    if rules.is_personal_word(text):
        raise Refused("personal_text", _("Do not write phone numbers or mail addresses here; this text is not sealed."))
    return text
