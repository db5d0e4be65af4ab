"""What is kept of her: seeing it, taking it along, correcting it, deciding who may write, having it deleted."""

from __future__ import annotations

from datetime import timedelta

from django.contrib import messages
from django.http import HttpResponse, HttpResponseRedirect, StreamingHttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.core import facts
from shuke.core.actors import buyer
from shuke.core.errors import Refused
from shuke.core.specs import Form, parse
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import links
from shuke.members.queries.links import EXPORT
from shuke.members.specs import ProfileSpec
from shuke.portal import takeout
from shuke.portal.visit import Visit, closed, form_page, page, private

EXPORT_HOLDS = timedelta(minutes=10)
WORDING = "2026-11"


@page
def show(visit: Visit) -> HttpResponse:
    """All of it on one page; values are masked, since a phone lies about."""
    m, member_id = visit.merchant_id, visit.member_id
    seen = [one for one in facts.timeline(m, member_id, limit=500) if one.kind == "members.revealed"]
    return visit.show(
        "portal/my_data.html", personal=queries.personal(m, member_id), profile=queries.profile(m, member_id),
        consents=queries.consents(m, member_id), seen=seen, erasure_at=queries.erasure_due_at(m, member_id),
        export=links.seal(EXPORT, m, member_id, EXPORT_HOLDS), wording=_wording(),
    )  # fmt: skip


@page
def export(visit: Visit, token: str) -> HttpResponse | StreamingHttpResponse:
    """Everything in one file, behind an address that holds for ten minutes and on her own phone only."""
    found = links.opened(EXPORT, token)
    is_hers = found is not None and not found.is_over and found.merchant_id == visit.merchant_id
    if found is None or not is_hers or found.member_id != visit.member_id or visit.is_claimed:
        return closed(visit.request, "over")
    response = StreamingHttpResponse(takeout.pack(visit), content_type="application/zip")
    response["Content-Disposition"] = 'attachment; filename="my-data.zip"'
    return private(response)


@form_page
def correct(visit: Visit) -> HttpResponse:
    """Her name and gender, and her birthday once: another one only the shop's staff may write."""
    if visit.is_claimed:
        return closed(visit.request, "claimed")
    filled = parse(ProfileSpec, visit.request.POST)
    if isinstance(filled, Form):
        messages.error(visit.request, _("Please look at what you filled in once more."))
        return _back()
    wanted = ProfileSpec(name=filled.name, gender=filled.gender, birthday=filled.birthday)
    try:
        members.edit_profile(visit.merchant_id, visit.member_id, wanted, by=buyer(visit.member_id), source="portal")
    except Refused as refused:
        messages.error(visit.request, refused.message)
    else:
        messages.success(visit.request, _("Saved. Thank you."))
    return _back()


@form_page
def switch(visit: Visit) -> HttpResponse:
    """Her own switches: what may be written to her."""
    post = visit.request.POST
    word = members.Word(post.get("channel", ""), post.get("purpose", ""), post.get("word") == "yes")
    try:
        members.record_consent(
            visit.merchant_id, visit.member_id, [word], source="portal", wording_version=WORDING, wording=_wording(),
            by=buyer(visit.member_id),
        )  # fmt: skip
    except Refused as refused:
        messages.error(visit.request, refused.message)
    return _back()


@form_page
def delete(visit: Visit) -> HttpResponse:
    """Ask to be deleted, or call it off."""
    if visit.is_claimed:
        return closed(visit.request, "claimed")
    by = buyer(visit.member_id)
    try:
        if visit.request.POST.get("word") == "keep":
            members.cancel_erasure(visit.merchant_id, visit.member_id, by=by)
        elif visit.request.POST.get("sure") == "yes":
            members.request_erasure(visit.merchant_id, visit.member_id, by=by)
        else:
            messages.error(visit.request, _("Please tick the box first."))
    except Refused as refused:
        messages.error(visit.request, refused.message)
    return _back()


def _wording() -> str:
    return _("I agree that this shop writes to me this way for this purpose. I may say no again here at any time.")


def _back() -> HttpResponse:
    return HttpResponseRedirect(reverse("portal:my_data"))
