"""What two records of one person have besides purchases: paid terms and birthday gifts, joined and parted again."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.queries.memberships import Membership, memberships, sold_terms
from shuke.loyalty.specs import BirthdaySpec, PointsRuleSpec
from shuke.members import actions as members
from shuke.members.specs import ProfileSpec
from shuke.merchants import actions as merchants
from tests.conftest import NOW
from tests.loyalty.make_joins import join, part, tell
from tests.loyalty.make_trade import DAY, member, record, take
from tests.loyalty.test_birthdays import celebrate, shanghai
from tests.loyalty.test_memberships import LADDER, card, spec
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def sound(alice: Place) -> Iterator[None]:
    yield
    with tenant(alice.merchant_id):
        assert list(checks.run(alice.merchant_id)) == []


@pytest.fixture
def two(alice: Place) -> tuple[int, int]:
    """小荷 and 荷花, in a shop that sells a card of a year; their first orders are of last year."""
    m = alice.merchant_id
    with tenant(m):
        loyalty.save_level_rule(m, LADDER, by=alice.by)
        loyalty.save_points_rule(m, PointsRuleSpec(start_on=date(2026, 1, 1)), by=alice.by)
        loyalty.save_plan(m, spec(), by=alice.by)
        with clock.frozen(shanghai(1, 1, year=2025)):
            take(alice, record("1001", "小荷", placed_at=clock.now()), record("2001", "荷花", placed_at=clock.now()))
        found = member(alice, "小荷"), member(alice, "荷花")
    tell(alice)
    return found


def sell(place: Place, member_id: int, key: str) -> None:
    with tenant(place.merchant_id):
        plan_id = loyalty.save_plan(
            place.merchant_id, spec(name=f"卡 {key}", days=30, bonus_points=50, products=()), by=place.by
        )
        loyalty.sell_membership(
            place.merchant_id, member_id, plan_id, paid_fen=900, reason="线下付款", by=place.by, key=key
        )
    tell(place)


def held(place: Place, member_id: int) -> Membership | None:
    with tenant(place.merchant_id):
        return memberships(place.merchant_id, [member_id]).get(member_id)


def until(place: Place, member_id: int) -> int | None:
    """In how many days her membership ends."""
    found = held(place, member_id)
    return None if found is None else (found.until_at - NOW).days


def points(place: Place, member_id: int) -> int:
    with tenant(place.merchant_id):
        return balances.balance(place.merchant_id, "points", member_id).active


def level(place: Place, member_id: int) -> int:
    with tenant(place.merchant_id):
        found = queries.level_of(place.merchant_id, member_id)
        return found.standing.level_no if found else 0


def test_a_term_sold_by_hand_comes_along_and_goes_back(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    sell(alice, first, "a")
    before = points(alice, first), points(alice, second), level(alice, first), level(alice, second)
    assert (until(alice, first), until(alice, second), level(alice, first), level(alice, second)) == (30, None, 2, 1)
    merge_id = join(alice, first, second)
    assert (until(alice, first), until(alice, second), level(alice, second)) == (None, 30, 2)
    assert points(alice, second) == before[0] + before[1]
    part(alice, merge_id)
    assert (until(alice, first), until(alice, second)) == (30, None)
    assert (points(alice, first), points(alice, second), level(alice, first), level(alice, second)) == before


def test_two_paid_terms_follow_each_other_and_part_again(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    sell(alice, first, "a")
    with tenant(alice.merchant_id):
        card("5001", place=alice, nick="荷花", placed_at=NOW - DAY)
    tell(alice)
    alone = until(alice, first), until(alice, second)
    merge_id = join(alice, first, second)
    assert (until(alice, first), until(alice, second)) == (None, 394)
    with tenant(alice.merchant_id):
        assert len(sold_terms(alice.merchant_id, member_id=second)) == 2
    part(alice, merge_id)
    assert (until(alice, first), until(alice, second)) == alone == (30, 364)


def test_an_order_told_while_they_were_joined_goes_back_with_its_term(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    merge_id = join(alice, first, second)
    with tenant(alice.merchant_id):
        card("5001", place=alice, nick="小荷", placed_at=NOW - DAY)
    tell(alice)
    assert (until(alice, first), until(alice, second)) == (None, 364)
    part(alice, merge_id)
    assert (until(alice, first), until(alice, second)) == (364, None)


@pytest.fixture
def born(alice: Place, two: tuple[int, int]) -> tuple[int, int]:
    """Both were born on 10 June, as far as their records tell; 88 points, and double points on that day."""
    m = alice.merchant_id
    with tenant(m):
        wish = BirthdaySpec.model_validate({"points": 88, "stretch": "day", "times": "2"})
        merchants.save_setting(m, wish, by=alice.by)
        with clock.frozen(shanghai(1, 5)):
            for member_id in two:
                members.edit_profile(m, member_id, ProfileSpec(birthday=date(1996, 6, 10)), by=alice.by)
    return two


def test_one_birthday_gift_a_year_for_one_person(alice: Place, born: tuple[int, int]) -> None:
    first, second = born
    merge_id = join(alice, first, second)
    had = points(alice, second)
    assert [celebrate(alice, shanghai(6, 10, hour)) for hour in (9, 10)] == [1, 0]
    assert points(alice, second) == had + 88
    part(alice, merge_id)
    assert celebrate(alice, shanghai(6, 10, year=2027)) == 2


def test_a_gift_of_before_the_joining_counts(alice: Place, born: tuple[int, int]) -> None:
    first, second = born
    m = alice.merchant_id
    with tenant(m), clock.frozen(shanghai(1, 6)):
        members.edit_profile(m, second, ProfileSpec(birthday=date(1996, 9, 1)), by=alice.by)
    assert celebrate(alice, shanghai(6, 10)) == 1
    with clock.frozen(shanghai(7, 1)):
        join(alice, first, second)
    assert celebrate(alice, shanghai(9, 1)) == 0


def test_the_birthday_of_a_joined_record_is_hers_when_she_told_none(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    with tenant(m):
        merchants.save_setting(m, BirthdaySpec.model_validate({"points": 88, "stretch": "day"}), by=alice.by)
        with clock.frozen(shanghai(1, 5)):
            members.edit_profile(m, first, ProfileSpec(birthday=date(1996, 6, 10)), by=alice.by)
    join(alice, first, second)
    had = points(alice, second)
    assert celebrate(alice, shanghai(6, 10)) == 1
    assert (points(alice, first), points(alice, second)) == (0, had + 88)


def test_a_card_sold_to_a_joined_record_is_her_home_s(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    merge_id = join(alice, first, second)
    sell(alice, first, "a")
    assert (until(alice, first), until(alice, second)) == (None, 30)
    part(alice, merge_id)
    assert (until(alice, first), until(alice, second)) == (None, 30)
