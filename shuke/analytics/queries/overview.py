"""What the first page shows: the shop's last days against the days before, its customers by group, how old its data is."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from shuke.core import clock, sql
from shuke.trade import queries as trade


@dataclass(frozen=True, slots=True)
class Span:
    """Orders placed in a span of days and paid: amounts in fen, net of refunds."""

    order_count: int
    paid_fen: int
    buyer_count: int
    again_count: int

    @property
    def average_fen(self) -> int:
        """客单价: net paid amount per buyer."""
        return self.paid_fen // self.buyer_count if self.buyer_count else 0

    @property
    def again_percent(self) -> int:
        """复购率: how many in a hundred buyers had bought before."""
        return round(self.again_count * 100 / self.buyer_count) if self.buyer_count else 0


@dataclass(frozen=True, slots=True)
class Day:
    """One day in the merchant's zone."""

    on: date
    order_count: int
    paid_fen: int


@dataclass(frozen=True, slots=True)
class Overview:
    """The shop at one glance. `last_order_at` is None while there are no orders."""

    days: int
    now: Span
    before: Span
    daily: list[Day]
    lifecycle: dict[str, int]
    member_count: int
    last_order_at: datetime | None
    last_import_at: datetime | None


_BOUGHT = (
    "o.merchant_id = %(merchant_id)s AND o.removed_at IS NULL AND o.member_id IS NOT NULL AND o.state <> 'closed'"
    " AND (o.paid_at IS NOT NULL OR o.state <> 'unpaid')"
)


def overview(merchant_id: int, zone: ZoneInfo, *, days: int = 30) -> Overview:
    """The last `days` full days up to now, the same number before them, and the customers by lifecycle group."""
    end = clock.now()
    start = _midnight(clock.today(zone) - timedelta(days=days - 1), zone)
    lifecycle = {
        name: int(count)
        for name, count in sql.rows(
            "SELECT lifecycle, count(*) FROM trade_figures WHERE merchant_id = %(merchant_id)s GROUP BY lifecycle",
            {"merchant_id": merchant_id},
        )
    }
    last_order_at, last_import_at = sql.rows(
        "SELECT (SELECT max(placed_at) FROM trade_order WHERE merchant_id = %(merchant_id)s AND removed_at IS NULL),"
        " (SELECT max(finished_at) FROM trade_import WHERE merchant_id = %(merchant_id)s AND state = 'done')",
        {"merchant_id": merchant_id},
    )[0]
    return Overview(
        days,
        _span(merchant_id, start, end),
        _span(merchant_id, start - timedelta(days=days), start),
        _daily(merchant_id, zone, start, end),
        lifecycle,
        sum(lifecycle.values()),
        last_order_at,
        last_import_at,
    )


def has_orders(merchant_id: int) -> bool:
    """Whether anything was imported yet."""
    return bool(trade.order_ids(merchant_id, limit=1))


def _span(merchant_id: int, start: datetime, end: datetime) -> Span:
    found = sql.rows(
        f"""
        WITH bought AS (
            SELECT o.member_id, count(*) AS orders, sum(o.paid_fen) AS paid, min(o.placed_at) AS first_at
            FROM trade_order o WHERE {_BOUGHT} AND o.placed_at >= %(start)s AND o.placed_at < %(end)s
            GROUP BY o.member_id
        )
        SELECT coalesce(sum(orders), 0)::int, coalesce(sum(paid), 0)::bigint, count(*)::int,
            count(*) FILTER (WHERE f.first_order_at < %(start)s OR b.orders > 1)::int
        FROM bought b LEFT JOIN trade_figures f ON f.merchant_id = %(merchant_id)s AND f.member_id = b.member_id
        """,
        {"merchant_id": merchant_id, "start": start, "end": end},
    )
    return Span(*found[0])


def _daily(merchant_id: int, zone: ZoneInfo, start: datetime, end: datetime) -> list[Day]:
    found = {
        on: Day(on, count, paid)
        for on, count, paid in sql.rows(
            f"""
            SELECT (o.placed_at AT TIME ZONE %(zone)s)::date, count(*)::int, sum(o.paid_fen)::bigint
            FROM trade_order o WHERE {_BOUGHT} AND o.placed_at >= %(start)s AND o.placed_at < %(end)s GROUP BY 1
            """,
            {"merchant_id": merchant_id, "zone": zone.key, "start": start, "end": end},
        )
    }
    first = start.astimezone(zone).date()
    length = (end.astimezone(zone).date() - first).days + 1
    return [found.get(on, Day(on, 0, 0)) for on in (first + timedelta(days=place) for place in range(length))]


def _midnight(on: date, zone: ZoneInfo) -> datetime:
    return datetime(on.year, on.month, on.day, tzinfo=zone)
