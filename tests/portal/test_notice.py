"""The shop's notice: HTML that platforms leave alone, and out of which nothing that a seller types can break."""

from __future__ import annotations

from html.parser import HTMLParser
from urllib.parse import urlencode

import pytest
from django.template.loader import render_to_string
from django.test import Client
from django.utils import translation
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.console import notice
from shuke.console.notice import COLORS, AreaSpec, NoticeSpec
from shuke.core.specs import Form, parse
from shuke.core.tenancy import tenant
from shuke.merchants import queries as merchants
from shuke.merchants.models import User
from shuke.merchants.queries import Shop
from tests.console.conftest import browser
from tests.make import Place
from tests.portal.make_buyers import programme

TAGS = {"table", "tr", "td", "p", "a", "b", "img", "map", "area"}
ATTRIBUTES = {"width", "height", "cellpadding", "cellspacing", "border", "bgcolor", "style", "align", "valign", "href", "target",
              "src", "alt", "usemap", "name", "shape", "coords"}  # fmt: skip
PICTURE = "https://img.alicdn.com/imgextra/a.jpg"
STYLES = ("banner", "strip", "picture")


class Reader(HTMLParser):
    """What a browser makes of the code."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: dict[str, set[str]] = {}
        self.text = ""
        self.depth = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:  # noqa: D102 - html.parser's
        self.tags.add(tag)
        self.depth += tag not in {"img", "area"}
        for name, value in attrs:
            self.attributes.setdefault(name, set()).add(value or "")

    def handle_endtag(self, tag: str) -> None:  # noqa: D102, ARG002 - html.parser's
        self.depth -= 1

    def handle_data(self, data: str) -> None:  # noqa: D102 - html.parser's
        self.text += data


def read(html: str) -> Reader:
    reader = Reader()
    reader.feed(html)
    reader.close()
    return reader


def code(place: Place, **values: object) -> str:
    with tenant(place.merchant_id):
        shop = merchants.shops(place.merchant_id)[0]
        return notice.code(place.merchant_id, shop, NoticeSpec.model_validate(values))


def findings(place: Place, shop: Shop, **values: object) -> list[tuple[str, str]]:
    with tenant(place.merchant_id):
        found = notice.findings(place.merchant_id, shop, NoticeSpec.model_validate(values))
    return [(one.tone, one.sentence) for one in found]


def staff(place: Place, user_id: int | None = None) -> Client:
    return browser(User.objects.get(id=user_id or place.owner_user_id).username)


@pytest.mark.parametrize("style", STYLES)
def test_only_tables_pictures_and_links(alice: Place, style: str) -> None:
    programme(alice)
    found = read(code(alice, style=style, picture_url=PICTURE, areas=[{"left": 5}]))
    assert found.tags <= TAGS
    assert set(found.attributes) <= ATTRIBUTES
    assert found.depth == 0


@pytest.mark.parametrize("style", ["banner", "strip"])
def test_it_shows_levels_points_and_the_way(alice: Place, style: str) -> None:
    programme(alice)
    found = read(code(alice, style=style))
    for words in ("Alice旗舰店", "银杏会员", "¥100.00", "9.8折", "牡丹会员", "每消费 ¥1 得 1 积分 · 100 积分值 ¥1.00"):
        assert words in found.text
    (link,) = found.attributes["href"]
    assert link.startswith("http://127.0.0.1:8000/b/shop/")
    assert found.attributes["src"] == {f"{link}qr.png"}


def test_it_stands_without_levels_and_points(alice: Place) -> None:
    for style in ("banner", "strip"):
        found = read(code(alice, style=style, title="茶友之家"))
        assert found.text.startswith("茶友之家") or "茶友之家" in found.text
        assert "积分值" not in found.text


def test_the_own_picture_is_a_link_or_has_areas(alice: Place) -> None:
    whole = read(code(alice, style="picture", picture_url=PICTURE, picture_words="会员福利", width="950"))
    assert (whole.tags, whole.attributes["src"], whole.attributes["width"]) == ({"a", "img"}, {PICTURE}, {"950"})
    areas = [AreaSpec(left=10, top=20, width=100, height=40), AreaSpec(url="https://shop1.taobao.com/")]
    mapped = read(code(alice, style="picture", picture_url=PICTURE, areas=areas))
    assert mapped.attributes["coords"] == {"10,20,110,60", "0,0,200,80"}
    assert "https://shop1.taobao.com/" in mapped.attributes["href"]
    (name,) = mapped.attributes["name"]
    assert mapped.attributes["usemap"] == {f"#{name}"}


HOSTILE = st.text(st.sampled_from("<>\"'&;=/ ab\\`\n\t{}%茶"), max_size=40)


@settings(max_examples=60)
@given(title=HOSTILE, words=HOSTILE)
def test_nothing_typed_breaks_out_of_the_code(title: str, words: str) -> None:
    shop = Shop(1, title or "店", "taobao", "")
    spec = NoticeSpec(title=title, picture_words=words, picture_url=PICTURE, style="picture", areas=(AreaSpec(),))
    html = render_to_string(
        "console/notice/picture.html",
        {"spec": spec, "shop": shop, "title": spec.title or shop.name, "entry": "https://a.example/b/",
         "areas": [{"coords": "0,0,1,1", "url": "https://a.example/"}]},
    )  # fmt: skip
    found = read(html)
    assert found.tags == {"img", "map", "area"}
    assert set(found.attributes) <= ATTRIBUTES
    assert found.text.strip() == ""
    banner = read(render_to_string("console/notice/banner.html", {"spec": spec, "title": title, "entry": "https://a/"}))
    assert banner.tags <= TAGS
    assert set(banner.attributes) <= ATTRIBUTES


@pytest.mark.parametrize(
    "address",
    ["javascript:alert(1)", 'https://a.example/"onload=x', "https://a.example/' x", "data:text/html,x", "//a.example", "https://a b",
     "https://a.example/<script>", " javascript:x", "https://a.example/\\x", "HTTPS:alert"],
)  # fmt: skip
def test_addresses_that_are_none_are_refused(address: str) -> None:
    for filled in (
        parse(NoticeSpec, {"style": "picture", "picture_url": address}),
        parse(NoticeSpec, {"style": "banner", "color": "#b83a14", "width": "750", "picture_url": address}),
    ):
        assert isinstance(filled, Form)


def test_colours_are_those_offered() -> None:
    assert not isinstance(parse(NoticeSpec, {"style": "strip", "width": "750", "color": next(iter(COLORS))}), Form)
    assert isinstance(parse(NoticeSpec, {"style": "strip", "width": "750", "color": "red;position:fixed"}), Form)


def test_a_picture_must_be_given_for_the_picture_style() -> None:
    assert isinstance(parse(NoticeSpec, {"style": "picture", "width": "750", "color": "#b83a14"}), Form)


def test_dead_and_foreign_links_are_noticed(alice: Place, settings: object) -> None:
    shop = Shop(alice.shop_id, "店", "taobao", "")
    with translation.override("zh-hans"):
        assert [tone for tone, _ in findings(alice, shop)] == ["danger", "warning"]
        setattr(settings, "SHUKE_PUBLIC_URL", "https://vip.example.com")  # noqa: B010 - pytest-django's own object
        assert findings(alice, shop) == [
            (
                "warning",
                "淘宝会去掉指向站外的链接（vip.example.com）。二维码和文字会保留：买家可以扫码，或向客服要链接。",
            )
        ]
        assert findings(alice, Shop(1, "店", "other", "")) == []
        picture = {"style": "picture", "areas": [{"url": "https://item.taobao.com/1"}, {"url": "http://192.168.1.4/x"}]}
        tones = [tone for tone, _ in findings(alice, shop, **picture, picture_url="http://pic.example.com/a.png")]
        assert tones == ["danger", "warning", "warning", "warning", "warning"]
        assert len(findings(alice, shop, style="picture", picture_url=PICTURE)) == 1


def test_the_page_offers_preview_code_and_qr(alice: Place) -> None:
    programme(alice)
    client = staff(alice)
    html = client.get("/console/notice/").content.decode()
    for part in ('sandbox=""', "/console/notice/frame/", "qr.png", "data-copy=", "&lt;table"):
        assert part in html
    answer = client.post(
        "/console/notice/", {"style": "strip", "width": "950", "color": "#2c6d5a", "title": "茶友之家"}
    )
    assert answer.status_code == 302
    assert "茶友之家" in client.get("/console/notice/").content.decode()
    frame = client.get("/console/notice/frame/")
    assert "茶友之家" in frame.content.decode()


def test_what_is_wrong_is_said_and_nothing_is_saved(alice: Place) -> None:
    client = staff(alice)
    answer = client.post(
        "/console/notice/", {"style": "picture", "width": "750", "color": "#b83a14", "picture_url": ""}
    )
    assert answer.status_code == 422
    with tenant(alice.merchant_id):
        assert merchants.setting(alice.merchant_id, NoticeSpec) == NoticeSpec()


def test_the_preview_follows_what_is_chosen_without_saving(alice: Place) -> None:
    client = staff(alice)
    chosen = {"style": "strip", "width": "750", "color": "#2c6d5a", "title": "看一看"}
    part = client.get("/console/notice/result/", chosen, headers={"HX-Request": "true"}).content.decode()
    assert urlencode({"title": "看一看"}) in part
    assert "看一看" in client.get("/console/notice/frame/", chosen).content.decode()
    assert "预览" in client.get("/console/notice/result/", {**chosen, "color": "red"}).content.decode()
    with tenant(alice.merchant_id):
        assert merchants.setting(alice.merchant_id, NoticeSpec).title == ""


def test_the_preview_runs_nothing_and_is_framed_by_us_only(alice: Place) -> None:
    frame = staff(alice).get("/console/notice/frame/")
    policy = frame["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "frame-ancestors 'self'" in policy
    assert policy.endswith("sandbox")
    assert frame["X-Frame-Options"] == "SAMEORIGIN"
    assert "<script" not in frame.content.decode()


def test_an_agent_may_not(alice: Place) -> None:
    client = staff(alice, alice.agent_user_id)
    for path in ("", "result/", "frame/"):
        assert client.get(f"/console/notice/{path}").status_code == 403
