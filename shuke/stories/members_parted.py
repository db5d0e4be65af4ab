"""What happens when a joining is undone."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.members import queries as members
from shuke.members.events import MemberParted
from shuke.trade import actions as trade


@story(MemberParted)
def members_parted(merchant_id: int, facts: Sequence[MemberParted]) -> None:
    """Each gets back what is hers: orders by the name they were told under, points by the orders they came from."""
    homes = members.families(merchant_id, {fact.member_id for fact in facts if fact.member_id})
    orders = trade.rehome_orders(merchant_id, homes)
    loyalty.rehome(merchant_id, homes, orders)
