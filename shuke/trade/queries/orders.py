"""Questions about orders that other modules and pages ask."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

from shuke.core import crypto, sql
from shuke.merchants import queries as merchants
from shuke.trade import private, rules


class EarningLine(NamedTuple):
    """One line of an order as earning looks at it; amounts in fen.

    `gross_fen` is the line's share of what was paid for goods before refunds, `refund_fen` the refunded part of it,
    `post_fen` the order's postage on its first line. A line that vanished, or whose order was removed, has 0 and 0.
    """

    order_id: int
    order_no: str
    shop_id: int
    member_id: int
    line_id: int
    line_no: str
    title: str
    product_id: str
    outer_id: str
    quantity: int
    state: str
    placed_at: datetime | None
    paid_at: datetime | None
    finished_at: datetime | None
    gross_fen: int
    refund_fen: int
    post_fen: int
    is_gone: bool


_EARNING = """
    SELECT json_agg(json_build_array(order_id, order_no, shop_id, member_id, id, line_key, title, product_id, outer_id,
        quantity, state, {placed_at}, {paid_at}, {finished_at}, gross_fen, refund_fen,
        CASE WHEN gone OR place > 1 THEN 0 ELSE post_fen END, gone) ORDER BY order_id, place)
    FROM (
        SELECT l.order_id, o.order_no, o.shop_id, o.member_id, l.id, l.line_key, l.title, l.product_id, l.outer_id,
            l.quantity, o.state, o.placed_at, o.paid_at, coalesce(o.finished_at, CASE WHEN o.state = 'finished'
                THEN coalesce(o.shipped_at, o.paid_at, o.placed_at) END) AS finished_at,
            CASE WHEN gone THEN 0 ELSE l.gross_fen END AS gross_fen,
            CASE WHEN gone THEN 0 ELSE l.refund_fen END AS refund_fen, o.post_fen, gone,
            row_number() OVER (PARTITION BY l.order_id ORDER BY gone, length(l.line_key), l.line_key) AS place
        FROM trade_line l
        JOIN trade_order o ON o.merchant_id = l.merchant_id AND o.id = l.order_id
        CROSS JOIN LATERAL (SELECT l.is_vanished OR o.removed_at IS NOT NULL AS gone) g
        WHERE l.merchant_id = (SELECT %(merchant_id)s::bigint) AND l.order_id = ANY(%(order_ids)s::bigint[])
            AND o.member_id IS NOT NULL
    ) told
""".format(
    **{name: f"(extract(epoch FROM {name}) * 1000000)::bigint" for name in ("placed_at", "paid_at", "finished_at")}
)


def earning_lines(merchant_id: int, order_ids: Collection[int]) -> list[EarningLine]:
    """All lines of orders whose buyer is known, vanished ones included, grouped by order in the order of its lines.

    Where a file does not tell when an order finished, the last known step before stands for it.
    """
    # One JSON text for all rows: reading a million lines value by value costs ten times as much.
    told = sql.scalar(_EARNING, {"merchant_id": merchant_id, "order_ids": sql.numbers(order_ids)})
    return [
        EarningLine._make((*row[:11], _moment(row[11]), _moment(row[12]), _moment(row[13]), *row[14:]))
        for row in sql.loads(told) or ()
    ]


def _moment(microseconds: int | None) -> datetime | None:
    return None if microseconds is None else _EPOCH + timedelta(0, 0, microseconds)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def order_ids(merchant_id: int, *, after_id: int = 0, limit: int = 5000, since: datetime | None = None) -> list[int]:
    """Ids of orders with a known buyer, rising, to page through all of them; `since` looks at the placing."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT id FROM trade_order WHERE merchant_id = %(merchant_id)s AND id > %(after_id)s"
            " AND member_id IS NOT NULL AND (%(since)s::timestamptz IS NULL OR placed_at >= %(since)s)"
            " ORDER BY id LIMIT %(limit)s",
            {"merchant_id": merchant_id, "after_id": after_id, "limit": limit, "since": since},
        )
    ]


def order_ids_of_members(merchant_id: int, member_ids: Collection[int]) -> list[int]:
    """Ids of all orders of some members, removed ones included."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT id FROM trade_order WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s::bigint[])",
            {"merchant_id": merchant_id, "member_ids": sql.numbers(member_ids)},
        )
    ]


def members_of_orders(merchant_id: int, order_ids: Collection[int]) -> list[int]:
    """The members who placed some orders, each once."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT member_id FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND id = ANY(%(order_ids)s::bigint[]) AND member_id IS NOT NULL",
            {"merchant_id": merchant_id, "order_ids": sql.numbers(order_ids)},
        )
    ]


