"""Knowing again who was sighted, making members of those nobody knows, keeping what the sightings told."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import transaction

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.tenancy import tenant
from shuke.members import cards, rules
from shuke.members.events import MemberJoined
from shuke.members.staging import CARD, IDENTITY, MEMBER, SOURCE_USE, new_ids, stage

_ATTEMPTS = 5


class Sighting(NamedTuple):
    """What one order, message or form tells of a person; "" where it tells nothing.

    `seen_at` says when it was so, `traded` whether she bought. A `*_masked` text is what a platform showed with stars.
    An order's phone is its receiver's: it counts as an identity only with `phone_is_own`.
    """

    seen_at: datetime
    traded: bool = False
    nick: str = ""
    ouid: str = ""
    omid: str = ""
    open_uid: str = ""
    phone_is_own: bool = False
    name: str = ""
    phone: str = ""
    address: str = ""
    alipay: str = ""
    email: str = ""
    name_masked: str = ""
    phone_masked: str = ""
    address_masked: str = ""
    province: str = ""
    city: str = ""
    district: str = ""


_CARD = slice(Sighting._fields.index("name"), len(Sighting._fields))
_STARRED = {"name": "name_masked", "phone": "phone_masked", "address": "address_masked"}

Key = tuple[str, int, str]  # kind, shop id or 0, value


class _Overtaken(Exception):
    """Another transaction took one of the new identities first; resolving again finds its member."""


class _State(NamedTuple):
    seen_at: datetime | None
    seen_digest: bytes
    seen_source: str
    relation_source: str


@dataclass(slots=True)
class _Told:
    """All that a batch tells of one member: the latest sighting, one sighting per card, her identities."""

    latest: Sighting
    digest: bytes
    cards: dict[bytes, Sighting] = field(default_factory=dict)
    keys: set[Key] = field(default_factory=set)
    traded: bool = False


@dataclass(slots=True)
class _Picked:
    """Whose each sighting is (below zero: the n-th new member), which identities are new, who may be one person."""

    refs: list[int]
    new_count: int = 0
    fresh: dict[Key, int] = field(default_factory=dict)
    doubles: dict[tuple[int, int], tuple[str, str]] = field(default_factory=dict)


def recognise(
    merchant_id: int, shop_id: int, sightings: Sequence[Sighting], *, source: str, by: Actor
) -> list[int]:
    """The member of each sighting, in order; whom nobody knows is made a member.

    The highest-ranking known identity (ouid, omid, open_uid, nick, own phone) decides; where others lead to somebody
    else, both stay and a suspicion is kept. Masked values are no identities: a sighting without any makes a new
    member each time. Values are sealed and kept once, with the `source` ("import:123") that brought them. Call it at
    most once in a transaction: identities are taken in sorted order, so that two such transactions never deadlock.
    """
    if not sightings:
        return []
    with tenant(merchant_id):
        for _ in range(_ATTEMPTS):
            try:
                with transaction.atomic():
                    return _recognise(merchant_id, shop_id, sightings, source, by)
            except _Overtaken:
                continue
    raise RuntimeError("identities keep being taken by others")


def _recognise(merchant_id: int, shop_id: int, sightings: Sequence[Sighting], source: str, by: Actor) -> list[int]:
    vault = crypto.vault(merchant_id)
    keys = [_keys(vault, shop_id, sighting) for sighting in sightings]
    owners = _owners(merchant_id, keys)
    picked = _pick(keys, owners, _with_ouid(merchant_id, shop_id, keys, owners))
    ids = new_ids(picked.new_count) if picked.new_count else []

    def final(ref: int) -> int:
        return ref if ref > 0 else ids[-ref - 1]

    member_ids = [final(ref) for ref in picked.refs] if ids else picked.refs
    told = _gather(vault, sightings, keys, member_ids)
    now = clock.now()
    _claim(merchant_id, {key: final(ref) for key, ref in picked.fresh.items()}, source, now)
    new = set(ids)
    fresh_owners = {final(ref) for ref in picked.fresh.values()}
    _make(merchant_id, {member_id: told[member_id] for member_id in ids}, source, now, by)
    states = _states(merchant_id, [member_id for member_id in told if member_id not in new])
    changed = [
        member_id
        for member_id, state in states.items()
        if member_id in fresh_owners or _tells_more(told[member_id], state, source)
    ]
    if changed:
        _update(merchant_id, {member_id: told[member_id] for member_id in sorted(changed)}, source)
    _keep_cards(merchant_id, vault, {member_id: told[member_id] for member_id in (*ids, *changed)}, states, source)
    _suspect(merchant_id, {(final(a), final(b)): kinds for (a, b), kinds in picked.doubles.items()}, source, now)
    return member_ids


def _keys(vault: crypto.Vault, shop_id: int, sighting: Sighting) -> tuple[Key, ...]:
    keys: list[Key] = []
    if sighting.ouid and "*" not in sighting.ouid:
        keys.append((rules.OUID, shop_id, sighting.ouid))
    if sighting.omid and "*" not in sighting.omid:
        keys.append((rules.OMID, 0, sighting.omid))
    if sighting.open_uid and "*" not in sighting.open_uid:
        keys.append((rules.OPEN_UID, shop_id, sighting.open_uid))
    if sighting.nick and "*" not in sighting.nick:
        keys.append((rules.NICK, shop_id, nick_value(vault, sighting.nick)))
    if sighting.phone_is_own and "*" not in sighting.phone:
        phone = rules.normal_phone(sighting.phone)
        if phone and not rules.is_virtual(phone):
            keys.append((rules.PHONE, 0, phone_value(vault, phone)))
    return tuple(keys)


def nick_value(vault: crypto.Vault, nick: str) -> str:
    """A nick as identities keep it: clear, or blind when it is somebody's phone number or mail address."""
    if nick[0] == "#" or rules.is_personal_word(nick):
        return f"#{vault.index(rules.NICK, nick).hex()}"
    return nick


