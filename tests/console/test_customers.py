"""The customers' list: who is found, in which order, what may be done for many and taken back."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from shuke.console.member_table import kept_query
from shuke.core.actors import staff
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import marks
from shuke.members.specs import GroupSpec
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from tests import make
from tests.console.conftest import browser
from tests.console.make_customers import three
from tests.make import Place

NAMES = re.compile(r'<td class="member-name"><a href="[^"]+">([^<]+)</a>')


@pytest.fixture
def ids(alice: Place, tmp_path: Path) -> dict[str, int]:
    """Alice's three customers."""
    return three(alice, tmp_path)


@pytest.fixture
def viewer(alice: Place) -> Client:
    """The browser of somebody who may only look."""
    user_id = merchants.create_user("dora", "Dora", make.PASSWORD)
    with tenant(alice.merchant_id):
        merchants.employ(alice.merchant_id, user_id, "viewer", by=staff(alice.owner_id))
    return browser("dora")


def listed(client: Client, query: str = "") -> list[str]:
    """The names the list shows, from the top."""
    answer = client.get(reverse("console:members") + query)
    assert answer.status_code == 200
    return NAMES.findall(answer.content.decode())


def post(client: Client, page_name: str, /, **values: object) -> tuple[str, str]:
    """Post from the list; the page afterwards, and the address that undoes it ("" without)."""
    page = client.post(reverse(f"console:{page_name}"), values, follow=True).content.decode()
    undo = re.search(r'action="(/console/members/undo/[^"]+)"', page)
    return page, undo[1] if undo else ""


def test_everybody_with_her_figures(owner: Client, ids: dict[str, int]) -> None:
    page = owner.get(reverse("console:members")).content.decode()
    assert NAMES.findall(page) == ["苏叶", "沈青", "林溪"]
    row = page.split(">沈青</a>")[1].split("</tr>")[0]
    for text in ("忠实客户", "浙江省", ">2<", "¥150.50", "¥75.25", "2026-11-17"):
        assert text in row
    assert "共 3 位" in page


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("?lifecycle=loyal", ["沈青"]),
        ("?lifecycle=new", ["苏叶"]),
        ("?lifecycle=callback", ["林溪"]),
        ("?text=沈", ["沈青"]),
        ("?text=苏叶舟", ["苏叶"]),
        ("?text=13800000002", ["苏叶"]),
        ("?text=0003", ["林溪"]),
        ("?amount_from_fen=30&amount_to_fen=150.49", ["苏叶"]),
        ("?orders_from=2", ["沈青"]),
        ("?last_order_from_on=2026-11-19", ["苏叶"]),
        ("?province=浙江省&relation_source=untraded", ["林溪"]),
        ("?sort=amount&way=up", ["林溪", "苏叶", "沈青"]),
        ("?sort=orders", ["沈青", "苏叶", "林溪"]),
        ("?sort=nonsense&page=nonsense&trail=x.y", ["苏叶", "沈青", "林溪"]),
        ("?status=blacklist", []),
    ],
)
def test_searching_filtering_sorting(owner: Client, ids: dict[str, int], query: str, names: list[str]) -> None:
    assert listed(owner, query) == names


def test_a_field_that_cannot_be_read_is_left_aside_and_named(owner: Client, ids: dict[str, int]) -> None:
    page = owner.get(reverse("console:members") + "?amount_from_fen=viel&orders_from=2").content.decode()
    assert NAMES.findall(page) == ["沈青"]
    assert "没用上的条件：" in page


@pytest.mark.parametrize("digits", [19, 25, 5000])
@pytest.mark.parametrize(
    "field",
    ["level_no", "tag_id", "group_id", "amount_from_fen", "amount_to_fen", "orders_from", "orders_to", "points_from",
     "points_to"],
)  # fmt: skip
def test_a_number_of_many_digits_gets_a_sentence(owner: Client, ids: dict[str, int], field: str, digits: int) -> None:
    answer = owner.get(reverse("console:members"), {field: "9" * digits})
    assert answer.status_code == 200
    assert "没用上的条件：" in answer.content.decode()
    assert owner.post(reverse("console:members_export"), {"query": f"{field}={'9' * digits}"}).status_code != 500


