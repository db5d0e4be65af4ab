"""Taking customers as a customer file tells them, whether they have bought or not."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from typing import NamedTuple

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.members import rules
from shuke.members.actions import tombstones
from shuke.members.actions.recognising import recognise_seen
from shuke.members.events import MemberTagged
from shuke.members.sighting import Key, Seen, Sighting, see
from shuke.members.staging import SOURCE_USE

LONGEST_TAG = 40
_LONG_AGO = datetime(1970, 1, 1, tzinfo=UTC)


class Customer(NamedTuple):
    """What a customer file tells of one person: who she is, her gender ("" unknown), her tags. Where it `is_undated`, the
    file does not tell when that was so, and the sighting's time is that of reading it.
    """

    sighting: Sighting
    gender: str = ""
    tags: tuple[str, ...] = ()
    is_undated: bool = False


class Welcomed(NamedTuple):
    """What became of a batch of customers."""

    new: int
    changed: int
    same: int


def take_customers(
    merchant_id: int, shop_id: int, customers: Sequence[Customer], *, source: str, by: Actor
) -> Welcomed:
    """Make members of customers, or tell known ones what is new of them; the same batch again changes nothing.

    Each needs an identity of her own, or she would be made anew each time. Gender and birthday only fill gaps, tags are
    added; who never bought counts as recruited. Of an erased member nothing is kept of what was so before her erasure, or
    may have been; who came back since is somebody new.
    All of it goes again with `undo_source`. At most once in a transaction, as `recognise_seen`.
    """
    seen = see(crypto.vault(merchant_id), shop_id, [one.sighting for one in customers])
    gone = _maybe_erased(merchant_id, [one for one, told in zip(seen, customers, strict=True) if told.is_undated])
    rest = [
        (one, told) for one, told in zip(seen, customers, strict=True) if not (told.is_undated and one.keys in gone)
    ]
    found = recognise_seen(merchant_id, shop_id, [one for one, _told in rest], source=source, by=by)
    told = {who.member_id: one for who, (_seen, one) in zip(found, rest, strict=True) if not who.is_erased}
    params = {"merchant_id": merchant_id, "source": source, "members": sql.numbers(told)}
    new = _ids(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])"
        " AND source = %(source)s",
        params,
    )
    # What a new card tells is news; of the member's first card `recognise` has told already.
    changed = _ids(
        "SELECT DISTINCT member_id FROM members_card WHERE merchant_id = %(merchant_id)s"
        " AND member_id = ANY(%(members)s::bigint[]) AND source = %(source)s",
        params,
    )
    sql.run(
        "UPDATE members_member SET relation_source = 'recruited' WHERE merchant_id = %(merchant_id)s"
        " AND id = ANY(%(members)s::bigint[]) AND source = %(source)s AND relation_source = 'untraded'",
        params,
    )
    changed |= _fill_gaps(merchant_id, told, source) | _put_tags(merchant_id, told, source, by)
    changed -= new
    return Welcomed(len(new), len(changed), len(customers) - len(new) - len(changed))


def _maybe_erased(merchant_id: int, undated: Sequence[Seen]) -> set[tuple[Key, ...]]:
    """The identities of those who were erased and have not come back: nobody can say whether what is told is news."""
    before = [one._replace(sighting=one.sighting._replace(seen_at=_LONG_AGO)) for one in undated]
    marked = {undated[place].keys for place in tombstones.match(merchant_id, before)}
    keys = sorted({key for keys in marked for key in keys})
    known = {
        (row[0], row[1], row[2])
        for row in sql.rows(
            "SELECT i.kind, i.shop_id, i.value FROM members_identity i"
            " JOIN unnest(%(kinds)s::text[], %(shops)s::bigint[], %(values)s::text[]) AS k (kind, shop_id, value)"
            " USING (kind, shop_id, value) WHERE i.merchant_id = %(merchant_id)s",
            {"merchant_id": merchant_id, "kinds": [key[0] for key in keys], "shops": [key[1] for key in keys],
             "values": [key[2] for key in keys]},
        )
    }  # fmt: skip
    return {keys for keys in marked if known.isdisjoint(keys)}


def _fill_gaps(merchant_id: int, told: dict[int, Customer], source: str) -> set[int]:
    """Gender and day of birth where none is known; who got one."""
    filled = sql.rows(
        """
        UPDATE members_member m SET
            gender = CASE WHEN m.gender = '' THEN t.gender ELSE m.gender END,
            birth_month_day = coalesce(m.birth_month_day, t.birth)
        FROM (SELECT x.*, o.gender = '' AS gender_open, o.birth_month_day IS NULL AS birth_open
            FROM unnest(%(members)s::bigint[], %(genders)s::text[], %(births)s::smallint[]) AS x (id, gender, birth)
            JOIN members_member o ON o.merchant_id = %(merchant_id)s AND o.id = x.id ORDER BY x.id FOR NO KEY UPDATE OF o) t
        WHERE m.merchant_id = %(merchant_id)s AND m.id = t.id
          AND (t.gender_open AND t.gender <> '' OR t.birth_open AND t.birth IS NOT NULL)
        RETURNING m.id, CASE WHEN t.gender_open AND t.gender <> '' THEN 'gender|' || t.gender END,
            CASE WHEN t.birth_open AND t.birth IS NOT NULL THEN 'birth|' || t.birth END
        """,
        {
            "merchant_id": merchant_id,
            "members": list(told),
            "genders": [one.gender for one in told.values()],
            "births": [rules.month_day(day) if (day := one.sighting.birthday) else None for one in told.values()],
        },
    )
    _remember(merchant_id, source, ((row[0], [item for item in row[1:] if item]) for row in filled))
    return {row[0] for row in filled}


def _put_tags(merchant_id: int, told: dict[int, Customer], source: str, by: Actor) -> set[int]:
    """Tags of the file on their members, in the name of the source; who got one."""
    wanted = [(member_id, name) for member_id, one in told.items() for name in sorted({*filter(_is_tag, one.tags)})]
    if not wanted:
        return set()
    now = clock.now()
    params = {"merchant_id": merchant_id, "source": source, "now": now,
              "members": [pair[0] for pair in wanted], "names": [pair[1] for pair in wanted]}  # fmt: skip
    sql.run(
        "INSERT INTO members_tag (merchant_id, name) SELECT DISTINCT %(merchant_id)s::bigint, name"
        " FROM unnest(%(names)s::text[]) AS name ORDER BY name ON CONFLICT (merchant_id, name) DO NOTHING",
        params,
    )
    pairs = sql.rows(
        "SELECT w.member_id, t.id, t.name FROM unnest(%(members)s::bigint[], %(names)s::text[]) AS w (member_id, name)"
        " JOIN members_tag t ON t.merchant_id = %(merchant_id)s AND t.name = w.name",
        params,
    )
    names = {tag_id: name for _member_id, tag_id, name in pairs}
    put = sql.rows(
        "INSERT INTO members_membertag (merchant_id, tag_id, member_id, by, added_at)"
        " SELECT DISTINCT %(merchant_id)s::bigint, tag_id, member_id, %(source)s, %(now)s"
        " FROM unnest(%(tags)s::bigint[], %(bearers)s::bigint[]) AS x (tag_id, member_id) ORDER BY 2, 3"
        " ON CONFLICT (merchant_id, tag_id, member_id) DO NOTHING RETURNING member_id, tag_id",
        {**params, "tags": [row[1] for row in pairs], "bearers": [row[0] for row in pairs]},
    )
    bears: dict[int, list[str]] = {}
    for member_id, tag_id, _name in pairs:
        bears.setdefault(member_id, []).append(f"tag|{tag_id}")
    _remember(merchant_id, source, bears.items())
    added: dict[int, list[str]] = {}
    for member_id, tag_id in put:
        added.setdefault(member_id, []).append(names[tag_id])
    facts.publish(
        merchant_id,
        [
            MemberTagged(member_id=member_id, happened_at=now, added=sorted(words), removed=[])
            for member_id, words in added.items()
        ],
        by=by,
    )
    return set(added)


def _is_tag(name: str) -> bool:
    """Whether a word may lie open as a tag."""
    return 0 < len(name) <= LONGEST_TAG and not rules.is_personal_word(name)


def _remember(merchant_id: int, source: str, items: Iterable[tuple[int, list[str]]]) -> None:
    """Keep what a source filled in beside the cards and identities it told, for undoing it."""
    names = sql.stage("staged_welcome", SOURCE_USE, [(one, source, json.dumps(found)) for one, found in items])
    sql.run(
        f"INSERT INTO members_sourceuse AS u (merchant_id, {names})"
        f" SELECT %(merchant_id)s, {names} FROM staged_welcome ORDER BY member_id"
        " ON CONFLICT (merchant_id, member_id, source) DO UPDATE SET items = u.items || excluded.items"
        " WHERE NOT u.items @> excluded.items",
        {"merchant_id": merchant_id},
    )


def _ids(statement: str, params: dict[str, object]) -> set[int]:
    return {row[0] for row in sql.rows(statement, params)}
