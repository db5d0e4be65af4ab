"""What must always hold of customers, as questions that have no answer while it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any

from shuke.core import crypto, sql
from shuke.core.checks import Violation
from shuke.core.crypto import Unreadable, Vault
from shuke.members import sealing

_PAGE = 2000
_OWN = ("identity", "card", "sourceuse", "membertag", "membergroup", "note", "attributevalue")
_PHONE_LIKE = r"(^|[^0-9])1[3-9][0-9]{9}([^0-9]|$)"
_OPEN_TEXTS = {
    "member": ("display_name", "status_reason", "province", "city"),
    "tag": ("name",),
    "group": ("name", "note", "offer", "strategy"),
    "attributevalue": ("value",),
}


def run(merchant_id: int) -> list[Violation]:
    """All checks of one merchant, within her scope."""
    return [violation for check in CHECKS for violation in check(merchant_id)]


def rows_belong_to_members(merchant_id: int) -> Iterator[Violation]:
    """Every identity, card, tag, group place, note and value belongs to a member of the same merchant."""
    for table in _OWN:
        yield from _found(
            f"{table} without member",
            merchant_id,
            f"SELECT x.id FROM members_{table} x WHERE x.merchant_id = %(merchant_id)s AND NOT EXISTS"
            " (SELECT FROM members_member m WHERE m.merchant_id = x.merchant_id AND m.id = x.member_id)",
        )


def identities_are_well_formed(merchant_id: int) -> Iterator[Violation]:
    """No masked identity, phones blind, shop-bound kinds at a shop and the others at none."""
    yield from _found(
        "malformed identity",
        merchant_id,
        """
        SELECT id FROM members_identity WHERE merchant_id = %(merchant_id)s AND (
            value = '' OR strpos(value, '*') > 0 OR kind NOT IN ('ouid', 'omid', 'open_uid', 'nick', 'phone', 'email')
            OR (kind IN ('omid', 'phone', 'email')) <> (shop_id = 0)
            OR (kind IN ('phone', 'email') OR starts_with(value, '#')) AND value !~ '^#[0-9a-f]{32}$')
        """,
    )


def nothing_personal_lies_open(merchant_id: int) -> Iterator[Violation]:
    """No text that is not sealed holds what looks like a mobile number."""
    for table, columns in (*_OPEN_TEXTS.items(), ("identity", ("value",))):
        texts = ", ".join(columns)
        condition = "AND kind = 'nick'" if table == "identity" else ""
        yield from _found(
            f"open phone number in {table}",
            merchant_id,
            f"SELECT id FROM members_{table} WHERE merchant_id = %(merchant_id)s {condition}"
            f" AND concat_ws(' ', {texts}) ~ %(phone)s",
            phone=_PHONE_LIKE,
        )


def sealed_values_open(merchant_id: int) -> Iterator[Violation]:
    """Every card, note and personal attribute opens as its own row's, and is found by its own index."""
    vault = crypto.vault(merchant_id)
    for name, table, columns, opens in (
        ("card does not open", "members_card", "member_id, digest, sealed, name_index, phone_index", _card_opens),
        ("note does not open", "members_note", "id, sealed", _note_opens),
        ("attribute does not open", "members_attributevalue", "member_id, attribute_id, sealed", _attribute_opens),
    ):
        broken = [
            row[0] for row in _pages(merchant_id, table, columns) if not _opens(opens, vault, merchant_id, row[1:])
        ]
        if broken:
            yield Violation(name, _ids(broken), len(broken))


def _opens(opens: Callable[..., bool], vault: Vault, merchant_id: int, columns: Iterable[Any]) -> bool:
    try:
        return opens(vault, merchant_id, *columns)
    except Unreadable:
        return False


def _card_opens(
    vault: Vault,
    merchant_id: int,
    member_id: int,
    digest: bytes,
    sealed: bytes,
    name: bytes | None,
    phone: bytes | None,
) -> bool:
    values = sealing.open_card(vault, merchant_id, member_id, bytes(digest), sealed)
    return all(
        index is None or bytes(index) == sealing.blind(vault, field, values.get(field, ""))
        for field, index in (("name", name), ("phone", phone))
    )


def _note_opens(vault: Vault, merchant_id: int, note_id: int, sealed: bytes) -> bool:
    return bool(sealing.open_note(vault, merchant_id, note_id, sealed))


def _attribute_opens(vault: Vault, merchant_id: int, member_id: int, attribute_id: int, sealed: bytes | None) -> bool:
    return sealed is None or bool(sealing.open_attribute(vault, merchant_id, member_id, attribute_id, sealed))


def _pages(merchant_id: int, table: str, columns: str) -> Iterator[tuple[Any, ...]]:
    after = 0
    while True:
        rows = sql.rows(
            f"SELECT id, {columns} FROM {table} WHERE merchant_id = %(merchant_id)s AND id > %(after)s"
            " ORDER BY id LIMIT %(page)s",
            {"merchant_id": merchant_id, "after": after, "page": _PAGE},
        )
        yield from rows
        if len(rows) < _PAGE:
            return
        after = rows[-1][0]


def _found(name: str, merchant_id: int, statement: str, **params: Any) -> Iterator[Violation]:
    ids = [row[0] for row in sql.rows(statement, {"merchant_id": merchant_id, **params})]
    if ids:
        yield Violation(name, _ids(ids), len(ids))


def _ids(ids: list[int]) -> str:
    return ", ".join(map(str, ids[:10]))


def joined_members_have_one_home(merchant_id: int) -> Iterator[Violation]:
    """Whoever was joined to another has a home that stands for itself, and a joining that holds; nobody else has one."""
    yield from _found(
        "home of a joined member",
        merchant_id,
        """
        SELECT m.id FROM members_member m
        LEFT JOIN members_member h ON h.merchant_id = m.merchant_id AND h.id = m.home_id
        WHERE m.merchant_id = %(merchant_id)s AND (m.home_id IS NOT NULL AND (h.id IS NULL OR h.home_id IS NOT NULL)
            OR (m.home_id IS NOT NULL) <> EXISTS (SELECT FROM members_merge g WHERE g.merchant_id = m.merchant_id
                AND g.loser_id = m.id AND g.undone_at IS NULL))
        """,
    )


def nothing_is_left_of_erased_members(merchant_id: int) -> Iterator[Violation]:
    """No identity, card, note, tag, value or proof in words of an erased member, and nothing on her row."""
    left = " OR ".join(
        f"EXISTS (SELECT FROM members_{table} x WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id)"
        for table in (*_OWN, "evidence", "suppression")
    )
    yield from _found(
        "something left of an erased member",
        merchant_id,
        "SELECT m.id FROM members_member m WHERE m.merchant_id = %(merchant_id)s AND m.erased_at IS NOT NULL"
        f" AND (concat(m.province, m.city, m.gender, m.status_reason) <> '' OR m.birth_month_day IS NOT NULL OR {left})",
    )


CHECKS: tuple[Callable[[int], Iterator[Violation]], ...] = (
    rows_belong_to_members,
    identities_are_well_formed,
    nothing_personal_lies_open,
    sealed_values_open,
    joined_members_have_one_home,
    nothing_is_left_of_erased_members,
)
