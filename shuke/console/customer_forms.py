"""Forms of the customers' pages that no module below knows: they gather what several actions take."""

from __future__ import annotations

from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.core.specs import Day, Spec, Ui

Reason = Annotated[
    str, Field(min_length=2, max_length=200), Ui(_("Reason"), help=_("Kept in the audit log with your name."))
]


class PointsForm(Spec):
    """Points to give or take by hand; `key` makes pressing twice harmless."""

    direction: Annotated[
        Literal["give", "take"],
        Ui(_("What to do"), widget="radio", choices=(("give", _("Give points")), ("take", _("Take points")))),
    ] = "give"
    points: Annotated[int, Field(ge=1, le=100_000_000), Ui(_("Points"))]
    reason: Reason
    key: Annotated[str, Field(min_length=8, max_length=64), Ui("", widget="hidden")]


class LevelForm(Spec):
    """A level set by hand; the page offers the levels."""

    level_no: Annotated[int, Ui(_("Level"), widget="radio")]
    reason: Reason
    until_on: Annotated[
        Day | None, Ui(_("Until"), help=_("Left empty, she keeps it until somebody takes it off again."))
    ] = None


class TagForm(Spec):
    """Tags to put on, written in one line."""

    names: Annotated[
        str,
        Field(min_length=1, max_length=400),
        Ui(
            _("Tags"),
            help=_("Several are parted by commas. A new one is made at once."),
            placeholder=_("likes green tea"),
        ),
    ]

    def words(self) -> list[str]:
        """The tags, each once."""
        return tag_words(self.names)


class GroupForm(Spec):
    """A group to put her into; the page offers the groups."""

    group_id: Annotated[int, Ui(_("Group"))]


class ReasonForm(Spec):
    """Why a buyer did not pay; the page offers the reasons."""

    reason: Annotated[str, Field(min_length=1), Ui(_("Why did she not pay?"), widget="radio")]
    note: Annotated[str, Field(max_length=500), Ui(_("In her words"), widget="textarea", help=_("Kept sealed."))] = ""


class ViewForm(Spec):
    """A name for the filter that is open now."""

    name: Annotated[str, Field(min_length=1, max_length=20), Ui(_("Name of the view"))]


class SavedView(Spec):
    """A kept filter of the customers' list: its name and its query string."""

    name: Annotated[str, Field(min_length=1, max_length=20), Ui(_("Name"))]
    query: Annotated[str, Field(max_length=1000), Ui(_("Filter"))]


class SavedViews(Spec):
    """The merchant's kept filters."""

    views: Annotated[list[SavedView], Field(max_length=20), Ui(_("Views"), row=_("View"))] = []


def tag_words(text: str) -> list[str]:
    """The tags in a line that people wrote, parted by commas of any script, each once and in its order."""
    for mark in "，、;；\n":
        text = text.replace(mark, ",")
    return list(dict.fromkeys(word for part in text.split(",") if (word := " ".join(part.split()))))
