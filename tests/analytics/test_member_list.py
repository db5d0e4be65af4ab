"""The member list: every filter and order says the same as a plain loop over the members."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest

from shuke.analytics import checks, queries
from shuke.analytics.queries.exporting import export_header, harmless
from shuke.analytics.specs import SORTS, MemberFilter
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members.specs import GroupSpec
from tests.make import Place
from tests.members.people import T0, see, told


@dataclass
class Person:
    """What the plain loop knows of a member."""

    id: int
    nick: str
    province: str
    traded: bool
    lifecycle: str | None
    orders: int
    paid: int
    average: int
    last: datetime | None
    points: int | None
    level: int | None
    is_tagged: bool
    is_grouped: bool
    is_blacklisted: bool


@pytest.fixture
def people(shop: Place) -> list[Person]:
    """130 members of all sorts, some without any figures, with many equal values."""
    draw = random.Random(7)
    provinces = ["浙江省", "江苏省", ""]
    sightings = [
        told(f"买家{number:03d}", province=draw.choice(provinces), traded=draw.random() < 0.7) for number in range(130)
    ]
    ids = see(shop.merchant_id, shop.shop_id, *sightings)
    found = []
    for member_id, sighting in zip(ids, sightings, strict=True):
        has_figures = draw.random() < 0.8
        orders = draw.choice([0, 1, 1, 2, 5]) if has_figures else 0
        average = draw.choice([990, 5000, 12000]) if orders else 0
        found.append(
            Person(
                id=member_id, nick=sighting.nick, province=sighting.province, traded=sighting.traded,
                lifecycle=draw.choice(["loyal", "new", "callback", "lapsed", "other"]) if has_figures else None,
                orders=orders, paid=orders * average, average=average,
                last=T0 + timedelta(hours=draw.randrange(0, 96, 6)) if orders else None,
                points=draw.choice([0, 50, 300]) if draw.random() < 0.6 else None,
                level=draw.choice([0, 1, 2]) if draw.random() < 0.4 else None,
                is_tagged=draw.random() < 0.3, is_grouped=draw.random() < 0.5, is_blacklisted=draw.random() < 0.1,
            )
        )  # fmt: skip
    keep(shop, found)
    return found


def keep(shop: Place, people: list[Person]) -> None:
    """Write the figures as trade, ledger and loyalty do."""
    for one in people:
        params = {"m": shop.merchant_id, **vars(one)}
        if one.lifecycle:
            sql.run(
                "INSERT INTO trade_figures (merchant_id, member_id, order_count, paid_fen, refund_fen, average_fen,"
                " item_count, finished_count, closed_count, unpaid_count, first_order_at, last_order_at, lifecycle)"
                " VALUES (%(m)s, %(id)s, %(orders)s, %(paid)s, 0, %(average)s, %(orders)s, %(orders)s, 0, 0, %(last)s,"
                " %(last)s, %(lifecycle)s)",
                params,
            )
        if one.points is not None:
            sql.run(
                "INSERT INTO ledger_balance (merchant_id, asset, member_id, active, pending, reserved, debt)"
                " VALUES (%(m)s, 'points', %(id)s, %(points)s, 0, 0, 0), (%(m)s, 'growth', %(id)s, 999, 0, 0, 0)",
                params,
            )
        if one.level is not None:
            sql.run(
                "INSERT INTO loyalty_standing (merchant_id, member_id, level_no, since_at, reason, is_manual, evidence,"
                " note, set_by) VALUES (%(m)s, %(id)s, %(level)s, now(), 'threshold', false, '{}', '', 'system')",
                params,
            )
    members.tag(shop.merchant_id, [one.id for one in people if one.is_tagged], ["油皮"], by=shop.by)
    group = members.create_group(shop.merchant_id, GroupSpec(name="老客"), by=shop.by)
    members.add_to_group(shop.merchant_id, group, [one.id for one in people if one.is_grouped], by=shop.by)
    members.blacklist(shop.merchant_id, [one.id for one in people if one.is_blacklisted], "恶意退款", by=shop.by)


Test = Callable[[Person], bool]
FILTERS: list[tuple[dict[str, Any], Test]] = [
    ({}, lambda _: True),
    ({"text": "买家00"}, lambda one: one.nick.startswith("买家00")),
    ({"lifecycle": "loyal"}, lambda one: one.lifecycle == "loyal"),
    ({"level_no": 0}, lambda one: not one.level),
    ({"level_no": 2}, lambda one: one.level == 2),
    ({"tag_id": -1}, lambda one: one.is_tagged),
    ({"group_id": -1}, lambda one: one.is_grouped),
    ({"status": "blacklist"}, lambda one: one.is_blacklisted),
    ({"status": "normal"}, lambda one: not one.is_blacklisted),
    ({"relation_source": "untraded"}, lambda one: not one.traded),
    ({"province": "浙江省"}, lambda one: one.province == "浙江省"),
    ({"amount_from_fen": 5000}, lambda one: one.paid >= 5000),
    ({"amount_from_fen": 0, "amount_to_fen": 5000}, lambda one: one.paid <= 5000),
    ({"orders_from": 1, "orders_to": 2}, lambda one: 1 <= one.orders <= 2),
    ({"orders_to": 0}, lambda one: one.orders == 0),
    ({"points_from": 50}, lambda one: (one.points or 0) >= 50),
    ({"points_to": 50}, lambda one: (one.points or 0) <= 50),
    (
        {"last_order_from_on": date(2026, 11, 2), "last_order_to_on": date(2026, 11, 3)},
        lambda one: one.last is not None and date(2026, 11, 2) <= (one.last + timedelta(hours=8)).date() <= date(2026, 11, 3),
    ),
    ({"shop_id": -1}, lambda _: True),
    ({"shop_id": 7}, lambda _: False),
    (
        {"lifecycle": "new", "level_no": 0, "points_to": 0, "status": "normal"},
        lambda one: one.lifecycle == "new" and not one.level and not one.points and not one.is_blacklisted,
    ),
]  # fmt: skip

EARLIEST = T0 - timedelta(days=999)
VALUES: dict[str, Callable[[Person], Any]] = {
    "last_order": lambda one: one.last or EARLIEST,
    "amount": lambda one: one.paid,
    "orders": lambda one: one.orders,
    "average": lambda one: one.average,
    "points": lambda one: one.points or 0,
    "joined": lambda one: one.id,
    "nick": lambda one: one.nick,
    "level": lambda one: one.level or 0,
}


def expected(people: list[Person], sort: str, *, descending: bool) -> list[int]:
    value = VALUES[sort]
    ranked = sorted(people, key=lambda one: (value(one), one.id), reverse=descending)
    return [one.id for one in ranked]


def all_pages(shop: Place, chosen: MemberFilter, sort: str, *, descending: bool) -> tuple[list[int], list[int]]:
    ids: list[int] = []
    counts: list[int] = []
    page = ""
    while True:
        found = queries.member_list(shop.merchant_id, chosen, sort=sort, descending=descending, page=page)
        assert len(found.lines) <= queries.PAGE
        ids += [line.id for line in found.lines]
        counts.append(found.count)
        page = found.next
        if not page:
            return ids, counts


@pytest.mark.parametrize("many", [10_000, 20], ids=["few", "many"])
def test_every_filter_and_order_agrees_with_a_plain_loop(
    shop: Place, people: list[Person], many: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("shuke.analytics.queries.listing.MANY", many)
    monkeypatch.setattr("shuke.analytics.queries.listing.WALK", 80)
    real = {
        "tag_id": sql.scalar("SELECT id FROM members_tag"),
        "group_id": sql.scalar("SELECT id FROM members_group"),
        "shop_id": shop.shop_id,
    }
    for number, ((given, test), sort) in enumerate(itertools.product(FILTERS, SORTS)):
        descending = (number + number // len(SORTS)) % 2 == 0
        chosen = MemberFilter(**{name: real[name] if value == -1 else value for name, value in given.items()})
        matching = [one for one in people if test(one)]
        ids, counts = all_pages(shop, chosen, sort, descending=descending)
        assert ids == expected(matching, sort, descending=descending), (given, sort, descending)
        assert set(counts) == {min(many, len(matching))}
        if sort == "nick":
            assert queries.member_ids(shop.merchant_id, chosen) == sorted(one.id for one in matching)


def test_a_line_shows_what_other_modules_know(shop: Place, people: list[Person]) -> None:
    known = {one.id: one for one in people}
    for line in queries.member_list(shop.merchant_id, MemberFilter()).lines:
        one = known[line.id]
        assert (line.display_name, line.order_count, line.paid_fen, line.average_fen, line.last_order_at) == (
            one.nick, one.orders, one.paid, one.average, one.last,
        )  # fmt: skip
        assert (line.points, line.level_no, line.lifecycle) == (
            one.points or 0,
            one.level or 0,
            one.lifecycle or "other",
        )
        assert line.tags == (["油皮"] if one.is_tagged else [])


@pytest.mark.parametrize("page", ["x", "Ww==", "e30=", "WzEsMiwzXQ==", "☃", "WyJ4IiwxXQ==", "WyIyMDI2LTk5LTk5IiwxXQ=="])
def test_a_page_that_nobody_gave_out_is_the_first(shop: Place, people: list[Person], page: str) -> None:
    assert len(queries.member_list(shop.merchant_id, MemberFilter(), page=page).lines) == queries.PAGE


def test_every_change_shows_at_once_and_the_rows_stay_as_their_sources(shop: Place, people: list[Person]) -> None:
    assert not checks.run(shop.merchant_id)
    queries.member_list(shop.merchant_id, MemberFilter())
    params = {"m": shop.merchant_id, "id": people[0].id}
    for statement, chosen in (
        ("UPDATE trade_figures SET paid_fen = 777 WHERE merchant_id = %(m)s", {"amount_from_fen": 777, "amount_to_fen": 777}),
        ("DELETE FROM trade_figures WHERE merchant_id = %(m)s", {"orders_to": 0}),
        ("UPDATE ledger_balance SET active = 31 WHERE merchant_id = %(m)s AND asset = 'points'", {"points_from": 31}),
        ("UPDATE loyalty_standing SET level_no = 9 WHERE merchant_id = %(m)s", {"level_no": 9}),
        ("UPDATE members_member SET province = '西藏自治区' WHERE merchant_id = %(m)s AND id = %(id)s", {"province": "西藏自治区"}),
    ):  # fmt: skip
        touched = sql.run(statement, params)
        assert not checks.run(shop.merchant_id)
        count = queries.member_list(shop.merchant_id, MemberFilter(**chosen)).count
        assert touched
        assert count == (130 if "orders_to" in chosen else touched)
    sql.run("DELETE FROM members_member WHERE merchant_id = %(m)s AND id = %(id)s", params)
    assert queries.member_list(shop.merchant_id, MemberFilter()).count == 129
    sql.run("UPDATE analytics_memberrow SET points = 1 WHERE merchant_id = %(m)s AND member_id = %(o)s",
            {**params, "o": people[1].id})  # fmt: skip
    assert [found.count for found in checks.run(shop.merchant_id)] == [1]


def test_the_export_holds_everybody_once_and_nothing_that_calculates(shop: Place, people: list[Person]) -> None:
    see(shop.merchant_id, shop.shop_id, told("=1+2"), told("@sum", name="王小美", phone="13812341234"))
    rows = list(queries.export_rows(shop.merchant_id, MemberFilter()))
    assert [member_id for member_id, _ in rows] == sorted(member_id for member_id, _ in rows)
    assert len(rows) == 132
    assert {len(cells) for _, cells in rows} == {len(export_header())}
    assert [cells[1] for _, cells in rows[-2:]] == ["'=1+2", "'@sum"]
    assert "13812341234" not in str(rows)
    assert "王小美" not in str(rows)
    assert len(list(queries.export_rows(shop.merchant_id, MemberFilter(), after=rows[-3][0]))) == 2


@pytest.mark.parametrize(
    ("cell", "shown"),
    [("=1", "'=1"), ("+86", "'+86"), ("-", "'-"), ("@x", "'@x"), ("\t1", "'\t1"), ("小美", "小美"), ("12", "12"),
     ("1234567890123456789", "'1234567890123456789")],
)  # fmt: skip
def test_harmless_cells(cell: str, shown: str) -> None:
    assert harmless(cell) == shown


def test_charlie_lists_none_of_alices(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        see(alice.merchant_id, alice.shop_id, told("小美"))
    with tenant(charlie.merchant_id):
        for merchant_id in (alice.merchant_id, charlie.merchant_id):
            found = queries.member_list(merchant_id, MemberFilter())
            assert (found.lines, found.count) == ([], 0)
            assert queries.member_ids(merchant_id, MemberFilter()) == []
            assert list(queries.export_rows(merchant_id, MemberFilter())) == []
