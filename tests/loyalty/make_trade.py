"""Orders in the database for loyalty's tests, taken the way an import takes them."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from shuke.core import sql
from shuke.ledger import queries as ledger
from shuke.loyalty import actions as loyalty
from shuke.platforms.platform import LineRecord, OrderRecord
from shuke.trade import actions as trade
from tests.make import Place

DAY = timedelta(days=1)
NOON = datetime(2026, 11, 22, 4, tzinfo=UTC)


def record(order_no: str, nick: str = "小荷", paid_yuan: int = 100, **more: Any) -> OrderRecord:
    """An order placed and paid thirty days ago and finished twenty days ago, unless told otherwise."""
    placed = more.pop("placed_at", NOON - 30 * DAY)
    state = more.get("state", "finished")
    refund_fen = more.get("refund_fen", 0)
    total = paid_yuan * 100
    values: dict[str, Any] = dict.fromkeys(OrderRecord._fields, "")
    values |= {
        "order_no": order_no, "nick": nick, "state": state, "placed_at": placed,
        "paid_at": None if state == "unpaid" else placed, "shipped_at": None,
        "finished_at": placed + 10 * DAY if state == "finished" else None, "goods_fen": total, "post_fen": 0,
        "total_fen": total, "paid_fen": 0 if state == "unpaid" else total - refund_fen, "refund_fen": refund_fen,
        "titles": ("羊毛围巾",), "line_count": 1, "item_count": 1, "phone_expires_at": None, "flag": None,
        "is_mobile": None, "doubts": (), "row_number": 2,
    }  # fmt: skip
    values |= more
    values["row_hash"] = hashlib.sha256(repr(sorted(values.items(), key=str)).encode()).digest()[:16]
    return OrderRecord(**values)


def line_record(order_no: str, line_no: str, paid_yuan: int, **more: Any) -> LineRecord:
    """A line of a finished order as a detail file tells it."""
    values: dict[str, Any] = dict.fromkeys(LineRecord._fields, "")
    values |= {
        "order_no": order_no, "line_no": line_no, "title": "羊毛围巾", "price_fen": paid_yuan * 100, "quantity": 1,
        "due_fen": paid_yuan * 100, "paid_fen": paid_yuan * 100, "refund_fen": None, "refund_state": "",
        "state": "finished", "placed_at": None, "paid_at": None, "shipped_at": None, "flag": None, "doubts": (),
        "row_number": 2,
    }  # fmt: skip
    values |= more
    values["row_hash"] = hashlib.sha256(repr(sorted(values.items(), key=str)).encode()).digest()[:16]
    return LineRecord(**values)


def take(place: Place, *records: OrderRecord) -> list[int]:
    """Take orders without telling the stories; their ids in the order of the records."""
    trade.take_orders(place.merchant_id, place.shop_id, records, import_id=None, by=place.by)
    found = dict(
        sql.rows(
            "SELECT order_no, id FROM trade_order WHERE merchant_id = %(m)s AND order_no = ANY(%(nos)s)",
            {"m": place.merchant_id, "nos": [one.order_no for one in records]},
        )
    )
    return [found[one.order_no] for one in records]


def take_lines(place: Place, *records: LineRecord) -> None:
    """Take lines as a detail file tells them."""
    trade.take_lines(place.merchant_id, place.shop_id, records, import_id=None, by=place.by)


def settle(place: Place, *records: OrderRecord) -> None:
    """Take orders and settle them."""
    loyalty.settle_orders(place.merchant_id, take(place, *records))


def member(place: Place, nick: str = "小荷") -> int:
    """The member of a nick."""
    return int(
        sql.scalar(
            "SELECT member_id FROM members_identity WHERE merchant_id = %(m)s AND kind = 'nick' AND value = %(nick)s",
            {"m": place.merchant_id, "nick": nick},
        )
    )


def holding(place: Place, nick: str = "小荷", asset: str = "points") -> tuple[int, int, int]:
    """What a member holds: (active, pending, debt)."""
    found = ledger.balance(place.merchant_id, asset, member(place, nick))
    return found.active, found.pending, found.debt
