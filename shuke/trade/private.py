"""What only the shop may know of an order (receiver, message, remark): sealed as one JSON value bound to its row."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from operator import attrgetter
from typing import Any

import orjson

from shuke.core.crypto import Vault
from shuke.platforms.platform import OrderRecord

FIELDS = (
    "name", "phone", "landline", "address", "postcode", "message", "remark", "logistic_no", "logistic_company",
    "payment_no", "name_masked", "phone_masked", "address_masked",
)  # fmt: skip
_TOLD = attrgetter(*FIELDS)


def of(record: OrderRecord) -> dict[str, str]:
    """The private fields that a record tells."""
    return {field: value for field, value in zip(FIELDS, _TOLD(record), strict=True) if value}


def seal_records(
    vault: Vault, merchant_id: int, order_ids: Sequence[int], records: Sequence[OrderRecord]
) -> list[bytes | None]:
    """The private fields of each record, sealed for the order of that id."""
    told = list(map(of, records))
    return [
        sealed if fields else None
        for fields, sealed in zip(
            told,
            vault.seal_many(
                list(map(orjson.dumps, told)), [_row(merchant_id, order_id) for order_id in order_ids]
            ),
            strict=True,
        )
    ]  # fmt: skip


def bare(record: OrderRecord) -> OrderRecord:
    """The record without them, of a buyer who was erased."""
    bare: dict[str, Any] = dict.fromkeys(FIELDS, "")
    return record._replace(**bare)


def seal(vault: Vault, merchant_id: int, order_id: int, fields: Mapping[str, str]) -> bytes | None:
    """Seal for this order's row; None when there is nothing."""
    if not fields:
        return None
    return vault.seal_bytes(orjson.dumps(fields), row=_row(merchant_id, order_id))


def unseal(vault: Vault, merchant_id: int, order_id: int, sealed: bytes | memoryview | None) -> dict[str, str]:
    """The private fields of an order."""
    if sealed is None:
        return {}
    fields: dict[str, str] = orjson.loads(vault.open_bytes(sealed, row=_row(merchant_id, order_id)))
    return fields


def seal_explanation(vault: Vault, merchant_id: int, refund_id: int, text: str) -> bytes | None:
    """What a buyer wrote about her refund; None when she wrote nothing."""
    return vault.seal(text, row=f"trade_refund|explanation|{merchant_id}|{refund_id}") if text else None


def _row(merchant_id: int, order_id: int) -> str:
    return f"trade_order|private|{merchant_id}|{order_id}"
