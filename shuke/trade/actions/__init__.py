"""Taking orders and lines, importing files, undoing imports, keeping figures."""

from shuke.trade.actions.claiming import Claim, claim_order, forget_tries
from shuke.trade.actions.details import take_lines
from shuke.trade.actions.figures import refresh_figures, refresh_lifecycle, save_lifecycle
from shuke.trade.actions.imports import Part, Preview, discard, inspect, start, upload
from shuke.trade.actions.mappings import delete_mapping, rename_mapping, save_mapping
from shuke.trade.actions.news import Taken
from shuke.trade.actions.orders import take_orders
from shuke.trade.actions.reasons import keep_unpaid_reason
from shuke.trade.actions.refund_reports import take_refunds
from shuke.trade.actions.rehoming import forget_private, rehome_orders
from shuke.trade.actions.running import run
from shuke.trade.actions.sales import take_customers, take_sales
from shuke.trade.actions.telling import ToldOrder, take_told
from shuke.trade.actions.undoing import undo

__all__ = [
    "Claim",
    "Part",
    "Preview",
    "Taken",
    "ToldOrder",
    "claim_order",
    "delete_mapping",
    "discard",
    "forget_private",
    "forget_tries",
    "inspect",
    "keep_unpaid_reason",
    "refresh_figures",
    "refresh_lifecycle",
    "rehome_orders",
    "rename_mapping",
    "run",
    "save_lifecycle",
    "save_mapping",
    "start",
    "take_customers",
    "take_lines",
    "take_orders",
    "take_refunds",
    "take_sales",
    "take_told",
    "undo",
    "upload",
]
