"""A MemberFilter as SQL conditions on the member list's rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from shuke.analytics.specs import MemberFilter
from shuke.core import sql
from shuke.members import queries as members
from shuke.merchants import queries as merchants

MOST_FOUND = 10_000
"""A text that more members match is too common to list all of them; the first are listed."""


class Condition(NamedTuple):
    """A condition on analytics_memberrow r: the column it speaks of, "" for one that looks each row up in another table.

    `for_all` says the same for a look at all rows: it takes the other table's members first.
    """

    column: str
    sql: str
    for_all: str


@dataclass(slots=True)
class Where:
    """Conditions and their parameters."""

    params: dict[str, Any]
    conditions: list[Condition] = field(default_factory=list)

    def say(self, column: str, condition: str, for_all: str = "") -> None:
        """Add a condition."""
        self.conditions.append(Condition(column, condition, for_all or condition))

    def sql(self) -> str:
        """All conditions, for a look at a few rows."""
        return _of_merchant(one.sql for one in self.conditions)

    def sql_for_all(self) -> str:
        """All conditions, for a look at all rows."""
        return _of_merchant(one.for_all for one in self.conditions)

    def on(self, *columns: str) -> str:
        """Those that speak of these columns, which is what an index on them can keep to."""
        return _of_merchant(one.sql for one in self.conditions if one.column and one.column in columns)

    def beside(self, *columns: str) -> str:
        """Those that do not."""
        others = [one.sql for one in self.conditions if not one.column or one.column not in columns]
        return " AND ".join(others or ["true"])


def _of_merchant(conditions: Iterable[str]) -> str:
    return " AND ".join(["r.merchant_id = %(merchant_id)s", *conditions])


def where(merchant_id: int, chosen: MemberFilter) -> Where:
    """The filter as conditions; text is looked up here and becomes ids."""
    found = Where({"merchant_id": merchant_id, **chosen.model_dump()})
    if chosen.text:
        found.params["found"] = sql.numbers(members.search(merchant_id, chosen.text, limit=MOST_FOUND))
        found.say("member_id", "r.member_id = ANY(%(found)s::bigint[])")
    for name in ("status", "relation_source", "province", "lifecycle"):
        if getattr(chosen, name):
            found.say(name, f"r.{name} = %({name})s")
    if chosen.level_no is not None:
        found.say("level_no", "r.level_no = %(level_no)s")
    _others(found, chosen)
    _range(found, "paid_fen", "amount_from_fen", "amount_to_fen")
    _range(found, "order_count", "orders_from", "orders_to")
    _range(found, "points", "points_from", "points_to")
    _last_order(found, merchant_id, chosen)
    return found


def _others(found: Where, chosen: MemberFilter) -> None:
    """What is asked of tables with several rows a member."""
    for table, column, wanted in (
        ("members_membertag", "tag_id", chosen.tag_id),
        ("members_membergroup", "group_id", chosen.group_id),
        ("members_identity", "shop_id", chosen.shop_id),
    ):
        if not wanted:
            continue
        among_them = (
            f"r.member_id = ANY(ARRAY(SELECT x.member_id FROM {table} x WHERE x.merchant_id = %(merchant_id)s"
            f" AND x.{column} = %({column})s))"
        )
        found.say(
            "",
            f"EXISTS (SELECT FROM {table} x WHERE x.merchant_id = r.merchant_id AND x.member_id = r.member_id"
            f" AND x.{column} = %({column})s)",
            among_them if column != "shop_id" else "",  # a shop has most of the members
        )


def _range(found: Where, column: str, lowest: str, highest: str) -> None:
    if found.params[lowest]:
        found.say(column, f"r.{column} >= %({lowest})s")
    if found.params[highest] is not None:
        found.say(column, f"r.{column} <= %({highest})s")


def _last_order(found: Where, merchant_id: int, chosen: MemberFilter) -> None:
    if chosen.last_order_from_on is None and chosen.last_order_to_on is None:
        return
    merchant = merchants.merchant(merchant_id)
    zone = ZoneInfo(merchant.zone if merchant else "Asia/Shanghai")
    found.say("last_order_at", "r.last_order_at > '-infinity'")
    if chosen.last_order_from_on is not None:
        found.params["last_from"] = _midnight(chosen.last_order_from_on, zone)
        found.say("last_order_at", "r.last_order_at >= %(last_from)s")
    if chosen.last_order_to_on is not None:
        found.params["last_to"] = _midnight(chosen.last_order_to_on + timedelta(days=1), zone)
        found.say("last_order_at", "r.last_order_at < %(last_to)s")


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time.min, zone)
