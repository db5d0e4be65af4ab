"""Which orders buy a paid membership."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

from shuke.loyalty.rules.order_line import OrderLine


@dataclass(frozen=True, slots=True)
class Offer:
    """A plan as orders buy it: by which products, from when, until when."""

    plan_id: int
    products: frozenset[str]
    sold_from_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Purchase:
    """What an order bought: how many terms of a plan, and what stayed paid for them in fen."""

    order_id: int
    member_id: int
    plan_id: int
    quantity: int
    paid_fen: int
    bought_at: datetime


def purchases(lines: Iterable[OrderLine], offers: Sequence[Offer]) -> list[Purchase]:
    """What paid orders bought; a line that was refunded whole buys nothing, a part refund takes nothing away.

    A product that two plans name buys the one that was saved first.
    """
    found: dict[tuple[int, int], Purchase] = {}
    for line in lines:
        bought_at = line.paid_at or line.placed_at
        if bought_at is None or line.state in {"unpaid", "closed"} or not _is_kept(line):
            continue
        offer = next((one for one in offers if _sells(one, line, bought_at)), None)
        if offer is None:
            continue
        known = found.get((line.order_id, offer.plan_id))
        quantity, paid_fen = max(1, line.quantity), line.gross_fen - line.refund_fen
        if known is not None:
            quantity, paid_fen = quantity + known.quantity, paid_fen + known.paid_fen
        found[line.order_id, offer.plan_id] = Purchase(
            line.order_id, line.member_id, offer.plan_id, quantity, paid_fen, bought_at
        )
    return list(found.values())


def _is_kept(line: OrderLine) -> bool:
    # What vanished from an order has amounts of 0 too; a card that is given away for nothing is sold by hand.
    return line.gross_fen > line.refund_fen


def _sells(offer: Offer, line: OrderLine, at: datetime) -> bool:
    in_time = offer.sold_from_at <= at and (offer.retired_at is None or at < offer.retired_at)
    return in_time and (line.outer_id in offer.products or line.product_id in offer.products)
