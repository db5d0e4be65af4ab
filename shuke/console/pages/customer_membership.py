"""Selling a customer a paid membership by hand, and taking such a sale back."""

from __future__ import annotations

import secrets

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import RefusalForm
from shuke.console.pages.customer import profile_of
from shuke.core.errors import Missing
from shuke.core.money import yuan
from shuke.loyalty import actions as loyalty
from shuke.loyalty.queries.memberships import plans, sold_terms
from shuke.loyalty.specs import SaleSpec

MOST = 200


@page("points.adjust", methods=("GET", "POST"))
def sell(desk: Desk, member_id: int) -> HttpResponse:
    """Sell her one: which, for how much, and why by hand."""
    name, home = _member(desk, member_id)
    on_sale = plans(desk.merchant_id, with_retired=False)
    if not on_sale:
        return desk.go("console:memberships", said=_("There is no membership on sale yet."))

    def act(filled: SaleSpec) -> None:
        loyalty.sell_membership(
            desk.merchant_id, member_id, filled.plan_id, paid_fen=filled.paid_fen, reason=filled.reason, by=desk.by,
            key=filled.key,
        )  # fmt: skip

    choices = {"plan_id": [(one.id, f"{one.spec.name} · ¥{yuan(one.spec.price_fen)}") for one in on_sale]}
    return desk.fill_in(
        SaleSpec, "console/customers/form.html", act, to=home, said=_("The membership is open."), choices=choices,
        value={"key": secrets.token_urlsafe(16), "plan_id": on_sale[0].id, "paid_fen": on_sale[0].spec.price_fen},
        back=home, back_title=name, title=_("Sell a membership by hand"), submit=_("Open it"),
        lead=_("It begins now, or when the one she has ends."),
    )  # fmt: skip


@page("points.adjust", methods=("GET", "POST"))
def cancel(desk: Desk, member_id: int, term_id: int) -> HttpResponse:
    """Take a sale by hand back, with a reason."""
    name, home = _member(desk, member_id)
    terms = sold_terms(desk.merchant_id, member_id=member_id, limit=MOST)
    term = next((one for one in terms if one.id == term_id), None)
    if term is None:
        raise Missing("no_term", _("This membership does not exist."))

    def act(filled: RefusalForm) -> None:
        loyalty.cancel_membership(desk.merchant_id, term_id, reason=filled.reason, by=desk.by)

    return desk.fill_in(
        RefusalForm, "console/customers/form.html", act, to=home, said=_("The membership is taken back."), back=home,
        back_title=name, title=_("Take the membership back"), submit=_("Take back"),
        lead=_("%(name)s, sold for ¥%(yuan)s. Its points are taken back too.")
        % {"name": term.plan_name, "yuan": yuan(term.price_fen)},
    )  # fmt: skip


def _member(desk: Desk, member_id: int) -> tuple[str, str]:
    return profile_of(desk, member_id).display_name, reverse("console:member", args=[member_id])
