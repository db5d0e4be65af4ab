"""The points account of some days equals the ledger, to the point."""

from __future__ import annotations

from datetime import date

import pytest

from shuke.ledger import actions as ledger
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries.statement import Days, days_of, statement_of
from shuke.loyalty.specs import PointsRuleSpec
from tests.loyalty.make_trade import DAY, NOON, member, record, settle
from tests.make import Place


@pytest.fixture
def account(shop: Place) -> int:
    """100 points of October, of them 40 taken back, 30 given, 25 spent and 5 set aside today."""
    loyalty.save_points_rule(shop.merchant_id, PointsRuleSpec(start_on=date(2026, 1, 1)), by=shop.by)
    settle(shop, record("1001", placed_at=NOON - 40 * DAY))
    settle(shop, record("1001", placed_at=NOON - 40 * DAY, refund_fen=4000))
    who = member(shop)
    loyalty.adjust(shop.merchant_id, [loyalty.Adjustment(who, 30)], reason="晒图", by=shop.by, key="k1")
    ledger.spend(shop.merchant_id, "points", [ledger.Spend(member_id=who, amount=25, key="s1")], by=shop.by)
    hold = ledger.Hold(member_id=who, amount=5, key="h1", until_at=NOON + DAY)
    ledger.reserve(shop.merchant_id, "points", [hold], by=shop.by)
    return who


def test_opening_and_lines_come_to_what_the_ledger_has(shop: Place, account: int) -> None:
    found = statement_of(shop.merchant_id, account, date(2026, 1, 1), date(2026, 11, 22))
    held = balances.balance(shop.merchant_id, "points", account)
    assert (found.opening, found.closing) == (0, held.active + held.pending - held.debt) == (0, 60)
    assert (found.came, found.went) == (130, 70)
    assert found.lines[-1].balance == found.closing
    assert sum(one.told.line.amount for one in found.lines) == found.closing


def test_days_meet_without_a_gap(shop: Place, account: int) -> None:
    whole = statement_of(shop.merchant_id, account, date(2026, 1, 1), date(2026, 11, 22))
    for cut in (date(2026, 10, 22), date(2026, 10, 23), date(2026, 11, 21)):
        before = statement_of(shop.merchant_id, account, date(2026, 1, 1), cut)
        after = statement_of(shop.merchant_id, account, cut.replace(day=cut.day + 1), date(2026, 11, 22))
        assert before.closing == after.opening
        assert before.lines + after.lines == whole.lines
    empty = statement_of(shop.merchant_id, account, date(2020, 1, 1), date(2020, 12, 31))
    assert (empty.opening, empty.lines, empty.closing) == (0, [], 0)


TODAY = date(2026, 11, 22)


@pytest.mark.parametrize(
    ("first", "last", "found"),
    [("", "", Days(date(2026, 1, 1), TODAY)), ("2026-02-01", "2026-02-28", Days(date(2026, 2, 1), date(2026, 2, 28))),
     ("2026-03-01", "2026-02-01", Days(date(2026, 2, 1), date(2026, 2, 1), is_turned=True)),
     ("2026-02-30", "9999-12-31", Days(date(2026, 1, 1), TODAY)), ("<script>", "x", Days(date(2026, 1, 1), TODAY))],
)  # fmt: skip
def test_the_days_of_an_address(first: str, last: str, found: Days) -> None:
    assert days_of(first, last, TODAY) == found


def test_what_was_before_is_one_sum_of_the_same_lines(shop: Place, account: int) -> None:
    m = shop.merchant_id
    lines = balances.statement(m, "points", account, internal=True)
    for until in sorted({one.happened_at for one in lines} | {NOON + DAY}):
        told = sum(one.amount for one in lines if one.happened_at < until and not one.is_internal)
        assert balances.sum_before(m, "points", account, until) == told
    assert balances.sum_before(m, "points", account, NOON + DAY) == 60
    assert balances.sum_before(m, "growth", account, NOON + DAY) != 60
