"""Paying with points at the same time as itself: the last points, one order for two codes, the end of the time, two imports."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from functools import partial
from threading import Barrier
from typing import Any

import pytest
from django.db import connection

from shuke.core import clock
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from tests.conftest import NOW
from tests.loyalty.make_redemptions import HOUR, NO, again, ask, bind, bought, facts_of_orders, pools, rich, rule, sound
from tests.loyalty.make_trade import DAY, take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


def together(place: Place, *acts: Callable[[], Any], at: datetime = NOW) -> list[str]:
    """Run acts at one moment, each in a transaction of its own; what each was refused with, or ""."""
    start = Barrier(len(acts))

    def run(act: Callable[[], Any]) -> str:
        try:
            start.wait()
            with clock.frozen(at), tenant(place.merchant_id):
                act()
        except Refused as refused:
            return refused.code
        finally:
            connection.close()
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return sorted(pool.map(run, acts))


@pytest.fixture
def lotus(alice: Place) -> int:
    """A member with 400 points, in a shop where one may hold five codes."""
    with tenant(alice.merchant_id):
        rule(alice, open_codes=5, day_points=1000)
        return rich(alice, points=400)


def test_two_browsers_reserve_the_last_points(alice: Place, lotus: int) -> None:
    found = together(alice, lambda: ask(alice, lotus, 300, "a"), lambda: ask(alice, lotus, 300, "b"))
    with tenant(alice.merchant_id):
        assert (found, pools(alice, lotus)) == (["", "not_enough"], (100, 300))
        sound(alice)


def test_one_key_at_once_gives_one_code(alice: Place, lotus: int) -> None:
    assert together(alice, *[lambda: ask(alice, lotus, 100, "same")] * 4) == ["", "", "", ""]
    with tenant(alice.merchant_id):
        assert pools(alice, lotus) == (300, 100)
        sound(alice)


def test_many_take_the_last_of_a_day(alice: Place, lotus: int) -> None:
    with tenant(alice.merchant_id):
        many = [rich(alice, f"客{number}", 300) for number in range(6)]
    acts = [partial(ask, alice, one, 300, f"k{one}") for one in many]
    assert together(alice, *acts) == ["", "", "", "day_full", "day_full", "day_full"]
    with tenant(alice.merchant_id):
        sound(alice)


def test_two_agents_bind_two_codes_to_one_order(alice: Place, lotus: int) -> None:
    with tenant(alice.merchant_id):
        first, second = ask(alice, lotus, 200, "a"), ask(alice, rich(alice, "茉莉"), 200, "b")
    assert together(alice, lambda: bind(alice, first), lambda: bind(alice, second)) == ["", "order_taken"]
    with tenant(alice.merchant_id):
        assert sorted(again(alice, one).state for one in (first, second)) == ["bound", "reserved"]
        sound(alice)


def test_a_code_is_bound_or_cancelled_never_both(alice: Place, lotus: int) -> None:
    for number in range(3):
        with tenant(alice.merchant_id):
            one = ask(alice, lotus, 100, f"k{number}")
        found = together(
            alice,
            partial(bind, alice, one, f"{NO}{number}"),
            partial(loyalty.cancel_redemption, alice.merchant_id, one.id, by=alice.by),
        )
        with tenant(alice.merchant_id):
            assert (found, again(alice, one).state) in ((["", "code_bound"], "bound"), (["", "code_used"], "released"))
            sound(alice)


def test_committing_and_releasing_at_the_end_of_the_time(alice: Place, lotus: int) -> None:
    with tenant(alice.merchant_id):
        one = bind(alice, ask(alice, lotus, 300))
        take(alice, bought())
        order_ids = facts_of_orders(alice)
    found = together(
        alice,
        lambda: loyalty.settle_redemptions(alice.merchant_id, order_ids),
        lambda: loyalty.expire_redemptions(alice.merchant_id),
        lambda: loyalty.settle_redemptions(alice.merchant_id, order_ids),
        at=NOW + 9 * DAY + HOUR,
    )
    with clock.frozen(NOW + 9 * DAY + HOUR), tenant(alice.merchant_id):
        assert found == ["", "", ""]
        assert (again(alice, one).state, pools(alice, lotus)) == ("committed", (100, 0))
        sound(alice)
