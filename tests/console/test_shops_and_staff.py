"""Pages of shops, staff, settings and the audit log."""

from __future__ import annotations

import ast
import re
from pathlib import Path

from django.test import Client

from shuke.console import acts
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from tests.console.conftest import browser
from tests.make import Place

ROOT = Path(__file__).parents[2]


def shops(place: Place) -> list[tuple[str, str, str]]:
    with tenant(place.merchant_id):
        return [(shop.name, shop.platform, shop.url) for shop in queries.shops(place.merchant_id)]


def test_a_shop_is_added_and_said_to_be(alice: Place, owner: Client) -> None:
    filled = {"name": " 二店 ", "platform": "taobao", "url": "https://shop1.taobao.com"}
    answer = owner.post("/console/shops/add/", filled, follow=True)
    page = answer.content.decode()
    assert "店铺已添加。" in page
    assert "二店" in page
    assert shops(alice)[1] == ("二店", "taobao", "https://shop1.taobao.com")


def test_a_name_that_is_taken_is_refused_with_nothing_lost(alice: Place, owner: Client) -> None:
    answer = owner.post("/console/shops/add/", {"name": "Alice旗舰店", "platform": "taobao", "url": "https://a.cn"})
    assert answer.status_code == 409
    page = answer.content.decode()
    assert "已经有一家叫“Alice旗舰店”的店铺。" in page
    assert 'value="https://a.cn"' in page
    assert len(shops(alice)) == 1


def test_mistakes_are_said_at_their_fields(alice: Place, owner: Client) -> None:
    answer = owner.post("/console/shops/add/", {"name": "", "platform": "ebay", "url": "javascript:alert(1)"})
    page = answer.content.decode()
    assert answer.status_code == 422
    assert re.findall(r'<a href="#(f-\w+)">', page) == ["f-name", "f-url", "f-platform"]
    assert 'aria-invalid="true"' in page
    assert "请按“https://shop123.taobao.com”的样子填写。" in page
    assert len(shops(alice)) == 1


def test_what_a_person_writes_is_never_markup(alice: Place, owner: Client) -> None:
    owner.post("/console/shops/add/", {"name": "<script>alert(1)</script>", "platform": "taobao", "url": ""})
    page = owner.get("/console/shops/").content.decode()
    assert "&lt;script&gt;alert(1)" in page
    assert "<script>alert" not in page


def test_a_shop_gets_another_name(alice: Place, owner: Client) -> None:
    path = f"/console/shops/{alice.shop_id}/"
    assert 'value="Alice旗舰店"' in owner.get(path).content.decode()
    assert owner.post(path, {"name": "新名", "url": ""}).headers["Location"] == "/console/shops/"
    assert shops(alice) == [("新名", "taobao", "")]


def test_a_new_colleague_gets_a_password_once_and_comes_in_with_it(alice: Place, owner: Client) -> None:
    page = owner.post("/console/staff/add/", {"display_name": "王芳", "username": "wangfang", "role": "marketer"})
    found = re.search(r'<span class="secret">([a-z0-9-]+)</span>', page.content.decode())
    assert found is not None
    assert page.headers["Cache-Control"] == "no-store, private"
    client = Client()
    answer = client.post("/console/sign-in/", {"username": "wangfang", "password": found[1]})
    assert answer.status_code == 302
    assert client.get("/console/members/").headers["Location"] == "/console/account/password/"
    own = {"old": found[1], "new": "moon over the lake", "again": "moon over the lake"}
    assert client.post("/console/account/password/", own).headers["Location"] == "/console/account/"
    assert "王芳" in client.get("/console/account/").content.decode()
    with tenant(alice.merchant_id):
        assert found[1] not in str(queries.audit_lines(alice.merchant_id))


def test_a_sign_in_name_that_is_taken_is_refused(alice: Place, owner: Client) -> None:
    answer = owner.post("/console/staff/add/", {"display_name": "Bob 2", "username": "BOB", "role": "agent"})
    assert answer.status_code == 409
    assert "用户名“BOB”已被使用。" in answer.content.decode()
    with tenant(alice.merchant_id):
        assert len(queries.people(alice.merchant_id)) == 2


def test_a_role_changes_what_she_may_at_once(alice: Place, owner: Client, agent: Client) -> None:
    assert agent.get("/console/staff/").status_code == 403
    owner.post(f"/console/staff/{alice.agent_id}/", {"role": "owner", "is_active": "on"})
    assert agent.get("/console/staff/").status_code == 200
    owner.post(f"/console/staff/{alice.agent_id}/", {"role": "owner"})
    assert agent.get("/console/staff/").status_code == 302


def test_the_last_owner_cannot_lock_herself_out(alice: Place, owner: Client) -> None:
    answer = owner.post(f"/console/staff/{alice.owner_id}/", {"role": "agent", "is_active": "on"})
    assert answer.status_code == 409
    assert "至少要保留一位掌柜" in answer.content.decode()
    assert owner.get("/console/staff/").status_code == 200


