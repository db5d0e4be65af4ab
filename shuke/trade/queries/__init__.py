"""Questions about orders that other modules and pages ask."""

from shuke.trade.queries.imports import ImportRow, RejectRow, import_row, imports, reject_file, reject_summary
from shuke.trade.queries.orders import (
    EarningLine,
    Figures,
    Order,
    OrderLine,
    earning_lines,
    figures,
    level_figures,
    lines_of,
    members_of_order_no,
    order,
    order_count,
    order_ids,
    orders_of,
    private_of,
)
from shuke.trade.queries.reasons import REASONS, UnpaidOrder, reasons_by_product, unpaid_orders

__all__ = [
    "REASONS",
    "EarningLine",
    "Figures",
    "ImportRow",
    "Order",
    "OrderLine",
    "RejectRow",
    "UnpaidOrder",
    "earning_lines",
    "figures",
    "import_row",
    "imports",
    "level_figures",
    "lines_of",
    "members_of_order_no",
    "order",
    "order_count",
    "order_ids",
    "orders_of",
    "private_of",
    "reasons_by_product",
    "reject_file",
    "reject_summary",
    "unpaid_orders",
]
