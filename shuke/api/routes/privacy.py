"""What people may ask about their data: having it handed out, having it deleted."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from shuke.analytics import actions as analytics
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Id, Nothing, Told
from shuke.members import actions as members
from shuke.members import queries


class Erasure(Told):
    """When a customer's data will be deleted; null when nobody asked for it."""

    member_id: int
    due_at: datetime | None


class HandedOut(Told):
    """Everything that is kept of a customer, clear values included, as the buyer's own page gives it."""

    content: dict[str, Any]


@reads("/members/{int:member_id}/erasure", scope="privacy:write", refuses=("no_member",))
def get_erasure(call: Call, member_id: Id) -> Erasure:
    """Get when a customer's data will be deleted."""
    known_member(call, member_id)
    return Erasure(member_id=member_id, due_at=queries.erasure_due_at(call.merchant_id, member_id))


@writes("POST", "/members/{int:member_id}/erasure", scope="privacy:write", refuses=("no_member",))
def start_erasure(call: Call, member_id: Id) -> Erasure:
    """Have a customer's data deleted once the waiting time of the settings is over; asked twice, the first one stands."""
    known_member(call, member_id)
    due_at = members.request_erasure(call.merchant_id, member_id, by=call.caller.by)
    return Erasure(member_id=member_id, due_at=due_at)


@writes("DELETE", "/members/{int:member_id}/erasure", scope="privacy:write", refuses=("no_member", "nothing_waiting"))
def cancel_erasure(call: Call, member_id: Id) -> Nothing:
    """Call a waiting deletion off."""
    known_member(call, member_id)
    members.cancel_erasure(call.merchant_id, member_id, by=call.caller.by)
    return Nothing()


@writes("POST", "/members/{int:member_id}/my-data", scope="privacy:write", refuses=("no_member",))
def hand_out_data(call: Call, member_id: Id) -> HandedOut:
    """Get everything that is kept of a customer, to be given to her; the audit log tells that it was handed out."""
    known_member(call, member_id)
    return HandedOut(content=analytics.take_out(call.merchant_id, member_id, by=call.caller.by))