def test_an_order_number_leads_to_its_customer(owner: Client, ids: dict[str, int]) -> None:
    answer = owner.get(reverse("console:members") + "?text=88000000000000003")
    assert answer.headers["Location"] == reverse("console:member", args=[ids["苏叶"]])


def test_the_lifecycle_groups_say_what_to_do(owner: Client, ids: dict[str, int]) -> None:
    page = owner.get(reverse("console:members")).content.decode()
    heads = re.findall(r'<span>([^<]+)</span><span class="lifecycle-count">([^<]+)<', page)
    assert heads == [("忠实客户", "1"), ("新客户", "1"), ("待回访", "1"), ("久未来访", "0"), ("买过一次", "0")]
    for advice in (
        "新品优先给她们看，再送一张专属券。",
        "3 天内做一次关怀，引导第二次购买。",
        "问清原因并记下来，再帮她把款付上。",
    ):
        assert advice in page


def test_without_customers_the_list_leads_to_the_import(owner: Client) -> None:
    page = owner.get(reverse("console:members")).content.decode()
    assert "还没有客户" in page
    assert f'href="{reverse("console:imports")}"' in page


def test_tagging_many_is_undone_for_those_alone_whom_it_changed(
    owner: Client, alice: Place, ids: dict[str, int]
) -> None:
    with tenant(alice.merchant_id):
        members.tag(alice.merchant_id, [ids["沈青"]], ["茶友"], by=alice.by)
    page, undo = post(owner, "members_bulk", act="tag", names="茶友，老客户", member=[ids["沈青"], ids["苏叶"]])
    assert "已给 2 位客户打上标签。" in page
    assert tags(alice, ids) == {"沈青": ["老客户", "茶友"], "苏叶": ["老客户", "茶友"]}
    assert "已撤销。" in owner.post(undo, follow=True).content.decode()
    assert tags(alice, ids) == {"沈青": ["茶友"]}
    assert "已经不能撤销了。" in owner.post(undo, follow=True).content.decode()
    assert tags(alice, ids) == {"沈青": ["茶友"]}


