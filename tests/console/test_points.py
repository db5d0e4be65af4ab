"""Points in the console: figures, the rule with its preview, saving and computing past orders, versions."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from django.test import Client

from shuke.console.loyalty_forms import LEVEL_CHAPTERS, POINTS_CHAPTERS
from shuke.core import clock, progress
from shuke.core.specs import form_for
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.merchants import actions
from shuke.merchants import queries as places
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.loyalty.make_trade import DAY, member, record, settle
from tests.make import Place

PAST = date(2026, 1, 1)


def posted(**changed: Any) -> dict[str, Any]:
    """What a browser posts for a points rule."""
    form = form_for(
        PointsRuleSpec,
        PointsRuleSpec(**{key: value for key, value in changed.items() if key in PointsRuleSpec.model_fields}),
    )
    extra = {key: value for key, value in changed.items() if key not in PointsRuleSpec.model_fields}
    return {**form.posted(), **extra}


def text(answer: Any) -> str:
    """What stands on a page, without tags and extra blanks."""
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", answer.content.decode()))


@pytest.fixture
def orders(alice: Place) -> Place:
    """Two customers of Alice's: 100 yuan that are active, 50 yuan of which 20 were refunded; a point for a yuan."""
    with tenant(alice.merchant_id):
        loyalty.save_points_rule(alice.merchant_id, PointsRuleSpec(start_on=PAST), by=alice.by)
        settle(alice, record("1001"), record("1002", nick="阿青", paid_yuan=50, refund_fen=2000))
        waiting = progress.latest(alice.merchant_id, loyalty.BACKFILL)
        assert waiting is not None
    loyalty.backfill(alice.merchant_id, waiting.id)
    return alice


def rules(place: Place) -> list[PointsRuleSpec]:
    with tenant(place.merchant_id):
        return [rule.spec for rule in queries.points_rules(place.merchant_id)]


def balance(place: Place, nick: str = "小荷") -> int:
    with tenant(place.merchant_id):
        return queries.points_summary(place.merchant_id, member(place, nick)).spendable


def test_every_field_of_the_rules_stands_in_exactly_one_chapter() -> None:
    for spec, chapters in ((PointsRuleSpec, POINTS_CHAPTERS), (LevelRuleSpec, LEVEL_CHAPTERS)):
        names = [name for chapter in chapters for name in chapter.names]
        assert sorted(names) == sorted(spec.model_fields)


def test_without_a_rule_a_sensible_one_is_offered(owner: Client, agent: Client, alice: Place) -> None:
    page = text(owner.get("/console/points/"))
    assert "商品实付每 ¥1 得 1 积分，买 ¥100 得 100 积分。" in page
    assert "启用这条规则" in page
    assert "启用这条规则" not in text(agent.get("/console/points/"))
    answer = owner.post("/console/points/rule/save/", posted(basis="0", answer="now"))
    assert (answer.status_code, answer.headers["Location"]) == (302, "/console/points/")
    assert rules(alice) == [PointsRuleSpec()]


def test_the_overview_adds_up(owner: Client, orders: Place) -> None:
    page = text(owner.get("/console/points/"))
    assert "累计发放 130 = 可用 130 + 待生效 0 + 预占 0 + 已使用 0 + 已过期 0 + 已收回 0 − 欠分 0" in page
    assert "全部兑现要 ¥1.30" in page
    assert "没有要过期的积分" in page
    assert "2026-11 130 0 0" in page


def test_what_lapses_soon_is_told(owner: Client, orders: Place) -> None:
    with clock.frozen(NOW + timedelta(days=375)):
        page = text(browser("alice").get("/console/points/"))
    assert "不用掉的话，共 130 积分：" in page
    assert "2027-12-31 2 位客户的 130 积分" in page


def test_the_preview_plays_the_form_through_the_shops_own_orders(owner: Client, orders: Place) -> None:
    answer = owner.post(
        "/console/points/rule/preview/", posted(points_per_yuan=Decimal(2)), headers={"HX-Request": "true"}
    )
    page = text(answer)
    assert answer.status_code == 200
    assert "<html" not in answer.content.decode()
    assert "计分订单 2 笔" in page
    assert "积分合计 260 现在 130（+130）" in page
    assert "折合成本 ¥2.60 占销售额 2.0% · 现在 ¥1.30" in page
    assert "2026-11 130 260" in page
    assert "小荷 100 → 200" in page
    assert "商品实付每 ¥1 得 2 积分，买 ¥100 得 200 积分。" in page
    assert len(rules(orders)) == 1
    assert balance(orders) == 100


def test_a_preview_of_a_mistake_names_it(owner: Client, orders: Place) -> None:
    answer = owner.post("/console/points/rule/preview/", {**posted(), "points_per_yuan": "很多"})
    assert "改好之后会继续试算" in text(answer)
    assert 'href="#f-points_per_yuan"' in answer.content.decode()


