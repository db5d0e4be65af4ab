"""What people may fill in about customers."""

from __future__ import annotations

from datetime import date
from typing import Annotated, Literal, Self

from django.utils.translation import gettext_lazy as _
from pydantic import Field, model_validator

from shuke.core.specs import Mismatch, Spec, Ui
from shuke.members import rules
from shuke.merchants.specs import register_setting

Name = Annotated[str, Field(min_length=1, max_length=40)]
Free = Annotated[str, Field(max_length=2000)]


class ProfileSpec(Spec):
    """A customer's basic fields; what is left empty stays as it is."""

    name: Annotated[str, Field(max_length=60), Ui(_("Full name"))] = ""
    gender: Annotated[Literal["", "female", "male"], Ui(_("Gender"), choices=rules.GENDERS)] = ""
    birthday: Annotated[date | None, Ui(_("Birthday"))] = None
    phone: Annotated[str, Field(max_length=40), Ui(_("Phone"))] = ""
    email: Annotated[str, Field(max_length=120), Ui(_("E-mail"))] = ""
    alipay: Annotated[str, Field(max_length=120), Ui(_("Alipay account"))] = ""
    province: Annotated[str, Field(max_length=30), Ui(_("Province"))] = ""
    city: Annotated[str, Field(max_length=30), Ui(_("City"))] = ""
    address: Annotated[str, Field(max_length=300), Ui(_("Postal address"))] = ""

    @model_validator(mode="after")
    def _plausible(self) -> Self:
        for field in ("name", "phone", "email", "alipay", "address"):
            if rules.is_masked(getattr(self, field)):
                raise Mismatch(field, _("Write the full value, without stars."))
        if self.phone and not rules.is_phone(self.phone):
            raise Mismatch("phone", _("This is no phone number."))
        if self.email and not rules.is_mail(self.email):
            raise Mismatch("email", _("This is no mail address."))
        return self


class TagSpec(Spec):
    """Tags to put on or take off."""

    names: Annotated[list[Name], Field(min_length=1, max_length=20), Ui(_("Tags"), row=_("Tag"))]


class GroupSpec(Spec):
    """A group filled by hand."""

    name: Annotated[Name, Ui(_("Group name"))]
    note: Annotated[Free, Ui(_("Note"), widget="textarea")] = ""
    offer: Annotated[Free, Ui(_("Offer"), help=_("What this group gets that others do not."), widget="textarea")] = ""
    strategy: Annotated[
        Free, Ui(_("Plan"), help=_("When you turn to this group, and with what."), widget="textarea")
    ] = ""


class BlacklistSpec(Spec):
    """Why customers go on the blacklist."""

    reason: Annotated[str, Field(min_length=2, max_length=200), Ui(_("Reason"))]


class NoteSpec(Spec):
    """A note about a customer."""

    text: Annotated[str, Field(min_length=1, max_length=4000), Ui(_("Note"), widget="textarea")]


class RevealSpec(Spec):
    """Looking at one personal value in clear."""

    reason: Annotated[
        str,
        Field(min_length=rules.SHORTEST_REASON, max_length=200),
        Ui(_("Reason"), help=_("Kept in the audit log with your name.")),
    ]


class RevealLimits(Spec):
    """How many personal values one person may reveal."""

    per_hour: Annotated[int, Field(ge=0, le=1000), Ui(_("Per person and hour"))] = 20
    per_day: Annotated[int, Field(ge=0, le=10000), Ui(_("Per person and day"))] = 100


class AttributeSpec(Spec):
    """A property the shop keeps of its customers."""

    name: Annotated[Name, Ui(_("Attribute name"), placeholder=_("Skin type"))]
    kind: Annotated[Literal["text", "number", "date", "choice"], Ui(_("Kind"), choices=rules.ATTRIBUTE_KINDS)] = "text"
    choices: Annotated[
        list[Name],
        Field(max_length=50),
        Ui(_("Choices"), widget="lines", help=_("One a line; only for the kind “Choice”.")),
    ] = []
    is_personal: Annotated[
        bool, Ui(_("Personal"), help=_("Kept sealed and shown masked; it cannot be searched or filtered by."))
    ] = False

    @model_validator(mode="after")
    def _choices_fit(self) -> Self:
        if self.kind == "choice" and len(set(self.choices)) < 2:
            raise Mismatch("choices", _("Give at least two different choices."))
        if self.kind != "choice" and self.choices:
            raise Mismatch("choices", _("Only the kind “Choice” has choices."))
        return self


class BuyerLinksSpec(Spec):
    """How long the buyers' own links and visits hold; a new round closes all that were given before."""

    link_days: Annotated[
        int,
        Field(ge=1, le=90),
        Ui(
            _("A buyer's link holds"),
            help=_("From the moment it is made; then she asks for a new one."),
            unit=_("days"),
        ),
    ] = 7
    visit_days: Annotated[
        int,
        Field(ge=1, le=180),
        Ui(_("A phone stays signed in"), help=_("Counted from her last visit."), unit=_("days")),
    ] = 30
    round_no: Annotated[
        int,
        Field(ge=0, le=1_000_000),
        Ui(
            _("Round of links"),
            help=_("Raise it by one when links went astray: every link and visit made so far ends at once."),
        ),
    ] = 0


register_setting(BuyerLinksSpec, _("Buyers' links"), lead=_("Every buyer opens her own pages by a link of her own."))


class ErasureSpec(Spec):
    """How long a buyer who asked to be deleted may change her mind."""

    wait_days: Annotated[
        int,
        Field(ge=0, le=15),
        Ui(
            _("Deletion waits"),
            help=_("The law gives you fifteen days at most to answer; within the wait she can call it off."),
            unit=_("days"),
        ),
    ] = 3


register_setting(ErasureSpec, _("Deleting a buyer's data"), lead=_("Buyers ask for it on their page “My data”."))


class ConsentSpec(Spec):
    """A consent that staff writes down for a member."""

    channel: Annotated[Literal["sms", "mail", "wecom", "platform"], Ui(_("Channel"), choices=rules.CHANNELS)] = "sms"
    purpose: Annotated[Literal["marketing", "care"], Ui(_("Purpose"), choices=rules.PURPOSES)] = "marketing"
    evidence: Annotated[
        str,
        Field(min_length=rules.SHORTEST_REASON, max_length=500),
        Ui(_("Evidence"), help=_("How, where and when she agreed: it is kept sealed as the proof."), widget="lines"),
    ]


class SuppressionSpec(Spec):
    """Numbers and addresses that are not to be written to."""

    lines: Annotated[
        list[str],
        Field(min_length=1, max_length=10_000),
        Ui(
            _("Phone numbers or mail addresses"),
            help=_("One a line; only blind marks of them are kept."),
            widget="lines",
        ),
    ]
    reason: Annotated[str, Field(min_length=2, max_length=200), Ui(_("Reason"))]
