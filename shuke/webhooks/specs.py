"""What people fill in about webhooks."""

from __future__ import annotations

from typing import Annotated

from django.conf import settings
from django.utils.translation import gettext_lazy as _
from pydantic import Field, field_validator

from shuke.core import facts
from shuke.core.specs import Spec, Ui
from shuke.webhooks import rules

TROUBLES = {
    "malformed": _("This is no complete address."),
    "not_https": _("The address must begin with https://."),
    "has_password": _("The address must not hold a name or a password; messages are signed instead."),
    "private": _("This address is not on the public internet; Shuke calls public addresses only."),
}


def kind_choices() -> list[tuple[str, str]]:
    """Every kind of fact; pages put words to them."""
    return [(kind, kind) for kind in sorted(facts.kinds())]


class EndpointSpec(Spec):
    """An address that is told what happens."""

    url: Annotated[
        str,
        Ui(_("Webhook address"), widget="url", placeholder="https://erp.example.com/shuke",
           help=_("Of your program. It must be on the public internet and speak HTTPS.")),
        Field(min_length=1, max_length=500, examples=["https://erp.example.com/shuke"]),
    ]  # fmt: skip
    description: Annotated[str, Ui(_("What it is for"), placeholder=_("Stock system")), Field(max_length=100)] = ""
    kinds: Annotated[
        list[str],
        Ui(_("What it is told"), widget="checks", choices=kind_choices, help=_("Nothing chosen means everything.")),
        Field(max_length=200),
    ] = []
    is_active: Annotated[
        bool,
        Ui(
            _("Switched on"), help=_("Switched off, it is told nothing, and what happens meanwhile is not kept for it.")
        ),
    ] = True

    @field_validator("url")
    @classmethod
    def _callable(cls, value: str) -> str:
        trouble = rules.trouble_with(value, settings.SHUKE_WEBHOOK_ALLOW)
        if trouble:
            raise ValueError(TROUBLES[trouble])
        return value

    @field_validator("kinds")
    @classmethod
    def _known(cls, value: list[str]) -> list[str]:
        unknown = set(value) - set(facts.kinds())
        if unknown:
            raise ValueError(_("There is no such kind of fact."))
        return sorted(set(value))