def phone_value(vault: crypto.Vault, phone: str) -> str:
    """A normal phone number as identities keep it: blind."""
    return f"#{vault.index(rules.PHONE, phone).hex()}"


def _owners(merchant_id: int, keys: Iterable[tuple[Key, ...]]) -> dict[Key, int]:
    asked: dict[tuple[str, int], set[str]] = {}
    for own in keys:
        for kind, shop_id, value in own:
            asked.setdefault((kind, shop_id), set()).add(value)
    return {
        (kind, shop_id, value): member_id
        for (kind, shop_id), values in asked.items()
        for value, member_id in sql.rows(
            "SELECT value, member_id FROM members_identity WHERE merchant_id = %(merchant_id)s AND kind = %(kind)s"
            " AND shop_id = %(shop_id)s AND value = ANY(%(values)s)",
            {"merchant_id": merchant_id, "kind": kind, "shop_id": shop_id, "values": list(values)},
        )
    }


def _with_ouid(
    merchant_id: int, shop_id: int, keys: Iterable[tuple[Key, ...]], owners: Mapping[Key, int]
) -> set[int]:
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
            " AND shop_id = %(shop_id)s AND member_id = ANY(%(members)s)",
            {"merchant_id": merchant_id, "shop_id": shop_id, "members": list(asked)},
        )
    }


def _pick(keys: Iterable[tuple[Key, ...]], owners: dict[Key, int], with_ouid: set[int]) -> _Picked:
    picked = _Picked([])
    for own in keys:
        ref, kind = 0, ""
        for key in own:
            found = owners.get(key)
            if found is None or found == ref:
                continue
            if ref:
                picked.doubles[ref, found] = (kind, key[0])
            elif own[0][0] == rules.OUID and own[0] not in owners and found in with_ouid:
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
                    with_ouid.add(ref)
        picked.refs.append(ref)
    return picked


def _gather(
    vault: crypto.Vault, sightings: Sequence[Sighting], keys: Sequence[tuple[Key, ...]], member_ids: Sequence[int]
) -> dict[int, _Told]:
    told: dict[int, _Told] = {}
    digests: dict[tuple[Any, ...], bytes] = {}
    for sighting, own, member_id in zip(sightings, keys, member_ids, strict=True):
        content = sighting[_CARD]
        digest = digests.get(content)
        if digest is None:
            digest = vault.index("card", "\x1f".join(content)) if any(content) else b""  # type: ignore[arg-type]
            digests[content] = digest
        one = told.get(member_id)
        if one is None:
            one = told[member_id] = _Told(sighting, digest)
        elif sighting.seen_at >= one.latest.seen_at:
            one.latest, one.digest = sighting, digest
        before = one.cards.get(digest)
        if before is None or before.seen_at < sighting.seen_at:
            one.cards[digest] = sighting
        one.keys.update(own)
        one.traded = one.traded or sighting.traded
    return told


