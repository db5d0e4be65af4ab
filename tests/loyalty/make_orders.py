"""Order lines as trade hands them over, for tests of the pure rules."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from shuke.loyalty.rules.terms import Terms, Version
from shuke.trade.queries import EarningLine

ZONE = ZoneInfo("Asia/Shanghai")
DAY = timedelta(days=1)
START = datetime(2026, 1, 1, tzinfo=UTC)


def line(order_id: int = 1, line_id: int = 1, fen: int = 10000, **more: Any) -> EarningLine:
    """A line of a finished order: placed and paid on 10 June 2026 at noon in Shanghai, finished ten days later."""
    placed = more.pop("placed_at", datetime(2026, 6, 10, 4, tzinfo=UTC))
    values: dict[str, Any] = {
        "order_id": order_id, "order_no": f"4{order_id:018d}", "shop_id": 1, "member_id": 1, "line_id": line_id,
        "line_no": str(line_id), "title": "羊毛围巾", "product_id": "", "outer_id": "", "quantity": 1,
        "state": "finished", "placed_at": placed, "paid_at": placed, "finished_at": placed and placed + 10 * DAY,
        "gross_fen": fen, "refund_fen": 0, "post_fen": 0, "is_gone": False,
    }  # fmt: skip
    return EarningLine(**{**values, **more})


def version(
    number: int = 1, valid_from: datetime = START, *, saved_at: datetime | None = None, **terms: Any
) -> Version:
    """A version of a rule that gives a point for every yuan and never lapses, unless told otherwise."""
    terms.setdefault("points_per_fen", Fraction(1, 100))
    return Version(number, number, valid_from, saved_at or valid_from, Terms(**terms))
