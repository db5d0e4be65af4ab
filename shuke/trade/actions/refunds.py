"""Having orders and their lines follow what refund reports told, whatever came first."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from shuke.core import sql
from shuke.core.actors import Actor
from shuke.members import queries as members
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.lines import reallocate
from shuke.trade.actions.news import News, tell
from shuke.trade.actions.rehoming import FORGET_EXPLANATIONS


def settle_refunds(merchant_id: int, shop_id: int, order_nos: Collection[str], *, by: Actor) -> None:
    """Bring orders' refunds to at least what refund reports tell; how much that is above what order lists told is kept
    beside, so that it converges whatever came first, and goes again with its report. What erased buyers wrote is not kept.
    """
    params = {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(order_nos)}
    if not order_nos or not sql.scalar(
        "SELECT EXISTS (SELECT FROM trade_refund WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s)"
        " OR EXISTS (SELECT FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
        " AND order_no = ANY(string_to_array(%(order_nos)s, chr(31))) AND report_refund_fen > 0)",
        params,
    ):
        return
    _forget_words_of_the_erased(merchant_id, params)
    moved = sql.rows(_RAISE_ORDERS, params)
    touched = {row[0] for row in moved} | _raise_lines(merchant_id, params)
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


def _forget_words_of_the_erased(merchant_id: int, params: dict[str, Any]) -> None:
    buyers = dict(
        sql.rows(
            "SELECT o.id, o.member_id FROM trade_refund r JOIN trade_order o ON o.merchant_id = r.merchant_id"
            " AND o.shop_id = r.shop_id AND o.order_no = r.order_no WHERE r.merchant_id = %(merchant_id)s"
            " AND r.shop_id = %(shop_id)s AND r.order_no = ANY(string_to_array(%(order_nos)s, chr(31)))"
            " AND r.explanation_sealed IS NOT NULL AND o.member_id IS NOT NULL",
            params,
        )
    )
    erased = members.erased(merchant_id, set(buyers.values())) if buyers else set()
    if erased:
        orders = [order_id for order_id, member_id in buyers.items() if member_id in erased]
        sql.run(FORGET_EXPLANATIONS, {"merchant_id": merchant_id, "orders": sql.numbers(orders)})


def _raise_lines(merchant_id: int, params: dict[str, Any]) -> set[int]:
    """Bring lines to what reports tell of them; the orders whose lines changed."""
    known = sql.rows(
        "SELECT id, order_no FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
        " AND order_no = ANY(string_to_array(%(order_nos)s, chr(31)))",
        params,
    )
    changed = sql.rows(
        _LINES, {**params, "order_ids": [row[0] for row in known], "known_nos": [row[1] for row in known]}
    )
    sql.run(
        "UPDATE trade_line l SET report_refund_fen = w.fen"
        " FROM unnest(%(ids)s::bigint[], %(fens)s::bigint[]) AS w (id, fen)"
        " WHERE l.merchant_id = %(merchant_id)s AND l.id = w.id",
        {"merchant_id": merchant_id, "ids": [row[0] for row in changed], "fens": [row[2] for row in changed]},
    )
    return {row[1] for row in changed}


_TOLD = """
    SELECT DISTINCT ON (refund_no) refund_no, order_no, refund_fen, title, outer_id, state FROM trade_refund
    WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s
      AND order_no = ANY(string_to_array(%(order_nos)s, chr(31))) ORDER BY refund_no, id DESC
"""

# Materialized, since without statistics the planner would reckon them again for every order.
_RAISE_ORDERS = f"""
    WITH told AS MATERIALIZED ({_TOLD}),
    sums AS MATERIALIZED (SELECT order_no, sum(refund_fen) AS refund_fen FROM told WHERE state = 'refunded' GROUP BY order_no),
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
# Lines are found by their orders' ids in one scan: joined to the orders they would be looked up order by order, and for a
# merchant of whom statistics know nothing yet each look-up might go through all of her lines.
_LINES = f"""
    WITH told AS MATERIALIZED ({_TOLD}),
    lines AS MATERIALIZED (
        SELECT id, order_id, outer_id, title, report_refund_fen, NOT is_vanished AND line_key <> '0' AS is_bought
        FROM trade_line WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s)),
    fit AS MATERIALIZED (
        SELECT DISTINCT ON (t.refund_no) l.id, t.refund_fen
        FROM told t
        JOIN unnest(%(order_ids)s::bigint[], %(known_nos)s::text[]) AS o (id, order_no) ON o.order_no = t.order_no
        JOIN lines l ON l.order_id = o.id AND l.is_bought
          AND (t.outer_id <> '' AND l.outer_id = t.outer_id OR l.title = t.title)
        WHERE t.state = 'refunded'
        ORDER BY t.refund_no, (t.outer_id <> '' AND l.outer_id = t.outer_id) DESC, l.title = t.title DESC, l.id),
    sums AS MATERIALIZED (SELECT id, sum(refund_fen)::bigint AS refund_fen FROM fit GROUP BY id)
    SELECT l.id, l.order_id, coalesce(s.refund_fen, 0) FROM lines l LEFT JOIN sums s ON s.id = l.id
    WHERE l.report_refund_fen <> coalesce(s.refund_fen, 0)
"""
