"""Tags, groups and attributes of a merchant, with their counts; names of many members."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from shuke.core import sql


@dataclass(frozen=True, slots=True)
class Tag:
    """A tag and how many members bear it."""

    id: int
    name: str
    member_count: int


@dataclass(frozen=True, slots=True)
class Group:
    """A group filled by hand and how many members are in it."""

    id: int
    name: str
    note: str
    offer: str
    strategy: str
    member_count: int


@dataclass(frozen=True, slots=True)
class Attribute:
    """A custom attribute."""

    id: int
    name: str
    kind: str
    choices: list[str]
    is_personal: bool
    is_active: bool


def tags(merchant_id: int) -> list[Tag]:
    """All tags by name."""
    return [
        Tag(*row)
        for row in sql.rows(
            "SELECT t.id, t.name, (SELECT count(*) FROM members_membertag x WHERE x.merchant_id = t.merchant_id"
            " AND x.tag_id = t.id) FROM members_tag t WHERE t.merchant_id = %(merchant_id)s ORDER BY t.name",
            {"merchant_id": merchant_id},
        )
    ]


def groups(merchant_id: int) -> list[Group]:
    """All groups by name."""
    return [
        Group(*row)
        for row in sql.rows(
            "SELECT g.id, g.name, g.note, g.offer, g.strategy, (SELECT count(*) FROM members_membergroup x"
            " WHERE x.merchant_id = g.merchant_id AND x.group_id = g.id)"
            " FROM members_group g WHERE g.merchant_id = %(merchant_id)s ORDER BY g.name",
            {"merchant_id": merchant_id},
        )
    ]


def group(merchant_id: int, group_id: int) -> Group | None:
    """One group."""
    return next((one for one in groups(merchant_id) if one.id == group_id), None)


def attributes(merchant_id: int, *, with_inactive: bool = False) -> list[Attribute]:
    """Custom attributes in the order they were made."""
    return [
        Attribute(row[0], row[1], row[2], sql.loads(row[3]), row[4], row[5])
        for row in sql.rows(
            "SELECT id, name, kind, choices, is_personal, is_active FROM members_attribute"
            " WHERE merchant_id = %(merchant_id)s AND (is_active OR %(all)s) ORDER BY id",
            {"merchant_id": merchant_id, "all": with_inactive},
        )
    ]


def names(merchant_id: int, member_ids: Iterable[int]) -> dict[int, str]:
    """What lists call these members, by id; ids of nobody are left out."""
    return sql.ask(asking_names(merchant_id, member_ids))


def asking_names(merchant_id: int, member_ids: Iterable[int]) -> sql.Question[dict[int, str]]:
    """The question behind `names`."""
    return sql.Question(
        "SELECT id, display_name FROM members_member WHERE merchant_id = %(merchant_id)s"
        " AND id = ANY(%(members)s::bigint[])",
        {"merchant_id": merchant_id, "members": sql.numbers(member_ids)},
        dict,
    )
