"""Settings of points and levels that are no rules: limits, warnings, the birthday benefit, what postage is worth."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.core.specs import Fen, Spec, Ui
from shuke.merchants.specs import register_setting

STRETCHES: dict[str, Promise] = {
    "day": _("on the day"),
    "week": _("in the week around it"),
    "month": _("in the whole month"),
}


class AdjustLimitSpec(Spec):
    """How far one person may give or take points by hand; above, a second one must approve."""

    limit_points: Annotated[
        int,
        Field(ge=0, le=100_000_000),
        Ui(_("For one customer in one go"), help=_("More than this waits until a second person approves."),
           unit=_("points")),
    ] = 5000  # fmt: skip
    day_points: Annotated[
        int,
        Field(ge=0, le=1_000_000_000),
        Ui(_("By one person in one day"), help=_("Given and taken added up, over all customers."), unit=_("points")),
    ] = 20_000


class LevelWarnSpec(Spec):
    """How early the list of customers who are about to lose a level shows them."""

    warn_days: Annotated[int, Field(ge=1, le=180), Ui(_("Warn before a level ends"), unit=_("days"))] = 30
    membership_days: Annotated[
        int, Field(ge=1, le=180), Ui(_("Warn before a paid membership ends"), unit=_("days"))
    ] = 14


class BirthdaySpec(Spec):
    """What a member is given for her birthday, once a year, and who gets it."""

    points: Annotated[
        int, Field(ge=0, le=1_000_000), Ui(_("Points"), help=_("0 for none. A level may give more."), unit=_("points"))
    ] = 0
    times: Annotated[
        Decimal,
        Field(ge=1, le=10, max_digits=5, decimal_places=2),
        Ui(_("Points are multiplied by"), help=_("For orders paid in these days; 1 for as many as ever."), unit=_("×")),
    ] = Decimal(1)
    stretch: Annotated[
        Literal["day", "week", "month"],
        Ui(_("Celebrated"), help=_("The week: three days before to three days after."), choices=STRETCHES),
    ] = "month"
    known_days: Annotated[
        int,
        Field(ge=0, le=365),
        Ui(
            _("Birthday known for at least"), help=_("Nobody sets her birthday to tomorrow to collect."), unit=_("days")
        ),
    ] = 30
    only_buyers: Annotated[
        bool, Ui(_("Only with a finished order"), help=_("So that second accounts collect nothing."))
    ] = True

    @property
    def multiple(self) -> Fraction:
        """What points are multiplied by."""
        return Fraction(self.times)

    @property
    def is_on(self) -> bool:
        """Whether anything is given to everybody."""
        return bool(self.points) or self.times != 1


class PostageWorthSpec(Spec):
    """What a parcel's postage is worth, for saying what free postage gave a customer."""

    postage_fen: Annotated[
        Fen, Field(ge=0, le=1_000_00), Ui(_("Postage of a parcel"), help=_("0: nothing is said about it in yuan."))
    ] = 0


register_setting(AdjustLimitSpec, _("Points by hand"), lead=_("Above these limits a second person has to approve."))
register_setting(
    LevelWarnSpec,
    _("Warnings before a level ends"),
    "rules.edit",
    lead=_("For the lists, for home and for automations."),
)
register_setting(
    PostageWorthSpec, _("What free postage is worth"), "rules.edit",
    lead=_("Platforms' files do not say what postage would have cost."),
)  # fmt: skip
