"""What an owner may set about points and levels."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from fractions import Fraction
from typing import Annotated, Literal, Self

from django.utils.functional import Promise
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Discount, Mismatch, Spec, Ui
from shuke.loyalty.rules.levels import Policy, problems_on_taobao
from shuke.loyalty.rules.points import Terms

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
MEASURES: dict[str, Promise] = {"amount": _("amount paid"), "count": _("number of orders"), "growth": _("growth")}
WINDOWS: dict[str, Promise] = {
    "lifetime": _("all time"),
    "rolling": _("the last months"),
    "calendar_year": _("this calendar year"),
}
DOWNGRADES: dict[str, Promise] = {
    "one_down": _("goes down one level"),
    "to_match": _("goes down to the level that fits"),
    "never": _("keeps it for good"),
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

    @model_validator(mode="after")
    def _day_fits(self) -> Self:
        if self.kind == "date" and self.date is None:
            raise Mismatch("date", _("Please give the date."))
        if self.kind != "date" and self.day is None:
            raise Mismatch("day", _("Please give the day."))
        if self.kind == "week_day" and self.day is not None and self.day > 7:
            raise Mismatch("day", _("A day of the week is 1 (Monday) to 7 (Sunday)."))
        return self


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
        Ui(_("100 points are worth"), help=_("Used for the cost of points and for spending them."), unit=_("yuan")),
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
        dt.date | None,
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
            month_day_times={row.day: Fraction(row.times) for row in days["month_day"] if row.day},
            week_day_times={row.day: Fraction(row.times) for row in days["week_day"] if row.day},
            date_times={row.date: Fraction(row.times) for row in days["date"] if row.date},
            times_add_up=self.times_together == "multiply",
        )

    def worth_fen(self, points: int) -> int:
        """What points are worth, in fen, rounded down (away from nothing for negative points)."""
        return int(points * Fraction(self.yuan_per_100_points) // 1)


class LevelSpec(Spec):
    """One level: its name, what opens it, what it gives."""

    name: Annotated[str, Field(min_length=1, max_length=20), Ui(_("Name of the level"))]
    threshold: Annotated[
        Decimal,
        Field(ge=0, le=100_000_000, max_digits=11, decimal_places=2),
        Ui(_("Opens at"), help=_("Yuan, orders or growth, as chosen below; 0 for the first.")),
    ] = Decimal(0)
    discount_permille: Annotated[Discount, Ui(_("Discount"), help=_("10 is the full price, 9.5 a twentieth less."))] = (
        1000
    )
    benefits: Annotated[str, Field(max_length=500), Ui(_("Benefits"), help=_("As customers read them."))] = ""


def _ladder() -> tuple[LevelSpec, ...]:
    # Taobao's own names: they are data, in whatever language the console is read.
    return (
        LevelSpec(name="店铺客户"),
        LevelSpec(name="普通会员", threshold=Decimal("0.01"), discount_permille=990),
        LevelSpec(name="高级会员", threshold=Decimal(500), discount_permille=970),
        LevelSpec(name="VIP会员", threshold=Decimal(1500), discount_permille=950),
        LevelSpec(name="至尊VIP", threshold=Decimal(5000), discount_permille=900),
    )


class LevelRuleSpec(Spec):
    """The ladder of levels (会员等级): what opens a level, how long it holds, how it is lost."""

    levels: Annotated[
        tuple[LevelSpec, ...],
        Field(min_length=2, max_length=21),
        Ui(_("The ladder"), help=_("From the lowest up; the first one (level 0) is everybody's."), row=_("Level")),
    ] = Field(default_factory=_ladder)
    for_taobao: Annotated[
        bool,
        Ui(
            _("Keep to Taobao's own ladder"),
            help=_("At most levels 0 to 4, discounts between 700‰ and 1000‰, each level cheaper than the one below."),
        ),
    ] = True
    measure: Annotated[Literal["amount", "count", "growth"], Ui(_("Levels go by"), choices=MEASURES)] = "amount"
    window: Annotated[Literal["lifetime", "rolling", "calendar_year"], Ui(_("Counted over"), choices=WINDOWS)] = (
        "lifetime"
    )
    window_months: Annotated[
        int, Field(ge=1, le=120), Ui(_("Months counted"), help=_("Only with “the last months”."))
    ] = 12
    validity_months: Annotated[
        int,
        Field(ge=0, le=120),
        Ui(_("A level is sure for"), help=_("0: without an end. With calendar years, until that year's end."),
           unit=_("months")),
    ] = 0  # fmt: skip
    keep_percent: Annotated[
        int,
        Field(ge=1, le=100),
        Ui(_("To keep it (保级)"), help=_("This share of the level's threshold must be reached again."), unit="%"),
    ] = 100
    grace_days: Annotated[
        int, Field(ge=0, le=365), Ui(_("Grace afterwards"), help=_("A purchase in these days still keeps it."),
                                     unit=_("days"))
    ] = 0  # fmt: skip
    downgrade: Annotated[
        Literal["one_down", "to_match", "never"],
        Ui(
            _("Who does not keep it"),
            help=_("Where levels have no end, she goes to the level that fits."),
            choices=DOWNGRADES,
        ),
    ] = "one_down"

    @model_validator(mode="after")
    def _ladder_stands(self) -> Self:
        if self.levels[0].threshold != 0:
            raise Mismatch("levels", _("Level 0 is everybody's: its threshold must be 0."))
        if self.measure != "amount" and any(row.threshold % 1 for row in self.levels):
            raise Mismatch("levels", _("Thresholds in orders or growth are whole numbers."))
        if self.measure == "growth" and self.window != "lifetime":
            raise Mismatch("window", _("Growth is counted over all time; please choose “all time”."))
        self._rising()
        if self.for_taobao:
            self._fits_taobao()
        return self

    def _rising(self) -> None:
        for index, (below, row) in enumerate(zip(self.levels, self.levels[1:], strict=False), start=1):
            if row.threshold <= below.threshold:
                raise self._at("not_rising", index)
            if row.discount_permille > below.discount_permille:
                raise self._at("dearer", index)

    def _fits_taobao(self) -> None:
        rows = [(row.name, int(row.threshold * 100), row.discount_permille) for row in self.levels]
        for code, index in problems_on_taobao(rows):
            raise self._at(code, index)

    def _at(self, code: str, index: int) -> Mismatch:
        name = self.levels[index].name
        place = f"levels.{index}.{FAULTY[code]}" if code in FAULTY else "levels"
        return Mismatch(place, str(PROBLEMS[code]) % {"no": index, "name": name, "below": index - 1})

    def policy(self, version: int = 0) -> Policy:
        """The rule ready for reckoning; thresholds in fen, orders or growth."""
        unit = 100 if self.measure == "amount" else 1
        return Policy(
            thresholds=tuple(int(row.threshold * unit) for row in self.levels),
            measure=self.measure,
            window=self.window,
            window_months=self.window_months,
            validity_months=self.validity_months,
            keep_percent=self.keep_percent,
            grace_days=self.grace_days,
            downgrade=self.downgrade,
            version=version,
        )


PROBLEMS: dict[str, Promise] = {
    "too_many": _("Taobao knows the levels 0 to 4 only: please keep five rows."),
    "discount_range": _("Discount of level %(no)s “%(name)s”: Taobao takes 7折 (700‰) to full price (1000‰)."),
    "not_cheaper": _("Discount of level %(no)s “%(name)s”: it must be cheaper than level %(below)s."),
    "not_rising": _("Threshold of level %(no)s “%(name)s”: it must be higher than that of level %(below)s."),
    "dearer": _("Discount of level %(no)s “%(name)s”: it must not be dearer than level %(below)s."),
}


FAULTY = {
    "discount_range": "discount_permille",
    "not_cheaper": "discount_permille",
    "dearer": "discount_permille",
    "not_rising": "threshold",
}
"""The field of a level's row at which a problem is shown; the others concern the whole ladder."""


class AdjustLimitSpec(Spec):
    """How far staff may give or take points by hand without the owner."""

    limit_points: Annotated[
        int,
        Field(ge=0, le=100_000_000),
        Ui(_("Staff may adjust up to"), help=_("More than this in one go, for one customer, only the owner may."),
           unit=_("points")),
    ] = 5000  # fmt: skip


class LevelWarnSpec(Spec):
    """How early the list of customers who are about to lose a level shows them."""

    warn_days: Annotated[int, Field(ge=1, le=180), Ui(_("Warn before a level ends"), unit=_("days"))] = 30
