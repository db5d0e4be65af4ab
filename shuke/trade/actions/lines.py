"""Lines of orders: taking what detail files tell, and sharing each order's money among its lines."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from itertools import groupby
from operator import attrgetter
from typing import Any, NamedTuple

from shuke.core import sql
from shuke.trade import rules


def reallocate(merchant_id: int, order_ids: Collection[int]) -> None:
    """Share each order's goods money and refund among its lines, so that both add up exactly.

    An order without lines gets one for the whole; that one vanishes when real lines are there.
    """
    if not order_ids:
        return
    params = {"merchant_id": merchant_id, "order_ids": list(order_ids)}
    _whole_order_lines(params)
    shares = []
    for _order_id, group in groupby(_lines(params), key=attrgetter("order_id")):
        lines = list(group)
        first = lines[0]
        gross = rules.goods_gross(
            first.order_state, first.paid_at, first.paid_fen, first.refund_fen, first.post_fen, first.total_fen
        )
        told = [(line.weight_fen, line.told_refund_fen, line.state == rules.CLOSED) for line in lines]
        for line, (line_gross, line_refund) in zip(lines, rules.allocate(gross, first.refund_fen, told), strict=True):
            shares.append((line.id, line_gross, line_refund))
    sql.run(
        """
        UPDATE trade_line l SET gross_fen = s.gross_fen, refund_fen = s.refund_fen
        FROM unnest(%(ids)s::bigint[], %(gross)s::bigint[], %(refund)s::bigint[]) AS s (id, gross_fen, refund_fen)
        WHERE l.merchant_id = %(merchant_id)s AND l.id = s.id
          AND (l.gross_fen, l.refund_fen) IS DISTINCT FROM (s.gross_fen, s.refund_fen)
        """,
        {"merchant_id": merchant_id, "ids": [s[0] for s in shares], "gross": [s[1] for s in shares],
         "refund": [s[2] for s in shares]},
    )  # fmt: skip


class _Line(NamedTuple):
    id: int
    order_id: int
    weight_fen: int
    told_refund_fen: int | None
    state: str
    order_state: str
    paid_at: datetime | None
    paid_fen: int
    refund_fen: int
    post_fen: int
    total_fen: int


def _lines(params: dict[str, Any]) -> list[_Line]:
    return [
        _Line(*row)
        for row in sql.rows(
            """
            SELECT l.id, l.order_id, l.weight_fen, greatest(l.told_refund_fen, nullif(l.report_refund_fen, 0)), l.state, o.state, o.paid_at, o.paid_fen,
                o.refund_fen, o.post_fen, o.total_fen
            FROM trade_line l JOIN trade_order o ON o.merchant_id = l.merchant_id AND o.id = l.order_id
            WHERE l.merchant_id = %(merchant_id)s AND l.order_id = ANY(%(order_ids)s) AND NOT l.is_vanished
            ORDER BY l.order_id, length(l.line_key), l.line_key
            """,
            params,
        )
    ]


def _whole_order_lines(params: dict[str, Any]) -> None:
    sql.run(
        """
        INSERT INTO trade_line AS l (merchant_id, order_id, line_key, title, sku, product_id, outer_id, price_fen,
            quantity, weight_fen, gross_fen, refund_fen, state, is_vanished, last_import_id)
        SELECT o.merchant_id, o.id, '0', o.title, '', '', '', 0, greatest(1, o.item_count), 1, 0, 0, o.state, false,
            o.last_import_id
        FROM trade_order o
        WHERE o.merchant_id = %(merchant_id)s AND o.id = ANY(%(order_ids)s) AND NOT EXISTS (
            SELECT FROM trade_line x WHERE x.merchant_id = o.merchant_id AND x.order_id = o.id
            AND NOT x.is_vanished AND x.line_key <> '0')
        ON CONFLICT (merchant_id, order_id, line_key) DO UPDATE
            SET is_vanished = false, state = excluded.state, title = excluded.title, quantity = excluded.quantity
        """,
        params,
    )
    sql.run(
        """
        UPDATE trade_line l SET is_vanished = true, gross_fen = 0, refund_fen = 0
        WHERE l.merchant_id = %(merchant_id)s AND l.order_id = ANY(%(order_ids)s) AND l.line_key = '0'
          AND NOT l.is_vanished AND EXISTS (
            SELECT FROM trade_line x WHERE x.merchant_id = l.merchant_id AND x.order_id = l.order_id
            AND NOT x.is_vanished AND x.line_key <> '0')
        """,
        params,
    )
