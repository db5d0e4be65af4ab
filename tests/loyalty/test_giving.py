"""Points that no order earned: by hand, and for joining."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from typing import Any

import pytest

from shuke.core import facts, sql
from shuke.core.actors import program, staff
from shuke.core.errors import Refused
from shuke.ledger import actions as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import AdjustLimitSpec, PointsRuleSpec
from shuke.merchants import actions as merchants
from tests.loyalty.make_trade import NOON, holding, member, record, settle, take
from tests.make import Place


def rule(place: Place, **values: object) -> None:
    spec = PointsRuleSpec.model_validate({"start_on": date(2026, 1, 1), **values})
    loyalty.save_points_rule(place.merchant_id, spec, by=place.by)


def gift(place: Place, amount: int, key: str = "k1", **more: Any) -> None:
    values: dict[str, Any] = {"reason": "晒图有礼", "by": place.by, **more}
    loyalty.adjust(place.merchant_id, [loyalty.Adjustment(member(place), amount)], key=key, **values)


def audit_count(place: Place) -> int:
    return int(
        sql.scalar(
            "SELECT count(*) FROM merchants_auditentry WHERE merchant_id = %(m)s AND act = 'points.adjusted'",
            {"m": place.merchant_id},
        )
    )


def test_given_points_are_usable_lapse_by_the_rule_and_are_told_once(shop: Place) -> None:
    rule(shop)
    take(shop, record("1001"))
    gift(shop, 50)
    gift(shop, 50)
    assert holding(shop) == (50, 0, 0)
    (told,) = queries.history(shop.merchant_id, member(shop))
    assert told.sentence == "Alice赠送 50 积分，原因：晒图有礼，2027-12-31 到期"
    assert next(one.sentence() for one in facts.timeline(shop.merchant_id, member(shop))) == "手动赠送 50 积分"
    assert (audit_count(shop), len(queries.adjustments(shop.merchant_id))) == (1, 1)


def test_taking_more_than_there_is_is_refused_unless_debt_is_wanted(shop: Place) -> None:
    rule(shop)
    settle(shop, record("1001"))
    with pytest.raises(Refused) as refused:
        gift(shop, -150)
    assert (refused.value.code, holding(shop), audit_count(shop)) == ("not_enough", (100, 0, 0), 0)
    gift(shop, -150, allow_debt=True)
    assert holding(shop) == (0, 0, 50)


def test_the_same_key_with_another_amount_is_refused(shop: Place) -> None:
    take(shop, record("1001"))
    gift(shop, 50)
    with pytest.raises(Refused) as refused:
        gift(shop, 60)
    assert (refused.value.code, holding(shop)) == ("key_reused", (50, 0, 0))


def test_a_key_used_for_one_customer_gives_another_nothing(shop: Place) -> None:
    take(shop, record("1001"), record("2001", "荷花"))
    gift(shop, 50)
    for items in (
        [loyalty.Adjustment(member(shop, "荷花"), 50)],
        [loyalty.Adjustment(member(shop), 50), loyalty.Adjustment(member(shop, "荷花"), 50)],
    ):
        with pytest.raises(Refused) as refused:
            loyalty.adjust(shop.merchant_id, items, reason="晒图有礼", by=shop.by, key="k1")
        assert refused.value.code == "key_reused"
    assert (holding(shop), holding(shop, "荷花")) == ((50, 0, 0), (0, 0, 0))
    assert (audit_count(shop), len(queries.adjustments(shop.merchant_id))) == (1, 1)


def test_the_same_key_for_fewer_customers_or_another_reason_is_refused(shop: Place) -> None:
    take(shop, record("1001"), record("2001", "荷花"))
    both = [loyalty.Adjustment(member(shop), 50), loyalty.Adjustment(member(shop, "荷花"), 50)]
    loyalty.adjust(shop.merchant_id, both, reason="晒图有礼", by=shop.by, key="k1")
    for items, reason in ((both[:1], "晒图有礼"), (both, "补偿")):
        with pytest.raises(Refused) as refused:
            loyalty.adjust(shop.merchant_id, items, reason=reason, by=shop.by, key="k1")
        assert refused.value.code == "key_reused"
    assert (holding(shop), holding(shop, "荷花"), audit_count(shop)) == ((50, 0, 0), (50, 0, 0), 2)


@pytest.mark.parametrize("act", [loyalty.adjust, loyalty.submit_adjustment])
def test_a_key_in_the_form_of_an_approved_request_s_is_refused(shop: Place, act: Callable[..., None]) -> None:
    """Such keys do not count for the limit of a day, since a second person has approved."""
    take(shop, record("1001"))
    with pytest.raises(Refused) as refused:
        act(shop.merchant_id, [loyalty.Adjustment(member(shop), 5)], reason="补偿", by=shop.by, key="request:7")
    assert (refused.value.code, holding(shop)) == ("bad_key", (0, 0, 0))


def test_programs_use_a_key_for_one_customer_and_are_told_of_once(shop: Place) -> None:
    take(shop, record("1001"), record("2001", "荷花"))
    hers = loyalty.Credit(member(shop), 5, "退货补偿", "p1")
    loyalty.credit(shop.merchant_id, [hers, hers], by=program(7))
    loyalty.credit(shop.merchant_id, [hers], by=program(7))
    assert (holding(shop), audit_count(shop)) == ((5, 0, 0), 1)
    others = replace(hers, member_id=member(shop, "荷花")), replace(hers, reason="生日"), replace(hers, amount=6)
    for other in others:
        with pytest.raises(Refused) as refused:
            loyalty.credit(shop.merchant_id, [other], by=program(7))
        assert refused.value.code == "key_reused"
    with pytest.raises(Refused) as refused:
        loyalty.credit(
            shop.merchant_id,
            [replace(hers, key="p2"), replace(hers, key="p2", member_id=member(shop, "荷花"))],
            by=program(7),
        )
    assert refused.value.code == "key_reused"
    assert (holding(shop), holding(shop, "荷花"), audit_count(shop)) == ((5, 0, 0), (0, 0, 0), 1)


@pytest.mark.parametrize(("amount", "reason", "code"), [(0, "x", "no_amount"), (5, "  ", "reason_missing")])
def test_an_empty_adjustment_is_refused(shop: Place, amount: int, reason: str, code: str) -> None:
    take(shop, record("1001"))
    with pytest.raises(Refused) as refused:
        gift(shop, amount, reason=reason)
    assert (refused.value.code, holding(shop)) == (code, (0, 0, 0))


def test_above_the_limit_a_second_person_is_needed_unless_the_owner_is_alone(shop: Place) -> None:
    take(shop, record("1001"))
    merchants.save_setting(shop.merchant_id, AdjustLimitSpec(limit_points=100), by=shop.by)
    assert shop.agent_id is not None
    with pytest.raises(Refused) as refused:
        gift(shop, 101, by=staff(shop.agent_id))
    assert (refused.value.code, holding(shop)) == ("over_limit", (0, 0, 0))
    gift(shop, 100, by=staff(shop.agent_id))
    gift(shop, 101, key="k2")
    assert holding(shop) == (201, 0, 0)
    merchants.set_role(shop.merchant_id, shop.agent_id, "service_lead", by=shop.by)
    with pytest.raises(Refused) as refused:
        gift(shop, 101, key="k3")
    assert (refused.value.code, holding(shop)) == ("over_limit", (201, 0, 0))


def bonus(place: Place) -> None:
    loyalty.grant_signup_bonus(place.merchant_id, [member(place)])


def test_welcome_points_wait_for_the_first_finished_order_and_go_with_it(shop: Place) -> None:
    rule(shop, signup_points=30)
    take(shop, record("1001", state="shipped"))
    bonus(shop)
    assert holding(shop) == (0, 0, 0)
    take(shop, record("1001"))
    bonus(shop)
    bonus(shop)
    assert holding(shop) == (30, 0, 0)
    (told,) = queries.history(shop.merchant_id, member(shop))
    assert told.sentence == "新会员积分，+30 积分，2027-12-31 到期"


@pytest.mark.parametrize(
    ("condition", "state", "points"),
    [("none", "unpaid", 30), ("first_order", "unpaid", 0), ("first_order", "paid", 30), ("first_finished", "paid", 0)],
)
def test_when_welcome_points_are_given(shop: Place, condition: str, state: str, points: int) -> None:
    rule(shop, signup_points=30, signup_condition=condition)
    take(shop, record("1001", state=state))
    bonus(shop)
    assert sum(holding(shop)) == points


def test_who_joined_before_the_rule_gets_no_welcome_points(shop: Place) -> None:
    take(shop, record("1001"))
    rule(shop, signup_points=30, start_on=date(2026, 12, 1))
    bonus(shop)
    assert holding(shop) == (0, 0, 0)


def test_the_summary_s_parts_add_up_to_what_is_left(shop: Place) -> None:
    rule(shop, signup_points=30, yuan_per_100_points=2)
    settle(shop, record("1001", paid_yuan=200))
    settle(shop, record("1001", paid_yuan=200, refund_fen=5000))
    bonus(shop)
    gift(shop, 25)
    gift(shop, -5, key="k2")
    ledger.spend(shop.merchant_id, "points", [ledger.Spend(member_id=member(shop), amount=60, key="s1")], by=shop.by)
    one = queries.points_summary(shop.merchant_id, member(shop))
    assert (one.left, one.earned, one.adjusted, one.referred, one.other, one.spent, one.lapsed) == (
        140,
        150,
        20,
        0,
        30,
        60,
        0,
    )
    assert (one.spendable, one.worth_fen) == (140, 280)
    assert queries.explain_balance(one) == "可用 140 积分，共值 ¥2.80"
    assert queries.liability(shop.merchant_id).worth_fen == 280
    assert [(one.amount, one.expires_at > NOON) for one in queries.expiring_soon(shop.merchant_id, days=500)] == [
        (140, True)
    ]
