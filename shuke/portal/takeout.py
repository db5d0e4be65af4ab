"""Everything that is kept of a buyer as one archive: for programs (JSON) and for her (a page)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.template.loader import render_to_string
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.analytics import actions as analytics
from shuke.core.actors import buyer
from shuke.portal.visit import Visit

PART = 64 * 1024
_MOMENTS = {"at", "made_at", "placed_at", "seen_at", "joined_at"}


def pack(visit: Visit) -> Iterator[bytes]:
    """The archive in parts; it is gathered at once, while the merchant's scope is open."""
    content = analytics.take_out(visit.merchant_id, visit.member_id, by=buyer(visit.member_id))
    page = render_to_string("portal/takeout.html", {"content": in_words(content, visit.zone), "visit": visit})
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("my-data.json", orjson.dumps(content, option=orjson.OPT_INDENT_2))
        file.writestr("my-data.html", page)
    archive.seek(0)
    return iter(lambda: archive.read(PART), b"")


def in_words(content: dict[str, Any], zone: ZoneInfo) -> dict[str, Any]:
    """The same as she reads it: names of accounts and genders in words, moments by the shop's clock, to the minute."""
    told: dict[str, Any] = _by_her_clock(content, zone)
    told["identities"] = [  # phones and mail addresses are kept blind as identities; they stand among what is personal
        {**one, "kind": ACCOUNTS[one["kind"]]} for one in told["identities"] if one["kind"] in ACCOUNTS
    ]
    told["profile"]["gender"] = GENDERS.get(told["profile"].get("gender", ""), "")
    return told


def _by_her_clock(found: Any, zone: ZoneInfo) -> Any:
    if isinstance(found, list):
        return [_by_her_clock(one, zone) for one in found]
    if not isinstance(found, dict):
        return found
    return {
        name: f"{datetime.fromisoformat(value).astimezone(zone):%Y-%m-%d %H:%M}"
        if name in _MOMENTS and value
        else _by_her_clock(value, zone)
        for name, value in found.items()
    }


ACCOUNTS: dict[str, Promise] = {
    "ouid": _("Number of your Taobao account in this shop"),
    "omid": _("Number of your Taobao membership"),
    "open_uid": _("Number of your account on the platform"),
    "nick": _("Your nickname"),
}
GENDERS: dict[str, Promise] = {"female": _("Female"), "male": _("Male")}
