"""Paid membership: bought by an order or by hand, extended, taken back, over by itself, warned of before."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from itertools import pairwise
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shuke.core import clock, facts
from shuke.core.errors import Refused
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks, queries
from shuke.loyalty.queries.memberships import (
    PlanFigures,
    ending_memberships,
    explain_membership,
    memberships,
    plan_figures,
    plans,
    sold_terms,
)
from shuke.loyalty.rules.membership import Floor, Term, chained, floor_at
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PlanSpec, PointsRuleSpec
from tests.loyalty.make_trade import DAY, NOON, holding, line_record, member, record, take, take_lines
from tests.make import Place

ZONE = ZoneInfo("Asia/Shanghai")
CARD = "CARD-365"
LADDER = LevelRuleSpec(
    for_taobao=False,
    levels=(
        LevelSpec(name="店铺客户"), LevelSpec(name="银卡", threshold=Decimal(100)),
        LevelSpec(name="金卡", threshold=Decimal(1000)),
    ),
)  # fmt: skip


@pytest.fixture
def plan_id(shop: Place) -> int:
    """A card of a year for ¥99 that lifts to 金卡, multiplies points by 1.5 and gives 200 points; since October."""
    loyalty.save_level_rule(shop.merchant_id, LADDER, by=shop.by)
    loyalty.save_points_rule(shop.merchant_id, PointsRuleSpec(start_on=date(2026, 1, 1)), by=shop.by)
    return loyalty.save_plan(shop.merchant_id, spec(), by=shop.by)


def spec(**values: Any) -> PlanSpec:
    return PlanSpec.model_validate(
        {"name": "年卡", "price_fen": 9900, "days": 365, "level_no": 2, "times": "1.5", "bonus_points": 200,
         "products": (CARD,), "sold_from_on": date(2026, 10, 1), **values}
    )  # fmt: skip


def card(order_no: str, **more: Any) -> int:
    """An order of one card, its lines told; the order's id."""
    place: Place = more.pop("place")
    quantity = more.pop("quantity", 1)
    (order_id,) = take(place, record(order_no, paid_yuan=99, **more))
    take_lines(
        place,
        line_record(order_no, f"{order_no}1", 99, outer_id=CARD, quantity=quantity, refund_fen=more.get("refund_fen")),
    )
    return order_id


def tell(place: Place, *order_ids: int) -> None:
    loyalty.take_memberships(place.merchant_id, order_ids)
    settled = loyalty.settle_orders(place.merchant_id, order_ids)
    loyalty.review_levels(place.merchant_id, settled.member_ids)


def level(place: Place) -> tuple[int, str]:
    found = queries.level_of(place.merchant_id, member(place))
    assert found is not None
    return found.standing.level_no, found.standing.reason


def test_an_order_of_the_card_lifts_multiplies_and_gives_points_and_twice_told_changes_nothing(
    shop: Place, plan_id: int
) -> None:
    order_id = card("1001", place=shop)
    (later,) = take(shop, record("1002", paid_yuan=40, placed_at=NOON - 20 * DAY))
    tell(shop, order_id, later)
    tell(shop, later, order_id)
    # 99 and 40 yuan, each times 1.5 and rounded down, and 200 for the card.
    assert holding(shop) == (148 + 60 + 200, 0, 0)
    assert level(shop) == (2, "membership")
    (held,) = memberships(shop.merchant_id, [member(shop)]).values()
    assert explain_membership(held, shop.merchant_id, "金卡") == "年卡有效期至 2027-10-23，等级不低于金卡，积分 1.5 倍"
    assert plan_figures(shop.merchant_id) == {plan_id: PlanFigures(1, 1, 0, 9900)}
    assert checks.run(shop.merchant_id) == []


def test_an_order_from_before_the_card_earns_as_ever(shop: Place, plan_id: int) -> None:
    (earlier,) = take(shop, record("1000", paid_yuan=40, placed_at=NOON - 40 * DAY))
    tell(shop, card("1001", place=shop), earlier)
    assert holding(shop) == (40 + 148 + 200, 0, 0)


