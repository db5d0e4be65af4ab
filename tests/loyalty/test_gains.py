"""What each benefit gave a buyer in yuan, by its own formula; and what cannot be told is said so."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from fractions import Fraction

import pytest

from shuke.analytics.queries.level_costs import LevelCost, level_costs
from shuke.core import clock
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.gains import LevelGain, explain_gain, explain_parts
from shuke.loyalty.rules import gains as rules
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, LevelTimes, PointsRuleSpec, PostageWorthSpec
from shuke.merchants import actions as merchants
from tests.loyalty.make_trade import DAY, NOON, line_record, member, record, settle, take, take_lines
from tests.make import Place

LADDER = LevelRuleSpec(
    for_taobao=False,
    levels=(
        LevelSpec(name="店铺客户"),
        LevelSpec(name="黄金会员", threshold=Decimal(100), discount_permille=900, is_post_free=True),
    ),
)


@pytest.fixture
def regular(shop: Place) -> int:
    """On 黄金会员 since June with points ×1.5, 100 points worth ¥2; in July two orders, one with told lines."""
    with clock.frozen(NOON - 200 * DAY):
        loyalty.save_level_rule(shop.merchant_id, LADDER, by=shop.by)
        times = LevelTimes(level_no=1, times=Decimal("1.5"))
        rule = PointsRuleSpec(start_on=date(2026, 1, 1), yuan_per_100_points=Decimal(2), level_times=(times,))
        loyalty.save_points_rule(shop.merchant_id, rule, by=shop.by)
    with clock.frozen(NOON - 150 * DAY):
        settle(shop, record("1001", placed_at=NOON - 170 * DAY))
        loyalty.review_levels(shop.merchant_id, [member(shop)])
    told, untold = take(
        shop, record("1002", paid_yuan=170, placed_at=NOON - 100 * DAY),
        record("1003", paid_yuan=50, placed_at=NOON - 90 * DAY),
    )  # fmt: skip
    take_lines(
        shop, line_record("1002", "10021", 80, price_fen=10000), line_record("1002", "10022", 90, price_fen=9500)
    )
    loyalty.settle_orders(shop.merchant_id, [told, untold])
    return member(shop)


def test_every_benefit_by_its_own_formula(shop: Place, regular: int) -> None:
    merchants.save_setting(shop.merchant_id, PostageWorthSpec(postage_fen=600), by=shop.by)
    gain = queries.level_gain(shop.merchant_id, regular)
    # 255 and 75 points instead of 170 and 50; of ¥20 and ¥5 below the list at most a tenth of it: ¥10 and ¥5.
    assert gain == LevelGain(
        2026, extra_points=110, extra_fen=220, discount_fen=1000 + 500, untold_count=1, postage_fen=1200
    )
    assert explain_gain(gain, "黄金会员") == "黄金会员今年为您省下 ¥29.20"
    assert explain_parts(gain) == [
        "等级加送 110 积分，值 ¥2.20", "等级折扣比标价少付 ¥15.00", "包邮省下 ¥12.00",
        "有 1 笔订单无法算出折扣金额：导出的报表里没有标价。",
    ]  # fmt: skip


def test_last_year_is_not_this_year(shop: Place, regular: int) -> None:
    with clock.frozen(NOON + 60 * DAY):
        assert queries.level_gain(shop.merchant_id, regular) == LevelGain(2027)
    assert explain_gain(LevelGain(2027), "黄金会员") == ""


def test_what_the_level_costs_the_shop_is_the_sum_of_what_it_gave(shop: Place, regular: int) -> None:
    assert level_costs(shop.merchant_id, "Asia/Shanghai") == {1: LevelCost(1, 220, 0, 1500, 1)}


@pytest.mark.parametrize(
    ("listed", "paid", "permille", "saved"),
    [(10000, 9000, 900, 1000), (10000, 8000, 900, 1000), (10000, 9500, 900, 500), (10000, 10000, 900, 0),
     (10000, 12000, 900, 0), (0, 9000, 900, None), (999, 0, 970, 29)],
)  # fmt: skip
def test_the_discount_is_never_more_than_what_was_paid_less(
    listed: int, paid: int, permille: int, saved: int | None
) -> None:
    assert rules.discount_fen(listed, paid, permille) == saved


def test_points_that_a_refund_took_back_are_taken_off() -> None:
    three_halves = Fraction(3, 2)
    assert rules.extra_points(150, three_halves) + rules.extra_points(-60, three_halves) == 30
    assert rules.worth_fen(Fraction(30), Fraction(2)) == 60
    assert (rules.postage_fen(0, 600), rules.postage_fen(800, 600), rules.postage_fen(0, 0)) == (600, 0, None)
