"""One member's page: who she is and what staff keep of her; her personal fields are in queries.personal."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import crypto, sql
from shuke.core.typed import LARGEST
from shuke.members import rules, sealing
from shuke.members.queries.homes import household, kin


@dataclass(frozen=True, slots=True)
class Profile:
    """A member as her page shows her; tags and groups are (id, name)."""

    id: int
    display_name: str
    relation_source: str
    status: str
    status_reason: str
    province: str
    city: str
    gender: str
    birth_month_day: int | None
    joined_at: datetime
    seen_at: datetime | None
    source: str
    home_id: int | None
    erased_at: datetime | None
    tags: list[tuple[int, str]]
    groups: list[tuple[int, str]]

    @property
    def is_blacklisted(self) -> bool:
        """Whether she is to be left alone."""
        return self.status == rules.BLACKLIST


@dataclass(frozen=True, slots=True)
class Identity:
    """A name under which a channel knows her; `value` is "" where it is kept blind."""

    kind: str
    shop_id: int
    value: str
    source: str
    created_at: datetime


@dataclass(frozen=True, slots=True)
class Note:
    """A note with the phone numbers and mail addresses in it masked; `by` is `staff:12`."""

    id: int
    text: str
    by: str
    written_at: datetime


@dataclass(frozen=True, slots=True)
class AttributeValue:
    """A member's value of a custom attribute; `value` is "***" where the attribute is personal."""

    attribute_id: int
    name: str
    kind: str
    is_personal: bool
    value: str
    source: str
    set_at: datetime | None


_ALL = "WHERE x.merchant_id = %(merchant_id)s AND x.member_id = ANY(%(members)s::bigint[])"


def profile(merchant_id: int, member_id: int) -> Profile | None:
    """One member, None when there is no such."""
    return profiles(merchant_id, [member_id]).get(member_id)


def profiles(merchant_id: int, member_ids: Collection[int]) -> dict[int, Profile]:
    """Many members by id; who does not exist is missing."""
    params = {"merchant_id": merchant_id, "members": sql.numbers(one for one in member_ids if one <= LARGEST)}
    found = sql.dicts(
        "SELECT id, display_name, relation_source, status, status_reason, province, city, gender, birth_month_day,"
        " joined_at, seen_at, source, home_id, erased_at FROM members_member"
        " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])",
        params,
    )
    tags, groups = _words("tag", params), _words("group", params)
    return {row["id"]: Profile(**row, tags=tags.get(row["id"], []), groups=groups.get(row["id"], [])) for row in found}


def identities(merchant_id: int, member_id: int) -> list[Identity]:
    """Her identities by rank, those of members joined to her included."""
    return identities_of(merchant_id, [member_id])[member_id]


def identities_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, list[Identity]]:
    """As `identities`, of each of many members."""
    homes = kin(merchant_id, member_ids)
    found: dict[int, list[Identity]] = {one: [] for one in member_ids}
    for owner_id, kind, shop_id, value, source, created_at in sql.rows(
        f"SELECT x.member_id, kind, shop_id, value, source, created_at FROM members_identity x {_ALL} ORDER BY id",
        {"merchant_id": merchant_id, "members": sql.numbers(homes)},
    ):
        told = Identity(kind, shop_id, "" if value.startswith("#") else value, source, created_at)
        found[homes[owner_id]].append(told)
    return {
        one: sorted(own, key=lambda identity: rules.RANKED_KINDS.index(identity.kind)) for one, own in found.items()
    }


def notes(merchant_id: int, member_id: int, *, limit: int = 100) -> list[Note]:
    """Notes about her and those joined to her, the latest first."""
    vault = crypto.vault(merchant_id)
    return [
        Note(note_id, rules.mask_word(sealing.open_note(vault, merchant_id, note_id, sealed)), by, written_at)
        for note_id, sealed, by, written_at in sql.rows(
            f"SELECT id, sealed, by, written_at FROM members_note x {_ALL} ORDER BY written_at DESC, id DESC"
            " LIMIT %(limit)s",
            {"merchant_id": merchant_id, "members": sql.numbers(household(merchant_id, member_id)), "limit": limit},
        )
    ]


def attribute_values(merchant_id: int, member_id: int) -> list[AttributeValue]:
    """Every attribute in use, with her value or ""."""
    return [
        AttributeValue(
            row["id"], row["name"], row["kind"], row["is_personal"],
            "***" if row["is_sealed"] else row["value"] or "", row["source"] or "", row["set_at"],
        )
        for row in sql.dicts(
            "SELECT a.id, a.name, a.kind, a.is_personal, v.value, v.sealed IS NOT NULL AS is_sealed, v.source, v.set_at"
            " FROM members_attribute a LEFT JOIN members_attributevalue v ON v.merchant_id = a.merchant_id"
            " AND v.attribute_id = a.id AND v.member_id = %(member_id)s"
            " WHERE a.merchant_id = %(merchant_id)s AND a.is_active ORDER BY a.id",
            {"merchant_id": merchant_id, "member_id": member_id},
        )
    ]  # fmt: skip


def _words(what: str, params: dict[str, Any]) -> dict[int, list[tuple[int, str]]]:
    found: dict[int, list[tuple[int, str]]] = {}
    for member_id, word_id, name in sql.rows(
        f"SELECT x.member_id, w.id, w.name FROM members_member{what} x JOIN members_{what} w"
        f" ON w.merchant_id = x.merchant_id AND w.id = x.{what}_id {_ALL} ORDER BY w.name",
        params,
    ):
        found.setdefault(member_id, []).append((word_id, name))
    return found