def test_a_refund_takes_everything_back_and_a_second_card_moves_up(shop: Place, plan_id: int) -> None:
    first, second = card("1001", place=shop), card("1002", place=shop, placed_at=NOON - 25 * DAY)
    tell(shop, first, second)
    assert [one.ends_at for one in sold_terms(shop.merchant_id)] == [
        datetime(2028, 10, 22, 16, tzinfo=UTC), datetime(2027, 10, 23, 16, tzinfo=UTC),
    ]  # fmt: skip
    tell(shop, card("1001", place=shop, refund_fen=9900, state="closed"))
    (stands,) = [one for one in sold_terms(shop.merchant_id) if one.taken_back_at is None]
    assert (stands.starts_at, stands.ends_at) == (NOON - 25 * DAY, datetime(2027, 10, 28, 16, tzinfo=UTC))
    assert holding(shop) == (148 + 200, 0, 0)
    tell(shop, card("1002", place=shop, refund_fen=9900, state="closed", placed_at=NOON - 25 * DAY))
    assert (holding(shop), level(shop), memberships(shop.merchant_id, [member(shop)])) == (
        (0, 0, 0), (0, "membership_ended"), {},
    )  # fmt: skip
    assert checks.run(shop.merchant_id) == []


def test_two_cards_in_one_order_hold_twice_as_long(shop: Place, plan_id: int) -> None:
    tell(shop, card("1001", place=shop, quantity=2))
    (one,) = sold_terms(shop.merchant_id)
    assert (one.days, one.bonus_points) == (730, 400)


def test_a_plan_that_changes_leaves_what_was_sold(shop: Place, plan_id: int) -> None:
    order_id = card("1001", place=shop)
    tell(shop, order_id)
    loyalty.save_plan(shop.merchant_id, spec(days=30, times="3", bonus_points=0), plan_id=plan_id, by=shop.by)
    tell(shop, order_id)
    (one,) = sold_terms(shop.merchant_id)
    assert (one.days, float(one.times), holding(shop)) == (365, 1.5, (348, 0, 0))


def test_by_hand_with_a_reason_once_and_taken_back_by_hand(shop: Place, plan_id: int) -> None:
    take(shop, record("1001"))

    def sell(paid_fen: int = 8800, key: str = "press-it-twice", reason: str = "线下转账") -> int:
        return loyalty.sell_membership(
            shop.merchant_id, member(shop), plan_id, paid_fen=paid_fen, reason=reason, by=shop.by, key=key
        )

    term_id = sell()
    assert sell() == term_id
    with pytest.raises(Refused) as refused:
        sell(paid_fen=1)
    assert refused.value.code == "key_reused"
    with pytest.raises(Refused) as refused:
        sell(key="another-key", reason=" ")
    assert refused.value.code == "reason_missing"
    assert (holding(shop), level(shop)) == ((300, 0, 0), (2, "membership"))
    loyalty.cancel_membership(shop.merchant_id, term_id, reason="买错了", by=shop.by)
    loyalty.cancel_membership(shop.merchant_id, term_id, reason="买错了", by=shop.by)
    assert (holding(shop), level(shop)[0], len(sold_terms(shop.merchant_id))) == ((100, 0, 0), 1, 1)


def test_an_order_s_card_is_not_cancelled_by_hand(shop: Place, plan_id: int) -> None:
    tell(shop, card("1001", place=shop))
    (one,) = sold_terms(shop.merchant_id)
    with pytest.raises(Refused) as refused:
        loyalty.cancel_membership(shop.merchant_id, one.id, reason="x", by=shop.by)
    assert (refused.value.code, level(shop)) == ("bought_by_order", (2, "membership"))


def test_a_retired_plan_is_sold_no_more(shop: Place, plan_id: int) -> None:
    take(shop, record("1001"))
    loyalty.retire_plan(shop.merchant_id, plan_id, by=shop.by)
    with pytest.raises(Refused) as refused:
        loyalty.sell_membership(
            shop.merchant_id, member(shop), plan_id, paid_fen=1, reason="x", by=shop.by, key="k" * 8
        )
    assert (refused.value.code, sold_terms(shop.merchant_id)) == ("plan_retired", [])


@pytest.mark.parametrize(
    ("values", "code"),
    [({"products": ()}, "name_taken"), ({"name": "月卡"}, "product_taken"),
     ({"name": "月卡", "products": (), "level_no": 3}, "no_level")],
)  # fmt: skip
def test_plans_that_contradict_are_refused(shop: Place, plan_id: int, values: dict[str, Any], code: str) -> None:
    with pytest.raises(Refused) as refused:
        loyalty.save_plan(shop.merchant_id, spec(**values), by=shop.by)
    assert (refused.value.code, len(plans(shop.merchant_id))) == (code, 1)


