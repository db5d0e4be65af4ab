"""Having orders and their lines follow what refund reports told, whatever came first."""

from __future__ import annotations

from collections.abc import Collection

from shuke.core import sql
from shuke.core.actors import Actor
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.lines import reallocate
from shuke.trade.actions.news import News, tell


def settle_refunds(merchant_id: int, shop_id: int, order_nos: Collection[str], *, by: Actor) -> None:
    """Bring orders' refunds to at least what refund reports tell; how much that is above what order lists told is kept
    beside, so that it converges whatever came first, and goes again with its report.
    """
    params = {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(order_nos)}
    if not order_nos or not sql.scalar(
        "SELECT EXISTS (SELECT FROM trade_refund WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s)"
        " OR EXISTS (SELECT FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
        " AND order_no = ANY(string_to_array(%(order_nos)s, chr(31))) AND report_refund_fen > 0)",
        params,
    ):
        return
    moved = sql.rows(_RAISE_ORDERS, params)
    lines = sql.rows(_RAISE_LINES, params)
    touched = {row[0] for row in (*moved, *lines)}
    if not touched:
        return
    reallocate(merchant_id, sorted(touched))
    found = sql.rows(
        "SELECT id, member_id, order_no, state, paid_fen FROM trade_order WHERE merchant_id = %(merchant_id)s"
        " AND id = ANY(%(ids)s) AND removed_at IS NULL",
        {"merchant_id": merchant_id, "ids": sorted(touched)},
    )
    refresh_figures(merchant_id, [row[1] for row in found if row[1] is not None])
    tell(merchant_id, [News(row[0], row[1], row[2], row[3], row[3], row[4], None) for row in found], by=by)


_TOLD = """
    SELECT DISTINCT ON (refund_no) refund_no, order_no, refund_fen, title, outer_id, state FROM trade_refund
    WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s
      AND order_no = ANY(string_to_array(%(order_nos)s, chr(31))) ORDER BY refund_no, id DESC
"""

_RAISE_ORDERS = f"""
    WITH told AS ({_TOLD}),
    sums AS (SELECT order_no, sum(refund_fen) AS refund_fen FROM told WHERE state = 'refunded' GROUP BY order_no),
    wanted AS (
        SELECT o.id, o.refund_fen - o.report_refund_fen AS listed,
            greatest(o.refund_fen - o.report_refund_fen, least(coalesce(s.refund_fen, 0), o.paid_fen + o.refund_fen)) AS wanted
        FROM trade_order o LEFT JOIN sums s ON s.order_no = o.order_no
        WHERE o.merchant_id = %(merchant_id)s AND o.shop_id = %(shop_id)s AND o.removed_at IS NULL
          AND o.order_no = ANY(string_to_array(%(order_nos)s, chr(31)))
          AND (s.order_no IS NOT NULL OR o.report_refund_fen > 0))
    UPDATE trade_order o SET refund_fen = w.wanted, paid_fen = o.paid_fen + o.refund_fen - w.wanted,
        report_refund_fen = w.wanted - w.listed
    FROM wanted w WHERE o.merchant_id = %(merchant_id)s AND o.id = w.id
      AND (o.refund_fen, o.report_refund_fen) IS DISTINCT FROM (w.wanted, w.wanted - w.listed)
    RETURNING o.id
"""

# A refund is of the line with its code, else of the one with its title; what fits no line is shared by all.
_RAISE_LINES = f"""
    WITH told AS ({_TOLD}),
    fit AS (
        SELECT l.id, sum(t.refund_fen)::bigint AS refund_fen
        FROM told t
        JOIN trade_order o ON o.merchant_id = %(merchant_id)s AND o.shop_id = %(shop_id)s AND o.order_no = t.order_no
        CROSS JOIN LATERAL (
            SELECT x.id FROM trade_line x WHERE x.merchant_id = o.merchant_id AND x.order_id = o.id AND NOT x.is_vanished
              AND x.line_key <> '0' AND (t.outer_id <> '' AND x.outer_id = t.outer_id OR x.title = t.title)
            ORDER BY (t.outer_id <> '' AND x.outer_id = t.outer_id) DESC, x.title = t.title DESC, x.id LIMIT 1) l
        WHERE t.state = 'refunded' GROUP BY l.id)
    UPDATE trade_line l SET report_refund_fen = coalesce(f.refund_fen, 0)
    FROM trade_order o, trade_line x LEFT JOIN fit f ON f.id = x.id
    WHERE o.merchant_id = %(merchant_id)s AND o.shop_id = %(shop_id)s
      AND o.order_no = ANY(string_to_array(%(order_nos)s, chr(31)))
      AND x.merchant_id = o.merchant_id AND x.order_id = o.id AND l.merchant_id = x.merchant_id AND l.id = x.id
      AND l.report_refund_fen <> coalesce(f.refund_fen, 0)
    RETURNING l.order_id
"""
