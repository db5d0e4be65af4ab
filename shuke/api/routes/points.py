"""Points: what a customer has and why, giving, spending, giving back, setting aside."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import AfterValidator, Field

from shuke.api import paging
from shuke.api.calls import Call, Values
from shuke.api.route import reads, writes, writes_together
from shuke.api.routes.members import expect_all, known_member
from shuke.api.shapes import Id, Listing, Nothing, Page, Paged, Points, Reason, Sent, Told
from shuke.core import clock, sql
from shuke.ledger import actions as ledger
from shuke.ledger import queries as ledger_queries
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import POINTS
from shuke.members import queries as members


def _some(amount: int) -> int:
    if amount == 0:
        raise ValueError(_("An amount of nothing cannot be posted."))
    return amount


Amount = Annotated[int, Field(ge=-100_000_000, le=100_000_000, examples=[100]), AfterValidator(_some)]
Kind = Literal["earned", "taken_back", "welcome", "adjusted", "spent", "reserved", "released", "given_back", "lapsed"]


class Balance(Told):
    """What a customer has: `spendable` is `active`, or nothing while she has debt."""

    member_id: int
    spendable: int
    active: int
    pending: int
    reserved: int
    debt: int


class Summary(Told):
    """What her points are made of: left = earned + adjusted + referred + other − spent − lapsed, exactly."""

    member_id: int
    left: int
    earned: int
    adjusted: int
    referred: int
    other: int
    spent: int
    lapsed: int
    spendable: int
    pending: int
    reserved: int
    debt: int
    worth_fen: int
    sentence: str


class PointsLine(Told):
    """One line of the ledger with its sentence; lines of a customer add up to active + pending − debt."""

    id: int
    member_id: int
    kind: str
    amount: int
    state: str
    source: str
    happened_at: datetime
    available_at: datetime | None
    expires_at: datetime | None
    by: str
    sentence: str


class LineQuery(Paged):
    """Which lines; days are the merchant's and both counted in."""

    member_id: Id | None = None
    kind: Kind | None = None
    from_on: date | None = None
    to_on: date | None = None


class Posting(Sent):
    """Points to give (above 0) or take (below 0)."""

    member_id: Id
    amount: Amount
    reason: Reason


class Spending(Sent):
    """Points a customer uses up; `source` is your own mark for what she got."""

    member_id: Id
    amount: Points
    source: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$", examples=["mall:88"])] = ""


class Spent(Balance):
    """What she has now, and the name of the spending, by which it can be given back."""

    spending: str


class GivingBack(Sent):
    """Points of a spending, or of a committed reservation, to be given back: all of it or a part."""

    spending: Annotated[str, Field(min_length=1, max_length=200, examples=["api:7:order-88"])]
    amount: Points


class Reserving(Sent):
    """Points to set aside for some minutes."""

    member_id: Id
    amount: Points
    minutes: Annotated[int, Field(ge=1, le=43_200)] = 30
    source: Annotated[str, Field(max_length=100, pattern=r"^[^\x00-\x1f]*$")] = ""


class Reserved(Balance):
    """What she has now, the reservation, and the name by which it can be given back once it is committed."""

    reservation_id: int
    spending: str
    until_at: datetime


class Reservation(Told):
    """Points set aside."""

    id: int
    amount: int
    until_at: datetime


@reads("/members/{int:member_id}/points", scope="points:read", refuses=("no_member",))
def get_points(call: Call, member_id: Id) -> Summary:
    """Get a customer's points, and what they are made of."""
    known_member(call, member_id)
    found = queries.points_summary(call.merchant_id, member_id)
    parts = {name: getattr(found, name) for name in Summary.model_fields if name not in {"member_id", "sentence"}}
    return Summary(member_id=member_id, sentence=queries.explain_balance(found), **parts)


@reads("/points/lines", scope="points:read", refuses=("no_member", "bad_cursor"))
def list_points_lines(call: Call, query: Annotated[LineQuery, Query()]) -> Page[PointsLine]:
    """List the ledger's lines, the latest first, each with the sentence a buyer reads."""
    if query.member_id is not None:
        known_member(call, query.member_id)
    found = queries.journal(
        call.merchant_id, member_id=query.member_id, kinds=(query.kind,) if query.kind else (),
        since=call.midnight(query.from_on), until=call.midnight(query.to_on, days=1), limit=query.limit + 1,
        before=paging.instant(paging.opened(call.merchant_id, "points", query.cursor)),
    )  # fmt: skip
    return paging.page(
        call.merchant_id, "points", found, query.limit, _line,
        lambda one: [one.line.happened_at.isoformat(), one.line.id],
    )  # fmt: skip


def _who(merchant_id: int, values: Values) -> sql.Question[dict[int, str]]:
    return members.asking_names(merchant_id, {one["body"].member_id for one in values})


def _adjust(some: Sequence[Call], values: Values, known: dict[int, str]) -> list[Balance]:
    bodies: list[Posting] = [one["body"] for one in values]
    call = some[0]
    expect_all(known, (one.member_id for one in bodies))
    wanted = [
        loyalty.Credit(body.member_id, body.amount, body.reason, _key(one))
        for one, body in zip(some, bodies, strict=True)
    ]
    held = loyalty.credit(call.merchant_id, wanted, by=call.caller.by)
    return _balances(call, [one.member_id for one in bodies], held)


