"""Paid memberships (付费会员) as they are sold, and what staff fill in when they sell one by hand."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Self

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Day, Fen, Mismatch, Spec, Ui


class PlanSpec(Spec):
    """A paid membership: what it costs, how long it holds, what it gives, and which product in an order buys it."""

    name: Annotated[
        str, Field(min_length=1, max_length=20), Ui(_("Name of the membership"), placeholder=_("Annual card"))
    ]
    price_fen: Annotated[
        Fen, Field(ge=0, le=100_000_00), Ui(_("Price"), help=_("What it costs when it is sold by hand."))
    ]
    days: Annotated[int, Field(ge=1, le=3660), Ui(_("Holds for"), unit=_("days"))] = 365
    level_no: Annotated[
        int | None,
        Field(ge=1, le=20, examples=[None]),
        Ui(
            _("Lifts to the level"),
            help=_("Whoever stands higher by her purchases stays there."),
            placeholder=_("none"),
        ),
    ] = None
    times: Annotated[
        Decimal,
        Field(ge=1, le=10, max_digits=5, decimal_places=2),
        Ui(_("Points are multiplied by"), help=_("1 for as many as everybody. Where her level gives more, that counts."),
           unit=_("×")),
    ] = Decimal(1)  # fmt: skip
    bonus_points: Annotated[
        int, Field(ge=0, le=1_000_000), Ui(_("Points at the start"), help=_("Taken back with a refund."),
                                           unit=_("points"))
    ] = 0  # fmt: skip
    benefits: Annotated[
        str,
        Field(max_length=500, examples=["每月一份新茶"]),
        Ui(_("Further rights"), widget="textarea", help=_("As customers read them.")),
    ] = ""
    products: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(max_length=50),
        Ui(
            _("Bought by these products"),
            help=_(
                "The shop's own number (商家编码) or the platform's (宝贝ID), one a line. Empty: sold by hand only."
            ),
        ),
    ] = ()
    sold_from_on: Annotated[
        Day | None,
        Ui(_("Orders count from"), help=_("Empty: from today. A day in the past takes up the orders since then.")),
    ] = None

    @model_validator(mode="after")
    def _gives_something(self) -> Self:
        if self.level_no is None and self.times == 1 and not self.bonus_points and not self.benefits:
            raise Mismatch("level_no", _("Please say what it gives: a level, more points, or further rights."))
        return self

    @property
    def multiple(self) -> Fraction:
        """What points are multiplied by."""
        return Fraction(self.times)


class SaleSpec(Spec):
    """A membership sold by hand: which one, for how much, and why; `key` makes pressing twice harmless."""

    plan_id: Annotated[int, Ui(_("Which one"), widget="radio")]
    paid_fen: Annotated[Fen, Field(ge=0, le=100_000_00), Ui(_("Paid"))]
    reason: Annotated[
        str,
        Field(min_length=2, max_length=200),
        Ui(_("Reason"), help=_("How it was paid and why by hand. Kept in the audit log with your name.")),
    ]
    key: Annotated[str, Field(min_length=8, max_length=64), Ui("", widget="hidden")]
