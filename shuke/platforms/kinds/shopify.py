"""Shopify: the orders export, one row a product with the order's values on its first row alone, and the customers export.

Shopify knows no receipt by the buyer: an order that is fulfilled is finished. Only orders in yuan are taken.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import customer, own_email, phones, receiver
from shuke.platforms.platform import CustomerRecord, Layout, LineRecord, Platform, SaleRecord, State
from shuke.platforms.sheets import (
    EMPTY_LINE,
    EMPTY_ORDER,
    Cells,
    Reading,
    amounts,
    need_something,
    plainly,
    sale,
)

_PAID = {"paid", "partially_refunded"}
_UNPAID = {"pending", "authorized", "partially_paid", "unpaid"}
_CLOSED = {"refunded", "voided", "expired"}
_SENT: dict[str, State] = {"fulfilled": "finished", "partial": "part_shipped"}


class Shopify(Platform):
    """Shopify shops."""

    name = "shopify"
    label = _("Shopify")
    reports = _("In Shopify’s admin under Orders press Export; under Customers likewise for the customer list.")

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The orders export or the customers export."""
        return ORDERS.recognise(header) or CUSTOMERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> SaleRecord:
    """The rows of one order; a piece of an order without its first row is refused."""
    head = rows[0]
    total = head.money("total")
    if total is None:
        raise head.fault("id_missing", "total")
    currency_doubts = head.yuan("currency")
    state, paid_at = _state(head), head.time("paid_at")
    refund = head.money("refund")
    who, own = receiver(head), phones(head.text("own_phone") or head.text("billing_phone"))
    if not who["province"] and "*" not in head.text("province_code"):
        who["province"] = head.text("province_code")
    money = amounts(state, paid_at, total, post=head.money("post"), refund=refund)
    if state == "closed" and paid_at is None and refund:
        money |= {"refund_fen": refund, "paid_fen": max(0, total - refund)}
    order = EMPTY_ORDER._replace(
        **{**plainly(head), **who, **money, "doubts": who["doubts"] + money["doubts"] + currency_doubts},
        own_phone=own[0],
        email=own_email(head),
        state=state,
        paid_at=paid_at,
        shipped_at=head.time("shipped_at"),
        finished_at=head.time("shipped_at") if state == "finished" else None,
    )
    return sale(need_something(order), [_line(row, state) for row in rows], rows)


def _line(row: Cells, state: State) -> LineRecord:
    price, quantity = row.money("price") or 0, row.quantity("quantity")
    return EMPTY_LINE._replace(
        title=row.text("title"),
        outer_id=row.text("outer_id"),
        price_fen=price,
        quantity=quantity,
        due_fen=max(0, price * quantity - (row.money("discount") or 0)),
        state=state,
    )


def _state(head: Cells) -> State:
    paying, sending = rules.status(head.raw("paying")), rules.status(head.raw("sending"))
    if paying in _CLOSED or head.time("cancelled_at") is not None:
        return "closed"
    if paying in _UNPAID:
        return "unpaid"
    if paying not in _PAID:
        raise head.fault("state_unknown", "paying")
    return _SENT.get(sending, "paid")


def read_customer(rows: Sequence[Cells]) -> CustomerRecord:
    """One customer; whether she bought is told by the number of her orders."""
    return customer(rows)._replace(has_bought=bool(rows[0].count("order_count")))


_IGNORED: Final = frozenset({
    "Accepts Marketing",
    "Subtotal",
    "Taxes",
    "Discount Code",
    "Discount Amount",
    "Shipping Method",
    "Lineitem compare at price",
    "Lineitem requires shipping",
    "Lineitem taxable",
    "Lineitem fulfillment status",
    "Billing Address1",
    "Billing Address2",
    "Billing Company",
    "Billing City",
    "Billing Zip",
    "Billing Province",
    "Billing Country",
    "Shipping Address2",
    "Shipping Company",
    "Shipping Country",
    "Note Attributes",
    "Payment Method",
    "Vendor",
    "Outstanding Balance",
    "Employee",
    "Location",
    "Device ID",
    "Id",
    "Tags",
    "Risk Level",
    "Source",
    "Receipt Number",
    "Duties",
    "Billing Province Name",
    "Payment Terms Name",
    "Next Payment Due At",
    "Payment References",
    *(f"Tax {n} {what}" for n in range(1, 6) for what in ("Name", "Value")),
})  # fmt: skip
ORDERS = Reading(
    platform="shopify",
    name="orders",
    label=_("Orders export"),
    content="sales",
    columns={
        "order_no": ("Name",),
        "email": ("Email",),
        "paying": ("Financial Status",),
        "paid_at": ("Paid at",),
        "sending": ("Fulfillment Status",),
        "shipped_at": ("Fulfilled at",),
        "currency": ("Currency",),
        "post": ("Shipping",),
        "total": ("Total",),
        "placed_at": ("Created at",),
        "quantity": ("Lineitem quantity",),
        "title": ("Lineitem name",),
        "price": ("Lineitem price",),
        "outer_id": ("Lineitem sku",),
        "discount": ("Lineitem discount",),
        "billing_phone": ("Billing Phone",),
        "name": ("Shipping Name", "Billing Name"),
        "address": ("Shipping Street", "Shipping Address1", "Billing Street"),
        "city": ("Shipping City",),
        "postcode": ("Shipping Zip",),
        "province": ("Shipping Province Name", "Shipping Province"),
        "province_code": ("Shipping Province",),
        "phone": ("Shipping Phone",),
        "message": ("Notes",),
        "cancelled_at": ("Cancelled at",),
        "payment_no": ("Payment ID", "Payment Reference"),
        "refund": ("Refunded Amount",),
        "own_phone": ("Phone",),
    },
    signs=frozenset({"order_no", "paying", "total", "title", "quantity"}),
    make=read_order,
    key="order_no",
    ignored=_IGNORED,
)
_IGNORED_OF_CUSTOMERS: Final = frozenset({
    "Accepts Email Marketing",
    "Company",
    "Address2",
    "Province Code",
    "Country",
    "Country Code",
    "Accepts SMS Marketing",
    "Total Spent",
    "Note",
    "Tax Exempt",
    "Default Address Company",
    "Default Address Address2",
    "Default Address Country Code",
})  # fmt: skip
CUSTOMERS = Reading(
    platform="shopify",
    name="customers",
    label=_("Customers export"),
    content="customers",
    columns={
        "customer_id": ("Customer ID",),
        "first_name": ("First Name",),
        "last_name": ("Last Name",),
        "email": ("Email",),
        "address": ("Address1", "Default Address Address1"),
        "city": ("City", "Default Address City"),
        "province": ("Province", "Default Address Province Code"),
        "postcode": ("Zip", "Default Address Zip"),
        "own_phone": ("Phone", "Default Address Phone"),
        "order_count": ("Total Orders",),
        "tags": ("Tags",),
    },
    signs=frozenset({"first_name", "last_name", "email", "order_count"}),
    make=read_customer,
    ignored=_IGNORED_OF_CUSTOMERS,
)
