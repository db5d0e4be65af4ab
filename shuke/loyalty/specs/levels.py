"""The ladder of levels: what opens one, what it gives, how it is kept and lost."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, Self

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Discount, Mismatch, Spec, Ui
from shuke.loyalty.rules.levels import Policy, problems_on_taobao

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
    is_post_free: Annotated[bool, Ui(_("Free postage"))] = False
    birthday_points: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Ui(_("More points on her birthday"), help=_("On top of what everybody gets, see the birthday benefit."),
           unit=_("points")),
    ] = 0  # fmt: skip
    family_uses: Annotated[
        int,
        Field(ge=0, le=999),
        Ui(_("Family price (亲友价)"), help=_("How often a year she may buy for friends at her price; 0 for never.")),
    ] = 0
    benefits: Annotated[
        str,
        Field(max_length=500),
        Ui(_("Benefits"), widget="textarea", help=_("Gifts and rights as customers read them, one a line.")),
    ] = ""


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
