"""The list of customers: any filter, any order, one page at a time.

How it stays fast at a million members: the count stops at MANY. A filter that leaves fewer is answered by sorting just
those; with more, a page is mostly full within the next WALK rows along the index of the sort order, and where filter
and order contradict each other (little paid, but a high level) all that match are sorted. Pages go on from the last row
(keyset), never by offset. Members without a figure to sort by follow at the end, newest first.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.analytics.queries.filtering import JOINS, LAST_ORDER, Where, where
from shuke.analytics.specs import MemberFilter
from shuke.core import sql

PAGE = 50
MANY = 10_000
WALK = 20_000


@dataclass(frozen=True, slots=True)
class MemberLine:
    """A member as the list shows her; what she has none of is 0, "" or None."""

    id: int
    display_name: str
    status: str
    relation_source: str
    province: str
    city: str
    joined_at: datetime
    lifecycle: str
    order_count: int
    paid_fen: int
    average_fen: int
    refund_fen: int
    item_count: int
    closed_count: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    points: int
    level_no: int
    tags: list[str]


@dataclass(frozen=True, slots=True)
class MemberPage:
    """One page: `count` is exact up to MANY, with `is_more` there are more; `next` asks for the page after, "" ends."""

    lines: list[MemberLine]
    count: int
    is_more: bool
    next: str


@dataclass(frozen=True, slots=True)
class _Order:
    """A sort order: the table whose rows are walked, and the value in them."""

    table: str
    value: str
    type: str


_ORDERS = {
    "last_order": _Order("f", LAST_ORDER, "timestamptz"),
    "amount": _Order("f", "f.paid_fen", "bigint"),
    "orders": _Order("f", "f.order_count", "integer"),
    "average": _Order("f", "f.average_fen", "bigint"),
    "points": _Order("b", "b.active", "bigint"),
    "joined": _Order("", "m.id", "bigint"),
    "nick": _Order("", "m.display_name", "text"),
    "level": _Order("l", "l.level_no", "smallint"),
}


@dataclass(frozen=True, slots=True)
class _Place:
    """The row after which a page begins; `is_tail` when it is among those without a figure."""

    is_tail: bool
    value: str
    member_id: int


def member_list(
    merchant_id: int,
    chosen: MemberFilter,
    *,
    sort: str = "last_order",
    descending: bool = True,
    page: str = "",
    limit: int = PAGE,
) -> MemberPage:
    """`limit` members after `page` (the `next` of the page before, "" at first), in a stable order.

    An unknown sort or a page text of another list begins at the start. Needs the merchant's scope.
    """
    found = where(merchant_id, chosen)
    order = _ORDERS.get(sort, _ORDERS["last_order"])
    few = _few(found)
    if few is not None:
        found = Where(
            {"merchant_id": merchant_id, "few": sql.numbers(few)},
            {"m": ["m.merchant_id = %(merchant_id)s", "m.id = ANY(%(few)s::bigint[])"]},
            are_few=True,
        )
    places = _walk(found, order, descending, _read(page), limit)
    lines = _lines(merchant_id, [place.member_id for place in places[:limit]])
    following = _write(places[limit - 1]) if len(places) > limit else ""
    return MemberPage(lines, MANY if few is None else len(few), few is None, following)


def member_ids(merchant_id: int, chosen: MemberFilter, *, after: int = 0, limit: int = 5000) -> list[int]:
    """Ids of the filter's members above `after`, rising, for bulk actions page by page."""
    found = where(merchant_id, chosen)
    found.say("m", "m.id > %(after)s")
    rows = sql.rows(
        f"SELECT m.id {found.sql()} ORDER BY m.id LIMIT %(limit)s", {**found.params, "after": after, "limit": limit}
    )
    return [row[0] for row in rows]


def lines_of(merchant_id: int, member_ids: list[int]) -> list[MemberLine]:
    """The lines of these members, in this order."""
    return _lines(merchant_id, member_ids)


def _few(found: Where) -> list[int] | None:
    """All ids when they are at most MANY, None when there are more."""
    ids = [row[0] for row in sql.rows(f"SELECT m.id {found.sql()} LIMIT {MANY + 1}", found.params)]
    return ids if len(ids) <= MANY else None


def _walk(found: Where, order: _Order, descending: bool, start: _Place | None, limit: int) -> list[_Place]:
    """One row more than a page, so that it is known whether another follows."""
    places: list[_Place] = []
    if start is None or not start.is_tail:
        places = _figured(found, order, descending, start, limit)
    if order.table and len(places) <= limit:
        places += _tail(found, order, start if start is not None and start.is_tail else None, limit + 1 - len(places))
    return places


