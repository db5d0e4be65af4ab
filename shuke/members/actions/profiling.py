"""Filling in what the shop knows of its customers: basic fields and custom attributes."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.members import rules, sealing
from shuke.members.actions import keeping
from shuke.members.events import ProfileEdited
from shuke.members.specs import AttributeSpec, ProfileSpec
from shuke.members.staging import SEPARATOR
from shuke.merchants import actions as merchants


class AttributeSetting(NamedTuple):
    """One member's value of one attribute; an empty text takes it away."""

    member_id: int
    attribute_id: int
    text: str


def edit_profile(merchant_id: int, member_id: int, spec: ProfileSpec, *, by: Actor, source: str = "") -> list[str]:
    """Fill in a member's basic fields; the fields that were given. Empty ones stay. Missing.

    A buyer tells her own birthday once; Refused `birthday_told` when she gives another one, since a gift hangs on it.
    Personal fields are sealed as a card seen now; `source` says where they come from, by default who wrote them.
    """
    _lock(merchant_id, member_id)
    given = {name: str(value) for name, value in spec.model_dump(mode="json").items() if value}
    is_hers = by.kind == "buyer" and "birthday" in given
    told = _birthdays(merchant_id, member_id) if is_hers else set()
    if told and rules.month_day(given.pop("birthday")) not in told:
        raise Refused(
            "birthday_told", _("Your birthday is noted already. To change it, please ask our staff in the shop.")
        )
    if not given:
        return []
    now, vault = clock.now(), crypto.vault(merchant_id)
    values = {name: text for name, text in given.items() if name in rules.FIELDS}
    if values:
        digest = vault.index("card", SEPARATOR.join(f"{name}={text}" for name, text in sorted(values.items())))
        row = sealing.card_row(vault, merchant_id, member_id, digest, values, seen_at=now, source=source or by.label)
        keeping.write_cards(merchant_id, [row])
    sql.run(
        """
        UPDATE members_member SET gender = coalesce(%(gender)s, gender),
            province = coalesce(%(province)s, province),
            city = CASE WHEN %(province)s::text IS NULL AND %(city)s::text IS NULL THEN city
                ELSE coalesce(%(city)s, '') END,
            birth_month_day = coalesce(%(birth)s, birth_month_day),
            display_name = CASE WHEN %(shown)s::text IS NOT NULL AND (display_name = '' OR strpos(display_name, '*') > 0)
                THEN %(shown)s ELSE display_name END
        WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s
        """,
        {
            "merchant_id": merchant_id,
            "member_id": member_id,
            **{name: given.get(name) for name in ("gender", "province", "city")},
            "birth": rules.month_day(given["birthday"]) if "birthday" in given else None,
            "shown": rules.mask_name(given["name"]) if "name" in given else None,
        },
    )
    facts.publish(merchant_id, [ProfileEdited(member_id=member_id, happened_at=now, fields=sorted(given))], by=by)
    return sorted(given)


