"""Sealing cards, notes and personal attributes, each bound to its own row, and opening them again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from pydantic_core import from_json, to_json

from shuke.core.crypto import Vault
from shuke.members import rules


def card_row(
    vault: Vault,
    merchant_id: int,
    member_id: int,
    digest: bytes,
    values: Mapping[str, str],
    *,
    seen_at: datetime,
    source: str,
) -> tuple[Any, ...]:
    """A row for staging.CARD: `values` by field, `~field` for what a platform had masked, none of them empty."""
    phone = rules.normal_phone(values["phone"]) if "phone" in values else ""
    return (
        member_id,
        digest,
        seal_card(vault, merchant_id, member_id, digest, values),
        blind(vault, "name", values["name"]) if "name" in values else None,
        vault.index("phone", phone) if phone else None,
        tail(vault, phone),
        blind(vault, "email", values["email"]) if "email" in values else None,
        blind(vault, "alipay", values["alipay"]) if "alipay" in values else None,
        seen_at,
        source,
    )


def seal_card(vault: Vault, merchant_id: int, member_id: int, digest: bytes, values: Mapping[str, str]) -> bytes:
    """The values as one card keeps them; they open as this member's card of this digest only."""
    return vault.seal_bytes(to_json(values), row=_card_place(merchant_id, member_id, digest))


def open_card(
    vault: Vault, merchant_id: int, member_id: int, digest: bytes, content: bytes | memoryview
) -> dict[str, str]:
    """The values of a card by field; Unreadable when it was moved or changed."""
    found: dict[str, str] = from_json(vault.open_bytes(content, row=_card_place(merchant_id, member_id, digest)))
    return found


def blind(vault: Vault, field: str, value: str) -> bytes | None:
    """The blind index of a value, None for an empty one."""
    normal = rules.normal(field, value)
    return vault.index(field, normal) if normal else None


def tail(vault: Vault, phone: str) -> bytes | None:
    """The blind index of a normal phone's last four digits; a virtual number's extension does not count."""
    main = phone.partition("-")[0]
    return vault.index("phone_tail", main[-4:]) if len(main) >= 7 else None


def _card_place(merchant_id: int, member_id: int, digest: bytes) -> str:
    return f"members_card|sealed|{merchant_id}|{member_id}|{digest.hex()}"


def seal_note(vault: Vault, merchant_id: int, note_id: int, text: str) -> bytes:
    """A note's text; people write numbers and names into notes."""
    return vault.seal(text, row=f"members_note|sealed|{merchant_id}|{note_id}")


def open_note(vault: Vault, merchant_id: int, note_id: int, sealed: bytes | memoryview) -> str:
    """A note's text; Unreadable when it was moved or changed."""
    return vault.open(sealed, row=f"members_note|sealed|{merchant_id}|{note_id}")


def seal_attribute(vault: Vault, merchant_id: int, member_id: int, attribute_id: int, value: str) -> bytes:
    """A member's value of a personal attribute."""
    return vault.seal(value, row=_attribute_place(merchant_id, member_id, attribute_id))


def open_attribute(
    vault: Vault, merchant_id: int, member_id: int, attribute_id: int, sealed: bytes | memoryview
) -> str:
    """A member's value of a personal attribute; Unreadable when it was moved or changed."""
    return vault.open(sealed, row=_attribute_place(merchant_id, member_id, attribute_id))


def _attribute_place(merchant_id: int, member_id: int, attribute_id: int) -> str:
    return f"members_attributevalue|sealed|{merchant_id}|{member_id}|{attribute_id}"


def seal_evidence(vault: Vault, merchant_id: int, consent_id: int, text: str) -> bytes:
    """What proves a consent."""
    return vault.seal(text, row=f"members_evidence|sealed|{merchant_id}|{consent_id}")


def open_evidence(vault: Vault, merchant_id: int, consent_id: int, sealed: bytes | memoryview) -> str:
    """What proves a consent; Unreadable when it was moved or changed."""
    return vault.open(sealed, row=f"members_evidence|sealed|{merchant_id}|{consent_id}")
