"""One person: joining two customers and parting them again, and whether she may be written to."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from pydantic import Field

from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Count, Id, Listing, Members, Nothing, Reason, Sent, Told
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.specs import ConsentSpec


class Joining(Sent):
    """Two customers who are one person: `home_id` stands for both from now on."""

    member_id: Id
    home_id: Id


class Joined(Told):
    """The joinings that were made, by which they can be undone; none when the two were one already."""

    merge_ids: list[int]


class Consent(Told):
    """How a customer stands to a channel and purpose: given, withdrawn or none."""

    channel: str
    purpose: str
    state: str
    at: datetime | None = None


class Suppressing(Members):
    """Customers who are not to be written to, and why."""

    reason: Reason


@writes("POST", "/members/join", scope="members:write", refuses=("no_member", "same_member", "erased", "key_reused"))
def join_members(call: Call, body: Joining) -> Joined:
    """Join two customers who are one person; orders, points and level follow, and it can be undone at any time."""
    known_member(call, body.member_id, body.home_id)
    key = f"api:{call.caller.key.id}:{call.key}"
    return Joined(
        merge_ids=members.merge(call.merchant_id, [(body.member_id, body.home_id)], by=call.caller.by, key=key)
    )


@writes("POST", "/members/joins/{int:merge_id}/undo", scope="members:write", refuses=("no_merge", "erased"))
def part_members(call: Call, merge_id: Id) -> Nothing:
    """Undo a joining: orders and points go back to whom they were told of."""
    members.unmerge(call.merchant_id, merge_id, by=call.caller.by)
    return Nothing()


@reads("/members/{int:member_id}/consents", scope="members:read", refuses=("no_member",))
def list_consents(call: Call, member_id: Id) -> Listing[Consent]:
    """List how a customer stands to every channel and purpose."""
    known_member(call, member_id)
    return Listing(items=[Consent.of(one) for one in queries.consents(call.merchant_id, member_id)])


@writes("POST", "/members/{int:member_id}/consents", scope="members:write", refuses=("no_member", "no_evidence"))
def give_consent(call: Call, member_id: Id, body: ConsentSpec) -> Count:
    """Write down a consent with its proof; nothing is written when it stands already."""
    return _record(call, member_id, body.channel, body.purpose, is_given=True, evidence=body.evidence)


class Withdrawing(Sent):
    """What a customer does not want any longer."""

    channel: Annotated[str, Field(pattern="^(sms|mail|wecom|platform)$", examples=["sms"])]
    purpose: Annotated[str, Field(pattern="^(marketing|care)$", examples=["marketing"])]


@writes("POST", "/members/{int:member_id}/consents/withdraw", scope="members:write", refuses=("no_member",))
def withdraw_consent(call: Call, member_id: Id, body: Withdrawing) -> Count:
    """Write down that a customer takes a consent back."""
    return _record(call, member_id, body.channel, body.purpose, is_given=False)


@writes("POST", "/members/suppress", scope="members:write", refuses=("no_member", "reason_missing"))
def suppress_members(call: Call, body: Suppressing) -> Count:
    """Put customers on the list of those who are not written to, whatever else says they may be."""
    known_member(call, *body.member_ids)
    return Count(
        count=members.suppress_members(call.merchant_id, body.member_ids, reason=body.reason, by=call.caller.by)
    )


def _record(call: Call, member_id: int, channel: str, purpose: str, *, is_given: bool, evidence: str = "") -> Count:
    known_member(call, member_id)
    word = members.Word(channel, purpose, is_given)
    return Count(
        count=members.record_consent(
            call.merchant_id, member_id, [word], source="api", evidence=evidence, by=call.caller.by
        )
    )
