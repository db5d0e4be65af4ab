"""The list of customers: any filter, any order, one page at a time.

How it stays fast at a million members: everything that is filtered and sorted by stands in one wide row a member. The
count stops at MANY; a filter that leaves fewer is answered by sorting just those. With more, a page is mostly full
within the next WALK rows along the index of the sort order, and where filter and order contradict each other (little
paid, but a high level) all that match are sorted. Pages go on from the last row (keyset), never by offset.
"""

from __future__ import annotations

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from shuke.analytics.actions import refresh_rows
from shuke.analytics.queries.filtering import Where, where
from shuke.analytics.specs import MemberFilter
from shuke.core import sql

PAGE = 50
MANY = 10_000
WALK = 10_000
FRESH = 2000


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
    """A sort order: its column, that column's type, and a column that leads another index on it."""

    column: str
    type: str
    led_by: str = ""


_ORDERS = {
    "last_order": _Order("last_order_at", "timestamptz", led_by="lifecycle"),
    "amount": _Order("paid_fen", "bigint"),
    "orders": _Order("order_count", "integer"),
    "average": _Order("average_fen", "bigint"),
    "points": _Order("points", "bigint"),
    "joined": _Order("member_id", "bigint"),
    "nick": _Order("display_name", "text"),
    "level": _Order("level_no", "smallint"),
}

_Place = tuple[str, int]  # value sorted by, as text, and member id


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

    What changed is in it at once; only while thousands of members change together (an import) may some be shown as they
    were. An unknown sort or a page text of another list begins at the start. Needs the merchant's scope.
    """
    refresh_rows(merchant_id, most=FRESH)
    found, order = where(merchant_id, chosen), _ORDERS.get(sort, _ORDERS["last_order"])
    start = _read(page, order)
    found.params["limit"] = limit + 1
    count, places = _few(found, order, descending, start)
    is_more = count > MANY
    if is_more:
        places = _walk(found, order, descending, start)
    lines = _lines(merchant_id, [member_id for _value, member_id in places[:limit]])
    following = _write(*places[limit - 1]) if len(places) > limit else ""
    return MemberPage(lines, min(count, MANY), is_more, following)


def member_ids(merchant_id: int, chosen: MemberFilter, *, after: int = 0, limit: int = 5000) -> list[int]:
    """Ids of the filter's members above `after`, rising, for bulk actions page by page."""
    while refresh_rows(merchant_id):
        pass
    found = where(merchant_id, chosen)
    rows = sql.rows(
        f"SELECT r.member_id FROM analytics_memberrow r WHERE {found.sql()} AND r.member_id > %(after)s"
        " ORDER BY r.member_id LIMIT %(limit)s",
        {**found.params, "after": after, "limit": limit},
    )
    return [row[0] for row in rows]


def lines_of(merchant_id: int, member_ids: list[int]) -> list[MemberLine]:
    """The lines of these members, in this order."""
    return _lines(merchant_id, member_ids)


def _few(found: Where, order: _Order, descending: bool, start: _Place | None) -> tuple[int, list[_Place]]:
    """How many match, counted up to one more than MANY, and the page where these are all of them."""
    beyond, way, params = _after(found, order, descending, start, "few.value, few.id")
    rows = sql.rows(
        f"""
        WITH few AS MATERIALIZED (
            SELECT r.{order.column} AS value, r.member_id AS id FROM analytics_memberrow r
            WHERE {found.sql()} LIMIT {MANY + 1}
        )
        SELECT (SELECT count(*) FROM few), value::text, id FROM few WHERE {beyond}
        ORDER BY few.value {way}, id {way} LIMIT %(limit)s
        """,
        params,
    )
    if rows or start is None:
        return (rows[0][0] if rows else 0), [(row[1], row[2]) for row in rows]
    return _few(found, order, descending, None)[0], []


def _walk(found: Where, order: _Order, descending: bool, start: _Place | None) -> list[_Place]:
    """One row more than a page: along the index of the order if that fills soon, else by sorting all that match."""
    beyond, way, params = _after(found, order, descending, start, f"r.{order.column}, r.member_id")
    rows = sql.rows(
        f"SELECT r.{order.column}::text, r.member_id FROM (SELECT * FROM analytics_memberrow r"
        f" WHERE {found.on(order.column, order.led_by)} AND {beyond}"
        f" ORDER BY r.{order.column} {way}, r.member_id {way} LIMIT {WALK}) AS r"
        f" WHERE {found.beside(order.column, order.led_by)} LIMIT %(limit)s",
        params,
    )
    if len(rows) < params["limit"]:
        rows = _all(found, order, beyond, way, params)
    return [(row[0], row[1]) for row in rows]


def _all(found: Where, order: _Order, beyond: str, way: str, params: dict[str, Any]) -> list[tuple[Any, ...]]:
    """As `_walk`, with a look at every row that matches."""
    # The planner would walk the index all the same, or fetch each row by one; read page by page, by several processes,
    # a million rows take a tenth of the time.
    statement = (
        f"SELECT value::text, id FROM (SELECT r.{order.column} AS value, r.member_id AS id FROM analytics_memberrow r"
        f" WHERE {found.sql_for_all()} AND {beyond} ORDER BY r.{order.column} {way}, r.member_id {way} LIMIT %(limit)s)"
        f" AS page ORDER BY page.value {way}, id {way}"
    )
    off, on = (f"SET LOCAL enable_indexscan = {state}" for state in ("off", "on"))
    return sql.at_once((off, None), (statement, params), (on, None))[1][1]


def _after(
    found: Where, order: _Order, descending: bool, start: _Place | None, key: str
) -> tuple[str, str, dict[str, Any]]:
    """The condition that a row, by its `key` of value and id, comes after the start, the direction of sorting, and all parameters."""
    way, sign = ("DESC", "<") if descending else ("ASC", ">")
    params = dict(found.params)
    if start is None:
        return "true", way, params
    params |= {"value": start[0], "last_id": start[1]}
    return f"({key}) {sign} (%(value)s::{order.type}, %(last_id)s)", way, params


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


def _write(value: str, member_id: int) -> str:
    return base64.urlsafe_b64encode(json.dumps([value, member_id]).encode()).decode()


def _read(page: str, order: _Order) -> _Place | None:
    try:
        found: Any = json.loads(base64.urlsafe_b64decode(page.encode())) if page else None
        match found:
            case [str(value), int(member_id)] if "\0" not in value:
                if order.type == "timestamptz" and value != "-infinity":
                    datetime.fromisoformat(value)
                elif order.type not in {"text", "timestamptz"} and abs(int(value)) >> 63:
                    return None
                return value, member_id
            case _:
                return None
    except (binascii.Error, ValueError):
        return None
