"""One customer's page: what it shows, what is sealed, what may be done for her and by whom."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from shuke.core.actors import staff
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries as standing
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.specs import AttributeSpec, GroupSpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from shuke.trade import queries as trade
from tests import make
from tests.console.conftest import browser
from tests.console.make_customers import three
from tests.make import Place

HTMX = {"HX-Request": "true"}


@pytest.fixture
def ids(alice: Place, tmp_path: Path) -> dict[str, int]:
    """Alice's three customers, under rules for points and levels."""
    with tenant(alice.merchant_id):
        loyalty.save_points_rule(alice.merchant_id, PointsRuleSpec(), by=alice.by)
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
    return three(alice, tmp_path)


@pytest.fixture
def viewer(alice: Place) -> Client:
    """The browser of somebody who may only look."""
    user_id = merchants.create_user("dora", "Dora", make.PASSWORD)
    with tenant(alice.merchant_id):
        merchants.employ(alice.merchant_id, user_id, "viewer", by=staff(alice.owner_id))
    return browser("dora")


def page_of(client: Client, member_id: int) -> str:
    """Her page."""
    answer = client.get(reverse("console:member", args=[member_id]))
    assert answer.status_code == 200
    return answer.content.decode()


def plain(page: str) -> str:
    """The words of a page without its tags."""
    return " ".join(re.sub(r"<[^>]+>", " ", page.partition("<main")[2]).split())


def act(client: Client, page_name: str, /, *places: int | str, **values: object) -> str:
    """Post to one of her addresses; the words of the page afterwards."""
    answer = client.post(reverse(f"console:{page_name}", args=places), values, follow=True)
    return plain(answer.content.decode())


def test_head_figures_orders_and_timeline(owner: Client, ids: dict[str, int]) -> None:
    words = plain(page_of(owner, ids["沈青"]))
    for text in (
        "沈青", "忠实客户", "2026-10-13 起成为客户", "累计成交 ¥150.50 客单价 ¥75.25", "订单 2 2 件宝贝",
        "88000000000000002 交易成功 2026-11-17 12:00 ¥50.50", "明前龙井", "浙江省", "成为客户",
        "订单 88000000000000001：交易成功，付款 ¥100.00",
    ):  # fmt: skip
        assert text in words


def test_personal_fields_are_masked_for_everybody(owner: Client, viewer: Client, ids: dict[str, int]) -> None:
    for client in (owner, viewer):
        page = page_of(client, ids["沈青"])
        assert "138****0001" in page
        assert "沈**" in page
        for clear in ("13800000001", "沈青禾", "文三路"):
            assert clear not in page
    assert reverse("console:member_reveal", args=[ids["沈青"], "phone"]) in page_of(owner, ids["沈青"])
    assert reverse("console:member_reveal", args=[ids["沈青"], "phone"]) not in page_of(viewer, ids["沈青"])


def test_revealing_needs_a_reason_and_is_kept(agent: Client, alice: Place, ids: dict[str, int]) -> None:
    path = reverse("console:member_reveal", args=[ids["沈青"], "phone"])
    answer = agent.post(path, {"reason": "看"}, headers=HTMX)
    assert answer.status_code == 422
    assert "13800000001" not in answer.content.decode()
    answer = agent.post(path, {"reason": "核对收货电话"}, headers=HTMX)
    assert answer.status_code == 200
    assert re.findall('<p class="secret">([^<]*)<', answer.content.decode()) == ["13800000001"]
    assert answer.headers["Cache-Control"] == "no-store, private"
    with tenant(alice.merchant_id):
        lines = merchant_queries.audit_lines(alice.merchant_id, act="member.revealed")
    assert [(line.object_id, line.details["field"], line.details["reason"]) for line in lines] == [
        (ids["沈青"], "phone", "核对收货电话")
    ]
    page = page_of(agent, ids["沈青"])
    assert "13800000001" not in page
    assert "138****0001" in page


def test_the_twenty_first_reveal_within_an_hour_is_refused(agent: Client, ids: dict[str, int]) -> None:
    path = reverse("console:member_reveal", args=[ids["沈青"], "phone"])
    for _ in range(20):
        assert agent.post(path, {"reason": "核对收货电话"}).status_code == 200
    answer = agent.post(path, {"reason": "核对收货电话"}, headers=HTMX)
    assert answer.status_code == 409
    assert "13800000001" not in answer.content.decode()
    assert 'role="alert"' in answer.content.decode()