def test_saving_asks_about_past_orders_and_keeps_what_was_filled_in(owner: Client, orders: Place) -> None:
    answer = owner.post("/console/points/rule/save/", posted(points_per_yuan=Decimal(3), basis="1"))
    page = answer.content.decode()
    assert answer.status_code == 200
    assert "过去的订单要补算吗？" in page
    assert '<input type="hidden" name="points_per_yuan" value="3">' in page
    assert 'name="start_on" id="f-start_on" value="2025-11-22"' in page
    assert len(rules(orders)) == 1


def test_saving_for_new_orders_only_leaves_past_ones(owner: Client, orders: Place) -> None:
    answer = owner.post(
        "/console/points/rule/save/", posted(points_per_yuan=Decimal(3), start_on=PAST, basis="1", answer="now")
    )
    assert answer.headers["Location"] == "/console/points/"
    assert rules(orders)[0] == PointsRuleSpec(points_per_yuan=Decimal(3))
    with tenant(orders.merchant_id):
        found = progress.latest(orders.merchant_id, loyalty.BACKFILL)
    assert found is not None
    assert found.state == progress.DONE


def test_saving_with_past_orders_starts_a_job_whose_progress_is_shown(owner: Client, orders: Place) -> None:
    answer = owner.post(
        "/console/points/rule/save/", posted(points_per_yuan=Decimal(3), start_on=PAST, basis="1", answer="past")
    )
    assert answer.headers["Location"] == "/console/points/"
    page = owner.get("/console/points/").content.decode()
    assert "正在补算过去的订单" in page
    assert 'hx-get="/console/points/backfill/"' in page
    with tenant(orders.merchant_id):
        waiting = progress.latest(orders.merchant_id, loyalty.BACKFILL)
    assert waiting is not None
    assert waiting.state == progress.WAITING
    loyalty.backfill(orders.merchant_id, waiting.id)
    assert balance(orders) == 300
    done = owner.get("/console/points/backfill/", headers={"HX-Request": "true"})
    assert done.headers["HX-Refresh"] == "true"
    assert "正在补算过去的订单" not in owner.get("/console/points/").content.decode()


def test_computing_past_orders_needs_a_day(owner: Client, orders: Place) -> None:
    answer = owner.post("/console/points/rule/save/", posted(points_per_yuan=Decimal(3), basis="1", answer="past"))
    assert answer.status_code == 422
    assert "请填写是哪一天。" in text(answer)
    assert len(rules(orders)) == 1


def test_a_rule_of_the_future_is_saved_without_a_question(owner: Client, orders: Place) -> None:
    answer = owner.post(
        "/console/points/rule/save/", posted(points_per_yuan=Decimal(3), start_on=date(2027, 1, 1), basis="1")
    )
    assert answer.headers["Location"] == "/console/points/"
    planned = "第 2 版规则 2027-01-01 起生效，到那天替换之前的规则。"
    assert planned in text(owner.get("/console/points/"))
    # What is corrected in today's rule meanwhile holds until then and leaves the plan alone.
    form = owner.get("/console/points/rule/")
    assert planned in text(form)
    assert re.search(r'name="points_per_yuan"[^>]* value="1"', form.content.decode())
    owner.post("/console/points/rule/save/", posted(points_per_yuan=Decimal(2), basis="2", answer="now"))
    assert planned in text(owner.get("/console/points/"))
    assert text(owner.get("/console/points/versions/")).count("待生效") == 1
    with tenant(orders.merchant_id):
        found = []
        for at in (NOW, datetime(2027, 1, 1, tzinfo=UTC)):
            with clock.frozen(at):
                rule = queries.points_rule(orders.merchant_id)
                found.append(rule and rule.number)
        assert found == [3, 2]
    # Another version for the same day takes its place.
    form = owner.get("/console/points/rule/?version=2")
    assert 'value="2027-01-01"' in form.content.decode()
    assert re.search(r'name="points_per_yuan"[^>]* value="3"', form.content.decode())
    owner.post("/console/points/rule/save/", posted(points_per_yuan=Decimal(2), start_on=date(2027, 1, 1), basis="3"))
    shown = text(owner.get("/console/points/"))
    assert "第 4 版规则 2027-01-01 起生效" in shown
    assert planned not in shown


