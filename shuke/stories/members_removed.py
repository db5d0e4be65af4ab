"""What happens when a member is taken away again, because the import that brought her was undone."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.members.events import MemberRemoved


@story(MemberRemoved)
def members_removed(merchant_id: int, facts: Sequence[MemberRemoved]) -> None:
    """Her level and her welcome points go with her; other points went with her orders."""
    member_ids = {fact.member_id for fact in facts if fact.member_id}
    loyalty.grant_signup_bonus(merchant_id, member_ids)
    loyalty.forget_levels(merchant_id, member_ids)
