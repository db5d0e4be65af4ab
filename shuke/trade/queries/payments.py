"""What was paid for orders, what they cost before, and what stands in their remarks without showing a remark."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.core import crypto, sql
from shuke.merchants import queries as merchants
from shuke.trade import private, rules


@dataclass(frozen=True, slots=True)
class Payment:
    """An order as somebody sees it who waits for its payment; amounts in fen, `is_gone` when its import was undone.

    `gross_fen` is what was paid before refunds, postage included; 0 while it is unpaid.
    """

    order_id: int
    order_no: str
    shop_id: int
    member_id: int | None
    state: str
    placed_at: datetime | None
    paid_at: datetime | None
    total_fen: int
    post_fen: int
    gross_fen: int
    refund_fen: int
    title: str
    is_gone: bool

    @property
    def is_closed(self) -> bool:
        """Whether it came to nothing, paid or not."""
        return self.state == rules.CLOSED

    @property
    def is_paid(self) -> bool:
        """Whether it was ever paid."""
        return (
            self.paid_at is not None or rules.RANK[rules.PAID] <= rules.RANK[self.state] <= rules.RANK[rules.FINISHED]
        )


def payments(merchant_id: int, order_ids: Collection[int]) -> list[Payment]:
    """Orders by their ids, those whose import was undone included."""
    return _payments("id = ANY(%(ids)s::bigint[])", {"merchant_id": merchant_id, "ids": sql.numbers(order_ids)})


def payments_by_no(merchant_id: int, order_nos: Collection[str]) -> list[Payment]:
    """Orders by their numbers, in all shops, those whose import was undone included."""
    return _payments(
        "shop_id = ANY(%(shops)s) AND order_no = ANY(%(nos)s)",
        {
            "merchant_id": merchant_id,
            "nos": list(order_nos),
            "shops": [shop.id for shop in merchants.shops(merchant_id)],
        },
    )


def unpaid_totals(merchant_id: int, order_ids: Collection[int]) -> dict[int, int]:
    """What orders were to cost, in fen, when they were last told of as unpaid, before an import changed them."""
    return dict(
        sql.rows(
            """
            SELECT DISTINCT ON (order_id) order_id, (before->>'total_fen')::bigint FROM trade_change
            WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(ids)s::bigint[]) AND before->>'state' = 'unpaid'
            ORDER BY order_id, at DESC, id DESC
            """,
            {"merchant_id": merchant_id, "ids": sql.numbers(order_ids)},
        )
    )


def found_in_remarks(
    merchant_id: int, order_ids: Collection[int], find: Callable[[str], Iterable[str]]
) -> dict[int, list[str]]:
    """What `find` finds in the shop's remark and the buyer's message of each order; no other word of them leaves here."""
    vault = crypto.vault(merchant_id)
    found: dict[int, list[str]] = {}
    for order_id, sealed in sql.rows(
        "SELECT id, private_sealed FROM trade_order WHERE merchant_id = %(merchant_id)s"
        " AND id = ANY(%(ids)s::bigint[]) AND private_sealed IS NOT NULL AND removed_at IS NULL ORDER BY id",
        {"merchant_id": merchant_id, "ids": sql.numbers(order_ids)},
    ):
        told = private.unseal(vault, merchant_id, order_id, sealed)
        if marks := [mark for field in ("remark", "message") for mark in find(told.get(field, ""))]:
            found[order_id] = marks
    return found


def _payments(condition: str, params: dict[str, Any]) -> list[Payment]:
    return [
        Payment(*row)
        for row in sql.rows(
            f"""
            SELECT id, order_no, shop_id, member_id, state, placed_at, paid_at, total_fen, post_fen,
                CASE WHEN state = 'unpaid' THEN 0 ELSE paid_fen + refund_fen END, refund_fen, title,
                removed_at IS NOT NULL
            FROM trade_order WHERE merchant_id = %(merchant_id)s AND {condition} ORDER BY id
            """,
            params,
        )
    ]
