"""Whatever happens in whatever order, the books of paying with points are whole, and the last telling decides."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.db import transaction
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.core import clock
from shuke.core.errors import Refused
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries import Redemption
from shuke.loyalty.rules import redemption as rules
from tests.conftest import NOW
from tests.loyalty.make_redemptions import NO, again, ask, bind, bought, pools, rich, rule, sound, told
from tests.make import Place

STEPS = st.lists(
    st.sampled_from(
        ["ask", "bind", "unbind", "unpaid", "paid", "full", "part", "all", "closed", "twice", "cancel", "commit",
         "release", "hours", "days", "expire"]
    ),
    min_size=3,
    max_size=14,
)  # fmt: skip


class Undone(Exception):
    """Takes an example's rows away again."""


@settings(max_examples=25)
@given(STEPS)
def test_any_order_of_things_keeps_the_books(shop: Place, steps: list[str]) -> None:
    try:
        with transaction.atomic():
            play(shop, steps)
            raise Undone
    except Undone:
        pass


def play(shop: Place, steps: list[str]) -> None:
    """One story, its invariants asked after every step."""
    rule(shop, open_codes=2)
    lotus, now, found = rich(shop), NOW, list[Redemption]()
    for number, step in enumerate(steps):
        now += timedelta(minutes=7) + {"hours": timedelta(hours=30), "days": timedelta(days=5)}.get(step, timedelta())
        with clock.frozen(now):
            try:
                with transaction.atomic():
                    act(shop, lotus, step, number, found)
            except Refused:
                pass
            sound(shop)
            stand = [again(shop, one) for one in found]
            held = sum(one.points for one in stand if one.hold == "reserved")
            spent = sum(one.spent_points for one in stand)
            active, reserved = pools(shop, lotus)
            assert active + reserved + spent == 1000
            assert reserved <= held


def act(shop: Place, lotus: int, step: str, number: int, found: list[Redemption]) -> None:
    """One step; what it needs and is not there makes it nothing."""
    orders: dict[str, dict[str, Any]] = {
        "unpaid": {"state": "unpaid", "paid_fen": 12800}, "paid": {}, "full": {"paid_fen": 12800},
        "part": {"refund_fen": 4066}, "all": {"refund_fen": 12200}, "closed": {"state": "closed", "refund_fen": 12200},
    }  # fmt: skip
    if step == "ask":
        found.append(ask(shop, lotus, 300, f"k{number}"))
    elif step in orders:
        paid: dict[str, Any] = {} if step == "unpaid" else {"paid_at": clock.now()}
        told(shop, bought(**paid, **orders[step]))
    elif step == "twice":
        told(shop)
        told(shop)
    elif step == "expire":
        loyalty.expire_redemptions(shop.merchant_id)
    elif found and step == "bind":
        bind(shop, found[-1], NO)
    elif found and step == "unbind":
        loyalty.unbind_redemption(shop.merchant_id, found[-1].id, by=shop.by)
    elif found and step == "cancel":
        loyalty.cancel_redemption(shop.merchant_id, found[-1].id, by=shop.by)
    elif found and step in rules.DECISIONS:
        loyalty.decide_redemption(shop.merchant_id, found[-1].id, step, by=shop.by)


@given(st.integers(1, 10**6), st.integers(1, 10**7), st.lists(st.integers(0, 10**7), max_size=6))
def test_parts_of_a_refund_add_up(points: int, gross_fen: int, refunds: list[int]) -> None:
    told_so_far, given_back = 0, 0
    for refund in refunds:
        told_so_far = min(gross_fen, told_so_far + refund)
        now = rules.back(points, gross_fen, told_so_far)
        assert given_back <= now <= points
        given_back = now
    assert rules.back(points, gross_fen, gross_fen) == points


@given(st.binary(min_size=16, max_size=16), st.integers(0, 8), st.integers(1, 30))
def test_one_wrong_sign_is_noticed(digest: bytes, place: int, shift: int) -> None:
    code = rules.code_of(digest)
    assert rules.read(rules.shown(code)) == code
    assert list(rules.codes_in(f"备注：{rules.shown(code)}，谢谢")) == [code]
    wrong = rules.ALPHABET[(rules.ALPHABET.index(code[place]) + shift) % len(rules.ALPHABET)]
    assert rules.read(code[:place] + wrong + code[place + 1 :]) == ""
    if place < 8 and code[place] != code[(place + 1) % 8] and place < 7:
        swapped = code[:place] + code[place + 1] + code[place] + code[place + 2 :]
        assert rules.read(swapped) == ""
