"""What a buyer reads: exact figures, in her language, light enough for a phone."""

from __future__ import annotations

import gzip
import re
from pathlib import Path

import pytest
from django.contrib.staticfiles import finders
from django.test import Client

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.ledger.actions import Hold, Posting
from shuke.loyalty import actions as loyalty
from shuke.loyalty.actions import Adjustment
from shuke.members.queries.links import entry_link
from shuke.merchants import actions as merchants
from tests.conftest import NOW
from tests.loyalty.make_trade import DAY, member, record, settle
from tests.make import Place
from tests.portal.make_buyers import path_of, phone, programme, regular

PAGES = ("/b/", "/b/points/", "/b/levels/", "/b/rules/")
LIMIT = 60_000


def words(client: Client, path: str) -> str:
    """A page as it is read, tags and runs of blanks gone."""
    html = client.get(path).content.decode()
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html.partition("<main")[2]))


@pytest.fixture
def lotus(alice: Place) -> Client:
    """The phone of a regular with a history."""
    programme(alice)
    return phone(alice, regular(alice))


def entry_path(place: Place) -> str:
    with tenant(place.merchant_id):
        return path_of(entry_link(place.merchant_id, place.shop_id))


def test_home_tells_level_points_and_what_comes(lotus: Client) -> None:
    text = words(lotus, "/b/")
    for sentence in (
        "会员等级 1 银杏会员 全店 9.8折",
        "69% 再有 ¥152.00 即可升为 金桂会员 （享 9.5折）",
        "可用积分 330 连同待生效共 418 积分，价值 ¥4.18",
        "88 积分待生效，11月26日起可用",
        "50 积分将于12月1日后过期",
        "有 1 笔订单无法算出折扣金额：导出的报表里没有标价。",
    ):
        assert sentence in text


def test_points_add_up_to_what_is_left(lotus: Client) -> None:
    text = words(lotus, "/b/points/")
    assert "交易产生 +348 额外调整 +20 累计推荐 0 店铺赠送 +200 使用 −150 剩余积分 418" in text
    assert 348 + 20 + 0 + 200 - 150 == 418


def test_every_line_stands_under_its_month_with_its_reason(lotus: Client) -> None:
    text = words(lotus, "/b/points/")
    places = [text.index(one) for one in ("2026年11月 ", "2026年10月 ", "2026年9月 ")]
    assert places == sorted(places)
    amounts = re.findall(r"日 ([+−]\d+)", text)
    assert amounts == ["+88", "−150", "−40", "+200", "+20", "+300"]
    for reason in ("…1002", "¥40.00", "晒图好评"):
        assert reason in text


def test_lines_of_one_order_stand_together(alice: Place) -> None:
    programme(alice)
    number = "3900000000000007777"
    with tenant(alice.merchant_id):
        with clock.frozen(NOW - 3 * DAY):
            settle(alice, record(number, paid_yuan=100))
        settle(alice, record("3900000000000008888", paid_yuan=7))
        settle(alice, record(number, paid_yuan=100, refund_fen=3000))
        client = phone(alice, member(alice))
    html = client.get("/b/points/").content.decode()
    order = html[html.index('class="order"') :]
    assert "订单 390000…7777" in order
    assert re.findall(r"line-sum[^>]*>([+−]\d+)<", order)[:3] == ["+70", "−30", "+100"]
    assert html.count('class="order"') == 1


def test_a_debt_is_said_and_nothing_is_usable(alice: Place) -> None:
    programme(alice)
    member_id = regular(alice)
    with tenant(alice.merchant_id):
        items = [Adjustment(member_id, -400)]
        loyalty.adjust(alice.merchant_id, items, reason="退货", by=alice.by, key="debt", allow_debt=True)
    text = words(phone(alice, member_id), "/b/")
    assert "可用积分 0" in text
    assert "订单退款后欠 70 积分" in text


