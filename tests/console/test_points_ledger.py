"""The points ledger in the console: sentences, filters, pages, the file; points given and taken by hand."""

from __future__ import annotations

import csv
import io
from typing import Any

import pytest
from django.test import Client

from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.members import queries as members
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from tests.conftest import NOW
from tests.console.conftest import browser
from tests.console.test_points import balance, orders, text
from tests.loyalty.make_trade import DAY, member, record, settle
from tests.make import Place

__all__ = ["orders"]

LEDGER = "/console/points/ledger/"
ADJUST = "/console/points/adjust/"


def wanted(**changed: Any) -> dict[str, Any]:
    """What a browser posts to give 小荷 and 阿青 50 points each."""
    return {
        "nicks": "小荷\n阿青\n小荷\n",
        "direction": "give",
        "points": "50",
        "reason": "物流破损补偿",
        "key": "k" * 22,
        **changed,
    }


def amounts(place: Place, **arguments: Any) -> list[int]:
    with tenant(place.merchant_id):
        return [one.line.amount for one in queries.journal(place.merchant_id, **arguments)]


def audited(place: Place, act: str) -> list[dict[str, Any]]:
    with tenant(place.merchant_id):
        return [line.details for line in places.audit_lines(place.merchant_id, act=act)]


def cells(client: Client, query: str = "") -> list[list[str]]:
    answer = client.post(f"{LEDGER}export/", {"query": query})
    assert answer.status_code == 200
    content = answer.getvalue().decode("utf-8-sig")
    return list(csv.reader(io.StringIO(content)))


def test_every_line_has_its_sentence(owner: Client, orders: Place) -> None:
    page = text(owner.get(LEDGER))
    assert "小荷 +100 交易产生" in page
    assert (
        "订单 1001 交易成功，实付 ¥100.00，每 1 元 1 分，得 100 积分，2027-12-31 到期 1001 熟客 2026-11-02 12:00"
        in page
    )
    assert "阿青 +30" in page
    assert f'href="/console/members/{number(orders, "小荷")}/"' in owner.get(LEDGER).content.decode()


def number(place: Place, nick: str) -> int:
    with tenant(place.merchant_id):
        return member(place, nick)


def test_filters_by_kind_customer_and_day(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id):
        items = [loyalty.Adjustment(member(orders), 7)]
        loyalty.adjust(orders.merchant_id, items, reason="生日", by=orders.by, key="birthday")
    by_hand = text(owner.get(LEDGER, {"kind": "adjusted"}))
    assert "+7" in by_hand
    assert "+100" not in by_hand
    hers = text(owner.get(LEDGER, {"nick": "阿青"}))
    assert "+30" in hers
    assert "+100" not in hers
    assert "只看 阿青 的记录" in text(owner.get(LEDGER, {"member": number(orders, "阿青")}))
    counted, next_day = ((NOW - days * DAY).date().isoformat() for days in (20, 19))
    assert "+100" in text(owner.get(LEDGER, {"from": counted, "to": counted}))
    assert "没有这样的记录" in text(owner.get(LEDGER, {"from": next_day, "to": "2026-11-21"}))
    assert "+7" in text(owner.get(LEDGER, {"from": "2026-11-22"}))


def test_what_cannot_be_found_is_said(owner: Client, orders: Place, charlie: Place) -> None:
    assert "没有叫“无名”的客户。" in text(owner.get(LEDGER, {"nick": "无名"}))
    with tenant(charlie.merchant_id):
        settle(charlie, record("9001", nick="别家客户"))
        stranger = member(charlie, "别家客户")
    assert owner.get(LEDGER, {"member": stranger}).status_code == 404
    assert owner.post(f"{LEDGER}export/", {"query": f"member={stranger}"}).status_code == 404
    assert "没有叫“别家客户”的客户。" in text(owner.get(LEDGER, {"nick": "别家客户"}))
    for hostile in (
        {"from": "9999-12-31", "to": "0001-01-01"},
        {"before": "x_y"},
        {"member": "9" * 30},
        {"kind": "'; --"},
    ):
        assert owner.get(LEDGER, hostile).status_code == 200


def test_pages_follow_each_other_without_gap_or_double(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id):
        for count in range(1, 101):
            items = [loyalty.Adjustment(member(orders), count)]
            loyalty.adjust(orders.merchant_id, items, reason="测试", by=orders.by, key=f"page-{count}")
    seen: list[str] = []
    path = LEDGER
    while path:
        page = owner.get(path).content.decode()
        seen += [part.split("<")[0] for part in page.split('<span class="amount">')[1:]]
        path = (
            LEDGER + page.split('rel="next" href="')[1].split('"')[0].replace("&amp;", "&")
            if 'rel="next"' in page
            else ""
        )
    assert seen == [*(f"+{count}" for count in range(100, 0, -1)), "+30", "+100"]


