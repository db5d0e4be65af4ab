"""Adjustments that wait for a second person: who asked for what and why, approving, refusing, withdrawing."""

from __future__ import annotations

from dataclasses import dataclass

from django.http import HttpResponse
from django.urls import reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.console import customer_words
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import RefusalForm
from shuke.core import clock
from shuke.core.errors import Missing
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.requests import AdjustmentRequest, request, requests
from shuke.loyalty.specs import AdjustLimitSpec
from shuke.members import queries as members
from shuke.merchants import queries as merchants

SHOWN = 50
NAMES = 6
STATES: dict[str, tuple[str | Promise, str]] = {
    "waiting": (gettext_lazy("waits"), "warning"),
    "approved": (gettext_lazy("approved"), "success"),
    "refused": (gettext_lazy("refused"), "danger"),
    "expired": (gettext_lazy("over"), "secondary"),
    "withdrawn": (gettext_lazy("withdrawn"), "secondary"),
}


@dataclass(frozen=True, slots=True)
class Row:
    """One request as the page shows it."""

    request: AdjustmentRequest
    people: list[tuple[int, str, int]]
    more: int
    asker: str
    decider: str
    state: str
    state_words: str
    tone: str
    is_mine: bool


@page("points.adjust")
def show(desk: Desk) -> HttpResponse:
    """What waits, and what was decided before."""
    found = requests(desk.merchant_id, limit=SHOWN)
    shown = {member_id for one in found for member_id, _amount in one.items[:NAMES]}
    names = members.names(desk.merchant_id, shown)
    doers = customer_words.doers(desk.merchant_id)
    rows = [_row(desk, one, names, doers) for one in found]
    rule = queries.points_rule(desk.merchant_id)
    return desk.show(
        "console/points/requests.html",
        waiting=[row for row in rows if row.state == "waiting"],
        decided=[row for row in rows if row.state != "waiting"],
        limits=merchants.setting(desk.merchant_id, AdjustLimitSpec),
        rule=rule,
        has_other=any(
            one.id != desk.person.id and one.may("points.adjust") for one in merchants.people(desk.merchant_id)
        ),
    )


@page("points.adjust", methods=("POST",))
def approve(desk: Desk, adjustmentrequest_id: int) -> HttpResponse:
    """Approve and post it."""
    loyalty.approve_adjustment(desk.merchant_id, adjustmentrequest_id, by=desk.by)
    return desk.go("console:points_requests", said=_("Approved; the points were adjusted."))


@page("points.adjust", methods=("GET", "POST"))
def refuse(desk: Desk, adjustmentrequest_id: int) -> HttpResponse:
    """Refuse it with a reason."""
    found = request(desk.merchant_id, adjustmentrequest_id)
    if found is None:
        raise Missing("no_request", _("This request does not exist."))
    back = reverse("console:points_requests")

    def act(filled: RefusalForm) -> None:
        loyalty.refuse_adjustment(desk.merchant_id, found.id, reason=filled.reason, by=desk.by)

    return desk.fill_in(
        RefusalForm, "console/customers/form.html", act, to=back, said=_("Refused."), back=back,
        back_title=_("Requests"), title=_("Refuse this request"), lead=found.reason, submit=_("Refuse"),
    )  # fmt: skip


@page("points.adjust", methods=("POST",))
def withdraw(desk: Desk, adjustmentrequest_id: int) -> HttpResponse:
    """Take one's own back."""
    loyalty.withdraw_adjustment(desk.merchant_id, adjustmentrequest_id, by=desk.by)
    return desk.go("console:points_requests", said=_("Withdrawn."))


def _row(desk: Desk, one: AdjustmentRequest, names: dict[int, str], doers: dict[str, str]) -> Row:
    state = one.state
    if state == "waiting" and one.until_at <= clock.now():
        state = "expired"
    if state == "expired" and one.decided_by == one.asked_by:
        state = "withdrawn"
    words, tone = STATES[state]
    people = [(member_id, names.get(member_id, ""), amount) for member_id, amount in one.items[:NAMES]]
    return Row(
        one, people, max(0, len(one.items) - NAMES), doers.get(one.asked_by, _("Shuke")),
        doers.get(one.decided_by, _("Shuke")) if one.decided_by else "", state, str(words), tone,
        one.asked_by == desk.by.label,
    )  # fmt: skip
