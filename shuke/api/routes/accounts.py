"""A customer's points account of some days, and the adjustments that wait for a second person."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads
from shuke.api.routes.members import known_member
from shuke.api.shapes import Id, Page, Paged, Sent, Told
from shuke.core import clock
from shuke.core.errors import Missing, Refused
from shuke.loyalty.queries import requests
from shuke.loyalty.queries.statement import days_of, statement_of

Day = Annotated[date | None, Field(examples=["2026-01-01"])]


class DaysQuery(Sent):
    """Which days, both counted in; left out they are New Year and today, in the merchant's zone."""

    from_on: Day = None
    to_on: Day = None


class AccountLine(Told):
    """One line of the account and what stood after it."""

    id: int
    kind: str
    amount: int
    balance: int
    source: str
    happened_at: datetime
    sentence: str


class Account(Told):
    """An account: opening + all lines = closing, exactly. Pending points count in, those set aside or owed are off."""

    member_id: int
    first_on: date
    last_on: date
    opening: int
    closing: int
    lines: list[AccountLine]


class Item(Told):
    """Points for one customer."""

    member_id: int
    amount: int


class AdjustmentRequest(Told):
    """An adjustment above the limit that a second person decides on, at the console."""

    id: int
    items: list[Item]
    reason: str
    member_count: int
    amount: int
    asked_by: str
    asked_at: datetime
    until_at: datetime
    state: str
    decided_by: str
    decided_at: datetime | None
    answer: str


class RequestQuery(Paged):
    """Which requests."""

    state: Literal["waiting", "approved", "refused", "expired"] | None = None


@reads("/members/{int:member_id}/statement", scope="points:read", refuses=("no_member", "bad_value"))
def get_statement(call: Call, member_id: Id, query: Annotated[DaysQuery, Query()]) -> Account:
    """Get a customer's points account of some days, the oldest line first."""
    known_member(call, member_id)
    wanted = days_of(
        str(query.from_on or ""), str(query.to_on or ""), clock.today(call.caller.zone)
    )  # fmt: skip
    if wanted.is_turned:
        raise Refused("bad_value", _("The first day must not be after the last."))
    found = statement_of(call.merchant_id, member_id, wanted.first_on, wanted.last_on)
    lines = [
        AccountLine(
            id=one.told.line.id, kind=one.told.line.kind, amount=one.told.line.amount, balance=one.balance,
            source=one.told.line.source, happened_at=one.told.line.happened_at, sentence=one.told.sentence,
        )
        for one in found.lines
    ]  # fmt: skip
    return Account(member_id=member_id, first_on=found.first_on, last_on=found.last_on, opening=found.opening,
                   closing=found.closing, lines=lines)  # fmt: skip


@reads("/points/requests", scope="points:read", refuses=("bad_cursor",))
def list_adjustment_requests(call: Call, query: Annotated[RequestQuery, Query()]) -> Page[AdjustmentRequest]:
    """List adjustments that waited or wait for a second person, the latest first.

    Deciding takes a person who is signed in and may adjust points: no key can be the second person.
    """
    found = requests.requests(
        call.merchant_id, states=(query.state,) if query.state else (), limit=query.limit + 1,
        before_id=paging.opened(call.merchant_id, "requests", query.cursor),
    )  # fmt: skip
    return paging.page(call.merchant_id, "requests", found, query.limit, _request)


@reads("/points/requests/{int:request_id}", scope="points:read", refuses=("no_request",))
def get_adjustment_request(call: Call, request_id: Id) -> AdjustmentRequest:
    """Get an adjustment request, and what was decided."""
    found = requests.request(call.merchant_id, request_id)
    if found is None:
        raise Missing("no_request", _("This request does not exist."))
    return _request(found)


def _request(one: requests.AdjustmentRequest) -> AdjustmentRequest:
    told = {name: getattr(one, name) for name in AdjustmentRequest.model_fields if name != "items"}
    return AdjustmentRequest(items=[Item(member_id=who, amount=amount) for who, amount in one.items], **told)
