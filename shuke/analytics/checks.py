"""What must always hold of the member list."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from shuke.analytics.actions import LISTED, SOURCE, VALUES
from shuke.core import sql
from shuke.core.checks import Violation


def run(merchant_id: int) -> list[Violation]:
    """All checks of one merchant, within her scope."""
    return [violation for check in CHECKS for violation in check(merchant_id)]


def rows_are_as_their_sources(merchant_id: int) -> Iterator[Violation]:
    """Every member has one row in the list that says what the other modules say, unless a mark will see to it."""
    found = sql.rows(
        f"""
        SELECT coalesce(r.member_id, s.id) FROM (
            SELECT m.id, ROW({VALUES}) AS told FROM {SOURCE} WHERE m.merchant_id = %(merchant_id)s AND {LISTED}
        ) s FULL JOIN (
            SELECT member_id, ROW(last_order_at, paid_fen, average_fen, points, order_count, level_no, lifecycle, status,
                relation_source, province, display_name) AS told
            FROM analytics_memberrow WHERE merchant_id = %(merchant_id)s
        ) r ON r.member_id = s.id
        WHERE s.told IS DISTINCT FROM r.told AND NOT EXISTS (
            SELECT FROM analytics_mark k WHERE k.merchant_id = %(merchant_id)s
            AND coalesce(r.member_id, s.id) = ANY(k.member_ids))
        ORDER BY 1 LIMIT 20
        """,
        {"merchant_id": merchant_id},
    )
    if found:
        members = ", ".join(str(row[0]) for row in found)
        yield Violation("member list differs from its sources", f"members {members}", len(found))


CHECKS: tuple[Callable[[int], Iterator[Violation]], ...] = (rows_are_as_their_sources,)
