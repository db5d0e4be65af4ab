"""All figures of the first page, exact to the last customer: sales, groups, points, levels, and how much waits to be done."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from shuke.analytics.queries.overview import Overview, overview
from shuke.core import clock
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries import Liability, Step
from shuke.loyalty.queries.memberships import ending_count
from shuke.trade import queries as trade

UNPAID_DAYS = 15
SOON_DAYS = 30


@dataclass(frozen=True, slots=True)
class Glance:
    """What the first page shows. `unasked_count` orders were not paid in 15 days and nobody has told why,
    `lapsing_points` lapse within 30 days; `losing_count` members are about to lose a level, `ending_count` memberships
    end, both within the merchant's own days.
    """

    overview: Overview
    liability: Liability
    steps: list[Step]
    unasked_count: int
    lapsing_points: int
    losing_count: int
    ending_count: int


def glance(merchant_id: int, zone: ZoneInfo) -> Glance:
    """Reckon all of it from the books; a second or more for hundreds of thousands of members."""
    return Glance(
        overview(merchant_id, zone),
        loyalty.liability(merchant_id),
        loyalty.ladder(merchant_id),
        trade.unasked_count(merchant_id, since=clock.now() - timedelta(days=UNPAID_DAYS)),
        loyalty.lapsing_points(merchant_id, days=SOON_DAYS),
        loyalty.warned_count(merchant_id),
        ending_count(merchant_id),
    )
