"""Invented people and what is told of them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from shuke.core.actors import SYSTEM
from shuke.members import queries
from shuke.members.actions import Sighting, recognise
from shuke.members.queries import Profile

T0 = datetime(2026, 11, 1, 2, 0, tzinfo=UTC)


def told(nick: str = "", *, day: int = 0, **more: Any) -> Sighting:
    """A sighting some days after T0."""
    return Sighting(seen_at=T0 + timedelta(days=day), nick=nick, **more)


def wang(nick: str = "小王爱买买", **more: Any) -> Sighting:
    """王小美 of Hangzhou, who bought."""
    known = {"name": "王小美", "phone": "13812341234", "address": "浙江省杭州市西湖区文三路90号", "province": "浙江省",
             "city": "杭州市", "district": "西湖区", "traded": True}  # fmt: skip
    return told(nick, **{**known, **more})


def see(merchant_id: int, shop_id: int, *sightings: Sighting, source: str = "import:1") -> list[int]:
    """Recognise as an import does."""
    return recognise(merchant_id, shop_id, sightings, source=source, by=SYSTEM)


def profile(merchant_id: int, member_id: int) -> Profile:
    """The profile of somebody who is there."""
    found = queries.profile(merchant_id, member_id)
    assert found is not None
    return found
