"""Paying with points: a buyer's code, the order whose price was changed for it, and what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Fen, Id, Points, Sent, Told
from shuke.core.errors import Missing
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries

Code = Annotated[str, Field(min_length=4, max_length=40, examples=["K7M2Q9XWF"])]


class Redemption(Told):
    """Points that pay part of an order; amounts in fen.

    `state` is reserved, bound, committed, released or mismatch, `why` the reason of the last two.
    """

    id: int
    code: str
    member_id: int
    points: int
    worth_fen: int
    state: str
    why: str
    until_at: datetime
    order_no: str
    before_fen: int | None
    after_fen: int | None
    paid_fen: int | None


class Asking(Sent):
    """Points a customer wants to pay with."""

    member_id: Id
    points: Points


class Binding(Sent):
    """The order whose price was lowered for a code: the price before, postage included, and the postage."""

    order_no: Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{4,64}$", examples=["3021457890123456789"])]
    price_fen: Fen
    post_fen: Annotated[int, Field(ge=0, le=100_000_000, examples=[0])] = 0


class Deciding(Sent):
    """Whether points of an order that does not fit are used or given back."""

    decision: Literal["commit", "release"]


@writes(
    "POST", "/redemptions", scope="points:write", status=201,
    refuses=("no_member", "off", "paused", "bad_amount", "open_code", "member_day_full", "day_full", "not_enough",
             "in_debt", "key_reused"),
)  # fmt: skip
def reserve_redemption(call: Call, body: Asking) -> Redemption:
    """Set points aside for an order, and get the code the buyer tells the shop.

    A code that no order follows releases itself; the points come back.
    """
    known_member(call, body.member_id)
    made = loyalty.reserve_redemption(
        call.merchant_id, body.member_id, body.points, key=f"api:{call.caller.key.id}:{call.key}", by=call.caller.by
    )
    return Redemption.of(made)


@reads("/redemptions/code/{code}", scope="points:read", refuses=("no_code", "code_mistyped"))
def find_redemption(call: Call, code: Code) -> Redemption:
    """Find a redemption by its code, as the buyer told it."""
    return Redemption.of(queries.redemption_of_code(call.merchant_id, code))


@reads("/redemptions/{int:redemption_id}", scope="points:read", refuses=("no_redemption",))
def get_redemption(call: Call, redemption_id: Id) -> Redemption:
    """Get a redemption as it stands."""
    return _told(call, redemption_id)


@writes(
    "POST", "/redemptions/{int:redemption_id}/bind", scope="points:write",
    refuses=("no_redemption", "code_over", "code_used", "order_taken", "other_customer", "other_shop", "order_closed",
             "order_paid", "no_goods", "order_small", "part_large", "bad_order_no"),
)  # fmt: skip
def bind_redemption(call: Call, redemption_id: Id, body: Binding) -> Redemption:
    """Note that an order's price was lowered for a code; the order, once paid, commits it."""
    return Redemption.of(
        loyalty.bind_redemption(
            call.merchant_id, redemption_id, body.order_no, body.price_fen, body.post_fen, by=call.caller.by
        )
    )


@writes(
    "POST", "/redemptions/{int:redemption_id}/unbind", scope="points:write", refuses=("no_redemption", "code_used")
)  # fmt: skip
def unbind_redemption(call: Call, redemption_id: Id) -> Redemption:
    """Take the order off a code again."""
    loyalty.unbind_redemption(call.merchant_id, redemption_id, by=call.caller.by)
    return _told(call, redemption_id)


@writes(
    "POST", "/redemptions/{int:redemption_id}/cancel", scope="points:write", refuses=("no_redemption", "code_bound")
)  # fmt: skip
def cancel_redemption(call: Call, redemption_id: Id) -> Redemption:
    """Give the points of an unused code back."""
    loyalty.cancel_redemption(call.merchant_id, redemption_id, by=call.caller.by)
    return _told(call, redemption_id)


@writes(
    "POST", "/redemptions/{int:redemption_id}/decide", scope="points:write",
    refuses=("no_redemption", "decided", "nothing_to_decide", "not_enough"),
)  # fmt: skip
def decide_redemption(call: Call, redemption_id: Id, body: Deciding) -> Redemption:
    """Decide on a code whose order does not fit: use the points all the same, or give them back."""
    return Redemption.of(loyalty.decide_redemption(call.merchant_id, redemption_id, body.decision, by=call.caller.by))


def _told(call: Call, redemption_id: int) -> Redemption:
    found = queries.redemption(call.merchant_id, redemption_id)
    if found is None:
        raise Missing("no_redemption", _("This code does not exist."))
    return Redemption.of(found)
