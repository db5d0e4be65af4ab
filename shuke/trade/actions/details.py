"""Taking the lines that detail files tell, before or after the orders themselves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

from shuke.core import sql
from shuke.core.actors import Actor
from shuke.platforms.platform import LineRecord, is_read_anew
from shuke.trade import rules
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.lines import reallocate
from shuke.trade.actions.news import News, Taken, tell
from shuke.trade.actions.orders import lock_shop
from shuke.trade.actions.refunds import settle_refunds
from shuke.trade.actions.retelling import keep_before
from shuke.trade.staging import LINE

_RANKS = "ARRAY['unpaid','paid','part_shipped','shipped','signed','finished','closed']"
_OWN_NUMBER_LENGTH = 8
_HEAVIEST = 10**15  # fen; a column holds it whatever a file says

Keyed = dict[tuple[int, str], LineRecord]


def take_lines(
    merchant_id: int,
    shop_id: int,
    records: Sequence[LineRecord],
    *,
    import_id: int | None,
    by: Actor,
    are_all: bool = False,
) -> Taken:
    """Make the lines of the shop's orders what the records say; counts are of lines.

    Where the order is not known yet a place is kept for it, which the order list fills. Lines without a number of
    their own are known by their place in the order, which goes on where the import's last batch ended. Lines known under
    the other kind of key vanish; so do all that are not told where the records `are_all` lines of their orders. The
    order's money is shared among its lines anew.
    """
    lock_shop(shop_id)
    by_order: dict[str, list[LineRecord]] = {}
    for record in records:
        by_order.setdefault(record.order_no, []).append(record)
    orders = _orders(merchant_id, shop_id, by_order, import_id)
    keyed = _keyed(by_order, orders, {} if are_all else _begun(merchant_id, by_order, orders, import_id))
    stored = _stored(merchant_id, list(orders.values()))
    told = {
        key: record for key, record in keyed.items() if key not in stored or stored[key].row_hash != record.row_hash
    }
    news = {key: record for key, record in told.items() if key not in stored or not _is_older(record, stored[key])}
    gone = [key for key in stored if key not in keyed] if are_all else []
    new_count = sum(key not in stored for key in news)
    touched = sorted({order_id for order_id, _key in (*news, *gone)})
    if touched:
        before = _states(merchant_id, touched)
        keep_before(merchant_id, touched, import_id)
        _write(merchant_id, news, import_id)
        _vanish(merchant_id, gone)
        _advance_orders(merchant_id, touched, import_id)
        reallocate(merchant_id, touched)
        _follow(merchant_id, touched, before, by)
        settle_refunds(merchant_id, shop_id, by_order, by=by)
    return Taken(new_count, len(news) - new_count, len(records) - len(told), len(told) - len(news))


def _orders(
    merchant_id: int, shop_id: int, by_order: dict[str, list[LineRecord]], import_id: int | None
) -> dict[str, int]:
    """Order ids by number; unknown orders get a row without a member."""
    sql.run(
        """
        INSERT INTO trade_order (merchant_id, shop_id, order_no, state, placed_at, paid_at, goods_fen, post_fen,
            total_fen, paid_fen, refund_fen, item_count, line_count, title, close_reason, doubts, first_import_id,
            last_import_id)
        SELECT %(merchant_id)s, %(shop_id)s, order_no, state, placed_at, paid_at, 0, 0, 0, 0, 0, 0, 0, title, '', '',
            %(import_id)s, %(import_id)s
        FROM unnest(%(order_nos)s::text[], %(states)s::text[], %(placed)s::timestamptz[], %(paid)s::timestamptz[],
                    %(titles)s::text[]) AS n (order_no, state, placed_at, paid_at, title)
        ON CONFLICT (merchant_id, shop_id, order_no) DO NOTHING
        """,
        {
            "merchant_id": merchant_id,
            "shop_id": shop_id,
            "import_id": import_id,
            "order_nos": list(by_order),
            "states": [rules.least_state([line.state for line in lines]) for lines in by_order.values()],
            "placed": [lines[0].placed_at for lines in by_order.values()],
            "paid": [lines[0].paid_at for lines in by_order.values()],
            "titles": [rules.short_title([line.title for line in lines]) for lines in by_order.values()],
        },
    )
    return dict(
        sql.rows(
            "SELECT order_no, id FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
            " AND order_no = ANY(string_to_array(%(order_nos)s, chr(31)))",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(by_order)},
        )
    )


def _begun(
    merchant_id: int, by_order: dict[str, list[LineRecord]], orders: dict[str, int], import_id: int | None
) -> dict[int, int]:
    """How many lines without a number of their own the import's batches before this one told of each order."""
    numbered = [orders[order_no] for order_no, lines in by_order.items() if lines[0].line_no is None]
    return dict(
        sql.rows(
            "SELECT order_id, count(*) FROM trade_line WHERE merchant_id = %(merchant_id)s AND NOT is_vanished"
            " AND order_id = ANY(%(orders)s) AND last_import_id = %(import_id)s AND line_key <> '0' GROUP BY order_id",
            {"merchant_id": merchant_id, "orders": numbered, "import_id": import_id},
        )
    )


