"""A MemberFilter as SQL: which tables it needs beside members_member, and the conditions."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from shuke.analytics.specs import MemberFilter
from shuke.core import sql
from shuke.members import queries as members
from shuke.merchants import queries as merchants

MOST_FOUND = 10_000
"""A text that more members match is too common to list all of them; the first are listed."""
JOINS = {
    "f": "trade_figures f ON f.merchant_id = m.merchant_id AND f.member_id = m.id",
    "b": "ledger_balance b ON b.merchant_id = m.merchant_id AND b.member_id = m.id AND b.asset = 'points'",
    "l": "loyalty_standing l ON l.merchant_id = m.merchant_id AND l.member_id = m.id",
    "t": "members_membertag t ON t.merchant_id = m.merchant_id AND t.member_id = m.id AND t.tag_id = %(tag_id)s",
    "g": "members_membergroup g ON g.merchant_id = m.merchant_id AND g.member_id = m.id AND g.group_id = %(group_id)s",
}
LAST_ORDER = "coalesce(f.last_order_at, '-infinity'::timestamptz)"


@dataclass(slots=True)
class Where:
    """Conditions by the table they speak of: m or one of JOINS, which then must have a row.

    `bounds` are highest values (table, column, parameter). Whoever has no row has 0 and is within them, which an outer
    join would say too, but the planner knows nothing of a coalesce and much of an anti-join.
    """

    params: dict[str, Any]
    conditions: dict[str, list[str]] = field(default_factory=dict)
    bounds: list[tuple[str, str, str]] = field(default_factory=list)
    are_few: bool = False

    def say(self, table: str, *conditions: str) -> None:
        """Add conditions on a table; none only says that it must have a row."""
        self.conditions.setdefault(table, []).extend(conditions)

    def sql(self, *, source: str = "members_member m", with_row: str = "", lacking: str = "") -> str:
        """FROM and WHERE; the table `with_row` must have a row too, the table `lacking` none."""
        joined = set(self.conditions) | ({with_row} if with_row else set())
        conditions = [one for found in self.conditions.values() for one in found]
        conditions += [self._bound(joined, lacking, *bound) for bound in self.bounds]
        if lacking:
            conditions.append(_without(lacking))
        joins = " ".join(f"JOIN {JOINS[name]}" for name in sorted(joined - {"m"}))
        return f"FROM {source} {joins} WHERE {' AND '.join(conditions)}"

    def alone(self, table: str) -> list[str]:
        """The conditions that speak of this table only."""
        return [
            *self.conditions.get(table, ()),
            *(f"{table}.{column} <= %({param})s" for name, column, param in self.bounds if name == table),
        ]

    def _bound(self, joined: set[str], lacking: str, table: str, column: str, param: str) -> str:
        if table == lacking:
            return "true"
        if table in joined:
            return f"{table}.{column} <= %({param})s"
        return _without(table, f" AND {table}.{column} > %({param})s")


def _without(table: str, which: str = "") -> str:
    source, _, condition = JOINS[table].partition(" ON ")
    return f"NOT EXISTS (SELECT FROM {source} WHERE {condition}{which})"


def where(merchant_id: int, chosen: MemberFilter) -> Where:
    """The filter as conditions; text is looked up here and becomes ids."""
    found = Where(
        {"merchant_id": merchant_id, **chosen.model_dump()},
        {"m": ["m.merchant_id = %(merchant_id)s", "m.home_id IS NULL", "m.erased_at IS NULL"]},
    )
    if chosen.text:
        found.params["found"] = sql.numbers(members.search(merchant_id, chosen.text, limit=MOST_FOUND))
        found.say("m", "m.id = ANY(%(found)s::bigint[])")
    for name in ("status", "relation_source", "province"):
        if getattr(chosen, name):
            found.say("m", f"m.{name} = %({name})s")
    if chosen.tag_id:
        found.say("t")
    if chosen.group_id:
        found.say("g")
    if chosen.shop_id:
        found.say(
            "m",
            "EXISTS (SELECT FROM members_identity i WHERE i.merchant_id = m.merchant_id AND i.member_id = m.id"
            " AND i.shop_id = %(shop_id)s)",
        )
    _level(found, chosen.level_no)
    if chosen.lifecycle:
        found.say("f", "f.lifecycle = %(lifecycle)s")
    _range(found, "f", "paid_fen", "amount_from_fen", "amount_to_fen")
    _range(found, "f", "order_count", "orders_from", "orders_to")
    _range(found, "b", "active", "points_from", "points_to")
    _last_order(found, merchant_id, chosen)
    return found


def _level(found: Where, level_no: int | None) -> None:
    if level_no is None:
        return
    if level_no > 0:
        found.say("l", "l.level_no = %(level_no)s")
    else:
        found.bounds.append(("l", "level_no", "level_no"))


def _range(found: Where, table: str, column: str, lowest: str, highest: str) -> None:
    """Bounds on a figure; whoever has no row has 0, so only a lower bound above 0 asks for one."""
    if found.params[lowest]:
        found.say(table, f"{table}.{column} >= %({lowest})s")
    if found.params[highest] is not None:
        found.bounds.append((table, column, highest))


def _last_order(found: Where, merchant_id: int, chosen: MemberFilter) -> None:
    if chosen.last_order_from_on is None and chosen.last_order_to_on is None:
        return
    merchant = merchants.merchant(merchant_id)
    zone = ZoneInfo(merchant.zone if merchant else "Asia/Shanghai")
    found.say("f", "f.last_order_at IS NOT NULL")
    if chosen.last_order_from_on is not None:
        found.params["last_from"] = _midnight(chosen.last_order_from_on, zone)
        found.say("f", f"{LAST_ORDER} >= %(last_from)s")
    if chosen.last_order_to_on is not None:
        found.params["last_to"] = _midnight(chosen.last_order_to_on + timedelta(days=1), zone)
        found.say("f", f"{LAST_ORDER} < %(last_to)s")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
