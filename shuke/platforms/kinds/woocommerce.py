"""WooCommerce: the order export of the WebToffee plugin, one row an order, its products in as many columns as needed.

Times are the shop's. A completed order is finished. Only orders in yuan are taken.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import own_email, person, phones, receiver
from shuke.platforms.platform import Layout, LineRecord, Platform, SaleRecord, State
from shuke.platforms.sheets import (
    EMPTY_LINE,
    EMPTY_ORDER,
    Cells,
    Fault,
    Reading,
    amounts,
    need_something,
    plainly,
    sale,
)

_STATES: dict[str, State] = {
    "pending": "unpaid", "on-hold": "unpaid", "checkout-draft": "unpaid", "processing": "paid", "shipped": "shipped",
    "completed": "finished", "cancelled": "closed", "refunded": "closed", "failed": "closed", "trash": "closed",
}  # fmt: skip
_STATES |= {f"wc-{word}": state for word, state in _STATES.items()}
_REFUNDED = re.compile(r"amount:-?([0-9]+(?:\.[0-9]{1,2})?)")
_PART = re.compile(r"(name|product_id|sku|quantity|total|sub_total):([^|]*)")
_MOST_LINES = 500


class Woocommerce(Platform):
    """WooCommerce shops."""

    name = "woocommerce"
    label = _("WooCommerce")
    reports = _("With the plugin WebToffee: Orders → Export, as CSV.")

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The order export."""
        return ORDERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> SaleRecord:
    """One order with the lines that its columns tell."""
    [row] = rows
    currency_doubts = row.yuan("currency")
    state, paid_at = row.meaning("state", _STATES), row.time("paid_at")
    post = (row.money("post") or 0) + (row.money("post_tax") or 0)
    refunds = _REFUNDED.findall(row.text("refunds"))
    refund = sum(rules.money(amount) or 0 for amount in refunds) if refunds else None
    money = amounts(state, paid_at, row.money("total"), post=post, refund=refund)
    who, own = _receiver(row), phones(row.text("own_phone"))
    name = person(row.text("first_name"), row.text("last_name")) or person(
        row.text("billing_first_name"), row.text("billing_last_name")
    )
    who |= {"name_masked": name} if rules.is_masked(name) else {"name": name}
    customer_id = row.text("customer_id")
    order = EMPTY_ORDER._replace(
        **{**plainly(row), **who, **money, "doubts": who["doubts"] + own[2] + money["doubts"] + currency_doubts},
        own_phone=own[0],
        email=own_email(row),
        # A guest's order has the customer 0.
        open_uid=customer_id if customer_id.isdecimal() and customer_id.strip("0") else "",
        state=state,
        paid_at=paid_at,
    )
    return sale(need_something(order), [*_lines(row, state)], rows)


def _receiver(row: Cells) -> dict[str, Any]:
    """Where the parcel goes: the billing address when no other is given."""
    where = receiver(row)
    if any(where[part] or where.get(f"{part}_masked") for part in ("address", "city", "province")):
        return where
    return {**receiver(row, "billing_"), **{part: where[part] for part in ("phone", "phone_masked", "doubts")}}


def _lines(row: Cells, state: State) -> Iterator[LineRecord]:
    for place in range(1, _MOST_LINES + 1):
        told = {
            what: row.named(f"productitem{place}{what.replace('_', '')}")
            for what in ("name", "id", "sku", "quantity", "total", "sub_total")
        }
        told["sub_total"] = told["sub_total"] or row.named(f"productitem{place}subtotal")
        if not told["name"]:
            told = {"id": "", **dict(_PART.findall(row.named(f"line_item_{place}")))}
            told["id"] = told.get("product_id", "")
        if not told.get("name"):
            return
        yield _line(row, told, state)


def _line(row: Cells, told: dict[str, str], state: State) -> LineRecord:
    try:
        quantity = rules.count(told.get("quantity", "")) or 0
        due, before = rules.money(told.get("total", "")), rules.money(told.get("sub_total", ""))
    except (ValueError, ArithmeticError):
        raise Fault("line_unreadable", number=row.row.number) from None
    if not 0 < quantity <= rules.MOST_PIECES or (due or 0) < 0:
        raise Fault("line_unreadable", number=row.row.number)
    price = due if before is None else before
    return EMPTY_LINE._replace(
        title=told["name"].strip(),
        product_id=told["id"].strip(),
        outer_id=told.get("sku", "").strip(),
        price_fen=None if price is None or price < 0 else price // quantity,
        quantity=quantity,
        due_fen=due,
        state=state,
    )


_IGNORED: Final = frozenset({
    "order_id",
    "fee_total",
    "fee_tax_total",
    "tax_total",
    "cart_discount",
    "order_discount",
    "discount_total",
    "order_subtotal",
    "payment_method",
    "payment_method_title",
    "customer_ip_address",
    "customer_user_agent",
    "shipping_method",
    "customer_user",
    "billing_company",
    "billing_email",
    "billing_address_2",
    "billing_country",
    "shipping_company",
    "shipping_address_2",
    "shipping_country",
    "wt_import_key",
    "shipping_items",
    "fee_items",
    "tax_items",
    "coupon_items",
    "order_notes",
    "download_permissions",
})  # fmt: skip
ORDERS = Reading(
    platform="woocommerce",
    name="orders",
    label=_("Order export (WebToffee)"),
    content="sales",
    columns={
        "order_no": ("order_number", "order_id"),
        "placed_at": ("order_date",),
        "paid_at": ("paid_date",),
        "state": ("status",),
        "post": ("shipping_total",),
        "post_tax": ("shipping_tax_total",),
        "total": ("order_total",),
        "currency": ("order_currency",),
        "payment_no": ("transaction_id",),
        "customer_id": ("customer_id", "customer_user"),
        "email": ("customer_email", "billing_email"),
        "first_name": ("shipping_first_name",),
        "last_name": ("shipping_last_name",),
        "billing_first_name": ("billing_first_name",),
        "billing_last_name": ("billing_last_name",),
        "own_phone": ("billing_phone",),
        "phone": ("shipping_phone", "billing_phone"),
        "address": ("shipping_address_1",),
        "billing_address": ("billing_address_1",),
        "city": ("shipping_city",),
        "billing_city": ("billing_city",),
        "province": ("shipping_state",),
        "billing_province": ("billing_state",),
        "postcode": ("shipping_postcode",),
        "billing_postcode": ("billing_postcode",),
        "message": ("customer_note",),
        "refunds": ("refund_items",),
    },
    signs=frozenset({"order_no", "placed_at", "state", "total", "currency"}),
    make=read_order,
    ignored=_IGNORED,
    pattern=re.compile(r"line_item_[0-9]{1,4}|productitem[0-9]{1,4}(name|id|sku|quantity|total|sub_?total)"),
)
