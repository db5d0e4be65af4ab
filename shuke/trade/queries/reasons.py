"""Unpaid orders: whom to ask why, and what the answers add up to per product."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from shuke.core import sql
from shuke.trade.rules import REASONS

__all__ = ["REASONS", "UnpaidOrder", "reasons_by_product", "unpaid_orders"]


@dataclass(frozen=True, slots=True)
class UnpaidOrder:
    """An order that was placed and not paid, with the reason once it is known (a key of REASONS)."""

    id: int
    order_no: str
    member_id: int | None
    state: str
    placed_at: datetime | None
    total_fen: int
    title: str
    reason: str

    @property
    def reason_label(self) -> str:
        """The reason in the active language; "" while nobody asked."""
        return str(REASONS[self.reason]) if self.reason else ""


def unpaid_orders(
    merchant_id: int, *, since: datetime, member_id: int | None = None, limit: int = 50
) -> list[UnpaidOrder]:
    """Orders placed since then and never paid, those without a reason first, the latest first."""
    return [
        UnpaidOrder(*row)
        for row in sql.rows(
            """
            SELECT o.id, o.order_no, o.member_id, o.state, o.placed_at, o.total_fen, o.title, coalesce(r.reason, '')
            FROM trade_order o
            LEFT JOIN trade_unpaidreason r ON r.merchant_id = o.merchant_id AND r.order_id = o.id
            WHERE o.merchant_id = %(merchant_id)s AND o.placed_at >= %(since)s AND o.paid_at IS NULL
              AND o.state IN ('unpaid', 'closed') AND o.removed_at IS NULL AND o.member_id IS NOT NULL
              AND (%(member_id)s::bigint IS NULL OR o.member_id = %(member_id)s)
            ORDER BY (r.reason IS NOT NULL), o.placed_at DESC LIMIT %(limit)s
            """,
            {"merchant_id": merchant_id, "since": since, "member_id": member_id, "limit": limit},
        )
    ]


def reasons_by_product(merchant_id: int, *, limit: int = 50) -> list[tuple[str, str, int]]:
    """(product title, reason, how often), the most frequent first; an order of several products counts for each."""
    return [
        (title, reason, int(count))
        for title, reason, count in sql.rows(
            """
            SELECT l.title, r.reason, count(DISTINCT r.order_id)
            FROM trade_unpaidreason r
            JOIN trade_line l ON l.merchant_id = r.merchant_id AND l.order_id = r.order_id AND NOT l.is_vanished
            WHERE r.merchant_id = %(merchant_id)s
            GROUP BY l.title, r.reason ORDER BY count(DISTINCT r.order_id) DESC, l.title, r.reason LIMIT %(limit)s
            """,
            {"merchant_id": merchant_id, "limit": limit},
        )
    ]
