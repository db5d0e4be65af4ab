"""The agent's desk for points codes, the day's list, and the rule."""

from __future__ import annotations

import pytest
from django.test import Client

from shuke.core.tenancy import tenant
from shuke.loyalty import queries
from shuke.loyalty.queries import Redemption
from shuke.merchants import queries as merchants
from tests.loyalty.make_redemptions import NO, again, ask, bind, bought, rich, rule, told
from tests.make import Place


@pytest.fixture
def one(alice: Place) -> Redemption:
    """A code for 300 points of a member whose unpaid order of ¥128 is known."""
    with tenant(alice.merchant_id):
        rule(alice)
        found = ask(alice, rich(alice))
        told(alice, bought(paid_fen=12800, state="unpaid"))
    return found


def now(place: Place, one: Redemption) -> Redemption:
    """A code as it stands now."""
    with tenant(place.merchant_id):
        return again(place, one)


def test_a_code_leads_to_the_numbers_to_type(agent: Client, one: Redemption) -> None:
    assert one.shown_code in agent.get("/console/redeem/").content.decode()
    answer = agent.get("/console/redeem/", {"code": f" {one.shown_code.lower()} "})
    assert (answer.status_code, answer["Location"]) == (302, f"/console/redeem/{one.id}/")
    html = agent.get(answer["Location"]).content.decode()
    for said in (
        "¥128.00",
        "¥122.00",
        'data-copy="122.00"',
        'data-copy="-6.00"',
        f'data-copy="积分抵 ¥6.00，抵现码 {one.shown_code}"',
    ):
        assert said in html


@pytest.mark.parametrize(("typed", "said"), [("K7M", "逐个字符核对"), ("222-222-222", "没有这个抵现码")])
def test_a_wrong_code_is_said_under_the_field(agent: Client, one: Redemption, typed: str, said: str) -> None:
    answer = agent.get("/console/redeem/", {"code": typed})
    assert answer.status_code == 422
    assert said in answer.content.decode()


def test_the_changed_price_is_noted_once(alice: Place, agent: Client, one: Redemption) -> None:
    for _time in range(2):
        agent.post(f"/console/redeem/{one.id}/bind/", {"order_no": NO, "price_fen": "128.00", "post_fen": "0"})
        found = now(alice, one)
        assert (found.state, found.order_no, found.after_fen) == ("bound", NO, 12200)
        assert found.bound_by == f"staff:{alice.agent_id}"
    assert "改价已登记" in agent.get(f"/console/redeem/{one.id}/").content.decode()
    agent.post(f"/console/redeem/{one.id}/unbind/")
    assert now(alice, one).state == "reserved"


def test_an_order_that_is_not_known_yet(alice: Place, agent: Client, one: Redemption) -> None:
    page = f"/console/redeem/{one.id}/"
    html = agent.get(page, {"order_no": NO + "9", "price_fen": "50", "post_fen": "6"}).content.decode()
    assert "¥44.00" in html
    answer = agent.get(page, {"order_no": NO + "9", "price_fen": "10", "post_fen": "0"})
    assert answer.status_code == 422
    assert "最多可用积分抵 ¥5.00" in answer.content.decode()
    assert agent.get(page, {"order_no": "", "price_fen": "x"}).status_code == 422
    assert agent.post(f"{page}bind/", {"order_no": "", "price_fen": "x"}).status_code == 302
    assert now(alice, one) == one


def test_what_does_not_fit_is_decided_by_who_may(alice: Place, agent: Client, owner: Client, one: Redemption) -> None:
    with tenant(alice.merchant_id):
        bind(alice, one)
        told(alice, bought(paid_fen=12800))
    assert "请客服主管来处理" in agent.get(f"/console/redeem/{one.id}/").content.decode()
    assert agent.post(f"/console/redeem/{one.id}/decide/", {"decision": "commit"}).status_code == 403
    assert "按原价付款了" in owner.get(f"/console/redeem/{one.id}/").content.decode()
    owner.post(f"/console/redeem/{one.id}/decide/", {"decision": "nonsense"})
    assert now(alice, one).state == "mismatch"
    owner.post(f"/console/redeem/{one.id}/decide/", {"decision": "commit"})
    assert now(alice, one).state == "committed"


def test_a_days_list_and_its_sums(alice: Place, agent: Client, owner: Client, one: Redemption) -> None:
    with tenant(alice.merchant_id):
        bind(alice, one)
        told(alice, bought())
        ask(alice, rich(alice, "=2+3"), 200, "k2")
    html = agent.get("/console/redeem/day/").content.decode()
    assert one.shown_code in html
    assert "=2+3" in html
    assert "¥10.00" in html
    only = agent.get("/console/redeem/day/", {"state": "committed", "agent": "nobody", "on": "x"}).content.decode()
    assert "=2+3" not in only
    assert "这一天没有抵现码" in agent.get("/console/redeem/day/", {"on": "2026-11-01"}).content.decode()
    assert agent.post("/console/redeem/day/export/", {"query": ""}).status_code == 403
    answer = owner.post("/console/redeem/day/export/", {"query": ""})
    rows = b"".join(getattr(answer, "streaming_content")).decode("utf-8-sig").splitlines()  # noqa: B009 - not in the stubs
    assert len(rows) == 3
    assert f"{one.shown_code},小荷,2026-11-22 12:00:00,已抵扣,300,6.00,'{NO},128.00,122.00,300,6.00," in rows[1]
    assert ",'=2+3," in rows[2]
    with tenant(alice.merchant_id):
        assert merchants.audit_lines(alice.merchant_id)[0].act == "redemption.exported"


def test_the_rule_is_saved_once_and_compared(alice: Place, owner: Client) -> None:
    page = "/console/redeem/rule/"
    fields = {"is_on": "on", "yuan_per_100_points": "2", "least_points": "100", "step_points": "100", "most_points": "5000",
              "part_permille": "500", "min_order_fen": "0", "open_codes": "1", "member_day_points": "", "day_points": "",
              "hours": "48", "wait_days": "7", "basis": "0"}  # fmt: skip
    assert owner.post(page, {**fields, "step_points": "30"}).status_code == 422
    assert owner.post(page, fields).status_code == 302
    assert owner.post(page, fields)["Location"].endswith("/console/")
    owner.post(page, {**fields, "basis": "1"})
    with tenant(alice.merchant_id):
        assert [found.number for found in queries.redemption_rules(alice.merchant_id)] == [1]
    owner.post(page, {**fields, "basis": "1", "hours": "24"})
    assert "抵现码有效" in owner.get(page).content.decode()
    assert "128.00 的订单最多用 3,200 积分" in owner.post(f"{page}preview/", fields).content.decode()