def test_a_forgotten_password_is_replaced_and_ends_her_sessions(alice: Place, owner: Client, agent: Client) -> None:
    page = owner.post(f"/console/staff/{alice.agent_id}/password/").content.decode()
    found = re.search(r'<span class="secret">([a-z0-9-]+)</span>', page)
    assert found is not None
    assert agent.get("/console/").status_code == 302
    assert Client().post("/console/sign-in/", {"username": "bob", "password": found[1]}).status_code == 302


def test_the_password_of_somebody_who_also_works_elsewhere_stays_hers(
    alice: Place, charlie: Place, owner: Client, agent: Client
) -> None:
    assert alice.agent_user_id is not None
    with tenant(charlie.merchant_id):
        staff_id = merchants.employ(charlie.merchant_id, alice.agent_user_id, "agent", by=charlie.by)
        merchants.set_role(charlie.merchant_id, staff_id, "agent", is_active=False, by=charlie.by)
    answer = owner.post(f"/console/staff/{alice.agent_id}/password/", follow=True)
    assert "密码只能由本人修改" in answer.content.decode()
    assert agent.get("/console/").status_code == 200


def test_the_audit_log_speaks_in_sentences_and_filters(alice: Place, owner: Client, agent: Client) -> None:
    owner.post(f"/console/staff/{alice.agent_id}/", {"role": "viewer", "is_active": "on"})
    page = owner.get("/console/audit/").content.decode()
    assert f"把员工 {alice.agent_id} 号的角色改为只读" in page
    assert "2026-11-22 12:00" in page
    bobs = owner.get("/console/audit/", {"by": f"staff:{alice.agent_id}"}).content.decode()
    assert "登录了" in bobs
    assert "角色改为" not in bobs
    assert "新增了店铺" in owner.get("/console/audit/", {"kind": "shop"}).content.decode()
    assert owner.get("/console/audit/", {"before": "x", "kind": "%", "by": "'"}).status_code == 200


def acts_in_the_code() -> set[str]:
    """The acts that calls of `audit` and `audit_each` name, be it directly, by a constant or by a choice of two."""
    found: set[str] = set()
    for path in (ROOT / "shuke").rglob("*.py"):
        tree = ast.parse(path.read_text())
        for node in ast.walk(tree):
            if (
                isinstance(node, ast.Call)
                and ast.unparse(node.func).endswith(("audit", "audit_each"))
                and len(node.args) > 1
            ):
                text = ast.unparse(node.args[1])
                known = [ast.unparse(one.value) for one in tree.body if isinstance(one, ast.Assign | ast.AnnAssign)
                         and one.value is not None and text in ast.unparse(one).split("=")[0]]  # fmt: skip
                found |= set(re.findall(r"'([a-z_]+\.[a-z_]+)'", " ".join([text, *known])))
    return found


def test_every_act_has_words() -> None:
    found = acts_in_the_code()
    assert {"member.revealed", "member.unblacklisted", "points.adjusted", "shop.opened"} <= found
    assert found <= set(acts.ACTS)
    assert {act.split(".")[0] for act in acts.ACTS} == set(acts.KINDS)


def test_the_audit_log_turns_its_pages(alice: Place, owner: Client) -> None:
    with tenant(alice.merchant_id):
        for number in range(60):
            merchants.open_shop(alice.merchant_id, f"店{number}", "taobao", by=alice.by)
    first = owner.get("/console/audit/").content.decode()
    found = re.search(r'rel="next" href="([^"]+)"', first)
    assert found is not None
    second = owner.get("/console/audit/" + found[1].replace("&amp;", "&")).content.decode()
    assert first.count("新增了店铺") == 50
    assert second.count("新增了店铺") == 11


def test_name_and_zone_are_saved_and_a_wrong_zone_is_not(alice: Place, owner: Client) -> None:
    assert owner.post("/console/settings/", {"name": "新店名", "zone": "Asia/Urumqi"}).status_code == 302
    assert "新店名" in owner.get("/console/").content.decode()
    assert "10:00" in owner.get("/console/audit/").content.decode()
    assert owner.post("/console/settings/", {"name": "新店名", "zone": "Mars/Base"}).status_code == 422
    assert owner.get("/console/settings/Nothing/").status_code == 404


def test_charlie_sees_nothing_of_it(alice: Place, charlie: Place, owner: Client) -> None:
    owner.post("/console/shops/add/", {"name": "秘密店", "platform": "taobao", "url": ""})
    client = browser("charlie")
    for path in ("shops/", "staff/", "audit/", "settings/"):
        page = client.get(f"/console/{path}").content.decode()
        assert "秘密店" not in page
        assert "Alice" not in page
