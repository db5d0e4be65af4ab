"""Books that change hands: what was one's own goes back to her, whatever she had taken over from others."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shuke.ledger import actions, checks, queries
from shuke.ledger.actions import Posting
from tests.make import Place

POINTS = "points"
LI, HE, AN = 7, 8, 9


@pytest.fixture(autouse=True)
def sound(shop: Place) -> Iterator[None]:
    yield
    assert checks.run(shop.merchant_id) == []


def owe(shop: Place, member_id: int, amount: int) -> None:
    posting = Posting(member_id=member_id, amount=-amount, kind="debt", key=f"owe {member_id}")
    actions.post(shop.merchant_id, POINTS, [posting], allow_debt=True)


def debts(shop: Place) -> list[int]:
    found = queries.balances(shop.merchant_id, POINTS, [LI, HE, AN])
    return [found[member_id].debt for member_id in (LI, HE, AN)]


@pytest.mark.parametrize(("guests", "own"), [(30, 50), (50, 30), (50, 0)])
def test_debts_of_a_guest_come_along_and_go_back_with_her_host(shop: Place, guests: int, own: int) -> None:
    owe(shop, HE, guests)
    if own:
        owe(shop, LI, own)
    actions.rehome(shop.merchant_id, {LI: LI, HE: LI})
    actions.rehome(shop.merchant_id, {LI: AN, HE: AN, AN: AN})
    assert debts(shop) == [0, 0, guests + own]
    actions.rehome(shop.merchant_id, {LI: LI, HE: LI, AN: AN})
    assert debts(shop) == [guests + own, 0, 0]
    actions.rehome(shop.merchant_id, {LI: LI, HE: HE})
    assert debts(shop) == [own, guests, 0]
