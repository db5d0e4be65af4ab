"""What an owner may set about paying part of an order with points (积分抵现)."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Fen, Mismatch, Permille, Spec, Ui
from shuke.loyalty.rules.redemption import Limits


class RedemptionRuleSpec(Spec):
    """How points pay part of an order: what they are worth there, how many, how often, and until when."""

    is_on: Annotated[
        bool,
        Ui(
            _("Points may pay part of an order"),
            help=_("Switched off, no new codes are given; those given still hold."),
        ),
    ] = False
    yuan_per_100_points: Annotated[
        Decimal,
        Field(gt=0, le=10000, max_digits=7, decimal_places=2),
        Ui(_("100 points pay"), unit=_("yuan"), help=_("2 means that 100 points make an order ¥2 cheaper.")),
    ] = Decimal(2)
    least_points: Annotated[int, Field(ge=1, le=10_000_000), Ui(_("Smallest amount"), unit=_("points"))] = 100
    step_points: Annotated[
        int,
        Field(ge=1, le=10_000_000),
        Ui(_("In steps of"), unit=_("points"), help=_("100: she may choose 100, 200, 300 …")),
    ] = 100
    most_points: Annotated[
        int, Field(ge=1, le=100_000_000), Ui(_("Largest amount for one order"), unit=_("points"))
    ] = 5000
    part_permille: Annotated[
        Permille,
        Ui(_("Largest part of an order"), help=_("500 is half of what the goods cost; postage is not counted.")),
    ] = 500
    min_order_fen: Annotated[
        Fen,
        Field(ge=0, le=100_000_000_00),
        Ui(_("Only for orders from"), help=_("What the goods cost before; 0 for every order.")),
    ] = 0
    open_codes: Annotated[
        int,
        Field(ge=1, le=5),
        Ui(_("Open codes of one customer"), help=_("How many codes she may hold that are not used yet.")),
    ] = 1
    member_day_points: Annotated[
        int | None, Field(ge=1, le=100_000_000), Ui(_("At most used by one customer in one day"), unit=_("points"))
    ] = None
    day_points: Annotated[
        int | None, Field(ge=1, le=10_000_000_000), Ui(_("At most used by all customers in one day"), unit=_("points"))
    ] = None
    hours: Annotated[
        int,
        Field(ge=1, le=720),
        Ui(_("A code holds for"), unit=_("hours"), help=_("Unused by then, its points are free again.")),
    ] = 48
    wait_days: Annotated[
        int,
        Field(ge=1, le=60),
        Ui(
            _("Wait for the paid order for"),
            unit=_("days"),
            help=_(
                "After that, counted from the end of the code, points of an order that never turned up are free again."
            ),
        ),
    ] = 7
    shop_ids: Annotated[
        tuple[int, ...],
        Field(max_length=200),
        Ui(_("In these shops"), widget="checks", help=_("None chosen: in all of them.")),
    ] = ()

    @model_validator(mode="after")
    def _amounts_fit(self) -> Self:
        if self.worth_fen(self.least_points) < 1:
            raise Mismatch("least_points", gettext("So few points are worth less than ¥0.01."))
        if self.least_points % self.step_points:
            raise Mismatch("step_points", gettext("The smallest amount must be a whole number of steps."))
        if self.most_points < self.least_points:
            raise Mismatch("most_points", gettext("The largest amount must not be below the smallest."))
        if (self.step_points * Fraction(self.yuan_per_100_points)).denominator != 1:
            raise Mismatch("step_points", gettext("A step must be worth whole fen, such as 100 points for ¥2."))
        if self.part_permille < 1:
            raise Mismatch(
                "part_permille", gettext("With a part of 0 points could pay nothing; switch it off above instead.")
            )
        if self.member_day_points is not None and self.member_day_points < self.least_points:
            raise Mismatch("member_day_points", gettext("One customer could never use even the smallest amount."))
        if self.day_points is not None and self.day_points < (self.member_day_points or self.least_points):
            raise Mismatch("day_points", gettext("All customers together must be allowed at least as much as one."))
        return self

    def worth_fen(self, points: int) -> int:
        """What points pay, in fen, rounded down."""
        return int(points * Fraction(self.yuan_per_100_points) // 1)

    def limits(self) -> Limits:
        """What it says of one order."""
        return Limits(self.part_permille, self.min_order_fen)
