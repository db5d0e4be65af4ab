"""Consent with its proof, the do-not-contact list, and forgetting a customer for good."""

from __future__ import annotations

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.console import customer_words
from shuke.console.desk import Desk, page
from shuke.console.pages.customer import profile_of
from shuke.core.errors import Missing
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import Profile
from shuke.members.specs import ConsentSpec, SuppressionSpec


@page("members.view")
def consents(desk: Desk, member_id: int) -> HttpResponse:
    """What a customer allowed to be written to her, and the proof of it."""
    profile = _profile(desk, member_id)
    if profile.home_id is not None:
        return desk.go("console:member_consents", profile.home_id)
    return desk.show(
        "console/people/consents.html", profile=profile, consents=queries.consents(desk.merchant_id, member_id),
        proofs=queries.proofs(desk.merchant_id, member_id), doers=customer_words.doers(desk.merchant_id),
        is_suppressed=bool(queries.suppressed(desk.merchant_id, [member_id])),
        joins=queries.joins(desk.merchant_id, member_id),
        erasure_at=queries.erasure_due_at(desk.merchant_id, member_id),
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def consent(desk: Desk, member_id: int) -> HttpResponse:
    """Write down a consent she gave, with what proves it."""
    profile = _profile(desk, member_id)
    home = reverse("console:member_consents", args=[member_id])

    def act(filled: ConsentSpec) -> None:
        word = members.Word(filled.channel, filled.purpose, True)
        members.record_consent(
            desk.merchant_id, member_id, [word], source="staff", evidence=filled.evidence, by=desk.by
        )

    return desk.fill_in(
        ConsentSpec, "console/customers/form.html", act, to=home, said=_("Written down."), back=home,
        back_title=profile.display_name, title=_("Write down a consent"), submit=_("Write down"),
        lead=_("Only what she really said. An order is no consent."),
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def withdraw(desk: Desk, member_id: int) -> HttpResponse:
    """Write down that she withdrew a consent."""
    _profile(desk, member_id)
    word = members.Word(desk.post.get("channel", ""), desk.post.get("purpose", ""), False)
    members.record_consent(desk.merchant_id, member_id, [word], source="staff", by=desk.by)
    return desk.go("console:member_consents", member_id, said=_("Withdrawn. Nobody writes to her by this any more."))


@page("members.edit", methods=("GET", "POST"))
def suppressions(desk: Desk) -> HttpResponse:
    """The do-not-contact list, and adding to it by pasting."""
    here = reverse("console:suppressions")

    def act(filled: SuppressionSpec) -> HttpResponse:
        taken = members.suppress(desk.merchant_id, filled.lines, reason=filled.reason, by=desk.by)
        said = _("%(new)d added, %(known)d were there already.") % {"new": taken.new_count, "known": taken.known_count}
        if taken.unreadable:
            said += " " + _("Not understood: %(lines)s") % {"lines": "、".join(taken.unreadable[:5])}
        return desk.go(here, said=said)

    return desk.fill_in(
        SuppressionSpec, "console/people/suppressions.html", act, back=reverse("console:members"),
        entries=queries.suppressions(desk.merchant_id), total=queries.suppression_count(desk.merchant_id),
        doers=customer_words.doers(desk.merchant_id),
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def suppress_member(desk: Desk, member_id: int) -> HttpResponse:
    """Put one customer on the do-not-contact list."""
    _profile(desk, member_id)
    members.suppress_members(desk.merchant_id, [member_id], reason=_("She asked for it"), by=desk.by)
    return desk.go("console:member_consents", member_id, said=_("She is on the do-not-contact list."))


@page("settings.edit", methods=("POST",))
def unsuppress(desk: Desk, suppression_id: int) -> HttpResponse:
    """Take one entry off the list."""
    members.unsuppress(desk.merchant_id, suppression_id, reason=_("By hand"), by=desk.by)
    return desk.go("console:suppressions", said=_("Taken off the list."))


@page("settings.edit", methods=("POST",), proof=True)
def erase(desk: Desk, member_id: int) -> HttpResponse:
    """Forget a customer at once and for good."""
    _profile(desk, member_id)
    members.erase(desk.merchant_id, member_id, by=desk.by)
    return desk.go("console:members", said=_("Her data is deleted. Orders and points books stay, without her name."))


@page("members.edit", methods=("POST",))
def cancel_erasure(desk: Desk, member_id: int) -> HttpResponse:
    """Call a waiting deletion off."""
    _profile(desk, member_id)
    members.cancel_erasure(desk.merchant_id, member_id, by=desk.by)
    return desk.go("console:member_consents", member_id, said=_("The deletion is called off."))


def _profile(desk: Desk, member_id: int) -> Profile:
    found = profile_of(desk, member_id)
    if found.erased_at is not None:
        raise Missing("no_member", _("This customer does not exist."))
    return found
