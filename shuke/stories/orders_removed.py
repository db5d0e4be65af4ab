"""What happens when orders are gone because their import was undone."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.loyalty import actions as loyalty
from shuke.trade.events import OrderRemoved


@story(OrderRemoved)
def orders_removed(merchant_id: int, facts: Sequence[OrderRemoved]) -> None:
    """What they bought and yielded is taken back and what paid part of them given back, then welcome points that hung on them, then levels are looked at again."""
    order_ids = {fact.subject_id for fact in facts if fact.subject_id}
    named = {fact.member_id for fact in facts if fact.member_id}
    loyalty.take_memberships(merchant_id, order_ids)
    settled = loyalty.settle_orders(merchant_id, order_ids, also_of=named)
    loyalty.settle_redemptions(merchant_id, order_ids)
    member_ids = settled.member_ids | named
    loyalty.grant_signup_bonus(merchant_id, member_ids)
    loyalty.review_levels(merchant_id, member_ids)