def _keyed(by_order: dict[str, list[LineRecord]], orders: dict[str, int], begun: dict[int, int]) -> Keyed:
    keyed: Keyed = {}
    for order_no, lines in by_order.items():
        order_id = orders[order_no]
        for place, line in enumerate(lines, start=begun.get(order_id, 0) + 1):
            key, again = line.line_no or str(place), 2
            # Some exports give two lines of an order the same number; the same line twice is one line.
            while (order_id, key) in keyed and keyed[order_id, key].row_hash != line.row_hash:
                key, again = f"{line.line_no}#{again}", again + 1
            keyed[order_id, key] = line
    return keyed


class _Stored(NamedTuple):
    row_hash: bytes
    state: str
    told_refund_fen: int


def _stored(merchant_id: int, order_ids: list[int]) -> dict[tuple[int, str], _Stored]:
    return {
        (order_id, key): _Stored(bytes(row_hash or b""), state, refund)
        for order_id, key, row_hash, state, refund in sql.rows(
            "SELECT order_id, line_key, row_hash, state, coalesce(told_refund_fen, 0) FROM trade_line"
            " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s::bigint[]) AND NOT is_vanished"
            " AND line_key <> '0'",
            {"merchant_id": merchant_id, "order_ids": sql.numbers(order_ids)},
        )
    }


def _is_older(record: LineRecord, stored: _Stored) -> bool:
    is_anew = is_read_anew(record.row_hash, stored.row_hash)
    return not is_anew and rules.is_older(record.state, _told_refund(record), stored.state, stored.told_refund_fen)


def _told_refund(record: LineRecord) -> int | None:
    return record.refund_fen if record.refund_state in {"", "refunded"} else 0


def _write(merchant_id: int, news: Keyed, import_id: int | None) -> None:
    ids = sql.new_ids(len(news))
    names = sql.stage(
        "staged_line",
        LINE,
        (
            _row(line_id, order_id, key, record, import_id)
            for line_id, ((order_id, key), record) in zip(ids, news.items(), strict=True)
        ),
    )
    told = [name for name in LINE if name not in {"id", "order_id", "line_key"}]
    params = {"merchant_id": merchant_id, "own": _OWN_NUMBER_LENGTH}
    sql.run(
        f"INSERT INTO trade_line (merchant_id, {names}, gross_fen, refund_fen, is_vanished)"
        f" SELECT %(merchant_id)s, {names}, 0, 0, false FROM staged_line"
        " ON CONFLICT (merchant_id, order_id, line_key) DO UPDATE"
        f" SET ({', '.join(told)}, is_vanished) = ({', '.join('excluded.' + name for name in told)}, false)",
        params,
    )
    sql.run(
        """
        UPDATE trade_line l SET is_vanished = true, gross_fen = 0, refund_fen = 0
        FROM (SELECT DISTINCT ON (order_id) order_id, length(line_key) >= %(own)s AS has_own FROM staged_line) s
        WHERE l.merchant_id = %(merchant_id)s AND l.order_id = s.order_id AND NOT l.is_vanished
          AND l.line_key <> '0' AND (length(l.line_key) >= %(own)s) <> s.has_own
        """,
        params,
    )


