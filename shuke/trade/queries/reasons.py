"""Unpaid orders: whom to ask why, and what the answers add up to per product."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from shuke.core import crypto, sql
from shuke.members.queries import marks
from shuke.trade.rules import REASONS

__all__ = ["REASONS", "UnpaidOrder", "reasons_by_product", "unasked_count", "unpaid_notes", "unpaid_orders"]


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


def unasked_count(merchant_id: int, *, since: datetime) -> int:
    """How many orders placed since then were never paid and nobody has told why, all of them."""
    found: int = sql.scalar(
        """
        SELECT count(*) FROM trade_order o
        WHERE o.merchant_id = %(merchant_id)s AND o.placed_at >= %(since)s AND o.paid_at IS NULL
          AND o.state IN ('unpaid', 'closed') AND o.removed_at IS NULL AND o.member_id IS NOT NULL
          AND NOT EXISTS (SELECT FROM trade_unpaidreason r WHERE r.merchant_id = o.merchant_id AND r.order_id = o.id
            AND r.reason <> '')
        """,
        {"merchant_id": merchant_id, "since": since},
    )
    return found


def unpaid_notes(merchant_id: int, order_ids: Collection[int]) -> dict[int, str]:
    """What staff wrote down beside the reason, by order; phone numbers and mail addresses in it are masked."""
    vault = crypto.vault(merchant_id)
    return {
        order_id: marks.masked_words(vault.open(sealed, row=f"trade_unpaidreason|note|{merchant_id}|{order_id}"))
        for order_id, sealed in sql.rows(
            "SELECT order_id, note_sealed FROM trade_unpaidreason WHERE merchant_id = %(merchant_id)s"
            " AND order_id = ANY(%(order_ids)s) AND note_sealed IS NOT NULL",
            {"merchant_id": merchant_id, "order_ids": list(order_ids)},
        )
    }


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