@writes_together(
    "POST", "/points/adjust", scope="points:write", act=_adjust, ahead=_who,
    refuses=("no_member", "not_enough", "no_amount", "key_reused"),
)  # fmt: skip
def adjust_points(call: Call, body: Posting) -> Balance:  # type: ignore[empty-body]  # done for many by _adjust
    """Give or take points, with a reason.

    Given points lapse as the rule in force says. Taking more than a customer has is refused.
    """


def _spend(some: Sequence[Call], values: Values, known: dict[int, str]) -> list[Spent]:
    bodies: list[Spending] = [one["body"] for one in values]
    call = some[0]
    expect_all(known, (one.member_id for one in bodies))
    spends = [
        ledger.Spend(member_id=body.member_id, amount=body.amount, key=_key(one), source=_source(body.source))
        for one, body in zip(some, bodies, strict=True)
    ]
    held = ledger.spend(call.merchant_id, POINTS, spends, by=call.caller.by)
    found = _balances(call, [one.member_id for one in bodies], held)
    return [Spent(**one.model_dump(), spending=spend.key) for one, spend in zip(found, spends, strict=True)]


@writes_together(
    "POST", "/points/spend", scope="points:write", act=_spend, ahead=_who,
    refuses=("no_member", "not_enough", "in_debt", "key_reused"),
)  # fmt: skip
def spend_points(call: Call, body: Spending) -> Spent:  # type: ignore[empty-body]  # done for many by _spend
    """Use up a customer's points, those that lapse soonest first."""


@writes("POST", "/points/give-back", scope="points:write", refuses=("no_spending", "more_than_spent", "key_reused"))
def give_back_points(call: Call, body: GivingBack) -> Nothing:
    """Give back a spending or a part of it, to the very same lots with their old expiry."""
    back = ledger.GiveBack(spend_key=body.spending, amount=body.amount, key=_key(call))
    ledger.give_back(call.merchant_id, POINTS, [back], by=call.caller.by)
    return Nothing()


@writes(
    "POST", "/points/reservations", scope="points:write", status=201,
    refuses=("no_member", "not_enough", "in_debt", "key_reused"),
)  # fmt: skip
def reserve_points(call: Call, body: Reserving) -> Reserved:
    """Set points aside; what is neither committed nor released comes back by itself."""
    known_member(call, body.member_id)
    until_at = clock.now() + timedelta(minutes=body.minutes)
    hold = ledger.Hold(
        member_id=body.member_id, amount=body.amount, key=_key(call), until_at=until_at, source=_source(body.source)
    )
    number = ledger.reserve(call.merchant_id, POINTS, [hold], by=call.caller.by)[0]
    balance = _balances(call, [body.member_id], {})[0]
    return Reserved(**balance.model_dump(), reservation_id=number, spending=hold.key, until_at=until_at)


@reads("/members/{int:member_id}/reservations", scope="points:read", refuses=("no_member",))
def list_reservations(call: Call, member_id: Id) -> Listing[Reservation]:
    """List the points a customer has set aside."""
    known_member(call, member_id)
    found = ledger_queries.open_reservations(call.merchant_id, POINTS, member_id)
    return Listing(items=[Reservation(id=one, amount=amount, until_at=at) for one, (amount, at) in found.items()])


@writes(
    "POST", "/points/reservations/{int:reservation_id}/commit", scope="points:write",
    refuses=("no_reservation", "reservation_over"),
)  # fmt: skip
def commit_reservation(call: Call, reservation_id: Id) -> Nothing:
    """Spend what was set aside."""
    ledger.commit(call.merchant_id, POINTS, [reservation_id], by=call.caller.by)
    return Nothing()


@writes(
    "POST", "/points/reservations/{int:reservation_id}/release", scope="points:write",
    refuses=("no_reservation", "reservation_spent"),
)  # fmt: skip
def release_reservation(call: Call, reservation_id: Id) -> Nothing:
    """Return what was set aside."""
    ledger.release(call.merchant_id, POINTS, [reservation_id], by=call.caller.by)
    return Nothing()


def _key(call: Call) -> str:
    """What the ledger knows a call by; it outlives the day for which answers are kept."""
    return f"api:{call.caller.key.id}:{call.key}"


def _source(text: str) -> str:
    """A program's own mark, so that it is taken for no order of ours."""
    return f"api:{text}" if text else ""


def _balances(call: Call, member_ids: Sequence[int], held: Mapping[int, ledger.Balance]) -> list[Balance]:
    """What members have, where it is not known yet."""
    missing = [one for one in dict.fromkeys(member_ids) if one not in held]
    if missing:
        held = {**held, **ledger_queries.balances(call.merchant_id, POINTS, missing)}
    return [
        Balance(
            member_id=one, spendable=held[one].spendable, active=held[one].active,
            pending=held[one].pending, reserved=held[one].reserved, debt=held[one].debt,
        )
        for one in member_ids
    ]  # fmt: skip


def _line(one: queries.Booked) -> PointsLine:
    line = one.line
    return PointsLine(
        id=line.id, member_id=one.member_id, kind=line.kind, amount=line.amount, state=line.state, source=line.source,
        happened_at=line.happened_at, available_at=line.available_at, expires_at=line.expires_at, by=line.by,
        sentence=one.sentence,
    )  # fmt: skip