def _vanish(merchant_id: int, gone: Sequence[tuple[int, str]]) -> None:
    sql.run(
        "UPDATE trade_line l SET is_vanished = true, gross_fen = 0, refund_fen = 0"
        " FROM unnest(%(orders)s::bigint[], %(keys)s::text[]) AS g (order_id, line_key)"
        " WHERE l.merchant_id = %(merchant_id)s AND l.order_id = g.order_id AND l.line_key = g.line_key",
        {"merchant_id": merchant_id, "orders": [one[0] for one in gone], "keys": [one[1] for one in gone]},
    )


def _row(line_id: int, order_id: int, key: str, record: LineRecord, import_id: int | None) -> tuple[Any, ...]:
    price = record.price_fen or 0
    weight = record.due_fen if record.due_fen is not None else record.paid_fen
    if weight is None:
        weight = min(price * record.quantity, _HEAVIEST)
    return (
        line_id, order_id, key, record.title, record.sku, record.product_id, record.outer_id, price, record.quantity,
        weight, _told_refund(record), record.state, record.row_hash, import_id,
    )  # fmt: skip


def _advance_orders(merchant_id: int, order_ids: list[int], import_id: int | None) -> None:
    """Orders are at least as far as the least of their open lines, and refunded at least what their lines are; what refund
    reports told beyond that is settled anew afterwards.
    """
    sql.run(
        f"""
        UPDATE trade_order o SET last_import_id = %(import_id)s,
            state = ({_RANKS})[greatest(array_position({_RANKS}, o.state), l.rank)],
            refund_fen = greatest(o.refund_fen - o.report_refund_fen, l.refund_fen),
            paid_fen = greatest(0, o.paid_fen + o.report_refund_fen
                - greatest(0, l.refund_fen - o.refund_fen + o.report_refund_fen)),
            report_refund_fen = 0
        FROM (SELECT order_id, coalesce(min(array_position({_RANKS}, state)) FILTER (WHERE state <> 'closed'), 7) AS rank,
                     coalesce(sum(told_refund_fen), 0) AS refund_fen
              FROM trade_line WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s)
              AND NOT is_vanished AND line_key <> '0' GROUP BY order_id) l
        WHERE o.merchant_id = %(merchant_id)s AND o.id = l.order_id
        """,
        {"merchant_id": merchant_id, "order_ids": order_ids, "import_id": import_id},
    )


_State = tuple[int | None, str, str, int]


def _states(merchant_id: int, order_ids: list[int]) -> dict[int, _State]:
    return {
        row[0]: (row[1], row[2], row[3], row[4])
        for row in sql.rows(
            "SELECT id, member_id, order_no, state, paid_fen FROM trade_order"
            " WHERE merchant_id = %(merchant_id)s AND id = ANY(%(order_ids)s) AND removed_at IS NULL",
            {"merchant_id": merchant_id, "order_ids": order_ids},
        )
    }


def _follow(merchant_id: int, order_ids: list[int], before: dict[int, _State], by: Actor) -> None:
    after = _states(merchant_id, order_ids)
    refresh_figures(merchant_id, [member_id for member_id, *_ in after.values() if member_id is not None])
    tell(
        merchant_id,
        [
            News(order_id, member_id, order_no, before.get(order_id, (None, "", "", 0))[2], state, paid_fen, None)
            for order_id, (member_id, order_no, state, paid_fen) in after.items()
        ],
        by=by,
    )
