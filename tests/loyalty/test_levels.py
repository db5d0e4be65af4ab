"""Levels of members over time, set by hand, previewed, explained."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from shuke.core import clock, facts, progress, sql
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PointsRuleSpec
from tests.loyalty.make_trade import DAY, NOON, member, record, settle, take
from tests.make import Place

ZONE = ZoneInfo("Asia/Shanghai")


def ladder(place: Place, **values: object) -> LevelRuleSpec:
    spec = LevelRuleSpec.model_validate(values)
    loyalty.save_level_rule(place.merchant_id, spec, by=place.by)
    return spec


def level(place: Place, nick: str = "小荷") -> int:
    found = queries.level_of(place.merchant_id, member(place, nick))
    assert found is not None
    return found.standing.level_no


def review(place: Place, nick: str = "小荷") -> None:
    loyalty.review_levels(place.merchant_id, [member(place, nick)])


def test_a_level_is_reached_at_once_and_told(shop: Place) -> None:
    ladder(shop)
    take(shop, record("1001", paid_yuan=620))
    review(shop)
    found = queries.level_of(shop.merchant_id, member(shop))
    assert found is not None
    assert (found.standing.level_no, found.name, found.discount_permille, found.figure) == (2, "高级会员", 970, 62000)
    assert found.way is not None
    assert (found.way.missing, found.way.percent) == (88000, 41)
    told = [one for one in facts.timeline(shop.merchant_id, member(shop)) if one.kind == "loyalty.level_changed"]
    assert [one.sentence() for one in told] == ["升级：从店铺客户升为高级会员"]
    review(shop)
    assert len(queries.level_moves(shop.merchant_id, member(shop))) == 1


def test_a_year_of_validity_grace_and_one_level_down(shop: Place) -> None:
    ladder(shop, window="rolling", window_months=12, validity_months=12, grace_days=15)
    take(shop, record("1001", paid_yuan=2000))
    review(shop)
    assert level(shop) == 3
    with clock.frozen(NOON + 366 * DAY):
        assert [(one.member_id, one.missing) for one in queries.warned(shop.merchant_id)] == [(member(shop), 150000)]
        assert loyalty.review_due(shop.merchant_id) == 1
        assert level(shop) == 3
        assert queries.warned(shop.merchant_id)[0].is_in_grace
    with clock.frozen(NOON + 382 * DAY):
        assert loyalty.review_due(shop.merchant_id) == 1
        assert level(shop) == 2
        assert loyalty.review_due(shop.merchant_id) == 0
    moves = queries.level_moves(shop.merchant_id, member(shop))
    assert [(one.before_no, one.after_no, one.reason) for one in moves] == [(3, 2, "lost"), (0, 3, "reached")]


def test_a_purchase_in_the_grace_keeps_the_level(shop: Place) -> None:
    ladder(shop, window="rolling", validity_months=12, grace_days=15, keep_percent=50)
    take(shop, record("1001", paid_yuan=2000))
    review(shop)
    with clock.frozen(NOON + 370 * DAY):
        loyalty.review_due(shop.merchant_id)
        take(shop, record("1002", paid_yuan=750, placed_at=NOON + 355 * DAY))
        review(shop)
        found = queries.level_of(shop.merchant_id, member(shop))
        assert found is not None
        assert (found.standing.level_no, found.standing.reason, found.standing.grace_until_at) == (3, "kept", None)


def test_levels_by_number_of_orders_and_by_growth(shop: Place) -> None:
    rows = [LevelSpec(name="甲"), LevelSpec(name="乙", threshold=Decimal(2), discount_permille=950)]
    ladder(shop, measure="count", levels=rows)
    take(shop, record("1001"), record("1002"), record("1003", nick="阿莲"))
    loyalty.review_levels(shop.merchant_id, [member(shop), member(shop, "阿莲")])
    assert (level(shop), level(shop, "阿莲")) == (1, 0)
    ladder(
        shop,
        measure="growth",
        levels=[LevelSpec(name="甲"), LevelSpec(name="乙", threshold=Decimal(90), discount_permille=950)],
    )
    loyalty.save_points_rule(
        shop.merchant_id, PointsRuleSpec(start_on=date(2026, 1, 1), growth_per_yuan=Decimal(1)), by=shop.by
    )
    settle(shop, record("1003", nick="阿莲"))
    review(shop, "阿莲")
    assert level(shop, "阿莲") == 1


def test_a_level_by_hand_holds_until_its_day(shop: Place) -> None:
    ladder(shop)
    take(shop, record("1001"))
    loyalty.set_level(shop.merchant_id, [member(shop)], 4, reason="老主顾", until_on=date(2026, 12, 31), by=shop.by)
    review(shop)
    found = queries.level_of(shop.merchant_id, member(shop))
    assert found is not None
    assert (found.standing.level_no, found.note) == (4, "老主顾")
    names = {shop.by.label: "Alice"}
    assert (
        queries.explain_level(found, zone=ZONE, names=names)
        == "至尊VIP，由Alice手动设置，原因：老主顾，有效期至 2026-12-31"
    )
    with clock.frozen(NOON + 60 * DAY):
        loyalty.review_due(shop.merchant_id)
        assert level(shop) == 1


def test_a_level_by_hand_is_released(shop: Place) -> None:
    ladder(shop)
    take(shop, record("1001"))
    loyalty.set_level(shop.merchant_id, [member(shop)], 4, reason="老主顾", by=shop.by)
    loyalty.release_level(shop.merchant_id, [member(shop)], by=shop.by)
    assert level(shop) == 1


@pytest.mark.parametrize(
    ("code", "values"),
    [
        ("no_level", {"level_no": 5, "reason": "x"}),
        ("reason_missing", {"level_no": 1, "reason": " "}),
        ("until_past", {"level_no": 1, "reason": "x", "until_on": date(2026, 11, 21)}),
    ],
)
def test_a_wrong_setting_by_hand_is_refused_and_changes_nothing(shop: Place, code: str, values: dict[str, Any]) -> None:
    ladder(shop)
    take(shop, record("1001"))
    with pytest.raises(Refused) as refused:
        loyalty.set_level(shop.merchant_id, [member(shop)], by=shop.by, **values)
    assert refused.value.code == code
    assert queries.level_moves(shop.merchant_id, member(shop)) == []


def test_the_preview_says_what_saving_then_does_and_writes_nothing(shop: Place) -> None:
    ladder(shop)
    take(shop, record("1001", paid_yuan=620), record("1002", nick="阿莲", paid_yuan=1600), record("1003", nick="青青"))
    people = [member(shop, nick) for nick in ("小荷", "阿莲", "青青")]
    loyalty.review_levels(shop.merchant_id, people)
    rows = [
        LevelSpec(name="店铺客户"), LevelSpec(name="普通", threshold=Decimal(50), discount_permille=990),
        LevelSpec(name="高级", threshold=Decimal(1000), discount_permille=950),
        LevelSpec(name="VIP", threshold=Decimal(1500), discount_permille=900),
    ]  # fmt: skip
    spec = LevelRuleSpec(levels=tuple(rows))
    before = sql.rows("SELECT * FROM loyalty_standing ORDER BY id")
    found = queries.preview_levels(shop.merchant_id, spec)
    assert sql.rows("SELECT * FROM loyalty_standing ORDER BY id") == before
    assert (found.up_count, found.down_count, found.same_count) == (0, 1, 2)
    assert (found.moves, found.down) == ({(2, 1): 1}, [people[0]])
    assert found.discount_fen == 62000 * (970 - 990) // 1000
    loyalty.save_level_rule(shop.merchant_id, spec, by=shop.by)
    job = progress.latest(shop.merchant_id, loyalty.REVIEW_ALL)
    assert job is not None
    loyalty.review_all(shop.merchant_id, job.id)
    assert found.counts == {1: 2, 3: 1}
    assert {no: count for no, count in queries.level_counts(shop.merchant_id).items() if count} == found.counts


def test_the_ladder_counts_everybody(shop: Place) -> None:
    ladder(shop)
    take(shop, record("1001", paid_yuan=620), record("1002", nick="阿莲", state="unpaid"))
    review(shop)
    steps = queries.ladder(shop.merchant_id)
    assert [(one.no, one.member_count) for one in steps] == [(0, 1), (1, 0), (2, 1), (3, 0), (4, 0)]
    assert queries.level_members(shop.merchant_id, 2) == [member(shop)]


def test_what_a_level_gave_her_in_yuan(shop: Place) -> None:
    ladder(shop)
    loyalty.save_points_rule(
        shop.merchant_id,
        PointsRuleSpec.model_validate(
            {"start_on": date(2026, 1, 1), "yuan_per_100_points": 2, "level_times": [{"level_no": 2, "times": "1.5"}]}
        ),
        by=shop.by,
    )
    settle(shop, record("1001", paid_yuan=620))
    review(shop)
    with clock.frozen(NOON + 30 * DAY):
        settle(shop, record("1002", paid_yuan=97, placed_at=NOON + DAY))
        gain = queries.level_gain(shop.merchant_id, member(shop))
    assert (gain.extra_points, gain.extra_fen, gain.discount_fen, gain.untold_count) == (48, 96, 0, 1)
    assert queries.explain_gain(gain, "高级会员") == "高级会员今年为您省下 ¥0.96"


def test_charlies_levels_are_his_own(shop: Place, charlie: Place) -> None:
    ladder(shop)
    with tenant(charlie.merchant_id):
        take(charlie, record("1001", paid_yuan=9000))
        loyalty.review_levels(charlie.merchant_id, [member(charlie)])
        assert queries.level_of(charlie.merchant_id, member(charlie)) is None
        ladder(charlie)
        review(charlie)
        assert level(charlie) == 4
    take(shop, record("1001"))
    review(shop)
    assert level(shop) == 1
