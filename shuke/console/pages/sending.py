"""The owner lets her business send to the outside again after a restore."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from shuke.console.desk import Desk, page
from shuke.merchants import actions as merchants


@page("settings.edit", methods=("POST",), proof=True)
def release(desk: Desk) -> HttpResponse:
    """End the hold."""
    merchants.release_sending(desk.merchant_id, by=desk.by)
    return desk.go("console:home", said=_("Shuke sends again."))
