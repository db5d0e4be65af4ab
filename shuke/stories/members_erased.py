"""What happens when a member was forgotten."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.members.events import MemberErased
from shuke.trade import actions as trade


@story(MemberErased)
def members_erased(merchant_id: int, facts: Sequence[MemberErased]) -> None:
    """Her orders no longer tell who received them, and her level goes; amounts and books stay as they are."""
    member_ids = {fact.member_id for fact in facts if fact.member_id}
    trade.forget_private(merchant_id, member_ids)
    loyalty.forget_levels(merchant_id, member_ids)