def _claim(merchant_id: int, fresh: Mapping[Key, int], source: str, now: datetime) -> None:
    if not fresh:
        return
    names = stage("staged_identity", IDENTITY, [(fresh[key], *key, source, now) for key in sorted(fresh)])
    taken = sql.run(
        f"INSERT INTO members_identity (merchant_id, {names}) SELECT %(merchant_id)s, {names} FROM staged_identity"
        " ON CONFLICT (merchant_id, kind, shop_id, value) DO NOTHING",
        {"merchant_id": merchant_id},
    )
    if taken < len(fresh):
        raise _Overtaken


def _make(merchant_id: int, told: Mapping[int, _Told], source: str, now: datetime, by: Actor) -> None:
    if not told:
        return
    names = stage("staged_member", MEMBER, [_member_row(*item, source, now) for item in told.items()])
    sql.run(
        f"INSERT INTO members_member (merchant_id, {names}, status, status_reason, gender)"
        f" SELECT %(merchant_id)s, {names}, 'normal', '', '' FROM staged_member",
        {"merchant_id": merchant_id},
    )
    facts.publish(
        merchant_id,
        [
            MemberJoined(member_id=member_id, happened_at=now, relation_source=_relation(one.traded), source=source)
            for member_id, one in told.items()
        ],
        by=by,
    )


def _member_row(member_id: int, told: _Told, source: str, now: datetime) -> tuple[Any, ...]:
    latest = told.latest
    name = rules.display_name(latest.nick, latest.name or latest.name_masked)
    return (
        member_id, name, _relation(told.traded), latest.province, latest.city, now, source, latest.seen_at,
        told.digest, source,
    )  # fmt: skip


def _relation(traded: bool) -> str:
    return rules.TRADED if traded else rules.UNTRADED


def _states(merchant_id: int, member_ids: Sequence[int]) -> dict[int, _State]:
    if not member_ids:
        return {}
    return {
        row[0]: _State(row[1], bytes(row[2] or b""), row[3], row[4])
        for row in sql.rows(
            "SELECT id, seen_at, seen_digest, seen_source, relation_source FROM members_member"
            " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s)",
            {"merchant_id": merchant_id, "members": list(member_ids)},
        )
    }


def _tells_more(told: _Told, state: _State, source: str) -> bool:
    return (
        state.seen_at is None
        or told.latest.seen_at > state.seen_at
        or len(told.cards) > 1
        or told.digest != state.seen_digest
        or state.seen_source != source
        or (told.traded and state.relation_source == rules.UNTRADED)
    )


def _update(merchant_id: int, told: Mapping[int, _Told], source: str) -> None:
    """Move known members on to their latest sighting, and remember that this source told of them too."""
    params = {"merchant_id": merchant_id, "members": list(told)}
    sql.run(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s)"
        " ORDER BY id FOR NO KEY UPDATE",
        params,
    )
    stage("staged_member", MEMBER, [_member_row(*item, source, item[1].latest.seen_at) for item in told.items()])
    sql.run(
        "UPDATE members_card c SET seen_at = m.seen_at FROM members_member m, staged_member s"
        " WHERE m.merchant_id = %(merchant_id)s AND m.id = s.id AND s.seen_at >= m.seen_at"
        " AND s.seen_digest <> m.seen_digest AND c.merchant_id = m.merchant_id AND c.member_id = m.id"
        " AND c.digest = m.seen_digest AND c.seen_at < m.seen_at",
        params,
    )
    sql.run(
        """
        UPDATE members_member m SET
            display_name = CASE WHEN s.display_name <> '' AND (strpos(s.display_name, '*') = 0 OR m.display_name = ''
                OR strpos(m.display_name, '*') > 0) THEN s.display_name ELSE m.display_name END,
            relation_source = CASE WHEN m.relation_source = 'untraded' THEN s.relation_source
                ELSE m.relation_source END,
            province = coalesce(nullif(s.province, ''), m.province),
            city = CASE WHEN s.province <> '' THEN s.city ELSE m.city END,
            seen_at = s.seen_at, seen_digest = s.seen_digest, seen_source = s.seen_source
        FROM staged_member s
        WHERE m.merchant_id = %(merchant_id)s AND m.id = s.id AND s.seen_at >= coalesce(m.seen_at, s.seen_at)
        """,
        params,
    )
    sql.run(
        "UPDATE members_member m SET relation_source = 'traded' FROM staged_member s"
        " WHERE m.merchant_id = %(merchant_id)s AND m.id = s.id AND m.relation_source = 'untraded'"
        " AND s.relation_source = 'traded'",
        params,
    )
    _remember_use(merchant_id, told, source)