def test_points_set_aside_are_still_hers(alice: Place) -> None:
    programme(alice)
    member_id = regular(alice)
    with tenant(alice.merchant_id):
        hold = Hold(member_id=member_id, amount=30, key="hold", until_at=NOW + DAY)
        ledger.reserve(alice.merchant_id, "points", [hold], by=alice.by)
    client = phone(alice, member_id)
    assert "30 积分已为订单预占" in words(client, "/b/")
    assert "剩余积分 418" in words(client, "/b/points/")


def test_many_lines_are_paged(alice: Place) -> None:
    programme(alice)
    with tenant(alice.merchant_id):
        settle(alice, record("3900000000000009999"))
        member_id = member(alice)
        for number in range(90):
            with clock.frozen(NOW - number * DAY / 2):
                posting = Posting(member_id=member_id, amount=number + 1, kind="bonus", key=f"p{number}")
                ledger.post(alice.merchant_id, "points", [posting], by=alice.by)
    client = phone(alice, member_id)
    first, second, third = (words(client, f"/b/points/?page={number}") for number in (1, 2, 3))
    counts = [len(re.findall(r"日 [+−]\d+", text)) for text in (first, second, third)]
    assert counts == [40, 40, 11]
    assert ("更早的" in first, "较新的" in first) == (True, False)
    assert ("更早的" in second, "较新的" in second) == (True, True)
    assert ("更早的" in third, "较新的" in third) == (False, True)
    assert "后面没有了" in words(client, "/b/points/?page=9")
    for odd in ("0", "-1", "x", "99999999999999", "²"):
        assert "日 +1" in words(client, f"/b/points/?page={odd}")


def test_the_ladder_marks_where_she_stands(lotus: Client) -> None:
    html = lotus.get("/b/levels/").content.decode()
    assert html.count('aria-current="step"') == 1
    text = words(lotus, "/b/levels/")
    for sentence in (
        "银杏会员 当前等级 满 ¥100.00 生日月双倍积分 9.8折",
        "牡丹会员 满 ¥2,000.00 9折",
        "店铺客户 → 银杏会员",
    ):
        assert sentence in text


def test_the_highest_level_is_thanked(alice: Place) -> None:
    programme(alice)
    with tenant(alice.merchant_id):
        settle(alice, record("3900000000000001111", paid_yuan=3000))
        loyalty.review_levels(alice.merchant_id, [member(alice)])
        client = phone(alice, member(alice))
    assert "您已是最高等级" in words(client, "/b/")


def test_the_rules_are_said_in_plain_words(lotus: Client) -> None:
    text = words(lotus, "/b/rules/")
    for sentence in (
        "商品实付每 ¥1 得 1 积分，买 ¥100 得 100 积分。",
        "新客户入会即送 20 积分。",
        "交易成功后记入积分。",
        "交易成功满 7 天后可用",
        "积分自获得之日起 12 个月内有效。",
        "100 积分值 ¥1.00",
        "按您在本店交易成功订单的累计实付金额定等级。",
        "金桂会员：满 ¥500.00",
    ):
        assert sentence in text


def test_without_levels_and_points_every_page_still_stands(alice: Place) -> None:
    with tenant(alice.merchant_id):
        settle(alice, record("3900000000000001111"))
        client = phone(alice, member(alice))
    said = dict(
        zip(PAGES, ("会员礼遇正在准备中", "没有开通积分", "没有设置会员等级", "还没有设置积分和等级规则"), strict=True)
    )
    for page, sentence in said.items():
        assert sentence in words(client, page)
    assert client.get(entry_path(alice)).status_code == 200


def test_a_buyer_without_points_is_told_how_to_begin(alice: Place) -> None:
    with tenant(alice.merchant_id):
        settle(alice, record("3900000000000001111"))
    programme(alice)
    client = phone(alice, _member(alice))
    assert "还没有积分，下一单开始攒起来" in words(client, "/b/")
    assert "还没有积分" in words(client, "/b/points/")


