"""What happens when somebody becomes a member."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.members.events import MemberJoined


@story(MemberJoined)
def members_joined(merchant_id: int, facts: Sequence[MemberJoined]) -> None:
    """She gets her welcome points where the rule asks for no order first."""
    loyalty.grant_signup_bonus(merchant_id, {fact.member_id for fact in facts if fact.member_id})