def test_tags_and_groups(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        group_id = members.create_group(alice.merchant_id, GroupSpec(name="批发"), by=alice.by)
    assert "标签已加上。" not in act(owner, "member_tag", ids["苏叶"], names="")
    act(owner, "member_tag", ids["苏叶"], names="茶友、老客户")
    act(owner, "member_group", ids["苏叶"], group_id=group_id)
    assert marks_of(alice, ids["苏叶"]) == (["老客户", "茶友"], ["批发"])
    act(owner, "member_untag", ids["苏叶"], name="茶友")
    act(owner, "member_ungroup", ids["苏叶"], group_id)
    assert marks_of(alice, ids["苏叶"]) == (["老客户"], [])


def test_notes_stand_on_the_timeline_with_numbers_masked(agent: Client, ids: dict[str, int]) -> None:
    act(agent, "member_note", ids["苏叶"], text="改送公司，电话 13911112222")
    words = plain(page_of(agent, ids["苏叶"]))
    assert "· Bob 改送公司，电话 139****2222" in words


def test_points_are_given_once_however_often_it_is_pressed(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    before = points(alice, ids["苏叶"])
    form = {"direction": "give", "points": "30", "reason": "晒单奖励", "key": "abcdefgh12345678"}
    for _ in range(2):
        act(owner, "member_points", ids["苏叶"], **form)
    assert points(alice, ids["苏叶"]) == before + 30
    assert "晒单奖励" in plain(page_of(owner, ids["苏叶"]))
    answer = owner.post(
        reverse("console:member_points", args=[ids["苏叶"]]),
        {**form, "direction": "take", "points": "999999", "key": "another-key-1"},
    )
    assert answer.status_code == 409
    assert points(alice, ids["苏叶"]) == before + 30


def test_a_level_set_by_hand_and_released(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    act(owner, "member_level", ids["苏叶"], level_no="2", reason="老朋友")
    assert level(alice, ids["苏叶"]) == (2, True)
    assert "老朋友" in plain(page_of(owner, ids["苏叶"]))
    act(owner, "member_level_release", ids["苏叶"])
    assert level(alice, ids["苏叶"])[1] is False


def test_blacklisting_and_back(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    words = act(owner, "member_blacklist", ids["苏叶"], reason="恶意退货")
    assert "加入黑名单：恶意退货" in words
    words = act(owner, "member_unblacklist", ids["苏叶"])
    assert "移出黑名单" not in words.split("动态")[0]


def test_own_attributes_and_basic_fields(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        open_id = members.create_attribute(
            alice.merchant_id, AttributeSpec(name="口味", kind="choice", choices=["清淡", "浓郁"]), by=alice.by
        )
        sealed_id = members.create_attribute(
            alice.merchant_id, AttributeSpec(name="孩子生日", kind="date", is_personal=True), by=alice.by
        )
    fields = {f"attribute-{open_id}": "浓郁", f"attribute-{sealed_id}": "2020-05-17"}
    words = act(owner, "member_attributes", ids["苏叶"], **fields)
    assert "口味 浓郁" in words
    assert "孩子生日 ***" in words
    act(owner, "member_attributes", ids["苏叶"], **{f"attribute-{open_id}": "清淡", f"attribute-{sealed_id}": ""})
    answer = owner.post(
        reverse("console:member_reveal_attribute", args=[ids["苏叶"], sealed_id]), {"reason": "准备生日礼物"}
    )
    assert "2020-05-17" in answer.content.decode()
    assert "性别 女" in act(owner, "member_edit", ids["苏叶"], gender="female")


def test_an_attribute_is_renamed_put_away_and_taken_up_again(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        number = members.create_attribute(
            alice.merchant_id, AttributeSpec(name="口味", kind="choice", choices=["清淡", "浓郁"]), by=alice.by
        )
    act(owner, "member_attributes", ids["苏叶"], **{f"attribute-{number}": "浓郁"})
    page = reverse("console:attribute_edit", args=[number])
    assert 'value="口味"' in owner.get(page).content.decode()
    fields = {"name": "口味偏好", "kind": "choice", "choices": "清淡\n浓郁\n陈香"}
    assert owner.post(page, {**fields, "kind": "text", "choices": ""}).status_code == 409
    assert owner.post(page, {**fields, "choices": "清淡"}).status_code == 422
    owner.post(page, fields)
    assert "口味偏好 浓郁" in plain(page_of(owner, ids["苏叶"]))
    owner.post(reverse("console:attribute_use", args=[number]), {"word": "away"})
    assert "口味偏好" not in plain(page_of(owner, ids["苏叶"]))
    assert "口味偏好 已停用" in plain(owner.get(reverse("console:groups")).content.decode())
    owner.post(reverse("console:attribute_use", args=[number]), {"word": "use"})
    assert "口味偏好 浓郁" in plain(page_of(owner, ids["苏叶"]))
    assert owner.get(reverse("console:attribute_edit", args=[number + 1])).status_code == 404


def test_why_she_did_not_pay(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        order = trade.orders_of(alice.merchant_id, ids["林溪"])[0]
    assert "还没人问过她为什么没付款。" in plain(page_of(owner, ids["林溪"]))
    assert "林溪" in plain(owner.get(reverse("console:unpaid")).content.decode()).split("各宝贝的未付款原因")[0]
    words = act(owner, "unpaid_ask", order.id, reason="postage", note="说运费比茶还贵")
    assert "没付款的原因： 运费太贵 – “说运费比茶还贵”" in words
    words = plain(owner.get(reverse("console:unpaid")).content.decode())
    assert "都问过了" in words
    assert "明前龙井 1 运费太贵 1" in words
    answer = owner.post(reverse("console:unpaid_ask", args=[order.id]), {"reason": "nonsense"})
    assert answer.status_code == 422


def test_the_buyers_link_is_for_those_who_care_for_her(owner: Client, viewer: Client, ids: dict[str, int]) -> None:
    assert 'data-copy="http://127.0.0.1:8000/b/' in page_of(owner, ids["苏叶"])
    assert "data-copy" not in page_of(viewer, ids["苏叶"])


def test_a_viewer_changes_nothing(viewer: Client, alice: Place, ids: dict[str, int]) -> None:
    page = page_of(viewer, ids["苏叶"])
    doors = {
        "member_tag": {"names": "茶友"}, "member_note": {"text": "你好"}, "member_blacklist": {"reason": "恶意退货"},
        "member_points": {"direction": "give", "points": "1", "reason": "试试", "key": "abcdefgh"},
        "member_level": {"level_no": "1", "reason": "试试"}, "member_edit": {"gender": "female"},
    }  # fmt: skip
    for name, values in doors.items():
        path = reverse(f"console:{name}", args=[ids["苏叶"]])
        assert viewer.post(path, values).status_code == 403
        assert path not in page
    assert (
        viewer.post(reverse("console:member_reveal", args=[ids["苏叶"], "phone"]), {"reason": "随便看看"}).status_code
        == 403
    )
    assert plain(page_of(viewer, ids["苏叶"])) == plain(page)


@pytest.mark.parametrize(
    "name", ["member", "member_tag", "member_note", "member_points", "member_level", "member_edit", "member_blacklist",
             "member_orders", "member_timeline", "member_group", "member_attributes"],
)  # fmt: skip
def test_charlies_customer_is_not_there(owner: Client, charlie: Place, tmp_path: Path, name: str) -> None:
    strange = three(charlie, tmp_path)["沈青"]
    assert owner.get(reverse(f"console:{name}", args=[strange])).status_code == 404


def test_charlies_values_stay_sealed(owner: Client, charlie: Place, tmp_path: Path) -> None:
    strange = three(charlie, tmp_path)["沈青"]
    path = reverse("console:member_reveal", args=[strange, "phone"])
    assert owner.post(path, {"reason": "核对收货电话"}).status_code == 404
    with tenant(charlie.merchant_id):
        assert merchant_queries.audit_lines(charlie.merchant_id, act="member.revealed") == []


def marks_of(place: Place, member_id: int) -> tuple[list[str], list[str]]:
    """(tags, groups) of a customer."""
    with tenant(place.merchant_id):
        found = queries.profile(place.merchant_id, member_id)
    assert found is not None
    return [name for _id, name in found.tags], [name for _id, name in found.groups]


def points(place: Place, member_id: int) -> int:
    """What is left of her points."""
    with tenant(place.merchant_id):
        return standing.points_summary(place.merchant_id, member_id).left


def level(place: Place, member_id: int) -> tuple[int, bool]:
    """(level, set by hand)."""
    with tenant(place.merchant_id):
        found = standing.level_of(place.merchant_id, member_id)
    assert found is not None
    return found.standing.level_no, found.standing.is_manual
