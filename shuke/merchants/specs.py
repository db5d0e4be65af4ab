"""What people fill in about merchants, shops and staff; and the register of every module's settings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import Field, StringConstraints, model_validator

from shuke.core.specs import Mismatch, Spec, Ui
from shuke.merchants import queries, rules

Name = Field(min_length=1, max_length=100)
AS_TYPED = StringConstraints(strip_whitespace=False)
"""For passwords: a blank at the end belongs to them."""


class MerchantSpec(Spec):
    """A merchant."""

    name: Annotated[str, Ui(_("Name of the business"), help=_("Your staff see it; buyers see the shop's name.")), Name]
    zone: Annotated[
        str, Ui(_("Time zone"), help=_("Days, check-ins and figures follow it.")), Field(min_length=1, max_length=64)
    ] = "Asia/Shanghai"


class ShopEditSpec(Spec):
    """What may change about a shop."""

    name: Annotated[str, Ui(_("Shop name"), help=_("As buyers know it.")), Name]
    url: Annotated[
        str,
        Ui(_("Shop address"), widget="url", placeholder="https://shop123.taobao.com", help=_("For links and pages.")),
        Field(max_length=200, pattern=r"^(https?://[^\s]+)?$"),
    ] = ""


class ShopSpec(ShopEditSpec):
    """A shop to be added; the page offers the platforms."""

    platform: Annotated[str, Ui(_("Platform"), widget="radio"), Field(min_length=1, max_length=32)] = "taobao"


class PersonSpec(Spec):
    """Somebody who is to work here."""

    display_name: Annotated[str, Ui(_("Name")), Field(min_length=1, max_length=64)]
    username: Annotated[
        str,
        Ui(
            _("Sign-in name"),
            help=_("2 to 64 characters without blanks; letters, digits or Chinese."),
            autocomplete="off",
        ),
        Field(min_length=2, max_length=64),
    ]
    role: Annotated[str, Ui(_("Role"), widget="radio", choices=queries.role_choices)] = "agent"


class RoleSpec(Spec):
    """What somebody may do, and whether she may come in at all."""

    role: Annotated[str, Ui(_("Role"), widget="radio", choices=queries.role_choices)] = "agent"
    is_active: Annotated[
        bool, Ui(_("May sign in"), help=_("Switched off, she is out at once; what she did stays."))
    ] = True


class PasswordSpec(Spec):
    """A person's new password."""

    old: Annotated[
        str, Ui(_("Present password"), widget="password", autocomplete="current-password"), AS_TYPED,
        Field(min_length=1, max_length=256),
    ]  # fmt: skip
    new: Annotated[
        str,
        Ui(_("New password"), widget="password", autocomplete="new-password", help=_("At least 10 characters.")),
        AS_TYPED,
        Field(min_length=10, max_length=256),
    ]
    again: Annotated[
        str, Ui(_("New password again"), widget="password", autocomplete="new-password"), AS_TYPED,
        Field(min_length=1, max_length=256),
    ]  # fmt: skip

    @model_validator(mode="after")
    def _same(self) -> Self:
        if self.new != self.again:
            raise Mismatch("again", _("The two new passwords differ."))
        return self


class ApiKeySpec(Spec):
    """A way in for another program."""

    name: Annotated[str, Ui(_("Name of the key"), help=_("Which program uses it.")), Field(min_length=1, max_length=60)]
    scopes: Annotated[
        list[str], Ui(_("What it may do"), widget="checks", choices=queries.scope_choices), Field(min_length=1)
    ]
    shop_id: Annotated[
        int | None,
        Ui(
            _("Only for this shop"),
            choices=(),
            placeholder=_("All shops"),
            help=_("Such a key may only read and send this shop's orders."),
        ),
    ] = None
    expires_days: Annotated[
        int | None, Ui(_("Ends after"), unit=_("days"), help=_("Left empty, it works until it is revoked.")),
        Field(ge=1, le=3650),
    ] = None  # fmt: skip
    per_minute: Annotated[
        int, Ui(_("Calls a minute"), help=_("More calls than this are turned away for a moment.")),
        Field(ge=1, le=1_000_000),
    ] = 6000  # fmt: skip
    networks: Annotated[
        list[str],
        Ui(
            _("Only from these addresses"),
            widget="lines",
            placeholder="203.0.113.7",
            help=_("One a line; a network is written 203.0.113.0/24. Left empty, every address may call."),
        ),
        Field(max_length=50),
    ] = []

    @model_validator(mode="after")
    def _known(self) -> Self:
        if unknown := set(self.scopes) - set(rules.SCOPES):
            raise Mismatch("scopes", _("There is no scope “%(name)s”.") % {"name": min(unknown)[:40]})
        if wrong := [one for one in self.networks if not rules.is_network(one)]:
            raise Mismatch("networks", _("“%(text)s” is no address.") % {"text": wrong[0][:60]})
        return self


@dataclass(frozen=True, slots=True)
class SettingPage:
    """A Spec whose value the merchant keeps as a setting, and who may change it."""

    spec: type[Spec]
    title: str | Promise
    right: str
    lead: str | Promise = ""

    @property
    def name(self) -> str:
        """Its name in addresses and in the table of settings."""
        return self.spec.__name__


_pages: dict[str, SettingPage] = {}


def register_setting(
    spec: type[Spec], title: str | Promise, right: str = "settings.edit", *, lead: str | Promise = ""
) -> None:
    """Have the console's settings offer a Spec; every field needs a default. Called where the Spec is declared."""
    _pages[spec.__name__] = SettingPage(spec, title, right, lead)


def setting_pages() -> list[SettingPage]:
    """Every registered setting in the order of registration."""
    return list(_pages.values())


class SecondFactorSpec(Spec):
    """Which roles must show more than a password."""

    roles: Annotated[
        tuple[str, ...],
        Ui(
            _("Who must use a second factor"),
            widget="checks",
            choices=queries.role_choices,
            help=_("Whoever has none yet is asked to set one up the next time she signs in."),
        ),
        Field(max_length=10),
    ] = ()


register_setting(
    SecondFactorSpec,
    _("Signing in"),
    "staff.edit",
    lead=_("A second factor is a code on her phone or a passkey. A stolen password alone then opens nothing."),
)