def test_english_by_a_switch_that_stays(lotus: Client) -> None:
    answer = lotus.post("/b/language/", {"language": "en", "next": "/b/points/?page=1"})
    assert (answer.status_code, answer["Location"]) == (302, "/b/points/?page=1")
    page = lotus.get("/b/points/")
    assert '<html lang="en">' in page.content.decode()
    assert page["Content-Language"] == "en"
    assert "Earned by orders +348" in words(lotus, "/b/points/")
    assert "2% off" in words(lotus, "/b/")
    lotus.post("/b/language/", {"language": "zh-hans"})
    assert '<html lang="zh-Hans">' in lotus.get("/b/").content.decode()


@pytest.mark.parametrize(
    "wanted", ["https://evil.example/", "//evil.example/", "/console/", "/b//evil", "/b/\\evil", ""]
)
def test_the_language_switch_leads_nowhere_else(lotus: Client, wanted: str) -> None:
    assert lotus.post("/b/language/", {"language": "en", "next": wanted})["Location"] == "/b/"


def test_no_page_is_kept_anywhere(lotus: Client, alice: Place) -> None:
    for page in (*PAGES, entry_path(alice), "/b/nothing"):
        answer = lotus.get(page)
        assert answer["Cache-Control"] == "private, no-store"
        assert answer["X-Frame-Options"] == "DENY"


def test_no_page_needs_scripts_or_styles_in_the_page(lotus: Client, alice: Place) -> None:
    for page in (*PAGES, entry_path(alice)):
        html = lotus.get(page).content.decode()
        assert not re.search(r"<script|<style|\sstyle=|\son\w+=|javascript:", html)


def test_every_page_with_all_it_needs_stays_under_60_kb(lotus: Client, alice: Place) -> None:
    folder = Path(str(finders.find("portal/portal.css"))).parent
    shared = sum((folder / name).stat().st_size for name in ("portal.css", "icons.svg", "mark.svg", "waves.svg"))
    for page in (*PAGES, entry_path(alice)):
        html = lotus.get(page).content
        assert shared + len(html) < LIMIT
        assert len(gzip.compress(html)) < 6_000


def test_the_public_page_tells_the_programme_and_nothing_of_anybody(lotus: Client, alice: Place) -> None:
    path = entry_path(alice)
    text = words(Client(), path)
    for sentence in ("成为Alice旗舰店的熟客", "我要会员链接", "牡丹会员 满 ¥2,000.00 9折", "商品实付每 ¥1 得 1 积分"):
        assert sentence in text
    assert "小荷" not in words(lotus, path)


def test_the_public_page_of_a_made_up_shop_is_not_there(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        crossed = path_of(entry_link(alice.merchant_id, charlie.shop_id))
    assert Client().get(crossed).status_code == 404
    assert Client().get(crossed + "qr.svg").status_code == 404


def test_the_qr_code_comes_as_png_and_svg(alice: Place) -> None:
    path = entry_path(alice)
    png, svg = Client().get(path + "qr.png"), Client().get(path + "qr.svg")
    assert (png["Content-Type"], png.content[:8]) == ("image/png", b"\x89PNG\r\n\x1a\n")
    assert (svg["Content-Type"], b"<script" in svg.content) == ("image/svg+xml", False)
    assert png["Cache-Control"] == "public, max-age=86400"


def test_names_are_shown_as_text(alice: Place) -> None:
    with tenant(alice.merchant_id):
        merchants.edit_shop(alice.merchant_id, alice.shop_id, name='<b>茶</b>"店', url="", by=alice.by)
        settle(alice, record("3900000000000001111", nick="<i>小荷"))
        client = phone(alice, member(alice, "<i>小荷"))
    html = client.get("/b/").content.decode()
    assert "<b>茶" not in html
    assert "<i>" not in html
    assert "&lt;b&gt;茶" in html


def _member(place: Place) -> int:
    with tenant(place.merchant_id):
        return member(place)


def test_the_points_account_of_the_year_ends_with_what_is_left(lotus: Client) -> None:
    text = words(lotus, "/b/points/account/")
    assert "期初余额 0" in text
    assert "期末余额 418" in text
    assert "开始日期不能晚于结束日期。" in words(lotus, "/b/points/account/?from=2026-11-01&to=2026-10-01")