def test_the_file_holds_the_filter_and_runs_no_formula(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id):
        settle(orders, record("1004", nick="=HYPERLINK(1)", paid_yuan=10))
    rows = cells(owner, "kind=earned")
    assert rows[0] == ["时间", "客户", "类型", "内容", "增加", "减少", "订单号", "操作人"]
    assert sorted(row[1:3] + row[4:8] for row in rows[1:]) == sorted(
        [
            ["'=HYPERLINK(1)", "交易产生", "10", "", "1004", "熟客"],
            ["小荷", "交易产生", "100", "", "1001", "熟客"],
            ["阿青", "交易产生", "30", "", "1002", "熟客"],
        ]
    )
    assert [line["kind"] for line in audited(orders, "points.exported")] == ["earned"]


def test_who_may_not_export_takes_no_file(agent: Client, orders: Place) -> None:
    assert agent.get(LEDGER).status_code == 200
    assert agent.post(f"{LEDGER}export/", {"query": ""}).status_code == 403
    assert audited(orders, "points.exported") == []


def test_a_list_is_confirmed_with_the_sum_before_anything_happens(owner: Client, orders: Place) -> None:
    page = text(owner.post(ADJUST, wanted()))
    assert "一共赠送 100 积分？" in page
    assert "2 位：小荷、阿青" in page
    assert "合计价值 ¥1.00" in page
    assert amounts(orders, kinds=("adjusted",)) == []


def test_a_double_click_gives_once(owner: Client, orders: Place) -> None:
    for _click in range(2):
        answer = owner.post(ADJUST, wanted(confirmed="1"))
        assert answer.headers["Location"] == LEDGER
    assert amounts(orders, kinds=("adjusted",)) == [50, 50]
    assert (balance(orders), balance(orders, "阿青")) == (150, 80)
    assert len(audited(orders, "points.adjusted")) == 2
    assert "物流破损补偿" in text(owner.get(LEDGER))


def test_taking_more_than_she_has_is_refused_for_the_whole_list(owner: Client, orders: Place) -> None:
    answer = owner.post(ADJUST, wanted(direction="take", confirmed="1"), headers={"HX-Request": "true"})
    assert answer.status_code == 409
    assert amounts(orders, kinds=("adjusted",)) == []
    assert (balance(orders), balance(orders, "阿青")) == (100, 30)


@pytest.mark.parametrize(
    ("changed", "field", "sentence"),
    [
        ({"nicks": "小荷\n无名\n"}, "nicks", "没有叫“无名”的客户。"),
        ({"nicks": ""}, "nicks", ""),
        ({"reason": ""}, "reason", ""),
        ({"points": "0"}, "points", ""),
    ],
)
def test_mistakes_are_shown_at_their_fields(
    owner: Client, orders: Place, changed: dict[str, str], field: str, sentence: str
) -> None:  # fmt: skip
    answer = owner.post(ADJUST, wanted(confirmed="1", **changed))
    assert answer.status_code == 422
    assert f'id="f-{field}-error"' in answer.content.decode()
    assert sentence in text(answer)
    assert amounts(orders, kinds=("adjusted",)) == []


def test_two_customers_of_one_nick_are_not_mixed_up(owner: Client, orders: Place) -> None:
    with tenant(orders.merchant_id):
        second = merchants.open_shop(orders.merchant_id, "二店", "taobao", by=orders.by)
        settle(Place(orders.merchant_id, second, orders.owner_id, orders.owner_user_id), record("2001"))
    answer = owner.post(ADJUST, wanted(nicks="小荷", confirmed="1"))
    assert answer.status_code == 422
    assert "不同店铺有好几位客户都叫“小荷”" in text(answer)
    assert "二店" in text(answer)
    owner.post(ADJUST, wanted(nicks="小荷", shop_id=second, confirmed="1"))
    with tenant(orders.merchant_id):
        [line] = queries.journal(orders.merchant_id, kinds=("adjusted",))
        assert [line.member_id] == members.by_nicks(orders.merchant_id, ["小荷"], shop_id=second)["小荷"]


def test_only_those_who_may_adjust(agent: Client, orders: Place, charlie: Place) -> None:
    assert agent.post(ADJUST, wanted(confirmed="1")).status_code == 403
    answer = browser("charlie").post(ADJUST, wanted(confirmed="1"))
    assert answer.status_code == 422
    assert "没有叫“小荷”、“阿青”的客户。" in text(answer)
    assert amounts(orders, kinds=("adjusted",)) == []
