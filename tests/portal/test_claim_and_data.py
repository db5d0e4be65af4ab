"""Opening her membership with an order's number, and her own data on her own page."""

from __future__ import annotations

import io
import json
import re
import zipfile
from datetime import timedelta
from pathlib import Path
from threading import Barrier, Thread

import pytest
from django.conf import settings
from django.db import connection
from django.test import Client

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.members import queries
from shuke.members.queries.links import entry_mark
from shuke.trade import actions as trade
from tests.conftest import NOW
from tests.loyalty.make_trade import DAY, member, record, take
from tests.make import Place
from tests.portal.make_buyers import phone

pytestmark = pytest.mark.django_db(transaction=True)
ORDER, HOUR = "3900000000000001001", timedelta(hours=1)


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHUKE_HOME", tmp_path)


@pytest.fixture
def shop(alice: Place) -> Place:
    with tenant(alice.merchant_id):
        take(alice, record(ORDER, "小荷", 300, phone="13812341234", name="何小荷", address="浙江省杭州市文三路1号"))
    return alice


def door(place: Place) -> str:
    return f"/b/shop/{entry_mark(place.merchant_id, place.shop_id)}/claim/"


def ask(place: Place, order_no: str, fact: str, client: Client | None = None) -> tuple[int, str]:
    answer = (client or Client()).post(door(place), {"order_no": order_no, "fact": fact})
    return answer.status_code, re.sub(r'value="[^"]*"', "", answer.content.decode())


@pytest.mark.parametrize("fact", ["1234", "何小荷", " 何 小荷 "])
def test_number_and_fact_open_her_pages(shop: Place, fact: str) -> None:
    client = Client()
    assert ask(shop, f" {ORDER} ", fact, client)[0] == 302
    assert "小荷，您好" in client.get("/b/").content.decode()
    with tenant(shop.merchant_id):
        assert sql.scalar("SELECT count(*) FROM merchants_auditentry WHERE act = 'order.claimed'") == 1


def test_a_wrong_number_and_a_wrong_fact_look_the_same(shop: Place) -> None:
    wrong = [
        ask(shop, ORDER, "4321"),
        ask(shop, "3900000000000009999", "1234"),
        ask(shop, ORDER, "何"),
        ask(shop, ORDER, ""),
    ]
    assert {status for status, _page in wrong} == {422}
    assert len({page for _status, page in wrong}) == 1


def test_tries_are_limited_by_order_and_by_visitor(shop: Place) -> None:
    assert [ask(shop, ORDER, f"000{n}")[0] for n in range(5)] == [422] * 5
    assert ask(shop, ORDER, "1234")[0] == 429
    assert [ask(shop, f"1{n}", "1234")[0] for n in range(6)] == [422] * 4 + [429] * 2
    with clock.frozen(NOW + DAY):
        assert ask(shop, ORDER, "1234")[0] == 302
        assert trade.forget_tries(shop.merchant_id) == 0
    with clock.frozen(NOW + 4 * DAY), tenant(shop.merchant_id):
        assert trade.forget_tries(shop.merchant_id) > 0


def test_tries_for_one_order_are_limited_by_day_too(shop: Place) -> None:
    ended = []
    for hour in range(4):
        with clock.frozen(NOW + hour * HOUR):
            ended.append([_claim(shop, f"{hour}{n:03}", visitor=f"{hour}{n}").is_too_often for n in range(5)])
    assert ended == [[False] * 5] * 3 + [[True] * 5]
    with clock.frozen(NOW + DAY):
        assert _claim(shop, "1234", visitor="late").member_id is not None


def _claim(shop: Place, fact: str, *, visitor: str) -> trade.Claim:
    return trade.claim_order(shop.merchant_id, shop.shop_id, ORDER, fact, visitor=visitor)


