"""Questions across modules."""

from shuke.analytics.queries.exporting import export_rows
from shuke.analytics.queries.listing import MANY, PAGE, MemberLine, MemberPage, member_ids, member_list

__all__ = ["MANY", "PAGE", "MemberLine", "MemberPage", "export_rows", "member_ids", "member_list"]
