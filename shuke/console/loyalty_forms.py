"""Forms of the points and levels pages that gather what several actions take, and the rule forms in chapters."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from pydantic import Field

from shuke.console.customer_forms import Reason
from shuke.core.specs import Day, Form, FormField, Spec, Ui
from shuke.core.specs.posted import Given
from shuke.members import queries as members
from shuke.merchants import queries as merchants

Text = str | Promise

MOST_NAMES = 500
Names = Annotated[
    tuple[Annotated[str, Field(min_length=1, max_length=200)], ...],
    Field(min_length=1, max_length=MOST_NAMES),
    Ui(
        gettext_lazy("Customers"),
        help=gettext_lazy("One nick a line, as copied from a table. A nick that stands twice counts once."),
        placeholder="茶香满园",
    ),
]


Shop = Annotated[
    int | None,
    Ui(
        gettext_lazy("Shop"),
        help=gettext_lazy("Two shops may know different people by one nick."),
        placeholder=gettext_lazy("All shops"),
    ),
]


class AdjustForm(Spec):
    """Points to give to or take from everybody on a list; `key` makes pressing twice harmless."""

    nicks: Names
    shop_id: Shop = None
    direction: Annotated[
        Literal["give", "take"],
        Ui(
            gettext_lazy("What to do"),
            widget="radio",
            choices=(("give", gettext_lazy("Give points")), ("take", gettext_lazy("Take points"))),
        ),
    ] = "give"
    points: Annotated[
        int,
        Field(ge=1, le=100_000_000),
        Ui(gettext_lazy("Points for each"), unit=gettext_lazy("points")),
    ]
    reason: Reason
    key: Annotated[str, Field(min_length=8, max_length=64), Ui("", widget="hidden")]

    @property
    def amount(self) -> int:
        """Points for each, negative when they are taken."""
        return self.points if self.direction == "give" else -self.points


class RefusalForm(Spec):
    """Why something is refused or taken back."""

    reason: Reason


class SetLevelForm(Spec):
    """A level for everybody on a list; the page offers the levels."""

    nicks: Names
    shop_id: Shop = None
    level_no: Annotated[int, Ui(gettext_lazy("Level"), widget="radio")]
    reason: Reason
    until_on: Annotated[
        Day | None,
        Ui(gettext_lazy("Until"), help=gettext_lazy("Left empty, it holds until somebody takes it off again.")),
    ] = None


@dataclass(frozen=True, slots=True)
class Chapter:
    """A part of a rule's form: its title, why it is as it is, and the names of its fields."""

    title: Text
    why: Text
    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Part:
    """A chapter with its fields filled in."""

    title: Text
    why: Text
    fields: list[FormField]


def parts(form: Form, chapters: Sequence[Chapter]) -> list[Part]:
    """A form in chapters."""
    return [Part(one.title, one.why, [form[name] for name in one.names]) for one in chapters]


def carried(form: Form, *, without: Sequence[str] = ()) -> list[tuple[str, str]]:
    """What a form holds as hidden inputs, for a page that asks once more before it acts."""
    return [
        (name, value) for name, values in form.posted().items() if name not in without for value in values
    ]  # fmt: skip


def shop_choices(merchant_id: int) -> Given:
    """The shops to choose from; the form asks only where there are several."""
    return {"shop_id": [(shop.id, shop.name) for shop in merchants.shops(merchant_id)]}


def asked(form: Form) -> Form:
    """The form without a question that has only one answer."""
    form.fields = [one for one in form.fields if one.shape.name != "shop_id" or len(one.options) > 1]
    return form


def people(
    merchant_id: int, nicks: Sequence[str], *, shop_id: int | None = None
) -> tuple[dict[int, str], list[str]]:  # fmt: skip
    """The members who bear these nicks, each once, as id → nick; and a sentence for every nick that is nobody's or
    stands for several.
    """
    wanted = list(dict.fromkeys(nicks))
    held = members.by_nicks(merchant_id, wanted, shop_id=shop_id)
    unknown = [nick for nick in wanted if nick not in held]
    double = [nick for nick in wanted if len(held.get(nick, [])) > 1]
    problems = []
    if unknown:
        problems.append(_("Nobody is called %(names)s.") % {"names": _shown(unknown)})
    if double:
        text = _("Several customers are called %(names)s, in different shops: please choose the shop.")
        problems.append(text % {"names": _shown(double)})
    return {held[nick][0]: nick for nick in wanted if len(held.get(nick, [])) == 1}, problems


def _shown(names: Sequence[str]) -> str:
    text = "、".join(f"“{name}”" for name in names[:10])
    return text if len(names) <= 10 else _("%(names)s and %(count)s more") % {"names": text, "count": len(names) - 10}


POINTS_CHAPTERS = (
    Chapter(
        gettext_lazy("What an order earns"),
        gettext_lazy(
            "Most shops give one point for every yuan and make 100 points worth one yuan: one percent of the sales."
        ),
        ("points_per_yuan", "yuan_per_100_points", "postage_counts"),
    ),
    Chapter(
        gettext_lazy("When it counts"),
        gettext_lazy(
            "交易成功 is the default: points given on ordering or paying were farmed by people who never paid or sent"
            " everything back. Until then buyers see their points as pending."
        ),
        ("counts_when", "hold_days"),
    ),
    Chapter(
        gettext_lazy("Welcome points"),
        gettext_lazy("A small sum that makes a second visit worthwhile; after the first finished order nobody can farm it."),
        ("signup_points", "signup_condition"),
    ),
    Chapter(
        gettext_lazy("More for some levels and days"),
        gettext_lazy("Good customers earn faster, and a fixed member day brings everybody back. Both may be left empty."),
        ("level_times", "day_times", "times_together"),
    ),
    Chapter(
        gettext_lazy("Limits and exceptions"),
        gettext_lazy("Against resellers and made-up orders. Empty means without a limit."),
        (
            "cap_per_order", "cap_per_day", "cap_per_month", "excluded_words", "excluded_outer_ids", "blacklist_earns",
        ),
    ),
    Chapter(
        gettext_lazy("How long points live"),
        gettext_lazy("Points without an end become a debt that only grows. The end of the next year is easy to remember."),
        ("expiry", "expiry_months"),
    ),
    Chapter(
        gettext_lazy("Growth"),
        gettext_lazy("Only needed where levels go by growth instead of the amount paid."),
        ("growth_per_yuan",),
    ),
    Chapter(
        gettext_lazy("From when"),
        gettext_lazy("Before anything is saved you are asked whether past orders shall be computed too."),
        ("start_on",),
    ),
)  # fmt: skip

LEVEL_CHAPTERS = (
    Chapter(
        gettext_lazy("The levels"),
        gettext_lazy("From the lowest up. A discount of 9.5 takes a twentieth off; 10 is the full price."),
        ("levels", "for_taobao"),
    ),
    Chapter(
        gettext_lazy("What counts"),
        gettext_lazy(
            "All time is the simplest and what Taobao does. The last months or the calendar year reward those who buy now."
        ),
        ("measure", "window", "window_months"),
    ),
    Chapter(
        gettext_lazy("How long a level holds"),
        gettext_lazy(
            "With an end, a customer must buy again to keep her level (保级), after a time of grace if you like;"
            " Shuke lists whom to warn before."
        ),
        ("validity_months", "keep_percent", "grace_days", "downgrade"),
    ),
)
