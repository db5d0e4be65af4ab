"""What became of a batch, and the facts it makes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import NamedTuple

from shuke.core import clock, facts
from shuke.core.actors import Actor
from shuke.trade.events import OrderChanged


class Taken(NamedTuple):
    """What became of a batch: orders new, changed, told again without news, and told by an older file."""

    new: int = 0
    changed: int = 0
    same: int = 0
    older: int = 0

    def plus(self, other: Taken) -> Taken:
        """Both batches together."""
        return Taken(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


class News(NamedTuple):
    """An order that is new (`before` "") or changed."""

    order_id: int
    member_id: int | None
    order_no: str
    before: str
    state: str
    paid_fen: int
    at: datetime | None


def tell(merchant_id: int, news: Iterable[News], *, by: Actor) -> None:
    """Publish one fact an order; orders whose buyer is unknown make none until she is known."""
    now = clock.now()
    facts.publish(
        merchant_id,
        (
            OrderChanged(
                member_id=one.member_id,
                subject_id=one.order_id,
                order_no=one.order_no,
                before=one.before,
                state=one.state,
                paid_fen=one.paid_fen,
                happened_at=min(one.at or now, now),
            )
            for one in news
            if one.member_id is not None
        ),
        by=by,
    )
