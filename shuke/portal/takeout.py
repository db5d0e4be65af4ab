"""Everything that is kept of a buyer as one archive: for programs (JSON) and for her (a page)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator
from datetime import datetime
from typing import Any

import orjson
from django.template.loader import render_to_string

from shuke.core import clock
from shuke.core.actors import buyer
from shuke.loyalty.queries import explain
from shuke.members import actions as members
from shuke.members import queries
from shuke.portal.visit import Visit
from shuke.trade import queries as trade

PART, ORDERS, LINES = 64 * 1024, 1000, 1000


def pack(visit: Visit) -> Iterator[bytes]:
    """The archive in parts; it is gathered at once, while the merchant's scope is open."""
    content = gather(visit)
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("my-data.json", orjson.dumps(content, option=orjson.OPT_INDENT_2))
        file.writestr("my-data.html", render_to_string("portal/takeout.html", {"content": content, "visit": visit}))
    archive.seek(0)
    return iter(lambda: archive.read(PART), b"")


def gather(visit: Visit) -> dict[str, Any]:
    """All of it as plain values, clear ones included: it is hers."""
    m, member_id = visit.merchant_id, visit.member_id
    profile = queries.profile(m, member_id)
    return {
        "shop": visit.merchant.name,
        "made_at": _text(clock.now()),
        "profile": {
            "name": profile.display_name, "gender": profile.gender, "province": profile.province, "city": profile.city,
            "joined_at": _text(profile.joined_at), "tags": [name for _id, name in profile.tags],
            "groups": [name for _id, name in profile.groups],
        } if profile else {},
        "personal": members.hand_out(m, member_id, by=buyer(member_id)),
        "identities": [{"kind": one.kind, "value": one.value or "***"} for one in queries.identities(m, member_id)],
        "attributes": [{"name": one.name, "value": one.value} for one in queries.attribute_values(m, member_id)],
        "consents": [
            {"channel": str(one.channel_label), "purpose": str(one.purpose_label), "is_given": one.is_given,
             "at": _text(one.at)}
            for one in queries.proofs(m, member_id, limit=1000)
        ],
        "orders": [
            {"order_no": one.order_no, "placed_at": _text(one.placed_at), "state": str(one.state_label),
             "paid_fen": one.paid_fen, "title": one.title}
            for one in trade.orders_of(m, member_id, limit=ORDERS)
        ],
        "points": [
            {"at": _text(told.line.happened_at), "amount": told.line.amount, "why": told.sentence}
            for told in explain.history(m, member_id, limit=LINES)
        ],
    }  # fmt: skip


def _text(at: datetime | None) -> str:
    return at.isoformat() if at else ""
