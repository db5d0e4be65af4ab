"""Levels in the console: the ladder with its preview, who stands where, who is about to fall, levels set by hand."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shuke.console import loyalty_charts
from shuke.core import clock, progress
from shuke.core.specs import form_for
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec
from shuke.merchants import queries as places
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.console.test_points import text
from tests.loyalty.make_trade import DAY, member, record, take
from tests.make import Place

RULE = "/console/levels/rule/"
SET = "/console/levels/set/"
LADDER = (
    LevelSpec(name="客户"),
    LevelSpec(name="银卡", threshold=Decimal(100), discount_permille=980),
    LevelSpec(name="金卡", threshold=Decimal(500), discount_permille=950),
)


def posted(spec: LevelRuleSpec, **extra: str) -> dict[str, Any]:
    """What a browser posts for a ladder."""
    return {**form_for(LevelRuleSpec, spec).posted(), **extra}


def rule(**changed: Any) -> LevelRuleSpec:
    return LevelRuleSpec(**{"levels": LADDER, **changed})


def wanted(**changed: str) -> dict[str, str]:
    """What a browser posts to put 小荷 on the golden level until the year's end."""
    return {"nicks": "小荷", "level_no": "2", "reason": "批发客户", "until_on": "2026-12-31", **changed}


def level(place: Place, nick: str = "小荷") -> int:
    with tenant(place.merchant_id):
        found = queries.level_of(place.merchant_id, member(place, nick))
    assert found is not None
    return found.standing.level_no


def rules(place: Place) -> list[LevelRuleSpec]:
    with tenant(place.merchant_id):
        return [one.spec for one in queries.level_rules(place.merchant_id)]


def review(place: Place) -> None:
    """What the worker does after saving."""
    with tenant(place.merchant_id):
        waiting = progress.latest(place.merchant_id, loyalty.REVIEW_ALL)
    assert waiting is not None
    loyalty.review_all(place.merchant_id, waiting.id)


@pytest.fixture
def members(alice: Place) -> Place:
    """Alice's customers: 小荷 paid 100 yuan, 阿青 600, 小满 20."""
    with tenant(alice.merchant_id):
        take(alice, record("1"), record("2", nick="阿青", paid_yuan=600), record("3", nick="小满", paid_yuan=20))
    return alice


@pytest.fixture
def ladder(members: Place) -> Place:
    """They stand on a ladder of three levels whose levels hold for a year."""
    with tenant(members.merchant_id):
        loyalty.save_level_rule(members.merchant_id, rule(validity_months=12), by=members.by)
    review(members)
    return members


def test_without_levels_taobaos_own_ladder_is_offered(owner: Client, agent: Client, members: Place) -> None:
    page = text(owner.get("/console/levels/"))
    assert "VIP会员 满 ¥1,500.00 9.5 折（950‰）" in page
    assert "启用这套等级" in page
    assert "启用这套等级" not in text(agent.get("/console/levels/"))
    answer = owner.post(f"{RULE}save/", posted(LevelRuleSpec(), basis="0", confirmed="1"))
    assert answer.headers["Location"] == "/console/levels/"
    assert rules(members) == [LevelRuleSpec()]
    assert "正在给每位客户定级" in text(owner.get("/console/levels/"))
    review(members)
    assert level(members, "阿青") == 2
    assert owner.get("/console/levels/review/", headers={"HX-Request": "true"}).headers["HX-Refresh"] == "true"


def test_the_overview_shows_who_stands_where_and_who_moved(owner: Client, ladder: Place) -> None:
    page = text(owner.get("/console/levels/"))
    assert "3 位客户中，2 位已升到第一级以上。" in page
    assert "1 银卡 ¥100.00 9.8 折（980‰） 1" in page
    assert "2 金卡 ¥500.00 9.5 折（950‰） 1" in page
    assert "阿青 升级：从客户升为金卡" in page
    with tenant(ladder.merchant_id):
        chart = loyalty_charts.standing(queries.ladder(ladder.merchant_id))
    assert chart["series"][0]["data"] == [1, 1, 1]


def test_who_is_about_to_lose_a_level_stands_there_with_what_keeps_it(owner: Client, ladder: Place) -> None:
    assert "没有。快到期的客户都已经满足保级。" in text(owner.get("/console/levels/"))
    with tenant(ladder.merchant_id):
        loyalty.save_level_rule(
            ladder.merchant_id, rule(validity_months=12, window="rolling", window_months=6), by=ladder.by
        )
    with clock.frozen(NOW + 350 * DAY):
        page = text(browser("alice").get("/console/levels/"))
    assert "阿青 金卡 金卡" in page
    assert "¥500.00" in page
    assert "2027-11-22" in page


