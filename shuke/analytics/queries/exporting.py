"""The list of customers as a file: masked, harmless in a spreadsheet, ids as text."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from zoneinfo import ZoneInfo

from django.utils.translation import gettext as _

from shuke.analytics.queries.listing import MemberLine, lines_of, member_ids
from shuke.analytics.specs import LIFECYCLES, MemberFilter
from shuke.core.money import yuan
from shuke.merchants import queries as merchants

CHUNK = 2000
_FORMULA = ("=", "+", "-", "@", "\t", "\r")


def export_rows(merchant_id: int, chosen: MemberFilter, *, after: int = 0) -> Iterator[tuple[int, list[str]]]:
    """(member id, cells) of every member of the filter above `after`, by id; write `export_header` before them.

    Names are those of the list (nick or masked name); no personal field is in it. Text that a spreadsheet would
    calculate gets an apostrophe before it. Needs the merchant's scope for as long as rows are taken.
    """
    merchant = merchants.merchant(merchant_id)
    zone = ZoneInfo(merchant.zone if merchant else "Asia/Shanghai")
    while ids := member_ids(merchant_id, chosen, after=after, limit=CHUNK):
        for line in lines_of(merchant_id, ids):
            yield line.id, [harmless(cell) for cell in _cells(line, zone)]
        after = ids[-1]


def export_chosen(merchant_id: int, ids: Collection[int]) -> Iterator[tuple[int, list[str]]]:
    """The same of these members; who is nobody of this merchant's is left out."""
    merchant = merchants.merchant(merchant_id)
    zone = ZoneInfo(merchant.zone if merchant else "Asia/Shanghai")
    for line in lines_of(merchant_id, list(ids)):
        yield line.id, [harmless(cell) for cell in _cells(line, zone)]


def export_header() -> list[str]:
    """The titles of the columns, in the active language."""
    return [
        _("Customer number"), _("Customer"), _("Province"), _("City"), _("Lifecycle"), _("Level"), _("Points"), _("Order count"),
        _("Paid amount"), _("Average order"), _("First order"), _("Last order"), _("Joined"), _("Tags"),
    ]  # fmt: skip


def harmless(cell: str) -> str:
    """A cell that no spreadsheet takes for a formula, and no number so long that it would be rounded."""
    if cell.startswith(_FORMULA) or (cell.isdecimal() and len(cell) > 11):
        return f"'{cell}"
    return cell


def _cells(line: MemberLine, zone: ZoneInfo) -> Sequence[str]:
    days = [
        moment.astimezone(zone).date().isoformat() if moment else ""
        for moment in (line.first_order_at, line.last_order_at, line.joined_at)
    ]
    return (
        str(line.id), line.display_name, line.province, line.city, str(LIFECYCLES[line.lifecycle]), str(line.level_no),
        str(line.points), str(line.order_count), yuan(line.paid_fen, grouped=False),
        yuan(line.average_fen, grouped=False), *days, "、".join(line.tags),
    )  # fmt: skip
