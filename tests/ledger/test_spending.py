"""Spending, giving back, reserving: from which lots, and back to which."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

import pytest

from shuke.core import clock, facts
from shuke.core.errors import Missing, Refused
from shuke.ledger import actions, checks, queries
from shuke.ledger.actions import GiveBack, Hold, Posting, Spend
from shuke.ledger.queries import Balance, Totals
from tests.conftest import NOW
from tests.make import Place

POINTS = "points"
LI = 7
DAY = timedelta(days=1)


def give(shop: Place, amount: int, key: str, days: int | None = None, member_id: int = LI) -> None:
    expires_at = None if days is None else NOW + days * DAY
    posting = Posting(member_id=member_id, amount=amount, kind="bonus", key=key, expires_at=expires_at)
    actions.post(shop.merchant_id, POINTS, [posting], by=shop.by)


def spend(shop: Place, amount: int, key: str, member_id: int = LI) -> None:
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=member_id, amount=amount, key=key)], by=shop.by)


def give_back(shop: Place, spend_key: str, amount: int, key: str) -> None:
    actions.give_back(shop.merchant_id, POINTS, [GiveBack(spend_key=spend_key, amount=amount, key=key)], by=shop.by)


def reserve(shop: Place, amount: int, key: str, until_at: datetime = NOW + DAY) -> int:
    hold = Hold(member_id=LI, amount=amount, key=key, until_at=until_at)
    return actions.reserve(shop.merchant_id, POINTS, [hold], by=shop.by)[0]


def balance(shop: Place) -> Balance:
    return queries.balance(shop.merchant_id, POINTS, LI)


def expiring(shop: Place) -> list[tuple[int, int]]:
    found = queries.expiring(shop.merchant_id, POINTS, LI, NOW + 999 * DAY)
    return [((one.expires_at - NOW).days, one.amount) for one in found]


@pytest.fixture(autouse=True)
def sound(shop: Place) -> Iterator[None]:
    yield
    assert checks.run(shop.merchant_id) == []


def test_the_soonest_expiring_lot_goes_first_and_the_endless_one_last(shop: Place) -> None:
    give(shop, 10, "endless")
    give(shop, 10, "late", days=60)
    give(shop, 10, "soon", days=30)
    spend(shop, 15, "buy")
    assert (balance(shop).active, expiring(shop)) == (15, [(60, 5)])
    spend(shop, 6, "buy more")
    assert (balance(shop).active, expiring(shop)) == (9, [])


def test_a_spending_told_twice_happens_once_and_its_key_means_one_thing(shop: Place) -> None:
    give(shop, 10, "bonus")
    spend(shop, 4, "buy")
    spend(shop, 4, "buy")
    assert balance(shop).active == 6
    with pytest.raises(Refused) as refused:
        spend(shop, 5, "buy")
    assert refused.value.code == "key_reused"
    with pytest.raises(Refused) as refused:
        give(shop, 4, "buy")
    assert refused.value.code == "key_reused"
    assert balance(shop).active == 6


@pytest.mark.parametrize("key", ["", "=own", "k" * 201])
def test_bad_keys_are_refused(shop: Place, key: str) -> None:
    with pytest.raises(Refused) as refused:
        give(shop, 4, key)
    assert refused.value.code == "bad_key"


def test_more_than_there_is_cannot_be_spent(shop: Place) -> None:
    give(shop, 10, "bonus")
    with pytest.raises(Refused) as refused:
        actions.spend(
            shop.merchant_id, POINTS,
            [Spend(member_id=LI, amount=6, key="one"), Spend(member_id=LI, amount=6, key="two")],
        )  # fmt: skip
    assert refused.value.code == "not_enough"
    assert balance(shop) == Balance(active=10)
    assert len(queries.statement(shop.merchant_id, POINTS, LI)) == 1


def test_what_lapsed_cannot_be_spent_even_before_the_job_ran(shop: Place) -> None:
    give(shop, 10, "bonus", days=1)
    with clock.frozen(NOW + DAY), pytest.raises(Refused) as refused:
        spend(shop, 1, "buy")
    assert refused.value.code == "not_enough"


def test_what_lapses_is_told_once_whoever_notices_it(shop: Place) -> None:
    """The job looks every ten minutes; a spending, an order or an adjustment may come before it."""
    give(shop, 10, "soon", days=1)
    give(shop, 10, "late", days=2)
    with clock.frozen(NOW + DAY):
        spend(shop, 1, "buy")
        actions.expire(shop.merchant_id)
    with clock.frozen(NOW + 2 * DAY):
        actions.expire(shop.merchant_id)
    told = facts.timeline(shop.merchant_id, LI)
    assert [one.sentence() for one in told] == ["9 积分过期未用", "10 积分过期未用"]


def test_given_back_goes_to_the_same_lots_with_the_old_expiry(shop: Place) -> None:
    give(shop, 10, "soon", days=30)
    give(shop, 10, "late", days=60)
    spend(shop, 15, "buy")
    give_back(shop, "buy", 7, "refund 1")
    assert expiring(shop) == [(30, 2), (60, 10)]
    give_back(shop, "buy", 7, "refund 1")
    give_back(shop, "buy", 8, "refund 2")
    assert expiring(shop) == [(30, 10), (60, 10)]
    with pytest.raises(Refused) as refused:
        give_back(shop, "buy", 1, "refund 3")
    assert refused.value.code == "more_than_spent"


def test_lapsed_stays_lapsed(shop: Place) -> None:
    give(shop, 10, "soon", days=30)
    give(shop, 10, "late", days=60)
    spend(shop, 15, "buy")
    with clock.frozen(NOW + 30 * DAY):
        give_back(shop, "buy", 15, "refund")
        give_back(shop, "buy", 15, "refund")
        assert balance(shop) == Balance(active=10)
        assert queries.totals(shop.merchant_id, POINTS) == Totals(issued=20, active=10, expired=10)


def test_an_unknown_spending_is_missing(shop: Place) -> None:
    give(shop, 10, "bonus")
    with pytest.raises(Missing):
        give_back(shop, "bonus", 1, "refund")


def test_a_debit_takes_or_is_refused_or_becomes_debt(shop: Place) -> None:
    give(shop, 10, "bonus")
    debit = Posting(member_id=LI, amount=-25, kind="adjusted", key="fix", note={"reason": "mistake"})
    with pytest.raises(Refused) as refused:
        actions.post(shop.merchant_id, POINTS, [debit], by=shop.by)
    assert (refused.value.code, balance(shop).active) == ("not_enough", 10)
    for _again in range(2):
        actions.post(shop.merchant_id, POINTS, [debit], by=shop.by, allow_debt=True)
        assert balance(shop) == Balance(debt=15)
    give(shop, 20, "new")
    assert balance(shop) == Balance(active=5)


def test_a_reservation_is_spent_and_given_back_by_its_key(shop: Place) -> None:
    give(shop, 10, "bonus", days=30)
    number = reserve(shop, 6, "code")
    assert reserve(shop, 6, "code") == number
    assert balance(shop) == Balance(active=4, reserved=6)
    for _again in range(2):
        actions.commit(shop.merchant_id, POINTS, [number])
        assert balance(shop) == Balance(active=4)
    with pytest.raises(Refused) as refused:
        actions.release(shop.merchant_id, POINTS, [number])
    assert refused.value.code == "reservation_spent"
    give_back(shop, "code", 6, "refund")
    assert (balance(shop), expiring(shop)) == (Balance(active=10), [(30, 10)])


def test_a_reservation_is_released_once(shop: Place) -> None:
    give(shop, 10, "bonus")
    number = reserve(shop, 6, "code")
    for _again in range(2):
        actions.release(shop.merchant_id, POINTS, [number])
        assert balance(shop) == Balance(active=10)
    with pytest.raises(Refused) as refused:
        actions.commit(shop.merchant_id, POINTS, [number])
    assert refused.value.code == "reservation_over"


def test_an_unused_reservation_releases_itself(shop: Place) -> None:
    give(shop, 10, "bonus")
    number = reserve(shop, 6, "code")
    with clock.frozen(NOW + DAY):
        assert balance(shop) == Balance(active=10)
        assert actions.expire_reservations(shop.merchant_id) == 1
        assert actions.expire_reservations(shop.merchant_id) == 0
        with pytest.raises(Refused) as refused:
            actions.commit(shop.merchant_id, POINTS, [number])
    assert refused.value.code == "reservation_over"


def test_use_within_the_limit_counts_when_told_late(shop: Place) -> None:
    give(shop, 10, "bonus")
    number = reserve(shop, 6, "code")
    with clock.frozen(NOW + 2 * DAY):
        actions.commit(shop.merchant_id, POINTS, [number], happened_at=NOW + timedelta(hours=5))
        assert balance(shop) == Balance(active=4)


def test_time_does_its_work_once(shop: Place) -> None:
    actions.post(
        shop.merchant_id, POINTS,
        [Posting(member_id=LI, amount=8, kind="bonus", key="later", available_at=NOW + DAY, expires_at=NOW + 3 * DAY)],
    )  # fmt: skip
    give(shop, 10, "bonus", days=1)
    assert balance(shop) == Balance(active=10, pending=8)
    with clock.frozen(NOW + DAY):
        assert (actions.mature(shop.merchant_id), actions.mature(shop.merchant_id)) == (1, 0)
        assert (actions.expire(shop.merchant_id), actions.expire(shop.merchant_id)) == (1, 0)
        assert balance(shop) == Balance(active=8)


def test_the_lines_add_up_to_what_is_hers(shop: Place) -> None:
    give(shop, 10, "bonus", days=9)
    spend(shop, 4, "buy")
    give_back(shop, "buy", 1, "refund")
    first, second = reserve(shop, 2, "a"), reserve(shop, 3, "b")
    actions.commit(shop.merchant_id, POINTS, [first])
    actions.release(shop.merchant_id, POINTS, [second])
    lines = queries.statement(shop.merchant_id, POINTS, LI)
    assert sum(line.amount for line in lines) == balance(shop).active == 5
    assert [(line.kind, line.amount, line.state) for line in lines] == [
        ("released", 3, "active"), ("reserved", -3, "released"), ("reserved", -2, "spent"),
        ("given_back", 1, "active"), ("spent", -4, "spent"), ("bonus", 10, "active"),
    ]  # fmt: skip
    page = queries.statement(shop.merchant_id, POINTS, LI, limit=2)
    rest = queries.statement(shop.merchant_id, POINTS, LI, before=page[-1].cursor)
    assert page + rest == lines
    assert len(queries.statement(shop.merchant_id, POINTS, LI, internal=True)) == 7