def _figured(found: Where, order: _Order, descending: bool, start: _Place | None, limit: int) -> list[_Place]:
    """Members with a value to sort by: along the index if a page fills soon, else by sorting all that match."""
    key = f"{order.table}.member_id" if order.table else "m.id"
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    params = {**found.params, "limit": limit + 1, "walk": WALK}
    conditions = [f"{order.table or 'm'}.merchant_id = %(merchant_id)s"]
    if order.table == "b":
        conditions.append("b.asset = 'points'")
    if start is not None:
        params |= {"value": start.value, "last_id": start.member_id}
        conditions.append(f"({order.value}, {key}) {sign} (%(value)s::{order.type}, %(last_id)s)")
    beyond = " AND ".join(conditions)
    rows = [] if found.are_few else _near(found, order, key, way, beyond, params)
    if len(rows) <= limit:
        # OFFSET 0 keeps the planner from walking the index all the same.
        rows = sql.rows(
            f"SELECT value::text, id FROM (SELECT {order.value} AS value, {key} AS id"
            f" {found.sql(with_row=order.table)} AND {beyond} OFFSET 0) AS matching"
            f" ORDER BY matching.value {way}, id {way} LIMIT %(limit)s",
            params,
        )
    return [_Place(is_tail=False, value=row[0], member_id=row[1]) for row in rows]


def _near(
    found: Where, order: _Order, key: str, way: str, beyond: str, params: dict[str, Any]
) -> list[tuple[Any, ...]]:
    """Those who match among the next WALK rows of the sort order that its own table lets pass."""
    table = JOINS[order.table].partition(" ON ")[0] if order.table else "members_member m"
    alone = " AND ".join([beyond, *found.alone(order.table or "m")])
    near = (
        f"(SELECT {order.value} AS value, {key} AS id FROM {table} WHERE {alone}"
        f" ORDER BY {order.value} {way}, {key} {way} LIMIT %(walk)s) AS near"
    )
    return sql.rows(
        f"SELECT near.value::text, near.id {found.sql(source=f'{near} JOIN members_member m ON m.id = near.id')}"
        f" ORDER BY near.value {way}, near.id {way} LIMIT %(limit)s",
        params,
    )


def _tail(found: Where, order: _Order, start: _Place | None, limit: int) -> list[_Place]:
    """Members without a row in the table that is sorted by."""
    if order.table in found.conditions:
        return []
    beyond = "" if start is None else " AND m.id < %(last_id)s"
    rows = sql.rows(
        f"SELECT m.id {found.sql(lacking=order.table)}{beyond} ORDER BY m.id DESC LIMIT %(limit)s",
        {**found.params, "limit": limit, "last_id": start.member_id if start else 0},
    )
    return [_Place(is_tail=True, value="", member_id=row[0]) for row in rows]


def _lines(merchant_id: int, ids: list[int]) -> list[MemberLine]:
    rows = sql.rows(
        """
        SELECT m.id, m.display_name, m.status, m.relation_source, m.province, m.city, m.joined_at,
            coalesce(f.lifecycle, 'other'), coalesce(f.order_count, 0), coalesce(f.paid_fen, 0),
            coalesce(f.average_fen, 0), coalesce(f.refund_fen, 0), coalesce(f.item_count, 0),
            coalesce(f.closed_count, 0), f.first_order_at, f.last_order_at, coalesce(b.active, 0),
            coalesce(l.level_no, 0), ARRAY(SELECT t.name FROM members_membertag x JOIN members_tag t
                ON t.merchant_id = x.merchant_id AND t.id = x.tag_id
                WHERE x.merchant_id = m.merchant_id AND x.member_id = m.id ORDER BY t.name)
        FROM members_member m
        LEFT JOIN trade_figures f ON f.merchant_id = m.merchant_id AND f.member_id = m.id
        LEFT JOIN ledger_balance b ON b.merchant_id = m.merchant_id AND b.member_id = m.id AND b.asset = 'points'
        LEFT JOIN loyalty_standing l ON l.merchant_id = m.merchant_id AND l.member_id = m.id
        WHERE m.merchant_id = %(merchant_id)s AND m.id = ANY(%(ids)s::bigint[])
        """,
        {"merchant_id": merchant_id, "ids": sql.numbers(ids)},
    )
    lines = {row[0]: MemberLine(*row) for row in rows}
    return [lines[one] for one in ids if one in lines]


def _write(place: _Place) -> str:
    return base64.urlsafe_b64encode(json.dumps([place.is_tail, place.value, place.member_id]).encode()).decode()


def _read(page: str) -> _Place | None:
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(page.encode())) if page else None
    except (binascii.Error, ValueError):
        return None
    match found:
        case [bool(is_tail), str(value), int(member_id)]:
            return _Place(is_tail, value, member_id)
        case _:
            return None