def order_count(merchant_id: int) -> int:
    """How many orders the merchant has, placeholders and removed ones left out."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM trade_order WHERE merchant_id = %(merchant_id)s AND member_id IS NOT NULL"
            " AND removed_at IS NULL",
            {"merchant_id": merchant_id},
        )
    )


def level_figures(
    merchant_id: int, member_ids: Collection[int] | None, *, since: datetime | None, until: datetime
) -> dict[int, tuple[int, int]]:
    """Net paid fen and count of each member's finished orders, counted at their finishing in [since, until).

    `member_ids` None asks for everybody.
    """
    return {
        row[0]: (row[1], row[2])
        for row in sql.rows(
            """
            SELECT member_id, sum(paid_fen)::bigint, count(*) FROM trade_order
            WHERE merchant_id = %(merchant_id)s AND removed_at IS NULL AND state = 'finished' AND member_id IS NOT NULL
              AND (%(member_ids)s::bigint[] IS NULL OR member_id = ANY(%(member_ids)s::bigint[]))
              AND coalesce(finished_at, shipped_at, paid_at, placed_at) < %(until)s
              AND (%(since)s::timestamptz IS NULL
                   OR coalesce(finished_at, shipped_at, paid_at, placed_at) >= %(since)s)
            GROUP BY member_id
            """,
            {"merchant_id": merchant_id, "member_ids": None if member_ids is None else sql.numbers(member_ids),
             "since": since, "until": until},
        )
    }  # fmt: skip


def level_figures_since(
    merchant_id: int, since: Mapping[int, datetime | None], *, until: datetime
) -> dict[int, tuple[int, int]]:  # fmt: skip
    """As `level_figures`, of members who each have a window of their own: member → its beginning, None for all time."""
    found = sql.rows(
        """
        SELECT w.member_id, o.paid_fen, o.orders
        FROM unnest(%(member_ids)s::bigint[], %(since)s::timestamptz[]) AS w (member_id, since) CROSS JOIN LATERAL (
            SELECT sum(paid_fen)::bigint AS paid_fen, count(*) AS orders FROM trade_order o
            WHERE o.merchant_id = %(merchant_id)s AND o.member_id = w.member_id AND o.removed_at IS NULL
                AND o.state = 'finished' AND coalesce(o.finished_at, o.shipped_at, o.paid_at, o.placed_at) < %(until)s
                AND (w.since IS NULL OR coalesce(o.finished_at, o.shipped_at, o.paid_at, o.placed_at) >= w.since)
            OFFSET 0
        ) AS o WHERE o.orders > 0
        """,
        {"merchant_id": merchant_id, "member_ids": sql.numbers(since), "since": list(since.values()), "until": until},
    )
    return {member_id: (paid_fen, orders) for member_id, paid_fen, orders in found}


@dataclass(frozen=True, slots=True)
class Figures:
    """What a member's orders add up to; amounts in fen."""

    member_id: int
    order_count: int
    paid_fen: int
    refund_fen: int
    average_fen: int
    item_count: int
    finished_count: int
    closed_count: int
    unpaid_count: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    lifecycle: str

    @property
    def lifecycle_label(self) -> str:
        """The group's name in the active language."""
        return str(rules.LIFECYCLE_LABELS[self.lifecycle])


def figures(merchant_id: int, member_ids: Collection[int]) -> dict[int, Figures]:
    """Trade figures by member; members without any order are missing."""
    names = ", ".join(Figures.__dataclass_fields__)
    return {
        row[0]: Figures(*row)
        for row in sql.rows(
            f"SELECT {names} FROM trade_figures WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(member_ids)s)",
            {"merchant_id": merchant_id, "member_ids": list(member_ids)},
        )
    }


def lifecycle_label(group: str) -> str:
    """The lifecycle group's name in the active language."""
    return str(rules.LIFECYCLE_LABELS[group])


def state_label(state: str) -> str:
    """An order's state in the active language."""
    return str(rules.STATE_LABELS[state])


def lifecycle_counts(merchant_id: int, *, most: int) -> dict[str, int]:
    """How many members are in each lifecycle group; counting one stops at `most` + 1, so that it stays fast."""
    return {
        name: int(
            sql.scalar(
                "SELECT count(*) FROM (SELECT FROM trade_figures WHERE merchant_id = %(merchant_id)s"
                " AND lifecycle = %(name)s LIMIT %(limit)s) AS found",
                {"merchant_id": merchant_id, "name": name, "limit": most + 1},
            )
        )
        for name in rules.LIFECYCLE_LABELS
    }


