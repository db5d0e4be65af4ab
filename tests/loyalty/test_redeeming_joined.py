"""Codes of a member who is joined to another one: whoever stands for her pays with them."""

from __future__ import annotations

import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection

from shuke.core import clock, sql
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries import Redemption, redemption_desk, redemptions
from shuke.members import actions as members
from tests.conftest import NOW
from tests.loyalty.make_joins import join, part, tell
from tests.loyalty.make_redemptions import NO, again, ask, bind, bought, give, pools, refused, rich, rule, sound
from tests.loyalty.make_trade import take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture(autouse=True)
def all_sound(alice: Place) -> Iterator[None]:
    yield
    with tenant(alice.merchant_id):
        sound(alice)


@pytest.fixture
def two(alice: Place) -> tuple[int, int]:
    """小荷 with 1000 points, 荷花 with 200."""
    with tenant(alice.merchant_id):
        rule(alice)
        found = rich(alice), rich(alice, "荷花", 200)
    tell(alice)
    return found


def now(place: Place, one: Redemption) -> tuple[str, str, str]:
    with tenant(place.merchant_id):
        found = again(place, one)
    return found.state, found.why, found.hold


def test_an_order_of_her_home_is_hers(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    with tenant(alice.merchant_id):
        one = ask(alice, first)
    join(alice, first, second)
    with tenant(alice.merchant_id):
        take(alice, bought(nick="荷花", state="unpaid", paid_fen=12800))
    tell(alice)
    with tenant(alice.merchant_id):
        assert [choice.order.order_no for choice in redemption_desk.choices(alice.merchant_id, again(alice, one))] == [
            NO
        ]
        assert bind(alice, one).state == "bound"
        take(alice, bought(nick="荷花"))
    tell(alice)
    assert now(alice, one) == ("committed", "", "spent")
    with tenant(alice.merchant_id):
        assert pools(alice, second) == (900, 0)


def test_an_order_of_before_fits_once_they_are_joined(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    with tenant(alice.merchant_id):
        one = ask(alice, first)
        bind(alice, one)
        take(alice, bought(nick="荷花"))
    tell(alice)
    assert now(alice, one)[:2] == ("mismatch", "other_customer")
    join(alice, first, second)
    assert now(alice, one) == ("committed", "", "spent")


def test_her_home_sees_uses_and_cancels_her_code(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    with tenant(m):
        one = ask(alice, first)
    join(alice, first, second)
    with tenant(m):
        offer = redemptions.offer(m, second)
        assert offer is not None
        assert [open_one.id for open_one in offer.opened] == [one.id]
        assert [past.id for past in redemptions.of_member(m, second)] == [one.id]
        refused("open_code", ask, alice, second, 200, "k2")
        assert ask(alice, second, key="another browser").id == one.id
        assert ask(alice, first, key="k1").id == one.id
        loyalty.cancel_redemption(m, one.id, by=alice.by)
        assert pools(alice, second) == (1200, 0)
    tell(alice)


def test_another_customers_order_stays_another_customers(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    with tenant(alice.merchant_id):
        rich(alice, "莲子")
        one = ask(alice, first)
    join(alice, first, second)
    with tenant(alice.merchant_id):
        take(alice, bought(nick="莲子", state="unpaid", paid_fen=12800))
        refused("other_customer", bind, alice, one)


def test_a_code_of_both_is_held_anew_when_they_part(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    merge_id = join(alice, first, second)
    with tenant(m):
        one = ask(alice, second, 1200)
    part(alice, merge_id)
    assert now(alice, one)[0] == "released"
    with tenant(m):
        assert (pools(alice, first), pools(alice, second)) == ((1000, 0), (200, 0))


def test_a_bound_code_of_both_is_spent_from_her_own_after_parting(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    merge_id = join(alice, first, second)
    with tenant(m):
        give(alice, second, 1000, "more")
        one = ask(alice, second, 1000)
        bind(alice, one, price_fen=12800)
    part(alice, merge_id)
    assert now(alice, one) == ("bound", "", "reserved")
    with tenant(m):
        take(alice, bought(nick="荷花", paid_fen=10800))
    tell(alice)
    assert now(alice, one) == ("committed", "", "spent")


def test_the_limit_of_a_day_is_the_persons(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    with tenant(m):
        rule(alice, member_day_points=400, open_codes=5)
        ask(alice, first, 300, "before")
    merge_id = join(alice, first, second)
    with tenant(m):
        refused("member_day_full", ask, alice, second, 200, "too much")
        refused("member_day_full", ask, alice, first, 200, "under her old name")
        offer = redemptions.offer(m, second)
        assert offer is not None
        assert list(offer.amounts) == [100]
        last = ask(alice, second, 100, "the rest")
        refused("member_day_full", ask, alice, second, 100, "one more")
        loyalty.cancel_redemption(m, last.id, by=alice.by)
        ask(alice, second, 100, "again")
    part(alice, merge_id)
    with tenant(m):
        ask(alice, first, 100, "hers alone")
        refused("member_day_full", ask, alice, first, 100, "hers is full")


def test_two_names_of_one_person_at_once_get_one_persons_limit(alice: Place, two: tuple[int, int]) -> None:
    first, second = two
    m = alice.merchant_id
    with tenant(m):
        rule(alice, member_day_points=200, open_codes=5)
        give(alice, second, 1000, "more")
    with ThreadPoolExecutor(2) as pool:
        with tenant(m):  # somebody is at work on the first one's account, so that both wait
            ledger.lock(m, "points", [first])
            early = pool.submit(tried, alice, first, "asked before they were joined")
            wait_for_locks(1)
            pool.submit(members.merge, m, [(first, second)], by=alice.by, key="k").result()
            late = pool.submit(tried, alice, second, "asked after")
            wait_for_locks(2)
        assert sorted([early.result(), late.result()]) == ["", "member_day_full"]
    tell(alice)


def tried(place: Place, member_id: int, key: str) -> str:
    """Ask for 200 points in a transaction of its own; what it was refused with, or ""."""
    try:
        with clock.frozen(NOW), tenant(place.merchant_id):
            ask(place, member_id, 200, key)
    except Refused as refusal:
        return refusal.code
    finally:
        connection.close()
    return ""


def wait_for_locks(count: int) -> None:
    """Until that many sessions wait for a lock."""
    end = time.monotonic() + 20
    while sql.scalar("SELECT count(*) FROM pg_locks WHERE NOT granted") < count:
        assert time.monotonic() < end
        time.sleep(0.02)