def test_it_is_warned_of_once_and_ends_by_itself_on_the_level_of_her_purchases(shop: Place, plan_id: int) -> None:
    tell(shop, card("1001", place=shop))
    end = datetime(2027, 10, 23, 16, tzinfo=UTC)
    with clock.frozen(end - 15 * DAY):
        assert (loyalty.publish_endings(shop.merchant_id), ending_memberships(shop.merchant_id)) == (0, [])
    with clock.frozen(end - 10 * DAY):
        assert (loyalty.publish_endings(shop.merchant_id), loyalty.publish_endings(shop.merchant_id)) == (1, 0)
        assert (
            next(one.sentence() for one in facts.timeline(shop.merchant_id, member(shop)))
            == "付费会员“年卡”还有 10 天到期"
        )
    with clock.frozen(end):
        assert (loyalty.review_due(shop.merchant_id), loyalty.review_due(shop.merchant_id)) == (1, 0)
        assert (loyalty.publish_endings(shop.merchant_id), loyalty.publish_endings(shop.merchant_id)) == (1, 0)
        assert level(shop) == (0, "membership_ended")
        assert memberships(shop.merchant_id, [member(shop)]) == {}


def test_her_own_level_goes_on_underneath_with_its_validity(shop: Place, plan_id: int) -> None:
    loyalty.save_level_rule(
        shop.merchant_id, LADDER.model_copy(update={"validity_months": 24, "window": "rolling"}), by=shop.by
    )
    (order_id,) = take(shop, record("1000", paid_yuan=150))
    tell(shop, order_id)
    before = queries.level_of(shop.merchant_id, member(shop))
    tell(shop, card("1001", place=shop))
    assert level(shop) == (2, "membership")
    with clock.frozen(datetime(2027, 10, 23, 16, tzinfo=UTC)):
        loyalty.review_due(shop.merchant_id)
        after = queries.level_of(shop.merchant_id, member(shop))
    assert before is not None
    assert after is not None
    assert (after.standing.level_no, after.standing.until_at) == (1, before.standing.until_at)


def at(day: int, hour: int = 4) -> datetime:
    return datetime(2026, 3, day, hour, tzinfo=UTC)


def test_terms_follow_each_other_and_end_at_midnight() -> None:
    one, two, three = chained([Term(3, at(20), 2), Term(1, at(1), 2, 1), Term(2, at(2), 1, 2)], ZONE)
    assert (one.starts_at, one.ends_at) == (at(1), at(3, 16))
    assert (two.starts_at, two.ends_at) == (at(3, 16), at(4, 16))
    assert (three.starts_at, three.ends_at) == (at(20), at(22, 16))
    assert floor_at([one, two, three], at(2)) == Floor(1, at(4, 16))
    assert floor_at([one, two, three], at(4)) == Floor(2, at(4, 16))
    assert floor_at([one, two, three], at(21)) is None


@given(st.lists(st.tuples(st.integers(1, 31), st.integers(1, 400)), max_size=8))
def test_terms_never_overlap_and_no_day_is_lost(bought: list[tuple[int, int]]) -> None:
    found = chained([Term(number, at(day), days) for number, (day, days) in enumerate(bought)], ZONE)
    for before, after in pairwise(found):
        assert before.ends_at is not None
        assert after.starts_at is not None
        assert before.ends_at <= after.starts_at
    for term in found:
        assert term.starts_at is not None
        assert term.ends_at is not None
        assert term.days * DAY <= term.ends_at - term.starts_at < (term.days + 1) * DAY


def test_a_level_that_begins_when_the_card_before_it_ends_is_given_then(shop: Place, plan_id: int) -> None:
    take(shop, record("1001"))
    m, her = shop.merchant_id, member(shop)
    for name, level_no in (("积分卡", None), ("月卡", 2)):
        number = loyalty.save_plan(m, spec(name=name, level_no=level_no, days=30, products=()), by=shop.by)
        loyalty.sell_membership(m, her, number, paid_fen=900, reason="线下付款", by=shop.by, key=name)
    found = [level(shop)]
    for days in (30, 31, 60, 61):
        with clock.frozen(NOON + days * DAY):
            loyalty.review_due(m)
            found.append(level(shop))
            assert loyalty.review_levels(m, [her]) == []
    own, lifted = (1, "reached"), (2, "membership")
    assert found == [own, own, lifted, lifted, (1, "membership_ended")]


def test_an_order_of_any_quantity_buys_a_hundred_terms_at_most(shop: Place, plan_id: int) -> None:
    tell(shop, card("1001", place=shop, quantity=99_999))
    (sold,) = sold_terms(shop.merchant_id)
    assert (sold.days, sold.bonus_points, sold.price_fen) == (36_500, 20_000, 9900)
    assert checks.run(shop.merchant_id) == []
