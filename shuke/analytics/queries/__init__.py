"""Questions across modules."""

from shuke.analytics.queries.exporting import export_rows
from shuke.analytics.queries.listing import MANY, PAGE, MemberLine, MemberPage, member_ids, member_list
from shuke.analytics.queries.overview import Day, Overview, Span, has_orders, overview

__all__ = [
    "MANY",
    "PAGE",
    "Day",
    "MemberLine",
    "MemberPage",
    "Overview",
    "Span",
    "export_rows",
    "has_orders",
    "member_ids",
    "member_list",
    "overview",
]
