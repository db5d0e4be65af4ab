"""Paid memberships: what is sold, what it brought and gives, who holds one, and whose ends soon."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.analytics.queries.liability import plan_costs
from shuke.console import customer_words
from shuke.console.desk import Desk, page
from shuke.core.errors import Missing
from shuke.core.specs.posted import Given
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.memberships import (
    PlanFigures,
    SavedPlan,
    ending_memberships,
    explain_plan,
    plan_figures,
    plans,
    sold_terms,
)
from shuke.loyalty.specs import PlanSpec
from shuke.members import queries as members

LATEST = 30


@page("points.view")
def overview(desk: Desk) -> HttpResponse:
    """Every plan with its figures, the latest sales, and whose membership ends soon."""
    figures, costs = plan_figures(desk.merchant_id), plan_costs(desk.merchant_id)
    found = plans(desk.merchant_id)
    sold = sold_terms(desk.merchant_id, limit=LATEST)
    ending = ending_memberships(desk.merchant_id)
    names = members.names(desk.merchant_id, [*(one.member_id for one in sold), *(one.member_id for one in ending)])
    doers = customer_words.doers(desk.merchant_id)
    levels = {step.no: step.name for step in queries.ladder(desk.merchant_id)}
    rows = [
        (one, explain_plan(one.spec, levels.get(one.spec.level_no, "") if one.spec.level_no else ""), figures.get(one.id, PlanFigures()),
         costs.get(one.id, 0))
        for one in found
    ]  # fmt: skip
    return desk.show(
        "console/memberships/overview.html",
        rows=rows,
        holder_count=sum(row[2].holder_count for row in rows),
        sold_count=sum(row[2].sold_count for row in rows),
        income_fen=sum(row[2].income_fen for row in rows),
        cost_fen=sum(row[3] for row in rows),
        sold=[(one, names.get(one.member_id, ""), doers.get(one.by, _("Shuke"))) for one in sold],
        ending=[(one, names.get(one.member_id, "")) for one in ending],
    )


@page("rules.edit", methods=("GET", "POST"))
def add(desk: Desk) -> HttpResponse:
    """One more plan."""

    def act(filled: PlanSpec) -> None:
        loyalty.save_plan(desk.merchant_id, filled, by=desk.by)

    return desk.fill_in(
        PlanSpec, "console/memberships/plan.html", act, to="console:memberships", said=_("The membership is on sale."),
        choices=_levels(desk), plan=None,
    )  # fmt: skip


@page("rules.edit", methods=("GET", "POST"))
def edit(desk: Desk, plan_id: int) -> HttpResponse:
    """Change a plan for those who buy it from now on."""
    plan = _plan(desk, plan_id)

    def act(filled: PlanSpec) -> None:
        loyalty.save_plan(desk.merchant_id, filled, plan_id=plan.id, by=desk.by)

    value = plan.spec.model_copy(update={"sold_from_on": None})
    return desk.fill_in(
        PlanSpec, "console/memberships/plan.html", act, to="console:memberships", said=_("Saved."), value=value,
        choices=_levels(desk), plan=plan,
    )  # fmt: skip


@page("rules.edit", methods=("POST",))
def retire(desk: Desk, plan_id: int) -> HttpResponse:
    """Sell it no more."""
    loyalty.retire_plan(desk.merchant_id, plan_id, by=desk.by)
    return desk.go("console:memberships", said=_("It is sold no more. Who has it keeps it to its end."))


def _plan(desk: Desk, plan_id: int) -> SavedPlan:
    found = next((one for one in plans(desk.merchant_id) if one.id == plan_id), None)
    if found is None:
        raise Missing("no_plan", _("This membership does not exist."))
    return found


def _levels(desk: Desk) -> Given:
    """The shop's levels above the first, which everybody has."""
    return {"level_no": [(step.no, step.name) for step in queries.ladder(desk.merchant_id) if step.no]}
