"""How orders earn points and growth, and what points are worth."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Day, Mismatch, Spec, Ui
from shuke.loyalty.rules.terms import DayTimes as DayMultiple
from shuke.loyalty.rules.terms import Terms

CONDITIONS: dict[str, Promise] = {
    "none": _("at once"),
    "first_order": _("after her first paid order"),
    "first_finished": _("after her first finished order"),
}
COUNTS_WHEN: dict[str, Promise] = {
    "placed": _("when the order is placed"),
    "paid": _("when it is paid"),
    "finished": _("when it is finished"),
}
EXPIRIES: dict[str, Promise] = {
    "never": _("never"),
    "months": _("after a number of months"),
    "next_year_end": _("at the end of the next calendar year"),
}
DAY_KINDS: dict[str, Promise] = {
    "month_day": _("day of the month"),
    "week_day": _("day of the week"),
    "date": _("one date"),
}

Times = Annotated[
    Decimal, Field(ge=0, le=100, max_digits=6, decimal_places=3), Ui(_("Times"), unit=_("×"))
]  # fmt: skip


class LevelTimes(Spec):
    """More points for a level."""

    level_no: Annotated[int, Field(ge=0, le=20), Ui(_("Level number"))]
    times: Times


class DayTimes(Spec):
    """More points on a day: a day of the month (1…31), of the week (1 Monday … 7 Sunday), or one date."""

    kind: Annotated[Literal["month_day", "week_day", "date"], Ui(_("Kind of day"), choices=DAY_KINDS)] = "month_day"
    day: Annotated[
        int | None,
        Field(ge=1, le=31),
        Ui(_("Day"), help=_("1 to 31 for a day of the month; 1 (Monday) to 7 (Sunday) for a day of the week.")),
    ] = None
    date: Annotated[dt.date | None, Ui(_("Date"))] = None
    times: Times = Decimal(2)
    from_level: Annotated[
        int, Field(ge=0, le=20), Ui(_("From level"), help=_("0: for everybody. Lower levels earn as on any other day."))
    ] = 0

    @model_validator(mode="after")
    def _day_fits(self) -> Self:
        if self.kind == "date" and self.date is None:
            raise Mismatch("date", _("Please give the date."))
        if self.kind != "date" and self.day is None:
            raise Mismatch("day", _("Please give the day."))
        if self.kind == "week_day" and self.day is not None and self.day > 7:
            raise Mismatch("day", _("A day of the week is 1 (Monday) to 7 (Sunday)."))
        return self

    @property
    def multiple(self) -> DayMultiple:
        """The row ready for reckoning."""
        return DayMultiple(Fraction(self.times), self.from_level)


class PointsRuleSpec(Spec):
    """How orders earn points (积分) and growth (成长值), and what points are worth."""

    points_per_yuan: Annotated[
        Decimal,
        Field(ge=0, le=10000, max_digits=9, decimal_places=4),
        Ui(_("Points for every ¥1 paid"), help=_("1 means that ¥100 earns 100 points."), unit=_("points")),
    ] = Decimal(1)
    yuan_per_100_points: Annotated[
        Decimal,
        Field(ge=0, le=10000, max_digits=7, decimal_places=2),
        Ui(
            _("100 points are worth"),
            help=_("What points cost you. While points pay for orders, the rate set there counts instead."),
            unit=_("yuan"),
        ),
    ] = Decimal(1)
    signup_points: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Ui(_("Welcome points"), help=_("Given once to every new member; 0 for none."), unit=_("points")),
    ] = 0
    signup_condition: Annotated[
        Literal["none", "first_order", "first_finished"],
        Ui(
            _("Welcome points are given"),
            help=_("After the first finished order they cannot be collected with second accounts."),
            choices=CONDITIONS,
        ),
    ] = "first_finished"
    counts_when: Annotated[
        Literal["placed", "paid", "finished"],
        Ui(
            _("An order counts"),
            help=_("“Finished” is safest: people have ordered without paying, only to collect points."),
            choices=COUNTS_WHEN,
        ),
    ] = "finished"
    hold_days: Annotated[
        int,
        Field(ge=0, le=365),
        Ui(
            _("Usable after"),
            help=_("Days after the order is finished; until then points are pending. 7 covers returns without reason."),
            unit=_("days"),
        ),
    ] = 7
    start_on: Annotated[
        Day | None,
        Ui(
            _("Holds from"),
            help=_("Empty: from now on. A day in the past: orders that counted since then are computed again (补算)."),
        ),
    ] = None
    excluded_words: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=40)], ...],
        Field(max_length=100),
        Ui(_("Products that earn nothing, by a word of their title"), help=_("One word a line, such as 补差价.")),
    ] = ()
    excluded_outer_ids: Annotated[
        tuple[Annotated[str, Field(min_length=1, max_length=64)], ...],
        Field(max_length=2000),
        Ui(_("Products that earn nothing, by the shop's own number"), help=_("One number a line (商家编码).")),
    ] = ()
    postage_counts: Annotated[bool, Ui(_("Postage earns points too"))] = False
    blacklist_earns: Annotated[bool, Ui(_("Customers on the blacklist earn points"))] = False
    cap_per_order: Annotated[
        int | None, Field(ge=1, le=10_000_000), Ui(_("At most for one order"), unit=_("points"))
    ] = None
    cap_per_day: Annotated[
        int | None, Field(ge=1, le=10_000_000), Ui(_("At most for one customer in one day"), unit=_("points"))
    ] = None
    cap_per_month: Annotated[
        int | None, Field(ge=1, le=100_000_000), Ui(_("At most for one customer in one month"), unit=_("points"))
    ] = None
    level_times: Annotated[
        tuple[LevelTimes, ...],
        Field(max_length=21),
        Ui(_("More points by level"), help=_("The level the customer held when she bought."), row=_("Level")),
    ] = ()
    day_times: Annotated[
        tuple[DayTimes, ...],
        Field(max_length=60),
        Ui(
            _("More points on certain days (会员日)"),
            help=_("The day on which she paid. A date goes before a day of the month, that before a day of the week."),
            row=_("Day"),
        ),
    ] = ()
    times_together: Annotated[
        Literal["multiply", "highest"],
        Ui(
            _("Level and day together"),
            choices={"multiply": _("are multiplied"), "highest": _("the higher one counts")},
        ),
    ] = "multiply"
    expiry: Annotated[Literal["never", "months", "next_year_end"], Ui(_("Points lapse"), choices=EXPIRIES)] = (
        "next_year_end"
    )
    expiry_months: Annotated[
        int, Field(ge=1, le=120), Ui(_("Months until they lapse"), help=_("Only with “after a number of months”."))
    ] = 12
    growth_per_yuan: Annotated[
        Decimal,
        Field(ge=0, le=10000, max_digits=9, decimal_places=4),
        Ui(_("Growth for every ¥1 paid"), help=_("Growth (成长值) only lifts levels and is never spent.")),
    ] = Decimal(0)

    @model_validator(mode="after")
    def _level_once(self) -> Self:
        numbers = [row.level_no for row in self.level_times]
        for number in numbers:
            if numbers.count(number) > 1:
                raise Mismatch("level_times", gettext("Level %(no)s stands there twice.") % {"no": number})
        return self

    def terms(self) -> Terms:
        """The rule ready for reckoning."""
        days = {kind: [row for row in self.day_times if row.kind == kind] for kind in DAY_KINDS}
        return Terms(
            points_per_fen=Fraction(self.points_per_yuan) / 100,
            growth_per_fen=Fraction(self.growth_per_yuan) / 100,
            counts_when=self.counts_when,
            hold_days=self.hold_days,
            expiry=self.expiry,
            expiry_months=self.expiry_months,
            postage_counts=self.postage_counts,
            excluded_words=tuple(word.casefold() for word in self.excluded_words),
            excluded_outer_ids=frozenset(self.excluded_outer_ids),
            blacklist_earns=self.blacklist_earns,
            cap_per_order=self.cap_per_order,
            cap_per_day=self.cap_per_day,
            cap_per_month=self.cap_per_month,
            level_times={row.level_no: Fraction(row.times) for row in self.level_times},
            month_day_times={row.day: row.multiple for row in days["month_day"] if row.day},
            week_day_times={row.day: row.multiple for row in days["week_day"] if row.day},
            date_times={row.date: row.multiple for row in days["date"] if row.date},
            times_add_up=self.times_together == "multiply",
        )
