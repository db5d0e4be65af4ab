"""Orders of members who were joined, parted or erased: whose they are now, and that nothing tells who that was."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from shuke.core import sql
from shuke.members import queries as members
from shuke.trade.actions.figures import refresh_figures


def rehome_orders(merchant_id: int, homes: Mapping[int, int]) -> dict[int, int]:
    """Give every order of these members (member → who stands for her) to that one; order id → whose it was first.

    An order remembers whose it is when nobody is joined to anybody, so parting gives each back. Figures of all are
    recomputed. Told twice it moves nothing.
    """
    params = {"merchant_id": merchant_id, "members": list(homes), "homes": list(homes.values())}
    moved = dict(sql.rows(_MOVE.format(which="o.origin_id = w.member_id"), params))
    moved |= dict(sql.rows(_MOVE.format(which="o.member_id = w.member_id AND o.origin_id IS NULL"), params))
    sql.run(
        "UPDATE trade_unpaidreason u SET member_id = o.member_id FROM trade_order o"
        " WHERE u.merchant_id = %(merchant_id)s AND u.order_id = ANY(%(orders)s::bigint[])"
        " AND o.merchant_id = u.merchant_id AND o.id = u.order_id AND u.member_id IS DISTINCT FROM o.member_id",
        {**params, "orders": sql.numbers(moved)},
    )
    if moved:
        refresh_figures(merchant_id, set(homes) | set(homes.values()))
    return moved


def bring_home(merchant_id: int, order_ids: Collection[int]) -> None:
    """Orders that were put back as they had been: to whoever stands now for whose they were first."""
    firsts = {
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT coalesce(origin_id, member_id) FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND id = ANY(%(orders)s::bigint[]) AND member_id IS NOT NULL",
            {"merchant_id": merchant_id, "orders": sql.numbers(order_ids)},
        )
    }
    if firsts:
        rehome_orders(merchant_id, members.homes(merchant_id, firsts))


def note_origins(merchant_id: int, shop_id: int, origins: Mapping[str, int]) -> None:
    """Remember of orders (by number), told of members who are joined to others, whose they are by themselves."""
    if origins:
        sql.run(
            "UPDATE trade_order o SET origin_id = w.origin_id"
            " FROM unnest(%(order_nos)s::text[], %(origins)s::bigint[]) AS w (order_no, origin_id)"
            " WHERE o.merchant_id = %(merchant_id)s AND o.shop_id = %(shop_id)s AND o.order_no = w.order_no"
            " AND o.origin_id IS NULL AND o.member_id <> w.origin_id",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": list(origins),
             "origins": list(origins.values())},
        )  # fmt: skip


def forget_private(merchant_id: int, member_ids: Collection[int]) -> int:
    """Take receiver, message, remark and the answers about unpaid orders out of these members' orders, for good, also
    out of what is kept to undo imports; how many orders these were. The orders themselves stay.
    """
    orders = _orders_of(merchant_id, member_ids)
    params = {"merchant_id": merchant_id, "orders": sql.numbers(orders)}
    for statement in _FORGET:
        sql.run(statement, params)
    return len(orders)


def _orders_of(merchant_id: int, member_ids: Collection[int]) -> Sequence[int]:
    return [
        row[0]
        for row in sql.rows(
            "SELECT id FROM trade_order WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(members)s::bigint[])"
            " UNION SELECT id FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND origin_id = ANY(%(members)s::bigint[])",
            {"merchant_id": merchant_id, "members": sql.numbers(member_ids)},
        )
    ]


_MOVE = """
    WITH moved AS (
        UPDATE trade_order o SET member_id = w.home_id, origin_id = nullif(w.member_id, w.home_id)
        FROM unnest(%(members)s::bigint[], %(homes)s::bigint[]) AS w (member_id, home_id)
        WHERE o.merchant_id = %(merchant_id)s AND {which} AND o.member_id <> w.home_id
        RETURNING o.id, w.member_id
    )
    SELECT id, member_id FROM moved
"""

FORGET_EXPLANATIONS = """
    UPDATE trade_refund r SET explanation_sealed = NULL FROM trade_order o WHERE r.merchant_id = %(merchant_id)s
      AND o.merchant_id = r.merchant_id AND o.id = ANY(%(orders)s::bigint[]) AND o.shop_id = r.shop_id
      AND o.order_no = r.order_no AND r.explanation_sealed IS NOT NULL
"""

_FORGET = (
    (
        "UPDATE trade_order SET private_sealed = NULL"
        " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(orders)s::bigint[]) AND private_sealed IS NOT NULL"
    ),
    (
        "UPDATE trade_change SET before = before || '{\"private_sealed\": null}'"
        " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(orders)s::bigint[])"
    ),
    (
        "UPDATE trade_unpaidreason SET note_sealed = NULL"
        " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(orders)s::bigint[])"
    ),
    FORGET_EXPLANATIONS,
)
