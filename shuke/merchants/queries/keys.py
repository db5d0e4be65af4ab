"""Questions about the keys of other programs."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import clock, sql
from shuke.merchants import rules
from shuke.merchants.queries.places import Merchant, asking_merchant


@dataclass(frozen=True, slots=True)
class ApiKey:
    """An API key as its page shows it; `state` is active, expired or revoked."""

    id: int
    name: str
    mark: str
    scopes: frozenset[str]
    networks: tuple[str, ...]
    shop_id: int | None
    per_minute: int
    created_at: datetime
    created_by: str
    expires_at: datetime | None
    revoked_at: datetime | None
    last_used_at: datetime | None

    @property
    def state(self) -> str:
        """Whether it opens anything now."""
        if self.revoked_at is not None:
            return "revoked"
        return "expired" if self.expires_at is not None and self.expires_at <= clock.now() else "active"

    def admits(self, address: str) -> bool:
        """Whether it may be used from an address."""
        return rules.is_within(address, self.networks)


_KEYS = f"""
    SELECT {", ".join(ApiKey.__dataclass_fields__)}, digest FROM merchants_apikey
    WHERE merchant_id = %(merchant_id)s AND {{condition}}
"""


def scope_choices() -> list[tuple[str, str]]:
    """Every scope of API keys as (name, label), for forms."""
    return [(name, str(label)) for name, label in rules.SCOPES.items()]


def key_parts(text: str) -> tuple[int, str] | None:
    """(merchant id, mark) of an API key; None for a text that is none. Needs no open scope and looks nothing up."""
    return rules.key_parts(text)


def api_keys(merchant_id: int) -> list[ApiKey]:
    """All keys, the latest first."""
    found = sql.rows(_KEYS.format(condition="true ORDER BY id DESC"), {"merchant_id": merchant_id})
    return [_api_key(row)[0] for row in found]


def api_key(merchant_id: int, key_id: int) -> ApiKey | None:
    """One key."""
    return next((one for one in api_keys(merchant_id) if one.id == key_id), None)


def keys_by_mark(merchant_id: int, marks: Collection[str]) -> tuple[Merchant | None, dict[str, tuple[ApiKey, bytes]]]:
    """The merchant, and keys of hers with their keyed hashes, by mark; compare the hash in constant time before
    believing it.
    """
    merchant, keys = sql.ask_all(asking_merchant(merchant_id), asking_keys(merchant_id, marks))
    return merchant, keys


def asking_keys(merchant_id: int, marks: Collection[str]) -> sql.Question[dict[str, tuple[ApiKey, bytes]]]:
    """The question behind `keys_by_mark`."""
    return sql.Question(
        _KEYS.format(condition="mark = ANY(%(marks)s)"),
        {"merchant_id": merchant_id, "marks": list(marks)},
        lambda rows: {key.mark: (key, digest) for key, digest in map(_api_key, rows)},
    )


def _api_key(row: Sequence[Any]) -> tuple[ApiKey, bytes]:
    told = dict(zip(ApiKey.__dataclass_fields__, row, strict=False))
    told |= {"scopes": frozenset(sql.loads(told["scopes"])), "networks": tuple(sql.loads(told["networks"]))}
    return ApiKey(**told), bytes(row[-1])
