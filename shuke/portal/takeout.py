"""Everything that is kept of a buyer as one archive: for programs (JSON) and for her (a page)."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterator

import orjson
from django.template.loader import render_to_string

from shuke.analytics import actions as analytics
from shuke.core.actors import buyer
from shuke.portal.visit import Visit

PART = 64 * 1024


def pack(visit: Visit) -> Iterator[bytes]:
    """The archive in parts; it is gathered at once, while the merchant's scope is open."""
    content = analytics.take_out(visit.merchant_id, visit.member_id, by=buyer(visit.member_id))
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as file:
        file.writestr("my-data.json", orjson.dumps(content, option=orjson.OPT_INDENT_2))
        file.writestr("my-data.html", render_to_string("portal/takeout.html", {"content": content, "visit": visit}))
    archive.seek(0)
    return iter(lambda: archive.read(PART), b"")
