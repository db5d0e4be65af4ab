"""Paid memberships: the plans on sale, what was sold to whom, selling one and taking it back."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Fen, Id, Listing, Made, Nothing, Page, Paged, Reason, Sent, Told
from shuke.core.errors import Missing
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import memberships
from shuke.loyalty.specs import PlanSpec


class Plan(Told):
    """A paid membership; one that is `retired_at` is sold no more."""

    id: int
    sold_from_at: datetime
    retired_at: datetime | None
    sentence: str
    plan: PlanSpec


class Term(Told):
    """One sold membership; `source` says by which order, or by hand."""

    id: int
    member_id: int
    plan_id: int
    plan_name: str
    source: str
    days: int
    price_fen: int
    level_no: int | None
    bonus_points: int
    bought_at: datetime
    starts_at: datetime
    ends_at: datetime
    taken_back_at: datetime | None
    by: str


class Held(Told):
    """What a customer holds now; without a membership only her id is there."""

    member_id: int
    plan_name: str = ""
    level_no: int | None = None
    until_at: datetime | None = None
    sentence: str = ""


class TermQuery(Paged):
    """Which sales."""

    member_id: Id | None = None
    plan_id: Id | None = None


class Selling(Sent):
    """Who buys which plan by hand, for how much, and why by hand."""

    member_id: Id
    plan_id: Id
    paid_fen: Annotated[Fen, Field(le=10_000_000)]
    reason: Reason


class TakingBack(Sent):
    """Why a sale is taken back."""

    reason: Reason


@reads("/plans", scope="points:read")
def list_plans(call: Call) -> Listing[Plan]:
    """List the shop's paid memberships."""
    levels = {step.no: step.name for step in queries.ladder(call.merchant_id)}
    return Listing(
        items=[
            Plan(
                id=one.id, sold_from_at=one.sold_from_at, retired_at=one.retired_at, plan=one.spec,
                sentence=memberships.explain_plan(one.spec, levels.get(one.spec.level_no or 0, "")),
            )
            for one in memberships.plans(call.merchant_id)
        ]
    )  # fmt: skip


@writes("POST", "/plans", scope="rules:write", status=201, refuses=("name_taken", "no_level", "product_taken"))
def create_plan(call: Call, body: PlanSpec) -> Made:
    """Put a paid membership on sale."""
    return Made(id=loyalty.save_plan(call.merchant_id, body, by=call.caller.by))


@writes(
    "PUT", "/plans/{int:plan_id}", scope="rules:write", refuses=("no_plan", "name_taken", "no_level", "product_taken")
)
def edit_plan(call: Call, plan_id: Id, body: PlanSpec) -> Nothing:
    """Change a paid membership for those who buy it from now on."""
    if memberships.plan(call.merchant_id, plan_id) is None:
        raise Missing("no_plan", _("This membership does not exist."))
    loyalty.save_plan(call.merchant_id, body, plan_id=plan_id, by=call.caller.by)
    return Nothing()


@writes("POST", "/plans/{int:plan_id}/retire", scope="rules:write", refuses=("no_plan",))
def retire_plan(call: Call, plan_id: Id) -> Nothing:
    """Sell it no more; who has it keeps it to its end."""
    loyalty.retire_plan(call.merchant_id, plan_id, by=call.caller.by)
    return Nothing()


@reads("/members/{int:member_id}/membership", scope="points:read", refuses=("no_member",))
def get_membership(call: Call, member_id: Id) -> Held:
    """Get the paid membership a customer holds now."""
    known_member(call, member_id)
    found = memberships.memberships(call.merchant_id, [member_id]).get(member_id)
    if found is None:
        return Held(member_id=member_id)
    levels = {step.no: step.name for step in queries.ladder(call.merchant_id)}
    sentence = memberships.explain_membership(found, call.merchant_id, levels.get(found.level_no or 0, ""))
    return Held(
        member_id=member_id, plan_name=found.plan_name, level_no=found.level_no, until_at=found.until_at,
        sentence=sentence,
    )  # fmt: skip


@reads("/memberships", scope="points:read", refuses=("no_member", "bad_cursor"))
def list_memberships(call: Call, query: Annotated[TermQuery, Query()]) -> Page[Term]:
    """List sold memberships, the latest first."""
    if query.member_id is not None:
        known_member(call, query.member_id)
    found = memberships.sold_terms(
        call.merchant_id, member_id=query.member_id, plan_id=query.plan_id, limit=query.limit + 1,
        before_id=paging.opened(call.merchant_id, "memberships", query.cursor),
    )  # fmt: skip
    return paging.page(call.merchant_id, "memberships", found, query.limit, Term.of)


@writes(
    "POST", "/memberships", scope="points:write", status=201, refuses=("no_member", "no_plan", "plan_retired", "key_reused")
)  # fmt: skip
def sell_membership(call: Call, body: Selling) -> Made:
    """Sell a membership by hand; it begins now, or when the one she has ends."""
    known_member(call, body.member_id)
    return Made(
        id=loyalty.sell_membership(
            call.merchant_id, body.member_id, body.plan_id, paid_fen=body.paid_fen, reason=body.reason,
            by=call.caller.by, key=f"api:{call.caller.key.id}:{call.key}",
        )
    )  # fmt: skip


@writes("POST", "/memberships/{int:term_id}/cancel", scope="points:write", refuses=("no_term", "bought_by_order"))
def cancel_membership(call: Call, term_id: Id, body: TakingBack) -> Nothing:
    """Take back a membership that was sold by hand; one bought by an order goes with the order's refund."""
    loyalty.cancel_membership(call.merchant_id, term_id, reason=body.reason, by=call.caller.by)
    return Nothing()
