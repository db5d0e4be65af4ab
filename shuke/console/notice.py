"""HTML for a shop's notice area (自定义内容区): tables, pictures and links only, since platforms strip everything else."""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from typing import Annotated, Literal, Self
from urllib.parse import urlsplit

from django.conf import settings
from django.template.loader import render_to_string
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Mismatch, Spec, Ui
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries.explain import amount
from shuke.loyalty.queries.rulewords import discount_words, points_in_a_line
from shuke.loyalty.queries.worth import worth
from shuke.members.queries.links import entry_link
from shuke.merchants.queries import Shop

COLORS = {
    "#b83a14": _("Persimmon"),
    "#9c1c1c": _("Festive red"),
    "#2c6d5a": _("Jade"),
    "#22395c": _("Ink blue"),
    "#6b4a1f": _("Tea brown"),
    "#5b2a5e": _("Plum"),
}
OWN_SITES = {"taobao": ("taobao.com", "tmall.com", "alicdn.com", "taobaocdn.com", "tbcdn.cn")}

Link = Annotated[str, Field(max_length=500, pattern=r"^(https?://[^\s\"'<>\\]+)?$")]
Pixels = Annotated[int, Field(ge=0, le=4000)]


class AreaSpec(Spec):
    """A part of the picture that can be clicked."""

    left: Annotated[Pixels, Ui(_("From the left"), unit="px")] = 0
    top: Annotated[Pixels, Ui(_("From the top"), unit="px")] = 0
    width: Annotated[int, Field(ge=1, le=4000), Ui(_("Width"), unit="px")] = 200
    height: Annotated[int, Field(ge=1, le=4000), Ui(_("Height"), unit="px")] = 80
    url: Annotated[Link, Ui(_("Leads to"), placeholder="https://", help=_("Empty: the membership page."))] = ""


class NoticeSpec(Spec):
    """What stands in the shop's notice area."""

    shop: Annotated[str, Ui(_("Shop"), widget="select"), Field(max_length=20)] = ""
    style: Annotated[
        Literal["banner", "strip", "picture"],
        Ui(
            _("Style"),
            widget="radio",
            choices={"banner": _("Card with levels"), "strip": _("Narrow strip"), "picture": _("My own picture")},
        ),
    ] = "banner"
    width: Annotated[
        Literal["750", "950", "990"],
        Ui(_("Width"), choices={"750": _("750 px, beside the navigation"), "950": _("950 px, Taobao's full width"),
                                "990": _("990 px, Tmall's full width")}),
    ] = "750"  # fmt: skip
    color: Annotated[str, Ui(_("Colour"), choices=COLORS), Field(pattern=r"^#[0-9a-f]{6}$")] = "#b83a14"
    title: Annotated[
        str, Ui(_("Headline"), placeholder=_("Members are at home here"), help=_("Empty: the shop's name.")),
        Field(max_length=40),
    ] = ""  # fmt: skip
    picture_url: Annotated[
        Link,
        Ui(_("Address of the picture"), placeholder="https://img.alicdn.com/…", section=_("My own picture"),
           help=_("Upload it to the platform's picture space and copy its address.")),
    ] = ""  # fmt: skip
    picture_words: Annotated[
        str,
        Ui(_("What the picture says"), section=_("My own picture"), help=_("Read aloud to those who cannot see it.")),
        Field(max_length=100),
    ] = ""
    areas: Annotated[
        tuple[AreaSpec, ...],
        Field(max_length=8),
        Ui(_("Areas to click"), section=_("My own picture"), row=_("Area"), help=_("None: the whole picture.")),
    ] = ()

    @model_validator(mode="after")
    def _picture_there(self) -> Self:
        if self.style == "picture" and not self.picture_url:
            raise Mismatch("picture_url", _("Please give the address of your picture."))
        return self


@dataclass(frozen=True, slots=True)
class Finding:
    """Something about the code that the seller should know; `tone` is danger, warning or info."""

    tone: str
    sentence: str


def code(merchant_id: int, shop: Shop, spec: NoticeSpec) -> str:
    """The HTML to paste, in the active language, within the merchant's scope; nothing of it is a script or a style sheet."""
    rule, points = loyalty.level_rule(merchant_id), loyalty.points_rule(merchant_id)
    entry = entry_link(merchant_id, shop.id)
    levels = [
        {"name": level.name, "discount": discount_words(level.discount_permille),
         "opens_at": amount(rule.spec.measure, rule.policy.thresholds[no]) if no else ""}
        for no, level in enumerate(rule.spec.levels)
    ] if rule else []  # fmt: skip
    html = render_to_string(
        f"console/notice/{spec.style}.html",
        {
            "spec": spec,
            "title": spec.title or shop.name,
            "shop": shop,
            "entry": entry,
            "qr": f"{entry}qr.png",
            "levels": levels,
            "points": points_in_a_line(points.spec, worth(merchant_id)) if points else "",
            "areas": [{"coords": _coords(area), "url": area.url or entry} for area in spec.areas],
        },
    )
    return re.sub(r">\s+<", "><", html).strip()


def findings(merchant_id: int, shop: Shop, spec: NoticeSpec) -> list[Finding]:
    """Links and pictures that buyers could not open, or that the platform would take out."""
    entry = entry_link(merchant_id, shop.id)
    found = []
    if _is_unreachable(entry):
        found.append(Finding("danger", gettext(
            "Buyers cannot open %(address)s: it leads to this computer only. Set SHUKE_PUBLIC_URL to the address under"
            " which Shuke can be reached from outside.") % {"address": settings.SHUKE_PUBLIC_URL}))  # fmt: skip
    links = [area.url for area in spec.areas if area.url] if spec.style == "picture" else []
    pictures = [spec.picture_url] if spec.style == "picture" else []
    found += [
        Finding("danger", gettext("Buyers cannot open %(address)s.") % {"address": url})
        for url in [*links, *pictures]
        if _is_unreachable(url)
    ]
    found += [
        Finding(
            "warning",
            gettext("%(address)s is not encrypted; browsers will not show it in an https page.") % {"address": url},
        )
        for url in pictures
        if url.startswith("http://")
    ]
    return [*found, *_foreign(shop, [entry, *links], pictures)]


def _foreign(shop: Shop, links: list[str], pictures: list[str]) -> list[Finding]:
    sites = OWN_SITES.get(shop.platform)
    if sites is None:
        return []
    found = [
        Finding(
            "warning",
            gettext(
                "Taobao takes out links that lead elsewhere (%(host)s). The QR code and the words stay: buyers scan it, or ask"
                " staff for their link."
            )
            % {"host": host},
        )
        for host in dict.fromkeys(_host(url) for url in links if not _is_at(url, sites))
    ]
    if any(not _is_at(url, sites) for url in pictures):
        found.append(Finding("warning", gettext(
            "The picture does not lie in Taobao's picture space; Taobao may not show it. Upload it there first.")))  # fmt: skip
    return found


def _coords(area: AreaSpec) -> str:
    return f"{area.left},{area.top},{area.left + area.width},{area.top + area.height}"


def _host(url: str) -> str:
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def _is_at(url: str, sites: tuple[str, ...]) -> bool:
    host = _host(url)
    return any(host == site or host.endswith(f".{site}") for site in sites)


def _is_unreachable(url: str) -> bool:
    """Whether only this computer or its own network could open an address; nothing is fetched."""
    host = _host(url)
    try:
        return not ipaddress.ip_address(host).is_global
    except ValueError:
        return "." not in host or host.endswith((".local", ".localhost", ".internal", ".lan", ".test", ".invalid"))