def test_a_planned_rule_is_withdrawn_and_never_holds(owner: Client, orders: Place) -> None:
    first_day = datetime(2027, 1, 1, tzinfo=UTC)
    for basis, times in (("1", 3), ("2", 4)):  # the third version replaces the second one, and goes together with it
        planned = posted(points_per_yuan=Decimal(times), start_on=date(2027, 1, 1), basis=basis)
        owner.post("/console/points/rule/save/", planned)
    with tenant(orders.merchant_id):
        last, _middle, first = (
            f"/console/points/rule/{one.id}/withdraw/" for one in queries.points_rules(orders.merchant_id)
        )
    assert last in owner.get("/console/points/").content.decode()
    for _time in range(2):
        answer = owner.post(last, follow=True)
        assert "计划的版本已取消" in text(answer)
        assert "起生效，到那天替换" not in text(answer)
    assert "已取消" in text(owner.get("/console/points/versions/"))
    with tenant(orders.merchant_id), clock.frozen(first_day):
        assert len(places.audit_lines(orders.merchant_id, act="points_rule.withdrawn")) == 1
        rule = queries.points_rule(orders.merchant_id)
        assert rule is not None
        assert rule.number == 1
    # What holds already is replaced, not withdrawn; what is not there is not there.
    assert "这一版已经生效" in text(owner.post(first, follow=True))
    assert owner.post("/console/points/rule/9/withdraw/").status_code == 404
    with tenant(orders.merchant_id):
        assert [one.withdrawn_at for one in queries.points_rules(orders.merchant_id)] == [NOW, NOW, None]


def test_the_same_rule_again_makes_no_version(owner: Client, alice: Place) -> None:
    for basis in ("0", "1"):
        owner.post("/console/points/rule/save/", posted(basis=basis))
    assert rules(alice) == [PointsRuleSpec()]


def test_the_rule_in_force_saved_for_new_orders_makes_no_version(owner: Client, orders: Place) -> None:
    answer = owner.post("/console/points/rule/save/", posted(basis="1", answer="now"), follow=True)
    assert "现在用的就是这条规则，没有改动。" in text(answer)
    assert len(rules(orders)) == 1


def test_a_mistake_is_shown_at_its_field_and_nothing_is_saved(owner: Client, orders: Place) -> None:
    wrong = {**posted(basis="1"), "hold_days": "400"}
    answer = owner.post("/console/points/rule/save/", wrong)
    assert answer.status_code == 422
    assert 'id="f-hold_days-error"' in answer.content.decode()
    assert 'value="400"' in answer.content.decode()
    assert len(rules(orders)) == 1


def test_two_people_do_not_overwrite_each_other(owner: Client, orders: Place) -> None:
    owner.post("/console/points/rule/save/", posted(points_per_yuan=Decimal(3), basis="1", answer="now"))
    answer = owner.post(
        "/console/points/rule/save/", posted(points_per_yuan=Decimal(5), basis="1", answer="now"), follow=True
    )
    assert "刚刚有同事保存了另一个版本" in text(answer)
    assert [rule.points_per_yuan for rule in rules(orders)] == [3, 1]


def test_before_the_first_saving_there_is_no_version(owner: Client, alice: Place) -> None:
    assert "还没有版本" in text(owner.get("/console/points/versions/"))
    assert "还没有版本" in text(owner.get("/console/levels/versions/"))


def test_versions_say_who_changed_what(owner: Client, orders: Place) -> None:
    changed = posted(points_per_yuan=Decimal(2), excluded_words=("补差价",), basis="1", answer="now")
    owner.post("/console/points/rule/save/", changed)
    page = text(owner.get("/console/points/versions/"))
    assert "第 2 版 生效中 Alice， 2026-11-22 12:00" in page
    assert "每消费 1 元得 1 积分 → 2 积分" in page
    assert "标题含以下词语的商品不计积分 不填 → 补差价" in page
    assert "第一个版本。" in page


def test_levels_can_be_chosen_by_name(owner: Client, alice: Place) -> None:
    with tenant(alice.merchant_id):
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
    assert '<option value="3">VIP会员</option>' in owner.get("/console/points/rule/").content.decode()


def test_charlie_sees_nothing_of_it(charlie: Place, orders: Place) -> None:
    client = browser("charlie")
    assert "还没有规则" in text(client.get("/console/points/"))
    assert "小荷" not in text(client.get("/console/points/ledger/"))


@pytest.mark.parametrize("role", ["service_lead", "agent"])
def test_rules_are_for_those_who_may_edit_them(owner: Client, orders: Place, role: str) -> None:
    with tenant(orders.merchant_id):
        actions.set_role(orders.merchant_id, orders.agent_id or 0, role, by=orders.by)
    client = browser("bob")
    assert client.get("/console/points/").status_code == 200
    for path in ("rule/preview/", "rule/save/"):
        assert client.post(f"/console/points/{path}", posted(points_per_yuan=Decimal(9), basis="1")).status_code == 403
    assert len(rules(orders)) == 1


def test_an_order_that_is_not_finished_earns_nothing_in_the_preview(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id):
        settle(orders, record("1003", state="paid", placed_at=NOW - 5 * DAY))
    page = text(owner.post("/console/points/rule/preview/", posted()))
    assert "积分合计 130" in page
