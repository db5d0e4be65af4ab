"""What happens when orders are new, or their state or amounts changed."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import Fact, story
from shuke.loyalty import actions as loyalty
from shuke.trade.events import OrderChanged


@story(OrderChanged)
def orders_changed(merchant_id: int, facts: Sequence[OrderChanged]) -> None:
    """Memberships, points and growth follow, then points that pay part of them, then welcome points that waited for an order, then levels."""
    follow_orders(merchant_id, facts)


def follow_orders(merchant_id: int, facts: Sequence[Fact]) -> None:
    """Bring to what orders say now whatever hangs on them; orders that are gone say nothing any more."""
    order_ids = {fact.subject_id for fact in facts if fact.subject_id}
    named = {fact.member_id for fact in facts if fact.member_id}
    loyalty.take_memberships(merchant_id, order_ids)
    settled = loyalty.settle_orders(merchant_id, order_ids, also_of=named)
    loyalty.settle_redemptions(merchant_id, order_ids)
    member_ids = settled.member_ids | named
    loyalty.grant_signup_bonus(merchant_id, member_ids)
    loyalty.review_levels(merchant_id, member_ids)
