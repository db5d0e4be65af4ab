"""待回访: orders that were placed and not paid, why, and which products lose buyers for which reason."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from shuke.console.customer_forms import ReasonForm
from shuke.console.desk import Desk, page
from shuke.core import clock, money
from shuke.core.errors import Missing
from shuke.members import queries as members
from shuke.trade import actions as trade
from shuke.trade import queries

DAYS = 30
ORDERS = 200
SHOWN = 30
PRODUCTS = 8


@page("members.view")
def show(desk: Desk) -> HttpResponse:
    """Whom to ask, and what the answers add up to."""
    since = clock.now() - timedelta(days=DAYS)
    orders = queries.unpaid_orders(desk.merchant_id, since=since, limit=ORDERS)
    names = members.names(desk.merchant_id, [order.member_id for order in orders if order.member_id])
    told = queries.reasons_by_product(desk.merchant_id, limit=200)
    rows = [(order, names.get(order.member_id or 0, "")) for order in orders]
    waiting = [row for row in rows if not row[0].reason]
    return desk.show(
        "console/customers/unpaid.html",
        days=DAYS,
        shown=SHOWN,
        waiting=waiting[:SHOWN],
        waiting_count=len(waiting),
        counted=f"{len(waiting)}+" if len(orders) == ORDERS else str(len(waiting)),
        answered=[row for row in rows if row[0].reason][:SHOWN],
        products=_by_product(told),
        chart=_chart(told),
    )


@page("members.edit", methods=("GET", "POST"))
def ask(desk: Desk, order_id: int) -> HttpResponse:
    """Keep why an order was not paid."""
    order = queries.order(desk.merchant_id, order_id)
    if order is None or order.member_id is None:
        raise Missing("no_order", _("This order does not exist."))

    def act(filled: ReasonForm) -> None:
        trade.keep_unpaid_reason(desk.merchant_id, order_id, filled.reason, filled.note, by=desk.by)

    is_from_list = desk.get.get("from") == "list"
    name = members.names(desk.merchant_id, [order.member_id]).get(order.member_id, "")
    back = reverse("console:unpaid") if is_from_list else reverse("console:member", args=[order.member_id])
    return desk.fill_in(
        ReasonForm, "console/customers/form.html", act, to=back, said=_("The answer is kept."), back=back,
        back_title=_("To call back") if is_from_list else name, title=_("Ask %(name)s why") % {"name": name},
        lead=f"{order.title} · ¥{money.yuan(order.total_fen)}", submit=_("Keep the answer"),
        choices={"reason": [(key, str(label)) for key, label in queries.REASONS.items()]},
    )  # fmt: skip


def _by_product(told: list[tuple[str, str, int]]) -> list[tuple[str, int, list[tuple[str, int]]]]:
    """(product, answers, its reasons with their counts), the product with the most answers first."""
    found: dict[str, list[tuple[str, int]]] = {}
    for title, reason, count in told:
        found.setdefault(title, []).append((str(queries.REASONS[reason]), count))
    rows = [(title, sum(count for _reason, count in reasons), reasons) for title, reasons in found.items()]
    return sorted(rows, key=lambda row: (-row[1], row[0]))


def _chart(told: list[tuple[str, str, int]]) -> dict[str, Any] | None:
    """Stacked bars: reasons per product."""
    products = [title for title, _count, _reasons in _by_product(told)[:PRODUCTS]]
    if not products:
        return None
    counts = {(title, reason): count for title, reason, count in told}
    used = [reason for reason in queries.REASONS if any((title, reason) in counts for title in products)]
    short = [title if len(title) <= 12 else f"{title[:11]}…" for title in products]
    return {
        "legend": {"type": "scroll", "bottom": 0},
        "grid": {"left": 8, "right": 24, "top": 8, "bottom": 40, "containLabel": True},
        "xAxis": {"type": "value", "minInterval": 1},
        "yAxis": {"type": "category", "data": short, "inverse": True},
        "series": [
            {
                "name": str(queries.REASONS[reason]),
                "type": "bar",
                "stack": "reasons",
                "barMaxWidth": 28,
                "data": [counts.get((title, reason), 0) for title in products],
            }
            for reason in used
        ],
    }