def _birthdays(merchant_id: int, member_id: int) -> set[int]:
    """What is kept as the birthday of a member and of those joined to her."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT birth_month_day FROM members_member WHERE merchant_id = %(merchant_id)s"
            " AND (id = %(member_id)s OR home_id = %(member_id)s) AND birth_month_day IS NOT NULL",
            {"merchant_id": merchant_id, "member_id": member_id},
        )
    }


def forget_field(merchant_id: int, member_id: int, field: str, *, by: Actor) -> None:
    """Take every value of a personal field out of a member's cards, for good. Missing; Refused `no_field`."""
    if field not in rules.FIELDS:
        raise Refused("no_field", _("There is no such field."))
    _lock(merchant_id, member_id)
    vault = crypto.vault(merchant_id)
    params = {"merchant_id": merchant_id, "member_id": member_id}
    found = sql.rows(
        "SELECT id, digest, sealed FROM members_card WHERE merchant_id = %(merchant_id)s AND member_id = %(member_id)s",
        params,
    )
    blind = {"name": "name_index = NULL", "phone": "phone_index = NULL, phone_tail = NULL",
             "email": "email_index = NULL", "alipay": "alipay_index = NULL"}.get(field)  # fmt: skip
    for card_id, digest, sealed in found:
        values = sealing.open_card(vault, merchant_id, member_id, bytes(digest), sealed)
        left = {name: value for name, value in values.items() if name.lstrip("~") != field}
        if left != values:
            sql.run(
                f"UPDATE members_card SET sealed = %(sealed)s{f', {blind}' if blind else ''}"
                " WHERE merchant_id = %(merchant_id)s AND id = %(card_id)s",
                {**params, "card_id": card_id,
                 "sealed": sealing.seal_card(vault, merchant_id, member_id, bytes(digest), left)},
            )  # fmt: skip
    if field == "birthday":
        sql.run(
            "UPDATE members_member SET birth_month_day = NULL"
            " WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s",
            params,
        )
    merchants.audit(merchant_id, "member.forgotten", by=by, object_kind="member", object_id=member_id, field=field)


def create_attribute(merchant_id: int, spec: AttributeSpec, *, by: Actor) -> int:
    """A new custom attribute; its id. Refused `name_taken`."""
    attribute_id = sql.scalar(
        "INSERT INTO members_attribute (merchant_id, name, kind, choices, is_personal, is_active)"
        " VALUES (%(merchant_id)s, %(name)s, %(kind)s, %(choices)s, %(is_personal)s, true)"
        " ON CONFLICT DO NOTHING RETURNING id",
        {"merchant_id": merchant_id, **spec.model_dump(), "choices": json.dumps(spec.choices)},
    )
    if attribute_id is None:
        raise Refused("name_taken", _("There is already an attribute called “%(name)s”."), name=spec.name)
    merchants.audit(merchant_id, "attribute.created", by=by, object_kind="attribute", object_id=attribute_id,
                    name=spec.name)  # fmt: skip
    return int(attribute_id)


def edit_attribute(
    merchant_id: int, attribute_id: int, spec: AttributeSpec, *, is_active: bool = True, by: Actor
) -> None:
    """Rename an attribute, change its choices, or put it away. Missing; Refused `name_taken`, `kind_fixed`."""
    params = {"merchant_id": merchant_id, "id": attribute_id, **spec.model_dump(), "is_active": is_active,
              "choices": json.dumps(spec.choices)}  # fmt: skip
    found = sql.rows(
        "SELECT kind, is_personal FROM members_attribute WHERE merchant_id = %(merchant_id)s AND id = %(id)s", params
    )
    if not found:
        raise Missing("no_attribute", _("This attribute does not exist."))
    if found[0] != (spec.kind, spec.is_personal):
        raise Refused("kind_fixed", _("The kind of an attribute stays; make a new one."))
    with sql.unless_taken(Refused("name_taken", _("There is already an attribute called “%(name)s”."), name=spec.name)):
        sql.run(
            "UPDATE members_attribute SET name = %(name)s, choices = %(choices)s, is_active = %(is_active)s"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            params,
        )
    merchants.audit(merchant_id, "attribute.edited", by=by, object_kind="attribute", object_id=attribute_id,
                    name=spec.name, is_active=is_active)  # fmt: skip


