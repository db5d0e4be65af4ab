"""What points are worth is told once: by the rate at which they pay orders, else by that of the points rule."""

from __future__ import annotations

from datetime import date

import pytest

from shuke.analytics.queries.liability import points_liability
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.rulewords import chapters, points_in_a_line
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.specs import PointsRuleSpec
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from tests.loyalty.make_redemptions import rich
from tests.make import Place

EARNING = PointsRuleSpec(start_on=date(2026, 1, 1))


@pytest.fixture
def member_id(shop: Place) -> int:
    """Somebody with 1,000 points where the points rule says that 100 are worth ¥1."""
    loyalty.save_points_rule(shop.merchant_id, EARNING, by=shop.by)
    return rich(shop)


def pay(place: Place, *, is_on: bool) -> None:
    """100 points pay ¥2."""
    loyalty.save_redemption_rule(place.merchant_id, RedemptionRuleSpec(is_on=is_on), by=place.by)


def told(place: Place, member_id: int) -> tuple[str, str, int, int, int, int]:
    """The rule's words, the sign's, and every sum over the member's 1,000 points."""
    m = place.merchant_id
    words = next(one.sentences[0] for one in chapters(m) if one.name == "worth")
    liability = points_liability(m, "Asia/Shanghai")
    return (
        words, points_in_a_line(EARNING, worth(m)), queries.points_summary(m, member_id).worth_fen,
        queries.liability(m).worth_fen, liability.cost_fen, worth(m, EARNING).fen(1000),
    )  # fmt: skip


def test_while_points_pay_orders_their_rate_is_the_only_one(shop: Place, member_id: int) -> None:
    of_points_rule = (
        "100 积分值 ¥1.00，想用积分时请联系客服。", "每消费 ¥1 得 1 积分 · 100 积分值 ¥1.00", 1000, 1000, 1000, 1000
    )  # fmt: skip
    assert told(shop, member_id) == of_points_rule
    pay(shop, is_on=True)
    assert told(shop, member_id) == (
        "100 积分可抵 ¥2.00。", "每消费 ¥1 得 1 积分 · 100 积分值 ¥2.00", 2000, 2000, 2000, 2000
    )  # fmt: skip
    offered = queries.offer(shop.merchant_id, member_id)
    assert offered is not None
    assert offered.worth_fen == queries.points_summary(shop.merchant_id, member_id).worth_fen
    pay(shop, is_on=False)
    assert told(shop, member_id) == of_points_rule


def test_without_any_rule_points_are_worth_nothing(shop: Place) -> None:
    assert (worth(shop.merchant_id).fen(1000), worth(shop.merchant_id, EARNING).fen(1050)) == (0, 1050)