def test_many_at_once_get_no_more_tries(shop: Place) -> None:
    barrier, ended = Barrier(8), list[bool]()

    def run(number: int) -> None:
        try:
            barrier.wait()
            with clock.frozen(NOW):
                found = _claim(shop, f"{number:04}", visitor=f"v{number}")
            ended.append(found.is_too_often)
        finally:
            connection.close()

    threads = [Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(ended) == [False] * 5 + [True] * 3


def test_a_claimed_visit_sees_less(shop: Place) -> None:
    client = Client()
    ask(shop, ORDER, "1234", client)
    page = client.get("/b/data/").content.decode()
    assert "138****1234" in page
    assert "/b/data/file/" not in page
    assert client.post("/b/data/delete/", {"sure": "yes"}).status_code == 403
    assert client.post("/b/data/correct/", {"name": "别人"}).status_code == 403
    with tenant(shop.merchant_id):
        assert queries.erasure_due_at(shop.merchant_id, member(shop)) is None


def test_her_data_seen_and_taken_along(shop: Place) -> None:
    with tenant(shop.merchant_id):
        member_id = member(shop)
    client = phone(shop, member_id)
    page = client.get("/b/data/").content.decode()
    assert "13812341234" not in page
    path = re.search(r'href="(/b/data/file/[^"]+)"', page)
    assert path is not None
    answer = client.get(path.group(1))
    archive = zipfile.ZipFile(io.BytesIO(b"".join(answer.streaming_content)))  # type: ignore[attr-defined]
    content = json.loads(archive.read("my-data.json"))
    assert {one["value"] for one in content["personal"]} == {"何小荷", "13812341234", "浙江省杭州市文三路1号"}
    assert [one["order_no"] for one in content["orders"]] == [ORDER]
    assert content["identities"][0] == {"kind": "nick", "value": "小荷"}
    assert content["made_at"] == "2026-11-22T04:00:00+00:00"
    told = archive.read("my-data.html").decode()
    assert "<dt>您的昵称</dt><dd>小荷</dd>" in told
    assert "<dt>手机号</dt><dd>13812341234" in told
    assert "截至 2026-11-22 12:00" in told
    assert f"2026-10-23 12:00 · {ORDER} · 交易成功 · ¥300" in told
    assert re.search(r"nick|phone|T\d\d:\d\d|\+00:00", told) is None
    assert Client().get(path.group(1)).status_code == 403
    with clock.frozen(clock.now() + DAY):
        assert client.get(path.group(1)).status_code == 403


def test_she_decides_corrects_and_asks_to_be_deleted(shop: Place) -> None:
    m = shop.merchant_id
    with tenant(m):
        member_id = member(shop)
    client = phone(shop, member_id)
    client.post("/b/data/words/", {"channel": "sms", "purpose": "marketing", "word": "yes"})
    with tenant(m):
        assert queries.may_contact(m, [member_id], "sms", "marketing").allowed == [member_id]
        assert queries.proofs(m, member_id)[0].source == "portal"
    client.post("/b/data/words/", {"channel": "sms", "purpose": "marketing", "word": "no"})
    client.post("/b/data/correct/", {"name": "何荷", "gender": "female", "birthday": "1990-05-17"})
    told = client.get("/b/data/").content.decode()
    assert 'name="birthday"' not in told
    assert "您的生日已经登记过了；需要修改，请联系店里的客服。" in told
    client.post("/b/data/correct/", {"name": "何小荷", "birthday": "1990-05-17"})
    assert "已保存" in client.get("/b/data/").content.decode()
    client.post("/b/data/correct/", {"gender": "male", "birthday": "1991-01-01"})
    assert client.get("/b/data/").content.decode().count("您的生日已经登记过了") == 2
    with tenant(m):
        assert queries.may_contact(m, [member_id], "sms", "marketing").left_out == {member_id: "withdrawn"}
        profile = queries.profile(m, member_id)
        assert profile is not None
        assert (profile.gender, profile.birth_month_day) == ("female", 517)
    client.post("/b/data/delete/", {})
    with tenant(m):
        assert queries.erasure_due_at(m, member_id) is None
    client.post("/b/data/delete/", {"sure": "yes"})
    with tenant(m):
        assert queries.erasure_due_at(m, member_id) == clock.now() + 3 * DAY
    client.post("/b/data/delete/", {"word": "keep"})
    with tenant(m):
        assert queries.erasure_due_at(m, member_id) is None


def test_a_number_with_an_odd_character_is_only_wrong(shop: Place) -> None:
    assert ask(shop, "39\x0000", "1234")[0] == 422
    assert ask(shop, f"{ORDER}\x00", "1234\x00")[0] == 422
    assert ask(shop, f"{ORDER}\x00", "1234")[0] == 302
