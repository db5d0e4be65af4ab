"""The buyers that order records name, as `members` knows people again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from shuke.core.crypto import Vault
from shuke.members import actions as members
from shuke.platforms.platform import OrderRecord
from shuke.trade import rules


def seen_buyers(vault: Vault, shop_id: int, records: Sequence[OrderRecord], now: datetime) -> list[members.Seen | None]:
    """Of each record its buyer, None where it tells nobody who could be recognised again; needs no database."""
    named = [record for record in records if _is_named(record)]
    found = iter(members.see(vault, shop_id, _sightings(named, now)))
    if len(named) == len(records):
        return list(found)
    return [next(found) if _is_named(record) else None for record in records]


def _is_named(record: OrderRecord) -> bool:
    return bool(record.nick or record.own_phone or record.email or record.ouid or record.open_uid)


def _sightings(records: Sequence[OrderRecord], now: datetime) -> list[members.Sighting]:
    """One sighting a record, made column by column, which takes a third of the time."""
    if not records:
        return []
    told = dict(zip(OrderRecord._fields, zip(*records, strict=True), strict=True))
    count = len(records)
    values = {
        **told,
        "omid": [""] * count,
        "birthday": [""] * count,
        "phone": [own or other for own, other in zip(told["own_phone"], told["phone"], strict=True)],
        "phone_is_own": list(map(bool, told["own_phone"])),
        "email_is_own": [True] * count,
        "seen_at": [placed or paid or now for placed, paid in zip(told["placed_at"], told["paid_at"], strict=True)],
        "traded": [
            paid is not None or state not in _NOT_TRADED
            for state, paid in zip(told["state"], told["paid_at"], strict=True)
        ],
    }
    columns = (values[name] for name in members.Sighting._fields)
    return list(map(members.Sighting._make, zip(*columns, strict=True)))


_NOT_TRADED = frozenset({rules.UNPAID, rules.CLOSED})
