"""Figures for pages: reckoned when they are looked at, or kept where that takes long (decision 0027)."""

from __future__ import annotations

from typing import TypeVar
from zoneinfo import ZoneInfo

from shuke.analytics.queries.kept import LARGE, Figures, Shown, is_large, kept, place_now
from shuke.core import clock, sql

T = TypeVar("T")


def figures(merchant_id: int, wanted: Figures[T], zone: ZoneInfo, *, above: int = LARGE) -> Shown[T]:
    """Figures for a page: reckoned on the spot, or, for a merchant of more than `above` members, those that are kept.

    The very first look of a large merchant reckons them and waits for it.
    """
    if not is_large(merchant_id, above):
        return Shown(wanted.reckon(merchant_id, zone), None)
    return kept(merchant_id, wanted) or keep_figures(merchant_id, wanted, zone)


def figures_at_hand(merchant_id: int, wanted: Figures[T], zone: ZoneInfo, *, above: int = LARGE) -> Shown[T] | None:
    """As `figures`, without the wait: None for a large merchant of whom none are kept yet."""
    if is_large(merchant_id, above):
        return kept(merchant_id, wanted)
    return Shown(wanted.reckon(merchant_id, zone), None)


def keep_figures(merchant_id: int, wanted: Figures[T], zone: ZoneInfo) -> Shown[T]:
    """Reckon figures and keep them; those of a later moment stay."""
    place, now = place_now(merchant_id), clock.now()  # before reckoning: what happens meanwhile asks for another time
    found = wanted.reckon(merchant_id, zone)
    sql.run(
        "INSERT INTO analytics_keptfigures AS k (merchant_id, name, reckoned_at, place, content)"
        " VALUES (%(m)s, %(name)s, %(now)s, %(place)s, %(content)s::jsonb) ON CONFLICT (merchant_id, name) DO UPDATE"
        " SET reckoned_at = excluded.reckoned_at, place = excluded.place, content = excluded.content"
        " WHERE k.reckoned_at <= excluded.reckoned_at",
        {"m": merchant_id, "name": wanted.name, "now": now, "place": place,
         "content": wanted.written.dump_json(found).decode()},
    )  # fmt: skip
    return Shown(found, now)