def test_taking_a_tag_off_and_putting_it_back(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        members.tag(alice.merchant_id, [ids["沈青"]], ["茶友"], by=alice.by)
    page, undo = post(owner, "members_bulk", act="untag", tag="茶友", member=[ids["沈青"], ids["苏叶"]])
    assert "已去掉 1 位客户的标签。" in page
    assert tags(alice, ids) == {}
    owner.post(undo)
    assert tags(alice, ids) == {"沈青": ["茶友"]}


def test_grouping_everybody_the_list_finds(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    with tenant(alice.merchant_id):
        group_id = members.create_group(alice.merchant_id, GroupSpec(name="批发"), by=alice.by)
        members.add_to_group(alice.merchant_id, group_id, [ids["沈青"]], by=alice.by)
    page, undo = post(owner, "members_bulk", act="group", group=group_id, everybody="1", query="amount_from_fen=30")
    assert "已把 1 位客户加入分组。" in page
    assert listed(owner, f"?group_id={group_id}") == ["苏叶", "沈青"]
    owner.post(undo)
    assert listed(owner, f"?group_id={group_id}") == ["沈青"]


def test_blacklisting_needs_a_reason(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    page, _undo = post(owner, "members_bulk", act="blacklist", reason=" ", member=[ids["苏叶"]])
    assert "请填写原因。" in page
    assert listed(owner, "?status=blacklist") == []
    page, _undo = post(owner, "members_bulk", act="blacklist", reason="恶意退货", member=[ids["苏叶"]])
    assert "已拉黑 1 位客户。" in page
    assert listed(owner, "?status=blacklist") == ["苏叶"]


@pytest.mark.parametrize(
    "values",
    [{"act": "tag", "names": "茶友"}, {"act": "", "member": "1"}, {"act": "tag", "names": " ，", "member": "1"}],
)
def test_what_is_missing_is_said_and_nothing_is_done(
    owner: Client, alice: Place, ids: dict[str, int], values: dict[str, str]
) -> None:
    page, undo = post(owner, "members_bulk", **values)
    assert "toast-card is-error" in page
    assert undo == ""
    assert tags(alice, ids) == {}


def test_exporting(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    answer = owner.post(
        reverse("console:members_export"), {"everybody": "1", "query": "text=13800000002&orders_from=1"}
    )
    text = b"".join(answer.streaming_content).decode()  # type: ignore[attr-defined]
    lines = text.removeprefix("\ufeff").splitlines()
    assert text.startswith("\ufeff")
    assert len(lines) == 2
    assert "苏叶" in lines[1]
    assert "30.00" in lines[1]
    assert "13800000002" not in text
    assert "苏叶舟" not in text
    with tenant(alice.merchant_id):
        told = merchant_queries.audit_lines(alice.merchant_id, act="member.exported")
    assert [line.details for line in told] == [{"count": 1, "filters": ["orders_from", "text"]}]


def test_exporting_the_chosen(owner: Client, charlie: Place, ids: dict[str, int], tmp_path: Path) -> None:
    strange = three(charlie, tmp_path / "charlie")
    answer = owner.post(reverse("console:members_export"), {"member": [ids["林溪"], strange["沈青"]]})
    lines = b"".join(answer.streaming_content).decode().splitlines()  # type: ignore[attr-defined]
    assert len(lines) == 2
    assert "林溪" in lines[1]


def test_a_view_is_kept_without_what_was_searched_for(owner: Client, alice: Place, ids: dict[str, int]) -> None:
    query = "text=13800000002&orders_from=2&page=x&sort=amount"
    page, _undo = post(owner, "members_views", name="大客户", query=query)
    assert "视图“大客户”已保存。" in page
    assert 'href="?orders_from=2&amp;sort=amount"' in page
    assert listed(owner, "?orders_from=2&sort=amount") == ["沈青"]
    page, _undo = post(owner, "members_view_forget", name="大客户")
    assert "视图“大客户”已删除。" in page
    assert 'href="?orders_from=2' not in page
    from django.http import QueryDict

    assert kept_query(QueryDict("text=x&trail=y&page=z")) == ""


def test_a_viewer_looks_and_does_nothing(viewer: Client, alice: Place, ids: dict[str, int]) -> None:
    page = viewer.get(reverse("console:members")).content.decode()
    assert NAMES.findall(page) == ["苏叶", "沈青", "林溪"]
    assert "data-row-box" not in page
    assert reverse("console:members_export") not in page
    for name in ("members_bulk", "members_export", "members_views"):
        answer = viewer.post(
            reverse(f"console:{name}"), {"act": "tag", "names": "茶友", "member": ids["沈青"], "name": "x"}
        )
        assert answer.status_code == 403
    assert tags(alice, ids) == {}


def test_charlies_customers_are_not_touched(owner: Client, charlie: Place, ids: dict[str, int], tmp_path: Path) -> None:
    strange = three(charlie, tmp_path / "charlie")
    page, undo = post(owner, "members_bulk", act="tag", names="茶友", member=[strange["沈青"]])
    assert "已给 0 位客户打上标签。" in page
    if undo:
        owner.post(undo)
    with tenant(charlie.merchant_id):
        assert queries.tags(charlie.merchant_id) == []


def tags(place: Place, ids: dict[str, int]) -> dict[str, list[str]]:
    """The tags of each of the three."""
    with tenant(place.merchant_id):
        found = marks.tags_of(place.merchant_id, list(ids.values()))
    return {nick: found[member_id] for nick, member_id in ids.items() if member_id in found}
