"""The merchant's settings: her name and zone, and every Spec that a module registered."""

from __future__ import annotations

from zoneinfo import available_timezones

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from shuke.console.desk import Desk, ask_proof, page
from shuke.core.errors import Missing
from shuke.core.specs import Spec
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import MerchantSpec, SettingPage, setting_pages


@page("settings.edit", methods=("GET", "POST"))
def merchant(desk: Desk) -> HttpResponse:
    """Name and time zone."""

    def act(filled: MerchantSpec) -> None:
        merchants.edit_merchant(desk.merchant_id, name=filled.name, zone=filled.zone, by=desk.by)

    return desk.fill_in(
        MerchantSpec,
        "console/settings/edit.html",
        act,
        said=_("Saved."),
        value={"name": desk.merchant.name, "zone": desk.merchant.zone},
        choices={"zone": _zones()},
        pages=_pages(desk),
        current="",
    )


@page(methods=("GET", "POST"))
def edit(desk: Desk, name: str) -> HttpResponse:
    """One registered Spec."""
    pages = {one.name: one for one in _pages(desk)}
    if name not in pages:
        raise Missing("no_setting", _("There is no such setting."))

    if desk.is_post and pages[name].right == "staff.edit":
        asked = ask_proof(desk)
        if asked is not None:
            return asked

    def act(filled: Spec) -> None:
        merchants.save_setting(desk.merchant_id, filled, by=desk.by)

    return desk.fill_in(
        pages[name].spec,
        "console/settings/edit.html",
        act,
        said=_("Saved."),
        value=queries.setting(desk.merchant_id, pages[name].spec),
        pages=list(pages.values()),
        current=name,
        setting=pages[name],
    )


def _pages(desk: Desk) -> list[SettingPage]:
    return [one for one in setting_pages() if desk.may(one.right)]


def _zones() -> list[tuple[str, str]]:
    first = ["Asia/Shanghai", "Asia/Urumqi", "Asia/Hong_Kong", "Asia/Macau", "Asia/Taipei"]
    rest = sorted(
        zone for zone in available_timezones() if "/" in zone and not zone.startswith(("Etc/", "posix", "right"))
    )
    return [(zone, zone) for zone in [*first, *(zone for zone in rest if zone not in first)]]
