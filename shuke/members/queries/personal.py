"""Personal values, masked; in clear only for actions.reveal."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from django.utils.functional import Promise

from shuke.core import crypto, sql
from shuke.members import rules, sealing
from shuke.members.queries.homes import kin


@dataclass(frozen=True, slots=True)
class PersonalValue:
    """One value of a field as it may be shown: `is_clear` when the full value is kept and may be revealed."""

    mask: str
    is_clear: bool
    is_virtual: bool
    source: str
    seen_at: datetime


@dataclass(frozen=True, slots=True)
class PersonalField:
    """A field with its present value, and how many other values are known."""

    field: str
    label: str | Promise
    current: PersonalValue
    older_count: int


@dataclass(frozen=True, slots=True)
class _Kept:
    field: str
    value: str
    is_clear: bool
    source: str
    seen_at: datetime


def personal(merchant_id: int, member_id: int) -> list[PersonalField]:
    """Every field of which a value is known, masked: the newest clear value, or a platform's mask where there is none."""
    return personal_of(merchant_id, [member_id])[member_id]


def personal_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, list[PersonalField]]:
    """As `personal`, of each of many members."""
    return {
        member_id: [
            PersonalField(field, label, _shown(values[0]), len(values) - 1)
            for field, label in rules.FIELDS.items()
            if (values := _ranked(found, field))
        ]
        for member_id, found in _kept_of(merchant_id, member_ids).items()
    }


def history(merchant_id: int, member_id: int, field: str) -> list[PersonalValue]:
    """All values of a field, masked, the present one first."""
    return [_shown(one) for one in _ranked(_kept(merchant_id, member_id), field)]


def every_value(merchant_id: int, member_id: int) -> list[tuple[str, str, str, datetime]]:
    """(field, value, source, last seen) of all that is kept of a member in clear: for nobody but herself."""
    return [(one.field, one.value, one.source, one.seen_at) for one in _kept(merchant_id, member_id)]


def clear_value(merchant_id: int, member_id: int, field: str) -> str | None:
    """The present clear value of a field or of `attribute:<id>`, "" when there is none, None for nobody's id."""
    if not sql.rows(
        "SELECT FROM members_member WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s",
        {"merchant_id": merchant_id, "member_id": member_id},
    ):
        return None
    kind, colon, number = field.partition(":")
    if colon:
        return _clear_attribute(merchant_id, member_id, int(number)) if number.isdecimal() else ""
    return next((one.value for one in _ranked(_kept(merchant_id, member_id), kind) if one.is_clear), "")


def _clear_attribute(merchant_id: int, member_id: int, attribute_id: int) -> str:
    sealed = sql.scalar(
        "SELECT sealed FROM members_attributevalue WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s"
        " AND attribute_id = %(attribute_id)s",
        {"merchant_id": merchant_id, "member_id": member_id, "attribute_id": attribute_id},
    )
    if sealed is None:
        return ""
    return sealing.open_attribute(crypto.vault(merchant_id), merchant_id, member_id, attribute_id, sealed)


def _kept(merchant_id: int, member_id: int) -> list[_Kept]:
    return _kept_of(merchant_id, [member_id])[member_id]


def _kept_of(merchant_id: int, member_ids: Collection[int]) -> dict[int, list[_Kept]]:
    """What is kept of each member and of those joined to her, the latest seen first."""
    vault = crypto.vault(merchant_id)
    homes = kin(merchant_id, member_ids)
    found: dict[int, list[_Kept]] = {one: [] for one in member_ids}
    for owner_id, digest, sealed, source, seen_at in sql.rows(
        "SELECT c.member_id, c.digest, c.sealed, c.source,"
        " CASE WHEN c.digest = m.seen_digest THEN greatest(c.seen_at, m.seen_at) ELSE c.seen_at END AS seen"
        " FROM members_card c JOIN members_member m ON m.merchant_id = c.merchant_id AND m.id = c.member_id"
        " WHERE c.merchant_id = %(merchant_id)s AND c.member_id = ANY(%(members)s::bigint[])"
        " ORDER BY seen DESC, c.id DESC",
        {"merchant_id": merchant_id, "members": sql.numbers(homes)},
    ):
        found[homes[owner_id]] += [
            _Kept(field.lstrip("~"), value, not field.startswith("~"), source, seen_at)
            for field, value in sealing.open_card(vault, merchant_id, owner_id, bytes(digest), sealed).items()
        ]
    return found


def _ranked(found: Iterable[_Kept], field: str) -> Sequence[_Kept]:
    """A field's different values, clear ones first, then the latest seen; of equal values the latest."""
    own = [one for one in found if one.field == field]
    own.sort(key=lambda one: not one.is_clear)
    same = sorted(enumerate(own), key=lambda pair: (rules.normal(field, pair[1].value), pair[0]))
    firsts = [next(group) for _, group in groupby(same, key=lambda pair: rules.normal(field, pair[1].value))]
    return [one for _, one in sorted(firsts, key=lambda pair: pair[0])]


def _shown(one: _Kept) -> PersonalValue:
    is_virtual = one.field == "phone" and one.is_clear and rules.is_virtual(rules.normal_phone(one.value))
    return PersonalValue(rules.mask(one.field, one.value), one.is_clear, is_virtual, one.source, one.seen_at)