def test_the_preview_says_who_moves_and_writes_nothing(owner: Client, ladder: Place) -> None:
    higher = (
        LADDER[0],
        LADDER[1].model_copy(update={"threshold": Decimal(15)}),
        LADDER[2].model_copy(update={"threshold": Decimal(90)}),
    )
    answer = owner.post(
        f"{RULE}preview/", posted(rule(levels=higher, validity_months=12)), headers={"HX-Request": "true"}
    )
    page = text(answer)
    assert answer.status_code == 200
    assert "升级 2 降级 0 不变 1" in page
    # 小荷 from 2 % to 5 % of 100 yuan, 小满 from none to 2 % of 20.
    assert "一年多让利 +¥3.40" in page
    assert "银卡 → 金卡 1" in page
    assert "客户 → 银卡 1" in page
    assert "金卡：满 ¥90.00" in page
    assert (level(ladder), level(ladder, "小满"), len(rules(ladder))) == (1, 0, 1)


def test_saving_shows_the_moves_once_more_then_reviews_everybody(owner: Client, ladder: Place) -> None:
    changed = rule(levels=(*LADDER[:2], LADDER[2].model_copy(update={"threshold": Decimal(700)})))
    asked = owner.post(f"{RULE}save/", posted(changed, basis="1"))
    assert asked.status_code == 200
    assert "保存这套等级？" in text(asked)
    assert len(rules(ladder)) == 1
    owner.post(f"{RULE}save/", posted(changed, basis="1", confirmed="1"))
    assert rules(ladder)[0] == changed
    review(ladder)
    assert level(ladder) == 1


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("levels.2.discount_permille", "9.9", "不能比等级 1 更高"),
        ("levels.2.discount_permille", "6.5", "淘宝只接受 7 折到不打折"),
        ("levels.2.threshold", "50", "必须高于等级 1"),
        ("levels.1.name", "", "请填写。"),
    ],
)
def test_mistakes_stand_at_their_fields(owner: Client, ladder: Place, field: str, value: str, sentence: str) -> None:
    answer = owner.post(f"{RULE}save/", posted(rule(), basis="1", confirmed="1", **{field: value}))
    page = answer.content.decode()
    assert answer.status_code == 422
    assert f'id="f-{field.replace(".", "-")}-error"' in page
    assert sentence in page
    assert len(rules(ladder)) == 1
    assert sentence in text(owner.post(f"{RULE}preview/", posted(rule(), **{field: value})))


def test_two_people_do_not_overwrite_each_other(owner: Client, ladder: Place) -> None:
    owner.post(f"{RULE}save/", posted(rule(grace_days=5), basis="1", confirmed="1"))
    answer = owner.post(f"{RULE}save/", posted(rule(grace_days=9), basis="1", confirmed="1"), follow=True)
    assert "刚刚有同事保存了另一个版本" in text(answer)
    assert [one.grace_days for one in rules(ladder)] == [5, 0]


def test_versions_say_who_changed_what(owner: Client, ladder: Place) -> None:
    changed = rule(validity_months=6, levels=(*LADDER[:2], LADDER[2].model_copy(update={"benefits": "生日礼"})))
    owner.post(f"{RULE}save/", posted(changed, basis="1", confirmed="1"))
    page = text(owner.get("/console/levels/versions/"))
    assert "第 2 版 生效中 Alice" in page
    assert "12 个月 → 6 个月" in page
    assert "会员权益 生日礼" in page
    assert "第一个版本。" in page


def test_a_level_set_by_hand_is_confirmed_and_holds_until_its_day(owner: Client, ladder: Place) -> None:
    page = text(owner.post(SET, wanted()))
    assert "把 1 位客户设为金卡？" in page
    assert "小荷 (银卡)" in page
    assert level(ladder) == 1
    assert owner.post(SET, wanted(confirmed="1")).headers["Location"] == "/console/levels/"
    with tenant(ladder.merchant_id):
        found = queries.level_of(ladder.merchant_id, member(ladder))
        [line] = places.audit_lines(ladder.merchant_id, act="level.set")
    assert found is not None
    assert (found.standing.level_no, found.standing.is_manual, found.note) == (2, True, "批发客户")
    assert found.standing.until_at is not None
    assert found.standing.until_at.isoformat() == "2026-12-31T16:00:00+00:00"
    assert line.details["level_no"] == 2


def test_a_day_that_is_over_and_a_nick_of_nobody_change_nothing(owner: Client, ladder: Place) -> None:
    refused = owner.post(SET, wanted(until_on="2026-11-01", confirmed="1"), headers={"HX-Request": "true"})
    unknown = owner.post(SET, wanted(nicks="无名", confirmed="1"))
    stranger = owner.post(SET, wanted(level_no="7", confirmed="1"))
    assert (refused.status_code, unknown.status_code, stranger.status_code) == (409, 422, 422)
    assert level(ladder) == 1


def test_only_those_who_may(agent: Client, ladder: Place, charlie: Place) -> None:
    assert agent.get("/console/levels/").status_code == 200
    assert agent.post(SET, wanted(confirmed="1")).status_code == 403
    assert agent.post(f"{RULE}save/", posted(rule(grace_days=5), basis="1", confirmed="1")).status_code == 403
    with tenant(charlie.merchant_id):
        loyalty.save_level_rule(charlie.merchant_id, rule(), by=charlie.by)
    answer = browser("charlie").post(SET, wanted(confirmed="1"))
    assert answer.status_code == 422
    assert "没有叫“小荷”的客户。" in text(answer)
    assert (level(ladder), len(rules(ladder))) == (1, 1)