@dataclass(frozen=True, slots=True)
class OrderLine:
    """A line as pages show it; `is_whole_order` while no detail file told the lines, so that its price is no list price."""

    title: str
    sku: str
    quantity: int
    price_fen: int
    gross_fen: int
    refund_fen: int
    state: str
    is_whole_order: bool = False

    @property
    def state_label(self) -> str:
        """The state in the active language."""
        return str(rules.STATE_LABELS[self.state])


@dataclass(frozen=True, slots=True)
class Order:
    """An order as pages show it, without what is private."""

    id: int
    shop_id: int
    order_no: str
    member_id: int | None
    state: str
    placed_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    finished_at: datetime | None
    total_fen: int
    paid_fen: int
    refund_fen: int
    post_fen: int
    item_count: int
    title: str
    flag: int | None
    close_reason: str
    doubts: str

    @property
    def state_label(self) -> str:
        """The state in the active language."""
        return str(rules.STATE_LABELS[self.state])


_ORDER = ", ".join(Order.__dataclass_fields__)


def orders_of(merchant_id: int, member_id: int, *, limit: int = 50, before: datetime | None = None) -> list[Order]:
    """A member's orders, the latest first."""
    return _orders(
        "member_id = %(member_id)s AND removed_at IS NULL"
        " AND (%(before)s::timestamptz IS NULL OR coalesce(placed_at, paid_at) < %(before)s)"
        " ORDER BY coalesce(placed_at, paid_at) DESC NULLS LAST, id DESC LIMIT %(limit)s",
        {"merchant_id": merchant_id, "member_id": member_id, "before": before, "limit": limit},
    )


def orders(
    merchant_id: int,
    *,
    shop_id: int | None = None,
    member_id: int | None = None,
    state: str = "",
    order_no: str = "",
    placed_from: datetime | None = None,
    placed_to: datetime | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[Order]:
    """The merchant's orders, the latest told first; `placed_to` itself is left out, `before_id` pages on."""
    return _orders(
        "removed_at IS NULL AND (%(shop_id)s::bigint IS NULL OR shop_id = %(shop_id)s)"
        " AND (%(member_id)s::bigint IS NULL OR member_id = %(member_id)s)"
        " AND (%(state)s = '' OR state = %(state)s) AND (%(order_no)s = '' OR order_no = %(order_no)s)"
        " AND (%(placed_from)s::timestamptz IS NULL OR placed_at >= %(placed_from)s)"
        " AND (%(placed_to)s::timestamptz IS NULL OR placed_at < %(placed_to)s)"
        " AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s) ORDER BY id DESC LIMIT %(limit)s",
        {"merchant_id": merchant_id, "shop_id": shop_id, "member_id": member_id, "state": state, "order_no": order_no,
         "placed_from": placed_from, "placed_to": placed_to, "before_id": before_id, "limit": limit},
    )  # fmt: skip


def order(merchant_id: int, order_id: int) -> Order | None:
    """One order."""
    found = _orders("id = %(id)s AND removed_at IS NULL", {"merchant_id": merchant_id, "id": order_id})
    return found[0] if found else None


def members_of_order_no(merchant_id: int, order_no: str) -> list[int]:
    """The members who placed orders of this number, in any of the merchant's shops."""
    return [
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT member_id FROM trade_order WHERE merchant_id = %(merchant_id)s"
            " AND shop_id = ANY(%(shops)s) AND order_no = %(order_no)s AND member_id IS NOT NULL AND removed_at IS NULL",
            {
                "merchant_id": merchant_id,
                "order_no": order_no,
                "shops": [shop.id for shop in merchants.shops(merchant_id)],
            },
        )
    ]


def lines_of(merchant_id: int, order_ids: Collection[int]) -> dict[int, list[OrderLine]]:
    """The lines of orders by order."""
    found: dict[int, list[OrderLine]] = {}
    for order_id, *line in sql.rows(
        "SELECT order_id, title, sku, quantity, price_fen, gross_fen, refund_fen, state,"
        " line_key = '0' FROM trade_line"
        " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s) AND NOT is_vanished"
        " ORDER BY order_id, length(line_key), line_key",
        {"merchant_id": merchant_id, "order_ids": list(order_ids)},
    ):
        found.setdefault(order_id, []).append(OrderLine(*line))
    return found


def private_of(merchant_id: int, order_id: int) -> dict[str, str]:
    """The sealed fields of one order in clear; the caller has checked the right and writes the audit line."""
    sealed = sql.scalar(
        "SELECT private_sealed FROM trade_order WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": order_id},
    )
    return private.unseal(crypto.vault(merchant_id), merchant_id, order_id, sealed)


def _orders(condition: str, params: dict[str, Any]) -> list[Order]:
    return [
        Order(*row)
        for row in sql.rows(
            f"SELECT {_ORDER} FROM trade_order WHERE merchant_id = %(merchant_id)s AND {condition}", params
        )
    ]
