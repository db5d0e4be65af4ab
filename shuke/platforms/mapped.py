"""Files of any other system, read as the merchant has said that their columns are to be read."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import buyer, customer, own_email, phones, receiver
from shuke.platforms.platform import CustomerRecord, Layout, LineRecord, OrderRecord, SaleRecord, State
from shuke.platforms.sheets import (
    EMPTY_LINE,
    EMPTY_ORDER,
    Cells,
    Make,
    Reading,
    amounts,
    need_something,
    plainly,
    sale,
    stamp,
)
from shuke.platforms.specs import FIELDS_OF, MappingSpec

PLATFORM: Final = "mapped"


def layout(spec: MappingSpec, header: Sequence[str]) -> Layout | None:
    """The layout that a mapping gives a header; None when one of its columns is missing there."""
    columns = {name: (column,) for name, column in spec.columns.items() if name in FIELDS_OF[spec.content]}
    states: dict[str, State] = {rules.status(one.word): one.state for one in spec.states}
    makes: dict[str, Make] = {
        "orders": partial(read_order, states),
        "sales": partial(read_sale, states),
        "customers": read_customer,
    }
    return Reading(
        platform=PLATFORM,
        name=spec.label,
        label=_("Own format “%(name)s”") % {"name": spec.label},
        content=spec.content,
        columns=columns,
        signs=frozenset(columns),
        make=makes[spec.content],
        key="order_no" if spec.content == "sales" else "",
        dates=spec.dates,
        unit=spec.unit,
        terms=spec.model_dump_json(exclude={"label"}),
    ).recognise(header)


def read_order(states: dict[str, State], rows: Sequence[Cells]) -> OrderRecord:
    """A row that is an order."""
    [row] = rows
    title = row.text("title")
    order = _order(states, row, row.money("paid") if row.has("paid") else row.money("total"))
    return order._replace(
        **stamp(rows),
        titles=(title,) if title else (),
        item_count=row.count("quantity"),
    )


def read_sale(states: dict[str, State], rows: Sequence[Cells]) -> SaleRecord:
    """Rows that are the products of one order; what is told of the order is read from the first."""
    head = rows[0]
    lines = [_line(row) for row in rows]
    total = head.money("paid") if head.has("paid") else head.money("total")
    if total is None and head.has("due"):
        total = sum(line.due_fen or 0 for line in lines) + (head.money("post") or 0)
    order = _order(states, head, total)
    return sale(order, [line._replace(state=order.state) for line in lines], rows)


def read_customer(rows: Sequence[Cells]) -> CustomerRecord:
    """A row that is a customer."""
    [row] = rows
    bought_at = row.time("bought_at")
    return customer(rows)._replace(
        bought_at=bought_at, has_bought=bought_at is not None or bool(row.count("order_count"))
    )


def _order(states: dict[str, State], row: Cells, total: int | None) -> OrderRecord:
    paid_at, shipped_at, finished_at = row.time("paid_at"), row.time("shipped_at"), row.time("finished_at")
    doubts: tuple[str, ...] = ()
    if row.has("state"):
        state = row.meaning("state", states)
    else:
        state = "finished" if finished_at else "shipped" if shipped_at else "paid" if paid_at else "unpaid"
        doubts = ("state_from_times",)
    if row.has("currency"):
        doubts += row.yuan("currency")
    who, own = receiver(row), phones(row.text("own_phone"))
    money = amounts(state, paid_at, total, post=row.money("post"), refund=row.money("refund"))
    order = EMPTY_ORDER._replace(
        **{
            **plainly(row),
            **who,
            **buyer(row, own[0]),
            **money,
            "doubts": who["doubts"] + own[2] + money["doubts"] + doubts,
        },
        email=own_email(row),
        state=state,
        paid_at=paid_at,
        shipped_at=shipped_at,
        finished_at=finished_at,
    )
    return need_something(order)


def _line(row: Cells) -> LineRecord:
    return EMPTY_LINE._replace(
        title=row.text("title"),
        sku=row.text("sku"),
        outer_id=row.text("outer_id"),
        product_id=row.text("product_id"),
        price_fen=row.money("price"),
        quantity=row.quantity("quantity"),
        due_fen=row.money("due"),
    )