def set_attributes(merchant_id: int, settings: Sequence[AttributeSetting], *, by: Actor, source: str = "") -> int:
    """Set members' values of custom attributes, of nobody who was erased; how many rows changed. Refused `bad_value`;
    Missing.
    """
    standing = _standing(merchant_id, {setting.member_id for setting in settings})
    kinds = {
        row[0]: row
        for row in sql.rows(
            "SELECT id, name, kind, choices, is_personal FROM members_attribute WHERE merchant_id = %(m)s",
            {"m": merchant_id},
        )
    }
    vault, names = crypto.vault(merchant_id), defaultdict[int, list[str]](list)
    rows: list[tuple[int, int, str, bytes | None]] = []
    gone: list[tuple[int, int]] = []
    for member_id, attribute_id, text in sorted(one for one in settings if one.member_id in standing):
        if attribute_id not in kinds:
            raise Missing("no_attribute", _("This attribute does not exist."))
        _id, name, kind, choices, is_personal = kinds[attribute_id]
        names[member_id].append(name)
        if not text.strip():
            gone.append((member_id, attribute_id))
            continue
        value = rules.attribute_value(kind, sql.loads(choices), text)
        if value is None:
            raise Refused("bad_value", _("This does not fit “%(name)s”."), name=name)
        if not is_personal and rules.is_personal_word(value):
            raise Refused(
                "personal_text",
                _("“%(name)s” is not sealed; do not write phone numbers or mail addresses into it."),
                name=name,
            )
        sealed = sealing.seal_attribute(vault, merchant_id, member_id, attribute_id, value) if is_personal else None
        rows.append((member_id, attribute_id, "" if is_personal else value, sealed))
    changed = _write_values(merchant_id, rows, source or by.label) + _take_values(merchant_id, gone)
    now = clock.now()
    facts.publish(
        merchant_id,
        [ProfileEdited(member_id=member_id, happened_at=now, fields=found) for member_id, found in names.items()],
        by=by,
    )
    return changed


def _write_values(merchant_id: int, rows: Sequence[tuple[int, int, str, bytes | None]], source: str) -> int:
    return sql.run(
        """
        INSERT INTO members_attributevalue AS v (merchant_id, member_id, attribute_id, value, sealed, source, set_at)
        SELECT m.merchant_id, m.id, attribute_id, value, sealed, %(source)s, %(now)s
        FROM unnest(%(members)s::bigint[], %(attributes)s::bigint[], %(values)s::text[], %(sealed)s::bytea[])
            AS f (member_id, attribute_id, value, sealed)
        JOIN members_member m ON m.merchant_id = %(merchant_id)s AND m.id = f.member_id
        ON CONFLICT (merchant_id, member_id, attribute_id) DO UPDATE
            SET value = excluded.value, sealed = excluded.sealed, source = excluded.source, set_at = excluded.set_at
        """,
        {"merchant_id": merchant_id, "source": source, "now": clock.now(), "members": [row[0] for row in rows],
         "attributes": [row[1] for row in rows], "values": [row[2] for row in rows],
         "sealed": [row[3] for row in rows]},
    )  # fmt: skip


def _take_values(merchant_id: int, gone: Sequence[tuple[int, int]]) -> int:
    return sql.run(
        "DELETE FROM members_attributevalue v USING unnest(%(members)s::bigint[], %(attributes)s::bigint[])"
        " AS f (member_id, attribute_id) WHERE v.merchant_id = %(merchant_id)s AND v.member_id = f.member_id"
        " AND v.attribute_id = f.attribute_id",
        {"merchant_id": merchant_id, "members": sql.numbers(pair[0] for pair in gone),
         "attributes": sql.numbers(pair[1] for pair in gone)},
    )  # fmt: skip


def _standing(merchant_id: int, member_ids: Iterable[int]) -> set[int]:
    """Those of the members who are there, held so that nobody erases them meanwhile."""
    return {
        row[0]
        for row in sql.rows(
            "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = ANY(%(members)s::bigint[])"
            " AND erased_at IS NULL ORDER BY id FOR KEY SHARE",
            {"merchant_id": merchant_id, "members": sql.numbers(member_ids)},
        )
    }


def _lock(merchant_id: int, member_id: int) -> None:
    if not sql.rows(
        "SELECT id FROM members_member WHERE merchant_id = %(merchant_id)s AND id = %(member_id)s AND erased_at IS NULL"
        " FOR NO KEY UPDATE",
        {"merchant_id": merchant_id, "member_id": member_id},
    ):
        raise Missing("no_member", _("This customer does not exist."))
