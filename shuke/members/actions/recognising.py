"""Knowing again who was sighted, and making members of those nobody knows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple

from django.db import transaction

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.tenancy import tenant
from shuke.members import rules
from shuke.members.actions import keeping, tombstones
from shuke.members.actions.keeping import State, Told
from shuke.members.events import MemberJoined
from shuke.members.queries.homes import homes
from shuke.members.sighting import Key, Seen, Sighting, see
from shuke.members.staging import IDENTITY, MEMBER

_ATTEMPTS = 5


class Recognised(NamedTuple):
    """Who stands for the person of a sighting, and whose it is when nobody is joined to anybody."""

    member_id: int
    origin_id: int
    is_erased: bool = False


class _Overtaken(Exception):
    """Another transaction took one of the new identities first; resolving again finds its member."""


@dataclass(slots=True)
class _Known:
    """Whose the identities of a batch are, and what is known of these members' latest sightings."""

    owners: dict[Key, int] = field(default_factory=dict)
    states: dict[int, State] = field(default_factory=dict)
    with_ouid: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Picked:
    """Whose each sighting is (below zero: the n-th new member), which identities are new, who may be one person."""

    refs: list[int] = field(default_factory=list)
    new_count: int = 0
    fresh: dict[Key, int] = field(default_factory=dict)
    doubles: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)


def recognise(merchant_id: int, shop_id: int, sightings: Sequence[Sighting], *, source: str, by: Actor) -> list[int]:
    """The member of each sighting, in order; whom nobody knows is made a member. See `recognise_seen`."""
    seen = see(crypto.vault(merchant_id), shop_id, sightings)
    return [one.member_id for one in recognise_seen(merchant_id, shop_id, seen, source=source, by=by)]


def recognise_seen(merchant_id: int, shop_id: int, seen: Sequence[Seen], *, source: str, by: Actor) -> list[Recognised]:
    """Whom each sighting is of, in order; whom nobody knows is made a member. `seen` was prepared for this shop.

    The highest-ranking known identity (ouid, omid, open_uid, nick, own phone) decides; where others lead to somebody
    else, both stay and a suspicion is kept. Masked values are no identities: a sighting without any makes a new
    member each time. Values are sealed and kept once, with the `source` ("import:123") that brought them. Call it at
    most once in a transaction: identities are taken in sorted order, so that two such transactions never deadlock.
    What is told of members who were joined to others is kept with them, so that they can be parted again. Of an erased
    member nothing is kept of what was so before her erasure; it is hers without saying who she was.
    """
    if not seen:
        return []
    with tenant(merchant_id):
        for _ in range(_ATTEMPTS):
            try:
                with transaction.atomic():
                    return _at_home(merchant_id, _all(merchant_id, shop_id, seen, source, by))
            except _Overtaken:
                continue
    raise RuntimeError("identities keep being taken by others")


def _all(merchant_id: int, shop_id: int, seen: Sequence[Seen], source: str, by: Actor) -> list[Recognised]:
    gone = tombstones.match(merchant_id, seen)
    if not gone:
        return [Recognised(one, one) for one in _recognise(merchant_id, shop_id, seen, source, by)]
    rest = [one for place, one in enumerate(seen) if place not in gone]
    found = iter(_recognise(merchant_id, shop_id, rest, source, by) if rest else ())
    return [
        Recognised(gone[place], gone[place], is_erased=True) if place in gone else Recognised(one := next(found), one)
        for place in range(len(seen))
    ]


def _at_home(merchant_id: int, found: list[Recognised]) -> list[Recognised]:
    known = homes(merchant_id, {one.origin_id for one in found})
    return [one._replace(member_id=known[one.origin_id]) for one in found]


def _recognise(merchant_id: int, shop_id: int, seen: Sequence[Seen], source: str, by: Actor) -> list[int]:
    keys = [one.keys for one in seen]
    known = _look_up(merchant_id, shop_id, keys)
    picked = _pick(keys, known)
    ids = sql.new_ids(picked.new_count) if picked.new_count else []

    def final(ref: int) -> int:
        return ref if ref > 0 else ids[-ref - 1]

    member_ids = [final(ref) for ref in picked.refs] if ids else picked.refs
    fresh = {key: final(ref) for key, ref in picked.fresh.items()}
    told = keeping.gather(seen, member_ids)
    now = clock.now()
    _claim(merchant_id, fresh, source, now)
    _make(merchant_id, {member_id: told[member_id] for member_id in ids}, source, now, by)
    with_news = keeping.with_news(told, known.states, set(fresh.values()), source)
    keeping.update(merchant_id, {member_id: told[member_id] for member_id in with_news}, source)
    written = {member_id: told[member_id] for member_id in (*ids, *with_news)}
    keeping.keep_cards(merchant_id, crypto.vault(merchant_id), written, known.states, source)
    _suspect(merchant_id, {(final(a), final(b)): kinds for (a, b), kinds in picked.doubles.items()}, source, now)
    return member_ids


