"""Every line has its sentence, the same for the buyer and for staff."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

from shuke.core import clock
from shuke.ledger import actions as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import PointsRuleSpec
from tests.loyalty.make_trade import DAY, NOON, member, record, settle
from tests.make import Place

NUMBER = "1234567890121234"


def rule(place: Place, **values: Any) -> None:
    spec = PointsRuleSpec.model_validate({"start_on": date(2026, 1, 1), **values})
    loyalty.save_points_rule(place.merchant_id, spec, by=place.by)


def sentences(place: Place) -> list[str]:
    return [one.sentence for one in queries.history(place.merchant_id, member(place))]


def test_an_order_its_refund_and_the_debt(shop: Place) -> None:
    rule(shop)
    settle(shop, record(NUMBER, paid_yuan=199))
    assert sentences(shop) == ["订单 123456…1234 交易成功，实付 ¥199.00，每 1 元 1 分，得 199 积分，2027-12-31 到期"]
    ledger.spend(shop.merchant_id, "points", [ledger.Spend(member_id=member(shop), amount=150, key="s1")], by=shop.by)
    settle(shop, record(NUMBER, paid_yuan=199, refund_fen=9950))
    assert sorted(sentences(shop)[:3]) == [
        "使用积分，−150 积分",
        "订单 123456…1234 已退款 ¥99.50，收回 49 积分",
        "订单 123456…1234 已退款 ¥99.50，收回 51 积分，积分已用掉，记为欠分，由之后的积分抵扣",
    ]
    summary = queries.points_summary(shop.merchant_id, member(shop))
    assert (summary.left, summary.earned, summary.spent) == (-51, 99, 150)
    assert queries.explain_balance(summary) == ("欠 51 积分：订单退款时这些积分已经用掉，之后获得的积分会先抵扣。")


def test_pending_points_say_from_when(shop: Place) -> None:
    rule(shop, counts_when="paid")
    settle(shop, record(NUMBER, state="shipped", placed_at=NOON - 3 * DAY))
    assert sentences(shop) == [
        "订单 123456…1234 已付款，实付 ¥100.00，每 1 元 1 分，得 100 积分，交易成功后生效，2027-12-31 到期"
    ]
    settle(shop, record(NUMBER, placed_at=NOON - 12 * DAY))
    assert "2026-11-27 起可用" in sentences(shop)[0]
    assert queries.explain_balance(queries.points_summary(shop.merchant_id, member(shop))) == (
        "可用 0 积分，待生效 100 积分，共值 ¥1.00"
    )


def test_lapsed_points_and_multipliers(shop: Place) -> None:
    rule(shop, expiry="months", expiry_months=1, points_per_yuan=Decimal("0.5"),
         day_times=[{"kind": "month_day", "day": 23, "times": "1.5"}])  # fmt: skip
    settle(shop, record(NUMBER))
    assert sentences(shop) == [
        "订单 123456…1234 交易成功，实付 ¥100.00，每 1 元 0.5 分，会员日 1.5 倍，得 75 积分，2026-12-22 到期"
    ]
    with clock.frozen(NOON + 60 * DAY):
        ledger.expire(shop.merchant_id, clock.now())
        assert sentences(shop)[0] == "75 积分过期，到 2026-12-22 未使用"
        summary = queries.points_summary(shop.merchant_id, member(shop))
        assert (summary.left, summary.earned, summary.lapsed) == (0, 75, 75)
