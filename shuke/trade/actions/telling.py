"""Orders as another program tells them: taken by the importer's own actions, and undone like an import."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import NamedTuple

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.platforms.platform import LineRecord, OrderRecord
from shuke.trade.actions.details import take_lines
from shuke.trade.actions.imports import zone_of
from shuke.trade.actions.orders import lock_shop, take_orders

LAYOUT = "api"


class ToldOrder(NamedTuple):
    """An order and its lines; without lines only the order itself is told."""

    record: OrderRecord
    lines: Sequence[LineRecord]


def take_told(
    merchant_id: int, shop_id: int, told: Sequence[ToldOrder], *, name: str, by: Actor
) -> tuple[int, dict[str, str]]:
    """Make the shop's orders what is told; (the import they belong to, "new", "changed" or "same" by order number).

    What one doer tells of a shop in one day is one import, shown as `name` in the list: it can be undone as a whole.
    Order numbers must differ. Lines need numbers of their own.
    """
    lock_shop(shop_id)
    import_id = _import_of_today(merchant_id, shop_id, name, by)
    order_nos = [one.record.order_no for one in told]
    before = _looks(merchant_id, shop_id, order_nos)
    take_orders(merchant_id, shop_id, [one.record for one in told], import_id=import_id, by=by)
    lines = [line for one in told for line in one.lines]
    if lines:
        take_lines(merchant_id, shop_id, lines, import_id=import_id, by=by)
    after = _looks(merchant_id, shop_id, order_nos)
    outcomes = {number: _outcome(before.get(number), after[number]) for number in order_nos}
    _count(merchant_id, import_id, list(outcomes.values()))
    return import_id, outcomes


def _outcome(before: str | None, after: str) -> str:
    if before is None:
        return "new"
    return "same" if before == after else "changed"


def _looks(merchant_id: int, shop_id: int, order_nos: Sequence[str]) -> dict[str, str]:
    """A digest of all that is known of each order and its lines, by number; removed orders are not known."""
    return dict(
        sql.rows(
            """
            SELECT o.order_no, md5(concat_ws('|', o.member_id, o.state, o.placed_at, o.paid_at, o.shipped_at,
                o.finished_at, o.goods_fen, o.post_fen, o.total_fen, o.paid_fen, o.refund_fen, o.item_count, o.title,
                o.flag, o.close_reason, o.private_sealed, (
                    SELECT string_agg(concat_ws('|', l.line_key, l.title, l.sku, l.product_id, l.outer_id, l.price_fen,
                        l.quantity, l.gross_fen, l.refund_fen, l.state), '/' ORDER BY l.line_key)
                    FROM trade_line l WHERE l.merchant_id = o.merchant_id AND l.order_id = o.id AND NOT l.is_vanished)))
            FROM trade_order o WHERE o.merchant_id = %(merchant_id)s AND o.shop_id = %(shop_id)s
              AND o.order_no = ANY(%(order_nos)s) AND o.removed_at IS NULL
            """,
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": list(order_nos)},
        )
    )


def _import_of_today(merchant_id: int, shop_id: int, name: str, by: Actor) -> int:
    now, zone = clock.now(), zone_of(merchant_id)
    day = now.astimezone(zone)
    params = {"merchant_id": merchant_id, "shop_id": shop_id, "by": by.label, "layout": LAYOUT, "now": now,
              "name": f"{name} {day.date().isoformat()}", "since": datetime(day.year, day.month, day.day, tzinfo=zone)}  # fmt: skip
    found = sql.scalar(
        "SELECT id FROM trade_import WHERE merchant_id = %(merchant_id)s AND created_at >= %(since)s"
        " AND shop_id = %(shop_id)s AND layout = %(layout)s AND by = %(by)s AND state = 'done' ORDER BY id DESC LIMIT 1"
        " FOR UPDATE",  # held, so that nobody undoes it while it is told of
        params,
    )
    return int(
        found
        or sql.scalar(
            "INSERT INTO trade_import (merchant_id, shop_id, name, size_bytes, file, state, layout, content, header,"
            " row_count, new_count, changed_count, same_count, rejected_count, older_count, kept_count, refusal, by,"
            " created_at) VALUES (%(merchant_id)s, %(shop_id)s, %(name)s, 0, '', 'done', %(layout)s, 'orders', '', 0, 0,"
            " 0, 0, 0, 0, 0, '', %(by)s, %(now)s) RETURNING id",
            params,
        )
    )


def _count(merchant_id: int, import_id: int, outcomes: Sequence[str]) -> None:
    sql.run(
        "UPDATE trade_import SET row_count = row_count + %(rows)s, new_count = new_count + %(new)s,"
        " changed_count = changed_count + %(changed)s, same_count = same_count + %(same)s, finished_at = %(now)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": import_id, "rows": len(outcomes), "now": clock.now(),
         **{name: outcomes.count(name) for name in ("new", "changed", "same")}},
    )  # fmt: skip