def _remember_use(merchant_id: int, told: Mapping[int, _Told], source: str) -> None:
    rows = [
        (
            member_id,
            source,
            json.dumps([digest.hex() for digest in one.cards] + ["|".join(map(str, key)) for key in one.keys]),
        )
        for member_id, one in told.items()
    ]
    names = stage("staged_source_use", SOURCE_USE, rows)
    sql.run(
        f"INSERT INTO members_sourceuse AS u (merchant_id, {names})"
        f" SELECT %(merchant_id)s, {names} FROM staged_source_use"
        " ON CONFLICT (merchant_id, member_id, source) DO UPDATE SET items ="
        " (SELECT jsonb_agg(DISTINCT item) FROM jsonb_array_elements(u.items || excluded.items) AS item)"
        " WHERE NOT u.items @> excluded.items",
        {"merchant_id": merchant_id},
    )


def _keep_cards(
    merchant_id: int, vault: crypto.Vault, told: Mapping[int, _Told], states: Mapping[int, _State], source: str
) -> None:
    rows = []
    for member_id, one in told.items():
        state = states.get(member_id)
        for digest, sighting in one.cards.items():
            if state is not None and digest == state.seen_digest and _is_told(one, sighting, state):
                continue
            values, stars = _values(sighting)
            if values or stars:
                rows.append(
                    cards.row(
                        vault, merchant_id, member_id, digest, values, stars, seen_at=sighting.seen_at, source=source
                    )
                )
    if not rows:
        return
    names = stage("staged_card", CARD, rows)
    sql.run(
        f"INSERT INTO members_card AS c (merchant_id, {names}) SELECT %(merchant_id)s, {names} FROM staged_card"
        " ON CONFLICT (merchant_id, member_id, digest) DO UPDATE SET seen_at = excluded.seen_at"
        " WHERE c.seen_at < excluded.seen_at",
        {"merchant_id": merchant_id},
    )


def _is_told(told: _Told, sighting: Sighting, state: _State) -> bool:
    """Whether the member's own row already says when this card, her latest before, was last seen."""
    return sighting is told.latest or (state.seen_at is not None and sighting.seen_at <= state.seen_at)


def _values(sighting: Sighting) -> tuple[dict[str, str], dict[str, str]]:
    """The clear values and the platform's masks of a sighting; a clear text with stars is a mask too."""
    values: dict[str, str] = {}
    stars: dict[str, str] = {}
    for name, value in (
        ("name", sighting.name),
        ("phone", sighting.phone),
        ("address", sighting.address),
        ("alipay", sighting.alipay),
        ("email", sighting.email),
    ):
        if value:
            (stars if "*" in value else values)[name] = value
    for name, starred in _STARRED.items():
        masked = getattr(sighting, starred)
        if masked and name not in values:
            stars[name] = masked
    return values, stars


def _suspect(
    merchant_id: int, doubles: Mapping[tuple[int, int], tuple[str, str]], source: str, now: datetime
) -> None:
    if not doubles:
        return
    rows = sorted({(min(pair), max(pair)): kinds for pair, kinds in doubles.items()}.items())
    sql.run(
        """
        INSERT INTO members_suspicion (merchant_id, first_member_id, second_member_id, first_kind, second_kind,
            source, state, created_at)
        SELECT %(merchant_id)s, first, second, first_kind, second_kind, %(source)s, 'open', %(now)s
        FROM unnest(%(first)s::bigint[], %(second)s::bigint[], %(first_kind)s::text[], %(second_kind)s::text[])
            AS f (first, second, first_kind, second_kind)
        ON CONFLICT (merchant_id, first_member_id, second_member_id) DO NOTHING
        """,
        {"merchant_id": merchant_id, "source": source, "now": now, "first": [pair[0] for pair, _ in rows],
         "second": [pair[1] for pair, _ in rows], "first_kind": [kinds[0] for _, kinds in rows],
         "second_kind": [kinds[1] for _, kinds in rows]},
    )  # fmt: skip
