"""Customers in the words of a shopkeeper: lifecycle groups with their advice, where she comes from, who did what."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.members.queries import Identity, Profile
from shuke.merchants import queries as merchants

Text = str | Promise


@dataclass(frozen=True, slots=True)
class Advice:
    """What to do for the customers of a lifecycle group, as experienced sellers do it."""

    label: Text
    meaning: Text
    advice: Text
    icon: str
    tone: str


ADVICE: dict[str, Advice] = {
    "loyal": Advice(
        gettext_lazy("Loyal"), gettext_lazy("two orders or more"),
        gettext_lazy("Show them new goods first and give them a coupon of their own."), icon="heart", tone="brand",
    ),
    "new": Advice(
        gettext_lazy("New"), gettext_lazy("first bought lately"),
        gettext_lazy("Ask within three days how it arrived, and lead them to a second order."), icon="sparkles", tone="success",
    ),
    "callback": Advice(
        gettext_lazy("To call back"), gettext_lazy("ordered, did not pay"),
        gettext_lazy("Ask why, keep the answer, and help them to pay."), icon="message-circle", tone="warning",
    ),
    "lapsed": Advice(
        gettext_lazy("Long absent"), gettext_lazy("bought before, long ago"),
        gettext_lazy("Call them with a coupon that ends soon."), icon="moon", tone="info",
    ),
    "other": Advice(
        gettext_lazy("Bought once"), gettext_lazy("neither new nor long absent"),
        gettext_lazy("Bring them back with what goes with their first order."), icon="user", tone="secondary",
    ),
}  # fmt: skip

PROVINCES = (
    "北京", "天津", "上海", "重庆", "广东省", "浙江省", "江苏省", "山东省", "福建省", "四川省", "河南省", "湖北省", "湖南省",
    "河北省", "安徽省", "辽宁省", "陕西省", "江西省", "广西壮族自治区", "云南省", "黑龙江省", "吉林省", "山西省", "贵州省", "海南省",
    "内蒙古自治区", "甘肃省", "新疆维吾尔自治区", "宁夏回族自治区", "青海省", "西藏自治区", "香港特别行政区", "澳门特别行政区", "台湾省",
)  # fmt: skip

SOURCES: dict[str, Text] = {
    "traded": gettext_lazy("Has bought"),
    "untraded": gettext_lazy("Ordered only"),
    "recruited": gettext_lazy("Joined by herself"),
}
GENDERS: dict[str, Text] = {"female": gettext_lazy("Female"), "male": gettext_lazy("Male")}
IDENTITIES: dict[str, Text] = {
    "ouid": gettext_lazy("Taobao buyer ID (OUID)"),
    "omid": gettext_lazy("Taobao member ID (OMID)"),
    "open_uid": gettext_lazy("Open UID"),
    "nick": gettext_lazy("Nick"),
    "phone": gettext_lazy("Phone"),
    "email": gettext_lazy("E-mail"),
}


def profile(found: Profile, personal: Collection[str] = ()) -> list[tuple[str, str]]:
    """Where she is from and since when, as (question, answer) pairs without blanks and without what `personal` names."""
    birthday = found.birth_month_day
    pairs = [
        (_("Place"), " ".join(part for part in (found.province, found.city) if part)),
        (_("Gender"), str(GENDERS.get(found.gender, ""))),
        (
            _("Birthday"),
            f"{birthday // 100:02d}-{birthday % 100:02d}" if birthday and "birthday" not in personal else "",
        ),
        (_("Source"), str(SOURCES.get(found.relation_source, ""))),
    ]
    return [(question, answer) for question, answer in pairs if answer]


def identities(merchant_id: int, found: Iterable[Identity]) -> list[tuple[str, str, str]]:
    """(kind, value, shop) of the names under which channels know her; a sealed value shows as stars."""
    return identities_of(merchant_id, {0: found})[0]


def identities_of(merchant_id: int, found: Mapping[int, Iterable[Identity]]) -> dict[int, list[tuple[str, str, str]]]:
    """As `identities`, of each of many members."""
    shops = {shop.id: shop.name for shop in merchants.shops(merchant_id)}
    return {
        member_id: [
            (str(IDENTITIES.get(one.kind, one.kind)), one.value or "***", shops.get(one.shop_id, "")) for one in own
        ]
        for member_id, own in found.items()
    }


def phone(number: str) -> str:
    """A number as people dial it: mainland mobiles without the country's 86 that orders carry."""
    return number[2:] if len(number) == 13 and number.startswith("861") else number


def doers(merchant_id: int) -> dict[str, str]:
    """Display names by `staff:12`."""
    return {f"staff:{person.id}": person.display_name for person in merchants.people(merchant_id)}