def _look_up(merchant_id: int, shop_id: int, keys: Iterable[tuple[Key, ...]]) -> _Known:
    asked: dict[tuple[str, int], set[str]] = {}
    for own in keys:
        for kind, shop, value in own:
            asked.setdefault((kind, shop), set()).add(value)
    known = _Known()
    for (kind, shop), values in asked.items():
        for value, member_id, seen_at, digest, *rest in sql.rows(
            "SELECT i.value, m.id, m.seen_at, m.seen_digest, m.seen_source, m.relation_source"
            " FROM members_identity i JOIN members_member m ON m.merchant_id = i.merchant_id AND m.id = i.member_id"
            " WHERE i.merchant_id = %(merchant_id)s AND i.kind = %(kind)s AND i.shop_id = %(shop)s"
            " AND i.value = ANY((SELECT string_to_array(%(values)s, chr(31)))::text[])",
            {"merchant_id": merchant_id, "kind": kind, "shop": shop, "values": sql.texts(values)},
        ):
            known.owners[kind, shop, value] = member_id
            known.states[member_id] = State(seen_at, bytes(digest or b""), *rest)
    known.with_ouid = _with_ouid(merchant_id, shop_id, keys, known.owners)
    return known


def _with_ouid(merchant_id: int, shop_id: int, keys: Iterable[tuple[Key, ...]], owners: Mapping[Key, int]) -> set[int]:
    """Which of the known members bear an ouid of this shop: another, new ouid cannot be theirs."""
    asked = {
        owners[key]
        for own in keys
        if own and own[0][0] == rules.OUID and own[0] not in owners
        for key in own[1:]
        if key in owners
    }
    if not asked:
        return set()
    return {
        row[0]
        for row in sql.rows(
            "SELECT member_id FROM members_identity WHERE merchant_id = %(merchant_id)s AND kind = 'ouid'"
            " AND shop_id = %(shop_id)s AND member_id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "shop_id": shop_id, "members": sql.numbers(asked)},
        )
    }


def _pick(keys: Iterable[tuple[Key, ...]], known: _Known) -> _Picked:
    picked, owners = _Picked(), known.owners
    for own in keys:
        ref, kind = 0, ""
        for key in own:
            found = owners.get(key)
            if found is None or found == ref:
                continue
            if ref:
                picked.doubles[ref, found] = (kind, key[0])
            elif own[0][0] == rules.OUID and own[0] not in owners and found in known.with_ouid:
                picked.new_count += 1
                ref, kind = -picked.new_count, rules.OUID
                picked.doubles[ref, found] = (kind, key[0])
            else:
                ref, kind = found, key[0]
        if not ref:
            picked.new_count += 1
            ref = -picked.new_count
        for key in own:
            if key not in owners:
                owners[key] = picked.fresh[key] = ref
                if key[0] == rules.OUID:
                    known.with_ouid.add(ref)
        picked.refs.append(ref)
    return picked


def _claim(merchant_id: int, fresh: Mapping[Key, int], source: str, now: datetime) -> None:
    if not fresh:
        return
    names = sql.stage("staged_identity", IDENTITY, [(fresh[key], *key, source, now) for key in sorted(fresh)])
    taken = sql.run(
        f"INSERT INTO members_identity (merchant_id, {names}) SELECT %(merchant_id)s, {names} FROM staged_identity"
        " ON CONFLICT (merchant_id, kind, shop_id, value) DO NOTHING",
        {"merchant_id": merchant_id},
    )
    if taken < len(fresh):
        raise _Overtaken


def _make(merchant_id: int, told: Mapping[int, Told], source: str, now: datetime, by: Actor) -> None:
    if not told:
        return
    names = sql.stage("staged_member", MEMBER, [keeping.member_row(*item, source, now) for item in told.items()])
    sql.run(
        f"INSERT INTO members_member (merchant_id, {names}, status, status_reason, gender)"
        f" SELECT %(merchant_id)s, {names}, 'normal', '', '' FROM staged_member",
        {"merchant_id": merchant_id},
    )
    facts.publish_rows(
        merchant_id,
        MemberJoined,
        "SELECT id AS member_id, NULL::bigint AS subject_id, joined_at AS happened_at, relation_source, source"
        " FROM staged_member",
        {},
        by=by,
    )


def _suspect(merchant_id: int, doubles: Mapping[tuple[int, int], tuple[str, str]], source: str, now: datetime) -> None:
    if not doubles:
        return
    rows = sorted({(min(pair), max(pair)): (pair, kinds) for pair, kinds in doubles.items()}.items())
    kinds = [kinds if pair[0] < pair[1] else kinds[::-1] for _, (pair, kinds) in rows]
    sql.run(
        """
        INSERT INTO members_suspicion (merchant_id, first_member_id, second_member_id, first_kind, second_kind,
            source, state, created_at)
        SELECT %(merchant_id)s, first, second, first_kind, second_kind, %(source)s, 'open', %(now)s
        FROM unnest(%(first)s::bigint[], %(second)s::bigint[], %(first_kind)s::text[], %(second_kind)s::text[])
            AS f (first, second, first_kind, second_kind)
        JOIN members_member a ON a.merchant_id = %(merchant_id)s AND a.id = first
        JOIN members_member b ON b.merchant_id = %(merchant_id)s AND b.id = second
        WHERE coalesce(a.home_id, a.id) <> coalesce(b.home_id, b.id)
        ON CONFLICT (merchant_id, first_member_id, second_member_id) DO NOTHING
        """,
        {
            "merchant_id": merchant_id,
            "source": source,
            "now": now,
            "first": [pair[0] for pair, _ in rows],
            "second": [pair[1] for pair, _ in rows],
            "first_kind": [kind[0] for kind in kinds],
            "second_kind": [kind[1] for kind in kinds],
        },
    )
