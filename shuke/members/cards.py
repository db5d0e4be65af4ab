"""Sealing what was told of a member into a card, and opening it again."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from shuke.core.crypto import Vault
from shuke.members import rules


def row(
    vault: Vault,
    merchant_id: int,
    member_id: int,
    digest: bytes,
    values: Mapping[str, str],
    stars: Mapping[str, str],
    *,
    seen_at: datetime,
    source: str,
) -> tuple[Any, ...]:
    """A row for staging.CARD: clear `values` by field (none empty) sealed together, and the platform's masks."""
    phone = rules.normal_phone(values["phone"]) if "phone" in values else ""
    return (
        member_id,
        digest,
        vault.seal(json.dumps(values, ensure_ascii=False), row=place(merchant_id, member_id, digest)) if values else None,
        _json({field: rules.mask(field, value) for field, value in values.items()}),
        _json(stars),
        blind(vault, "name", values.get("name", "")),
        vault.index("phone", phone) if phone else None,
        tail(vault, phone),
        blind(vault, "email", values["email"]) if "email" in values else None,
        blind(vault, "alipay", values["alipay"]) if "alipay" in values else None,
        seen_at,
        source,
    )


def opened(
    vault: Vault, merchant_id: int, member_id: int, digest: bytes, sealed: bytes | memoryview | None
) -> dict[str, str]:
    """The clear values of a card by field; Unreadable when it was moved or changed."""
    if sealed is None:
        return {}
    found: dict[str, str] = json.loads(vault.open(sealed, row=place(merchant_id, member_id, digest)))
    return found


def place(merchant_id: int, member_id: int, digest: bytes) -> str:
    """What a card's sealed bytes are bound to."""
    return f"members_card|sealed|{merchant_id}|{member_id}|{digest.hex()}"


def blind(vault: Vault, field: str, value: str) -> bytes | None:
    """The blind index of a value, None for an empty one."""
    normal = rules.normal(field, value)
    return vault.index(field, normal) if normal else None


def tail(vault: Vault, phone: str) -> bytes | None:
    """The blind index of the last four digits of a normal phone number; a virtual number's extension does not count."""
    main = phone.partition("-")[0]
    return vault.index("phone_tail", main[-4:]) if len(main) >= 7 else None


def _json(content: Mapping[str, str]) -> str:
    return json.dumps(content, ensure_ascii=False) if content else "{}"
