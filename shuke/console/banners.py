"""What stands above every page until somebody has seen to it."""

from __future__ import annotations

from dataclasses import dataclass

from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.console.desk import Desk
from shuke.core import epoch
from shuke.webhooks import queries as webhooks


@dataclass(frozen=True, slots=True)
class Banner:
    """A sentence with a link, or with a button that posts after asking `question`."""

    text: str
    path: str
    button: str
    question: str = ""


def banners(desk: Desk) -> list[Banner]:
    """Those this person can do something about."""
    found: list[Banner] = []
    hold = epoch.held(desk.merchant_id) if desk.may("settings.edit") else None
    if hold is not None and hold.reason == epoch.ORDERED:
        found.append(Banner(_("This is a copy for trying things out: nothing is sent to the outside."), "", ""))
    elif hold is not None:
        found.append(
            Banner(
                _("These data were restored or copied, so nothing is sent to the outside."),
                reverse("console:sending_release"),
                _("Let it send again"),
                _(
                    "Only if this is the one installation that goes on working. If the old one still runs, both would send."
                ),
            )
        )
    paused = webhooks.paused(desk.merchant_id) if desk.may("webhooks.edit") else []
    if paused:
        text = _("A webhook has failed for days and is paused: %(names)s") % {"names": ", ".join(paused)}
        found.append(Banner(text, reverse("console:webhooks"), _("Look at it")))
    return found
