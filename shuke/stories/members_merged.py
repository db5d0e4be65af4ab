"""What happens when two members turned out to be one person."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.members import queries as members
from shuke.members.events import MemberJoinedTo
from shuke.trade import actions as trade


@story(MemberJoinedTo)
def members_merged(merchant_id: int, facts: Sequence[MemberJoinedTo]) -> None:
    """Orders, figures, points, growth and levels of all concerned come to whoever stands for them now."""
    homes = members.families(merchant_id, {fact.member_id for fact in facts if fact.member_id})
    orders = trade.rehome_orders(merchant_id, homes)
    loyalty.rehome(merchant_id, homes, orders)
