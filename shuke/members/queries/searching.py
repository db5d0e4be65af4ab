"""Finding members by what a person types: part of a nick, a whole name, a phone or its last four digits."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shuke.core import crypto, sql
from shuke.core.crypto import Vault
from shuke.members import rules, sealing
from shuke.members.queries.homes import homes
from shuke.members.sighting import hidden, word
from shuke.merchants.queries import shops

MOST = 10_001


def search(merchant_id: int, text: str, *, limit: int = MOST) -> list[int]:
    """Ids of members whom the text may mean, at most `limit`, the ones found most exactly first.

    Nicks are found by any part; names, phones, mail and Alipay addresses only whole, by their blind index; phones also
    by their last four digits. Order numbers are trade's to look up.
    """
    text = text.strip()
    if not text or len(text) > 200:
        return []
    vault = crypto.vault(merchant_id)
    fixed = {"merchant_id": merchant_id, "limit": limit, "shops": [0, *(shop.id for shop in shops(merchant_id))]}
    found: dict[int, None] = {}
    for statement, params in _ways(vault, text):
        if len(found) < limit:
            rows = sql.rows(statement, {**fixed, **params})
            found.update((row[0], None) for row in rows)
    known = homes(merchant_id, found)
    return list(dict.fromkeys(known[one] for one in found))[:limit]


def by_nicks(merchant_id: int, nicks: Collection[str], *, shop_id: int | None = None) -> dict[str, list[int]]:
    """Ids of the members who bear these nicks, each written as a whole, in one shop or in any; nicks of nobody are left out.

    Several ids stand where two shops know different people by one nick.
    """
    vault = crypto.vault(merchant_id)
    asked = {value: nick for nick in nicks for value in (nick, word(vault, rules.NICK, nick))}
    found: dict[str, list[int]] = {}
    for value, member_id in sql.rows(
        "SELECT DISTINCT i.value, coalesce(m.home_id, m.id) AS member_id FROM members_identity i"
        " JOIN members_member m ON m.merchant_id = i.merchant_id AND m.id = i.member_id"
        " WHERE i.merchant_id = %(merchant_id)s AND i.kind = 'nick'"
        " AND i.shop_id = ANY(%(shops)s) AND i.value = ANY(%(values)s) ORDER BY value, member_id",
        {
            "merchant_id": merchant_id,
            "values": list(asked),
            "shops": [shop.id for shop in shops(merchant_id) if shop_id in {None, shop.id}],
        },
    ):
        held = found.setdefault(asked[value], [])
        if member_id not in held:
            held.append(member_id)
    return found


def by_identity(merchant_id: int, kind: str, value: str, *, shop_id: int | None = None) -> list[int]:
    """Ids of the members with one identity (ouid, omid, open_uid, nick, phone, email), in one shop or in any."""
    vault = crypto.vault(merchant_id)
    kept = (
        hidden(vault, kind, rules.normal(kind, value))
        if kind in {rules.PHONE, rules.EMAIL}
        else word(vault, kind, value)
    )
    return [
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT member_id FROM members_identity WHERE merchant_id = %(merchant_id)s AND kind = %(kind)s"
            " AND shop_id = ANY(%(shops)s) AND value = %(value)s ORDER BY member_id",
            {
                "merchant_id": merchant_id,
                "kind": kind,
                "value": kept,
                "shops": [0, *(shop.id for shop in shops(merchant_id) if shop_id in {None, shop.id})],
            },
        )
    ]


def _ways(vault: Vault, text: str) -> list[tuple[str, dict[str, Any]]]:
    phone = rules.normal_phone(text) if rules.is_phone(text) else ""
    values = [text, word(vault, rules.NICK, text), hidden(vault, rules.PHONE, phone or text)]
    if "@" in text:
        values.append(hidden(vault, rules.EMAIL, rules.normal("email", text)))
    ways: list[tuple[str, dict[str, Any]]] = [(_IDENTITY, {"values": values})]
    if phone:
        ways.append((_card("phone_index"), {"index": vault.index("phone", phone)}))
        ways.append((_card("alipay_index"), {"index": sealing.blind(vault, "alipay", text)}))
    if len(text) == 4 and text.isdecimal():
        ways.append((_card("phone_tail"), {"index": vault.index("phone_tail", text)}))
    if not text.isdecimal():
        fields = ("email", "alipay") if "@" in text else ("name",)
        ways += [(_card(f"{field}_index"), {"index": sealing.blind(vault, field, text)}) for field in fields]
    ways.append(("SELECT members_by_nick(%(text)s, %(limit)s)", {"text": text}))
    return ways


_IDENTITY = """
    SELECT DISTINCT member_id FROM members_identity WHERE merchant_id = %(merchant_id)s
    AND kind IN ('ouid', 'omid', 'open_uid', 'nick', 'phone', 'email')
    AND shop_id = ANY(%(shops)s) AND value = ANY(%(values)s) LIMIT %(limit)s
"""


def _card(column: str) -> str:
    return (
        f"SELECT DISTINCT member_id FROM members_card WHERE merchant_id = %(merchant_id)s AND {column} = %(index)s"
        " LIMIT %(limit)s"
    )
