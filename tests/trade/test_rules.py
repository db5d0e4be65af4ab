"""How money falls on lines, which telling wins, which group a member is in."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.trade import rules

AT = datetime(2026, 11, 22, tzinfo=UTC)
LINES = st.lists(
    st.tuples(st.integers(0, 100_000), st.none() | st.integers(0, 100_000), st.booleans()), min_size=1, max_size=12
)


@given(st.integers(0, 10**9), st.lists(st.integers(0, 10**6), min_size=1, max_size=30))
def test_parts_add_up_and_none_is_a_fen_off(amount: int, weights: list[int]) -> None:
    parts = rules.split(amount, weights)
    assert sum(parts) == amount
    total = sum(weights)
    if total:
        assert all(abs(part * total - amount * weight) < total for part, weight in zip(parts, weights, strict=True))


@given(st.integers(0, 10**7), st.integers(0, 10**7), LINES)
def test_gross_and_refund_add_up_and_no_line_gives_back_more_than_it_cost(
    goods: int, refund: int, lines: list[tuple[int, int | None, bool]]
) -> None:
    shares = rules.allocate(goods, refund, lines)
    assert sum(gross for gross, _ in shares) == goods
    assert sum(refunded for _, refunded in shares) == min(refund, goods)
    assert all(0 <= refunded <= gross for gross, refunded in shares)


def test_a_refund_falls_on_the_line_that_tells_it_then_on_closed_ones() -> None:
    assert rules.allocate(10_000, 2_000, [(6_000, None, False), (4_000, 2_000, False)]) == [(6_000, 0), (4_000, 2_000)]
    assert rules.allocate(10_000, 5_000, [(6_000, None, False), (4_000, None, True)]) == [
        (6_000, 1_000),
        (4_000, 4_000),
    ]


@pytest.mark.parametrize(
    ("state", "paid_at", "paid", "refund", "post", "total", "gross"),
    [
        ("finished", AT, 10_410, 298, 500, 10_708, 10_208),
        ("unpaid", None, 0, 0, 500, 10_708, 0),
        ("closed", None, 0, 0, 0, 10_708, 0),
        ("closed", AT, 0, 10_708, 500, 10_708, 10_208),
        ("finished", AT, 10_708, 298, 500, 10_708, 10_208),
        ("paid", None, 9_900, 0, 0, 0, 9_900),
    ],
)
def test_goods_money_before_refunds(
    state: str, paid_at: datetime | None, paid: int, refund: int, post: int, total: int, gross: int
) -> None:
    assert rules.goods_gross(state, paid_at, paid, refund, post, total) == gross


def test_states_and_refunds_never_go_back() -> None:
    assert rules.is_older("paid", 0, "finished", 0)
    assert rules.is_older("finished", 0, "finished", 298)
    assert not rules.is_older("finished", None, "finished", 298)
    assert not rules.is_older("closed", 0, "finished", 298)


def test_an_older_telling_only_fills_gaps() -> None:
    stored = {"state": "finished", "title": "", "post_fen": 0, "flag": None}
    told = {"state": "paid", "title": "龙井", "post_fen": 500, "flag": 3}
    assert rules.merge(stored, told, older=True) == {"state": "finished", "title": "龙井", "post_fen": 500, "flag": 3}
    assert rules.merge({"title": "龙井"}, {"title": ""}, older=False) == {"title": "龙井"}


@pytest.mark.parametrize(
    ("orders", "first", "last", "unpaid", "group"),
    [
        (0, None, None, 3, "callback"),
        (2, 400, 5, 3, "callback"),
        (2, 400, 2, 3, "loyal"),
        (1, 10, 10, None, "new"),
        (1, 90, 90, 80, "other"),
        (5, 900, 200, None, "lapsed"),
        (0, None, None, 90, "other"),
    ],
)
def test_lifecycle_groups(orders: int, first: int | None, last: int | None, unpaid: int | None, group: str) -> None:
    def ago(days: int | None) -> datetime | None:
        return None if days is None else AT - timedelta(days=days)

    found = rules.lifecycle(
        orders, ago(first), ago(last), ago(unpaid), now=AT, new_days=30, lapsed_days=180, callback_days=15
    )
    assert found == group
