"""Keeping what sightings told: the latest on the member's row, personal values on cards, who told what."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from shuke.core import sql
from shuke.core.crypto import Vault
from shuke.members import rules, sealing
from shuke.members.sighting import Key, Seen, Sighting, card_values
from shuke.members.staging import CARD, MEMBER, SOURCE_USE


class State(NamedTuple):
    """What a member's row knows of her latest sighting."""

    seen_at: datetime | None
    seen_digest: bytes
    seen_source: str
    relation_source: str


@dataclass(slots=True)
class Told:
    """All that a batch tells of one member: the latest sighting, the latest of each card, her identities."""

    latest: Sighting
    digest: bytes
    cards: dict[bytes, Sighting] = field(default_factory=dict)
    keys: set[Key] = field(default_factory=set)
    traded: bool = False

    @property
    def relation_source(self) -> str:
        """Whether any sighting was of a purchase."""
        return rules.TRADED if self.traded else rules.UNTRADED


def gather(seen: Sequence[Seen], member_ids: Sequence[int]) -> dict[int, Told]:
    """What a batch tells, by member."""
    told: dict[int, Told] = {}
    for (sighting, own, digest), member_id in zip(seen, member_ids, strict=True):
        one = told.get(member_id)
        if one is None:
            told[member_id] = Told(sighting, digest, {digest: sighting}, set(own), sighting.traded)
            continue
        if sighting.seen_at >= one.latest.seen_at:
            one.latest, one.digest = sighting, digest
        before = one.cards.get(digest)
        if before is None or before.seen_at < sighting.seen_at:
            one.cards[digest] = sighting
        one.keys.update(own)
        one.traded = one.traded or sighting.traded
    return told


def with_news(
    told: Mapping[int, Told], states: Mapping[int, State], with_fresh_identity: set[int], source: str
) -> list[int]:
    """Those known members, sorted, of whom something new was told; for all others nothing is written."""
    return sorted(
        member_id
        for member_id, state in states.items()
        if (one := told.get(member_id)) is not None
        and (
            member_id in with_fresh_identity
            or state.seen_at is None
            or one.latest.seen_at > state.seen_at
            or len(one.cards) > 1
            or one.digest != state.seen_digest
            or state.seen_source != source
            or (one.traded and state.relation_source != rules.TRADED)
        )
    )


def member_row(member_id: int, told: Told, source: str, joined_at: datetime) -> tuple[Any, ...]:
    """A row for staging.MEMBER."""
    latest = told.latest
    name = rules.display_name(latest.nick or latest.shown_nick, latest.name or latest.name_masked)
    return (
        member_id, name, told.relation_source, latest.province, latest.city, joined_at, source, latest.seen_at,
        told.digest, source,
    )  # fmt: skip


def update(merchant_id: int, told: Mapping[int, Told], source: str) -> None:
    """Move known members on to their latest sighting, and remember that this source told of them too.

    The card that was the latest until now takes the time at which it was last seen from the member's row.
    """
    if not told:
        return
    params = {"merchant_id": merchant_id, "members": sql.numbers(told)}
    sql.run(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])"
        " ORDER BY id FOR NO KEY UPDATE",
        params,
    )
    sql.stage("staged_member", MEMBER, [member_row(*item, source, item[1].latest.seen_at) for item in told.items()])
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
            relation_source = CASE WHEN s.relation_source = 'traded' THEN 'traded' ELSE m.relation_source END,
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
        " WHERE m.merchant_id = %(merchant_id)s AND m.id = s.id AND m.relation_source <> 'traded'"
        " AND s.relation_source = 'traded'",
        params,
    )
    _remember_use(merchant_id, told, source)


def _remember_use(merchant_id: int, told: Mapping[int, Told], source: str) -> None:
    rows = [
        (member_id, source, json.dumps([*(digest.hex() for digest in one.cards), *map(item, one.keys)]))
        for member_id, one in told.items()
    ]
    names = sql.stage("staged_source_use", SOURCE_USE, rows)
    sql.run(
        f"INSERT INTO members_sourceuse AS u (merchant_id, {names})"
        f" SELECT %(merchant_id)s, {names} FROM staged_source_use"
        " ON CONFLICT (merchant_id, member_id, source) DO UPDATE SET items ="
        " (SELECT jsonb_agg(DISTINCT item) FROM jsonb_array_elements(u.items || excluded.items) AS item)"
        " WHERE NOT u.items @> excluded.items",
        {"merchant_id": merchant_id},
    )


def item(key: Key) -> str:
    """An identity as SourceUse.items names it; `actions.undoing` builds the same text in SQL."""
    return f"{key[0]}|{key[1]}|{key[2]}"


def keep_cards(
    merchant_id: int, vault: Vault, told: Mapping[int, Told], states: Mapping[int, State], source: str
) -> None:
    """Seal what is new; a card that is kept already only learns when it was seen last."""
    rows = []
    for member_id, one in told.items():
        state = states.get(member_id)
        for digest, sighting in one.cards.items():
            if state is not None and digest == state.seen_digest and _is_told(one, sighting, state):
                continue
            values = card_values(sighting)
            if values:
                rows.append(
                    sealing.card_row(
                        vault, merchant_id, member_id, digest, values, seen_at=sighting.seen_at, source=source
                    )
                )
    write_cards(merchant_id, rows)


def _is_told(told: Told, sighting: Sighting, state: State) -> bool:
    """Whether the member's own row says when this card, her latest before, was last seen."""
    return sighting is told.latest or (state.seen_at is not None and sighting.seen_at <= state.seen_at)


def write_cards(merchant_id: int, rows: Sequence[tuple[Any, ...]]) -> None:
    """Insert rows made by cards.row; of a card that is there only the time moves on."""
    if not rows:
        return
    names = sql.stage("staged_card", CARD, rows)
    sql.run(
        f"INSERT INTO members_card AS c (merchant_id, {names}) SELECT %(merchant_id)s, {names} FROM staged_card"
        " ON CONFLICT (merchant_id, member_id, digest) DO UPDATE SET seen_at = excluded.seen_at"
        " WHERE c.seen_at < excluded.seen_at",
        {"merchant_id": merchant_id},
    )
