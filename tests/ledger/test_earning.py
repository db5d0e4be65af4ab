"""Settling: sources yield what they shall, by the difference."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from shuke.core import clock
from shuke.core.errors import Refused
from shuke.ledger import actions, queries
from shuke.ledger.actions import Settled, Spend, Target
from shuke.ledger.queries import Balance
from tests.conftest import NOW
from tests.make import Place

POINTS = "points"
LI = 7


def target(
    source: str,
    amount: int,
    *,
    member_id: int = LI,
    available_at: datetime | None = NOW,
    expires_at: datetime | None = None,
    note: dict[str, Any] | None = None,
) -> Target:
    return Target(member_id, source, amount, available_at, expires_at, 1, NOW, note)


def settle(shop: Place, *targets: Target) -> Settled:
    return actions.settle(shop.merchant_id, POINTS, targets, by=shop.by)


def balance(shop: Place, member_id: int = LI) -> Balance:
    return queries.balance(shop.merchant_id, POINTS, member_id)


def test_a_source_yields_once_however_often_it_is_told(shop: Place) -> None:
    first = settle(shop, target("line:1", 100), target("line:2", 50, available_at=None))
    assert (first.credited, first.taken_back, first.unchanged_count) == (150, 0, 0)
    assert first.changed_members == {LI}
    again = settle(shop, target("line:2", 50, available_at=None), target("line:1", 100))
    assert (again.credited, again.taken_back, again.unchanged_count) == (0, 0, 2)
    assert balance(shop) == Balance(active=100, pending=50)


def test_of_two_targets_of_a_source_the_last_counts(shop: Place) -> None:
    settle(shop, target("line:1", 100), target("line:1", 30))
    assert balance(shop) == Balance(active=30)


@pytest.mark.parametrize("order", [("line:1", "line:2"), ("line:2", "line:1")])
def test_of_equal_lots_the_order_of_telling_does_not_matter(shop: Place, order: tuple[str, str]) -> None:
    for source in order:
        settle(shop, target(source, 10))
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=12, key="buy")])
    found = queries.by_source(shop.merchant_id, POINTS, ["line:1", "line:2"])
    assert [one.left for one in found.values()] == [0, 8]


def test_more_is_a_further_lot(shop: Place) -> None:
    settle(shop, target("line:1", 100))
    settle(shop, target("line:1", 130))
    assert balance(shop) == Balance(active=130)
    assert [line.amount for line in queries.statement(shop.merchant_id, POINTS, LI)] == [30, 100]


def test_less_is_taken_back_from_pending_first(shop: Place) -> None:
    settle(shop, target("line:1", 100, available_at=None), target("line:2", 100))
    done = settle(shop, target("line:1", 40, available_at=None))
    assert done.taken_back == 60
    assert balance(shop) == Balance(active=100, pending=40)


def test_then_from_its_own_lot_then_from_others_then_as_debt(shop: Place) -> None:
    settle(shop, target("line:1", 100, expires_at=NOW + timedelta(days=1)), target("line:2", 50))
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=90, key="buy")])
    settle(shop, target("line:1", 0))
    assert balance(shop) == Balance(debt=40)
    found = queries.by_source(shop.merchant_id, POINTS, ["line:1", "line:2"])
    assert [(one.amount, one.left) for one in found.values()] == [(0, 0), (50, 0)]


def test_debt_is_repaid_first_and_blocks_spending(shop: Place) -> None:
    settle(shop, target("line:1", 100))
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=100, key="buy")])
    settle(shop, target("line:1", 0))
    assert balance(shop) == Balance(debt=100)
    settle(shop, target("line:2", 60), target("line:3", 70, available_at=NOW + timedelta(days=7)))
    assert balance(shop) == Balance(debt=40, pending=70)
    with pytest.raises(Refused) as refused:
        actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=1, key="again")])
    assert refused.value.code == "in_debt"
    with clock.frozen(NOW + timedelta(days=7)):
        assert balance(shop) == Balance(active=30)
        actions.mature(shop.merchant_id)
        assert balance(shop) == Balance(active=30)


def test_a_refund_told_before_the_order_leaves_nothing(shop: Place) -> None:
    done = settle(shop, target("line:1", 0))
    assert done.unchanged_count == 1
    assert balance(shop) == Balance()


def test_dates_of_pending_lots_follow(shop: Place) -> None:
    settle(shop, target("line:1", 100, available_at=None))
    settle(shop, target("line:1", 100, available_at=NOW + timedelta(days=3), expires_at=NOW + timedelta(days=30)))
    assert balance(shop) == Balance(pending=100)
    with clock.frozen(NOW + timedelta(days=3)):
        assert balance(shop) == Balance(active=100)
    with clock.frozen(NOW + timedelta(days=30)):
        assert balance(shop) == Balance()
    settle(shop, target("line:1", 100, available_at=NOW))
    assert balance(shop) == Balance(active=100)


def test_an_old_order_lapses_at_once(shop: Place) -> None:
    settle(shop, target("line:1", 100, available_at=NOW - timedelta(days=9), expires_at=NOW - timedelta(days=1)))
    assert balance(shop) == Balance()
    assert queries.totals(shop.merchant_id, POINTS) == queries.Totals(issued=100, expired=100)
    settle(shop, target("line:1", 0))
    assert balance(shop) == Balance()
    assert queries.totals(shop.merchant_id, POINTS) == queries.Totals(issued=100, taken_back=100)


def test_credits_go_before_what_is_taken_back(shop: Place) -> None:
    settle(shop, target("line:1", 100))
    actions.spend(shop.merchant_id, POINTS, [Spend(member_id=LI, amount=100, key="buy")])
    settle(shop, target("line:1", 0), target("line:2", 100))
    assert balance(shop) == Balance()
    assert "debt" not in {line.state for line in queries.statement(shop.merchant_id, POINTS, LI)}


def test_a_source_stays_with_its_member(shop: Place) -> None:
    settle(shop, target("line:1", 100))
    with pytest.raises(Refused) as refused:
        settle(shop, target("line:1", 100, member_id=8))
    assert refused.value.code == "source_moved"
    assert (balance(shop), balance(shop, 8)) == (Balance(active=100), Balance())
    settle(shop, target("line:1", 0, member_id=8))
    assert balance(shop) == Balance()
    settle(shop, target("line:1", 100, member_id=8))
    assert (balance(shop), balance(shop, 8)) == (Balance(), Balance(active=100))


def test_a_negative_target_is_refused(shop: Place) -> None:
    with pytest.raises(Refused) as refused:
        settle(shop, target("line:1", -1))
    assert refused.value.code == "bad_amount"


def test_lines_keep_what_explains_them(shop: Place) -> None:
    settle(shop, target("line:1", 100, note={"order_no": "19", "paid_fen": 10000}))
    (line,) = queries.statement(shop.merchant_id, POINTS, LI)
    assert (line.kind, line.amount, line.state, line.source, line.rule_id, line.by) == (
        "earned", 100, "active", "line:1", 1, shop.by.label,
    )  # fmt: skip
    assert line.note == {"order_no": "19", "paid_fen": 10000}
