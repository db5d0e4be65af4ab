"""Many at once, with real threads and commits: one effect, no deadlock, never more than there is."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
from django.db import connection

from shuke.core import clock
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.ledger import actions, checks, queries
from shuke.ledger.actions import GiveBack, Hold, Posting, Spend, Target
from shuke.ledger.queries import Balance, Totals
from tests.conftest import NOW
from tests.make_races import while_it_waits

pytestmark = pytest.mark.django_db(transaction=True)

SHOP, POINTS, LI = 41, "points", 7


@pytest.fixture(autouse=True)
def sound(db: None) -> Iterator[None]:
    yield
    with tenant(SHOP):
        assert checks.run(SHOP) == []


def at_once(count: int, act: Callable[[int], object], threads: int = 16) -> list[str]:
    """Run `act(0)` … `act(count - 1)` in threads that start together; "done" or the code of the refusal of each."""
    gate = threading.Barrier(min(count, threads))

    def one(number: int) -> str:
        with clock.frozen(NOW):
            if number < threads:
                gate.wait()
            try:
                act(number)
            except Refused as refused:
                return refused.code
            finally:
                connection.close()
        return "done"

    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(one, range(count)))


def give(amount: int, key: str = "bonus", member_id: int = LI, available_at: timedelta | None = None) -> None:
    at = None if available_at is None else NOW + available_at
    with clock.frozen(NOW - timedelta(days=1)):
        actions.post(
            SHOP, POINTS, [Posting(member_id=member_id, amount=amount, kind="bonus", key=key, available_at=at)]
        )


def balance(member_id: int = LI) -> Balance:
    with tenant(SHOP), clock.frozen(NOW):
        return queries.balance(SHOP, POINTS, member_id)


def test_what_is_good_for_one_is_spent_once() -> None:
    give(10)
    ends = at_once(64, lambda n: actions.spend(SHOP, POINTS, [Spend(member_id=LI, amount=10, key=f"buy {n}")]))
    assert sorted(ends) == ["done"] + ["not_enough"] * 63
    assert balance() == Balance()


def test_the_same_click_many_times_spends_once() -> None:
    give(100)
    ends = at_once(16, lambda _n: actions.spend(SHOP, POINTS, [Spend(member_id=LI, amount=10, key="click")]))
    assert ends == ["done"] * 16
    assert balance() == Balance(active=90)


def test_one_key_for_two_members_has_one_effect() -> None:
    for member_id in range(1, 9):
        give(10, f"bonus {member_id}", member_id)
    ends = at_once(8, lambda n: actions.spend(SHOP, POINTS, [Spend(member_id=n + 1, amount=10, key="same")]))
    assert sorted(ends) == ["done"] + ["key_reused"] * 7


def test_the_same_sources_settled_by_eight_yield_once() -> None:
    def settle(number: int) -> None:
        order = list(range(200))
        if number % 2:
            order.reverse()
        targets = [Target(source % 40, f"line:{source}", 10, NOW, None, 1, NOW) for source in order]
        actions.settle(SHOP, POINTS, targets)

    assert at_once(8, settle, threads=8) == ["done"] * 8
    with tenant(SHOP):
        assert queries.totals(SHOP, POINTS) == Totals(issued=2000, active=2000)


def test_growing_and_shrinking_at_once_ends_where_the_last_says() -> None:
    def settle(number: int) -> None:
        targets = [Target(source % 5, f"line:{source}", 10 + number % 3, NOW, None, 1, NOW) for source in range(30)]
        actions.settle(SHOP, POINTS, targets)

    assert at_once(16, settle, threads=8) == ["done"] * 16
    settle(0)
    assert [balance(member_id) for member_id in range(5)] == [Balance(active=60)] * 5


def test_a_source_wanted_for_two_members_goes_to_one() -> None:
    ends = at_once(
        8, lambda n: actions.settle(SHOP, POINTS, [Target(n + 1, "line:1", 10, NOW, None, 1, NOW)]), threads=8
    )
    assert sorted(ends) == ["done"] + ["source_moved"] * 7
    with tenant(SHOP):
        assert queries.totals(SHOP, POINTS).issued == 10


def test_given_back_twice_at_once_comes_back_once() -> None:
    give(10)
    actions.spend(SHOP, POINTS, [Spend(member_id=LI, amount=10, key="buy")])
    ends = at_once(
        16, lambda n: actions.give_back(SHOP, POINTS, [GiveBack(spend_key="buy", amount=10, key=f"refund {n % 2}")])
    )
    assert set(ends) == {"done", "more_than_spent"}
    assert balance() == Balance(active=10)


def test_a_reservation_is_committed_or_released_not_both() -> None:
    give(10)
    with clock.frozen(NOW):
        hold = Hold(member_id=LI, amount=10, key="code", until_at=NOW + timedelta(hours=1))
        (number,) = actions.reserve(SHOP, POINTS, [hold])

    def end(turn: int) -> None:
        (actions.commit if turn % 2 else actions.release)(SHOP, POINTS, [number])

    ends = at_once(16, end)
    assert set(ends) in ({"done", "reservation_over"}, {"done", "reservation_spent"})
    assert ends.count("done") == 8
    assert balance() in (Balance(), Balance(active=10))


def test_parallel_reservations_never_hold_more_than_there_is() -> None:
    give(10)
    until = NOW + timedelta(hours=1)
    ends = at_once(
        16,
        lambda n: actions.reserve(SHOP, POINTS, [Hold(member_id=LI, amount=4, key=f"code {n}", until_at=until)]),
    )
    assert sorted(ends) == ["done"] * 2 + ["not_enough"] * 14
    assert balance() == Balance(active=2, reserved=8)


def test_the_job_and_the_buyer_mature_a_lot_once() -> None:
    for member_id in range(1, 9):
        give(10, f"bonus {member_id}", member_id, timedelta(0))

    def act(number: int) -> None:
        if number % 2:
            actions.mature(SHOP, NOW)
        else:
            actions.spend(SHOP, POINTS, [Spend(member_id=number // 2 + 1, amount=10, key=f"buy {number}")])

    assert at_once(16, act) == ["done"] * 16
    with tenant(SHOP):
        assert queries.totals(SHOP, POINTS) == Totals(issued=80, spent=80)


@pytest.mark.parametrize("way", ["spend", "reserve", "release", "commit"])
def test_who_waited_while_members_were_parted_is_told_to_try_again(way: str) -> None:
    """Else one would pay for the other, or a reservation would stay as if it had been released."""
    he = LI + 1
    give(10)
    give(10, key="his", member_id=he)
    hold = Hold(member_id=he, amount=1, key="hold", until_at=NOW + timedelta(days=1))
    with clock.frozen(NOW):
        (number,) = actions.reserve(SHOP, POINTS, [hold])
    actions.rehome(SHOP, {LI: LI, he: LI})

    def act() -> None:
        acts: dict[str, Callable[[], object]] = {
            "spend": lambda: actions.spend(SHOP, POINTS, [Spend(member_id=he, amount=5, key="buy")]),
            "reserve": lambda: actions.reserve(SHOP, POINTS, [replace(hold, key="another")]),
            "release": lambda: actions.release(SHOP, POINTS, [number]),
            "commit": lambda: actions.commit(SHOP, POINTS, [number]),
        }
        with pytest.raises(Refused) as refused:
            acts[way]()
        assert refused.value.code == "member_moved"
        acts[way]()

    with clock.frozen(NOW), while_it_waits(SHOP, act) as begin:
        actions.rehome(SHOP, {LI: LI, he: he})
        begin()
    assert balance() == Balance(active=10)
    assert balance(he) == {
        "spend": Balance(active=4, reserved=1), "reserve": Balance(active=8, reserved=2), "release": Balance(active=10),
        "commit": Balance(active=9),
    }[way]  # fmt: skip


def test_the_job_locks_assets_in_the_order_of_settling() -> None:
    """Points, then growth; the other way round it would wait for a settling that waits for it."""
    soon = NOW + timedelta(hours=1)
    with clock.frozen(NOW):
        for asset in (POINTS, "growth"):
            actions.settle(SHOP, asset, [Target(LI, "order:1", 10, soon, None, 1, NOW)])

    def mature() -> None:
        assert actions.mature(SHOP, soon) == 2

    with clock.frozen(NOW), while_it_waits(SHOP, mature) as begin:
        actions.settle(SHOP, POINTS, [Target(LI, "order:2", 5, NOW, None, 1, NOW)])
        begin()
        actions.settle(SHOP, "growth", [Target(LI, "order:2", 5, NOW, None, 1, NOW)])
    assert balance().active == 15


def test_the_job_and_refunds_do_not_wait_crosswise() -> None:
    members = range(1, 31)
    actions.settle(SHOP, POINTS, [Target(m, f"line:{m}", 10, NOW, NOW + timedelta(days=9), 1, NOW) for m in members])

    def act(number: int) -> None:
        if number % 3 == 0:
            actions.expire(SHOP, NOW + timedelta(days=9))
        elif number % 3 == 1:
            actions.settle(SHOP, POINTS, [Target(m, f"line:{m}", 5, NOW, None, 1, NOW) for m in reversed(members)])
        else:
            actions.post(
                SHOP, POINTS,
                [Posting(member_id=m, amount=1, kind="bonus", key=f"{number}:{m}") for m in sorted(members, key=hash)],
            )  # fmt: skip

    assert at_once(12, act, threads=12) == ["done"] * 12
    with tenant(SHOP):
        assert queries.totals(SHOP, POINTS).issued == 300 + 4 * 30
