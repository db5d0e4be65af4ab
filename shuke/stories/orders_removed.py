"""What happens when orders are gone because their import was undone."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core.facts import story
from shuke.stories.orders_changed import follow_orders
from shuke.trade.events import OrderRemoved


@story(OrderRemoved)
def orders_removed(merchant_id: int, facts: Sequence[OrderRemoved]) -> None:
    """What they bought and yielded is taken back and what paid part of them given back, then welcome points that hung on them, then levels are looked at again."""
    follow_orders(merchant_id, facts)
