"""What an owner may fill in, and the sentences at her mistakes."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from pydantic import ValidationError

from shuke.console.customer_forms import LevelForm
from shuke.core.specs import Form, Spec, form_for, parse
from shuke.loyalty.queries.worth import Worth
from shuke.loyalty.specs import DayTimes, LevelRuleSpec, LevelSpec, LevelTimes, PlanSpec, PointsRuleSpec


def levels(*rows: tuple[str, int | str, int]) -> tuple[LevelSpec, ...]:
    return tuple(LevelSpec(name=name, threshold=Decimal(opens), discount_permille=off) for name, opens, off in rows)


def problem(**values: Any) -> str:
    with pytest.raises(ValidationError) as found:
        LevelRuleSpec(**values)
    return str(found.value.errors()[0]["ctx"]["error"])


def test_the_defaults_are_valid_and_survive_the_form() -> None:
    for spec in (PointsRuleSpec(), LevelRuleSpec()):
        assert parse(type(spec), form_for(type(spec), spec).posted()) == spec


def test_one_yuan_gives_one_point_by_default_and_any_ratio_is_exact() -> None:
    assert PointsRuleSpec().terms().points_per_fen == Fraction(1, 100)
    assert PointsRuleSpec(points_per_yuan=Decimal("0.3333")).terms().points_per_fen == Fraction(3333, 1000000)


def test_what_points_are_worth_is_rounded_down() -> None:
    rate = Worth(Fraction(Decimal("1.5")))
    assert [rate.fen(points) for points in (0, 1, 3, 100)] == [0, 1, 4, 150]


def test_taobao_s_ladder_is_the_default() -> None:
    policy = LevelRuleSpec().policy()
    assert policy.thresholds == (0, 1, 50000, 150000, 500000)


@pytest.mark.parametrize(
    ("rows", "sentence"),
    [
        ([("甲", 0, 1000), ("乙", 100, 950), ("丙", 100, 900)], "等级 2“丙”的门槛：必须高于等级 1。"),
        ([("甲", 0, 1000), ("乙", 100, 650)], "等级 1“乙”的折扣：淘宝只接受 7 折到不打折（700‰ 到 1000‰）。"),
        ([("甲", 0, 1000), ("乙", 100, 950), ("丙", 200, 950)], "等级 2“丙”的折扣：必须比等级 1 更低。"),
        ([("甲", 0, 1000), ("乙", 100, 900), ("丙", 200, 950)], "等级 2“丙”的折扣：不能比等级 1 更高。"),
        ([("甲", 1, 1000), ("乙", 100, 900)], "等级 0 人人都有，门槛必须为 0。"),
        ([(f"第{n}级", n * 100, 1000 - n * 20) for n in range(6)], "淘宝只有 0 到 4 五个等级，请最多保留五行。"),
    ],
)
def test_a_wrong_ladder_is_refused_with_the_level_s_name(rows: list[tuple[str, int, int]], sentence: str) -> None:
    assert problem(levels=levels(*rows)) == sentence


def test_without_taobao_more_levels_and_equal_discounts_are_fine() -> None:
    rows = levels(*[(f"第{n}级", n * 100, 1000) for n in range(8)])
    assert LevelRuleSpec(levels=rows, for_taobao=False).policy().top == 7


def test_growth_counts_over_all_time_and_thresholds_in_orders_are_whole() -> None:
    assert problem(measure="growth", window="rolling", levels=levels(("甲", 0, 1000), ("乙", 5, 900))) == (
        "成长值按全部时间累计，请选择“全部时间”。"
    )
    assert problem(measure="count", levels=levels(("甲", 0, 1000), ("乙", "1.5", 900))) == (
        "按订单数或成长值升级时，门槛必须是整数。"
    )


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"kind": "date"}, "请填写日期。"),
        ({}, "请填写是哪一天。"),
        ({"kind": "week_day", "day": 8}, "星期请填 1（周一）到 7（周日）。"),
    ],
)
def test_a_day_must_fit_its_kind(values: dict[str, Any], sentence: str) -> None:
    with pytest.raises(ValidationError) as found:
        DayTimes(**values)
    assert str(found.value.errors()[0]["ctx"]["error"]) == sentence


def test_a_level_s_multiplier_stands_once() -> None:
    twice = LevelTimes(level_no=2, times=Decimal(2))
    with pytest.raises(ValidationError, match="等级 2 填了两次"):
        PointsRuleSpec(level_times=(twice, twice))


def test_a_mistake_in_the_form_keeps_what_was_written() -> None:
    posted = form_for(PointsRuleSpec).posted() | {"points_per_yuan": ["-1"], "hold_days": ["seven"]}
    form = parse(PointsRuleSpec, posted)
    assert isinstance(form, Form)
    assert {one.label for one in form.problems} == {"每消费 1 元得", "积分生效时间"}


@pytest.mark.parametrize("day", ["0001-01-01", "1969-12-31", "9991-01-01", "9999-12-31"])
@pytest.mark.parametrize(
    ("spec", "field"), [(PointsRuleSpec, "start_on"), (PlanSpec, "sold_from_on"), (LevelForm, "until_on")]
)
def test_a_day_at_the_calendar_s_edge_is_refused_where_it_is_typed(spec: type[Spec], field: str, day: str) -> None:
    """Beyond it there is no instant in UTC, so reckoning with it would fail on every page."""
    with pytest.raises(ValidationError) as found:
        spec.model_validate({field: day})
    errors = {error["loc"][0]: error["type"] for error in found.value.errors()}
    assert errors.get(field) == ("less_than_equal" if day > "1970" else "greater_than_equal")
