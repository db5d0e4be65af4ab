"""Refunds as refund reports told them, beside their orders."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shuke.core import sql
from shuke.trade import rules


@dataclass(frozen=True, slots=True)
class Refund:
    """A refund as it was told last; what the buyer wrote about it stays sealed."""

    refund_no: str
    refund_fen: int
    state: str
    reason: str
    asked_at: datetime | None

    @property
    def state_label(self) -> str:
        """The state in the active language."""
        return str(rules.REFUND_STATE_LABELS.get(self.state, ""))


def refunds_of(merchant_id: int, order_ids: Collection[int]) -> dict[int, list[Refund]]:
    """The refunds of orders by order, the earliest first."""
    found: dict[int, list[Refund]] = {}
    for order_id, *refund in sql.rows(
        """
        SELECT id, refund_no, refund_fen, state, reason, asked_at FROM (
            SELECT DISTINCT ON (o.id, r.refund_no) o.id, r.refund_no, r.refund_fen, r.state, r.reason, r.asked_at
            FROM trade_order o JOIN trade_refund r
              ON r.merchant_id = o.merchant_id AND r.shop_id = o.shop_id AND r.order_no = o.order_no
            WHERE o.merchant_id = %(merchant_id)s AND o.id = ANY(%(order_ids)s::bigint[])
            ORDER BY o.id, r.refund_no, r.id DESC) last
        ORDER BY id, asked_at, refund_no
        """,
        {"merchant_id": merchant_id, "order_ids": sql.numbers(order_ids)},
    ):
        found.setdefault(order_id, []).append(Refund(*refund))
    return found
