"""The birthday benefit: once a year, known long enough, in the shop's zone, 29 February too."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shuke.core import clock, facts
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.rules.birthdays import birthday_in, celebrating, feast, feast_on
from shuke.loyalty.specs import BirthdaySpec, LevelRuleSpec, PointsRuleSpec
from shuke.members import actions as members
from shuke.members.specs import ProfileSpec
from shuke.merchants import actions as merchants
from tests.loyalty.make_trade import DAY, NOON, holding, member, record, settle, take
from tests.make import Place

ZONE = ZoneInfo("Asia/Shanghai")


def shanghai(month: int, day: int, hour: int = 12, year: int = 2026) -> datetime:
    return datetime(year, month, day, hour, tzinfo=ZONE)


def born(place: Place, birthday: date, at: datetime, **values: Any) -> None:
    """A customer with a finished order who told her birthday at an instant, and a benefit of 88 points."""
    merchants.save_setting(place.merchant_id, BirthdaySpec.model_validate({"points": 88, "stretch": "day", **values}),
                           by=place.by)  # fmt: skip
    with clock.frozen(at):
        take(place, record("1001", placed_at=at - 40 * DAY))
        members.edit_profile(place.merchant_id, member(place), ProfileSpec(birthday=birthday), by=place.by)


def celebrate(place: Place, at: datetime) -> int:
    with clock.frozen(at):
        return loyalty.celebrate(place.merchant_id)


def test_on_her_day_in_the_shop_s_zone_once(shop: Place) -> None:
    born(shop, date(1996, 6, 10), shanghai(1, 5))
    assert celebrate(shop, shanghai(6, 9, 23)) == 0
    assert [celebrate(shop, shanghai(6, 10, hour)) for hour in (0, 1, 23)] == [1, 0, 0]
    assert celebrate(shop, shanghai(6, 11, 0)) == 0
    assert holding(shop) == (88, 0, 0)
    (told,) = queries.history(shop.merchant_id, member(shop))
    assert told.sentence == "生日快乐，+88 积分"
    assert next(one.sentence() for one in facts.timeline(shop.merchant_id, member(shop))) == "生日礼：赠送 88 积分"
    assert celebrate(shop, shanghai(6, 10, year=2027)) == 1
    assert holding(shop) == (176, 0, 0)


def test_a_birthday_told_yesterday_gives_nothing_this_year(shop: Place) -> None:
    born(shop, date(1996, 6, 10), shanghai(5, 12))
    assert celebrate(shop, shanghai(6, 10)) == 0
    assert celebrate(shop, shanghai(6, 11)) == 0
    assert holding(shop) == (0, 0, 0)


def test_another_birthday_gives_nothing_more_in_the_same_year(shop: Place) -> None:
    born(shop, date(1996, 6, 10), shanghai(1, 5))
    assert celebrate(shop, shanghai(6, 10)) == 1
    with clock.frozen(shanghai(7, 1)):
        members.edit_profile(shop.merchant_id, member(shop), ProfileSpec(birthday=date(1996, 9, 1)), by=shop.by)
    assert celebrate(shop, shanghai(9, 1)) == 0
    assert holding(shop) == (88, 0, 0)


def test_the_blacklist_and_people_without_a_finished_order_get_nothing(shop: Place) -> None:
    born(shop, date(1996, 6, 10), shanghai(1, 5))
    take(shop, record("1002", "阿青", state="paid", placed_at=shanghai(1, 1)))
    with clock.frozen(shanghai(1, 5)):
        other = ProfileSpec(birthday=date(1990, 6, 10))
        members.edit_profile(shop.merchant_id, member(shop, "阿青"), other, by=shop.by)
    members.blacklist(shop.merchant_id, [member(shop)], "刷单", by=shop.by)
    assert celebrate(shop, shanghai(6, 10)) == 0


def test_a_level_gives_more(shop: Place) -> None:
    ladder = LevelRuleSpec()
    levels = tuple(row.model_copy(update={"birthday_points": 100 * no}) for no, row in enumerate(ladder.levels))
    loyalty.save_level_rule(shop.merchant_id, ladder.model_copy(update={"levels": levels}), by=shop.by)
    born(shop, date(1996, 6, 10), shanghai(1, 5))
    with clock.frozen(shanghai(1, 6)):
        loyalty.review_levels(shop.merchant_id, [member(shop)])
    assert celebrate(shop, shanghai(6, 10)) == 1
    assert holding(shop) == (188, 0, 0)


def test_orders_paid_in_her_month_earn_more_even_those_before_the_first_look(shop: Place) -> None:
    loyalty.save_points_rule(shop.merchant_id, PointsRuleSpec(start_on=date(2026, 1, 1)), by=shop.by)
    born(shop, date(1996, 9, 20), NOON - 200 * DAY, points=0, times="2", stretch="month")
    settle(shop, record("1001", placed_at=NOON - 240 * DAY))
    for number, at in (("2001", shanghai(8, 31, 23)), ("2002", shanghai(9, 1, 0)), ("2003", shanghai(9, 30, 23)),
                       ("2004", shanghai(10, 1, 0))):  # fmt: skip
        settle(shop, record(number, paid_yuan=10, placed_at=at))
    before = sum(holding(shop))
    assert celebrate(shop, shanghai(9, 1, 3)) == 1
    assert sum(holding(shop)) == before + 20
    line = next(one for one in queries.history(shop.merchant_id, member(shop)) if one.line.note.get("birthday_times"))
    assert "生日 2 倍" in line.sentence
    assert checks.run(shop.merchant_id) == []


def test_nothing_is_given_while_nothing_is_set(shop: Place) -> None:
    born(shop, date(1996, 6, 10), shanghai(1, 5), points=0)
    assert celebrate(shop, shanghai(6, 10)) == 0


@pytest.mark.parametrize(
    ("year", "day"), [(2024, date(2024, 2, 29)), (2026, date(2026, 2, 28)), (2100, date(2100, 2, 28))]
)
def test_who_was_born_on_29_february(year: int, day: date) -> None:
    assert birthday_in(229, year) == day
    assert feast(229, year, "day")[1:] == (day, day)


def test_stretches_at_the_turn_of_a_year() -> None:
    assert feast_on(102, date(2026, 12, 30), "week") == (2027, date(2026, 12, 30), date(2027, 1, 5))
    assert feast_on(1231, date(2027, 1, 3), "week") == (2026, date(2026, 12, 28), date(2027, 1, 3))
    assert feast_on(102, date(2026, 12, 29), "week") is None
    assert celebrating(date(2026, 2, 28), "day") == [228, 229]
    assert celebrating(date(2026, 2, 1), "month") == list(range(201, 230))
    assert len(celebrating(date(2026, 6, 10), "week")) == 7


@pytest.mark.parametrize("stretch", ["day", "week", "month"])
def test_every_day_of_five_years_celebrates_every_birthday_of_its_stretch_and_no_other(stretch: Any) -> None:
    day = date(2023, 12, 20)
    for _ in range(0, 800, 13):
        day += timedelta(days=13)
        held = set(celebrating(day, stretch))
        near = {one.month * 100 + one.day for one in (day + timedelta(days=n) for n in range(-3, 4))}
        if stretch == "week":
            assert near <= held
        assert day.month * 100 + day.day in held
