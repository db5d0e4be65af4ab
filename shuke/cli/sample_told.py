"""What an export tells on a day of the invented shop's orders and buyers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from shuke.cli.sample_exports import order_no, state_of
from shuke.cli.sample_shop import Buyer, Order

_STATES: Final = {
    "等待买家付款": 0, "买家已付款，等待卖家发货": 1, "卖家已发货，等待买家确认": 2, "交易成功": 3, "交易关闭": 4,
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Told:
    """An order as known on a day: where it stands (0 unpaid … 3 finished, 4 closed), its amounts, its times."""

    order: Order
    step: int
    total_fen: int
    refund_fen: int
    paid: str
    shipped: str
    finished: str

    @property
    def number(self) -> str:
        """The order's number without a platform's own signs."""
        return order_no(self.order)


def told_of(order: Order, day: datetime) -> Told:
    """An order as known on a day."""
    state, refund = state_of(order, day)
    step = _STATES[state]
    is_paid = order.paid is not None and order.paid <= day
    is_shipped = order.shipped is not None and order.shipped <= day and step != 0
    return Told(
        order=order,
        step=step,
        total_fen=sum(line.due_fen for line in order.lines) + order.post_fen,
        refund_fen=refund,
        paid=str(order.paid) if is_paid else "",
        shipped=str(order.shipped) if is_shipped else "",
        finished=str(order.finished) if step == 3 else "",
    )


def place_of(buyer: Buyer) -> tuple[str, str, str, str]:
    """Province, city, district and street of a buyer."""
    province, city, district, street = buyer.address.split(" ", 3)
    return province, city, district, street.partition("(")[0]


def mail_of(buyer: Buyer) -> str:
    """Her mail address."""
    return f"buyer{buyer.number}@example.com"


def buyers_of(orders: Sequence[Told]) -> list[tuple[Buyer, list[Told]]]:
    """The buyers with their orders."""
    found: dict[int, tuple[Buyer, list[Told]]] = {}
    for told in orders:
        found.setdefault(told.order.buyer.number, (told.order.buyer, []))[1].append(told)
    return list(found.values())
