"""Having all orders computed again (补算) by a job; what the job does is `points_rules.backfill`."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core import progress
from shuke.core.actors import SYSTEM, Actor
from shuke.trade import queries as trade

BACKFILL = "loyalty.backfill"


def start_backfill(merchant_id: int, *, by: Actor = SYSTEM) -> int:
    """Have all orders settled again after this transaction; the id of the Progress row.

    A backfill that has not begun yet is joined; one that runs is left to end, and the new one follows it.
    """
    latest = progress.latest(merchant_id, BACKFILL)
    if latest is not None and latest.state == progress.WAITING:
        return latest.id
    progress_id = progress.begin(merchant_id, BACKFILL, total=trade.order_count(merchant_id), by=by)
    app.configure_task(BACKFILL, queue="jobs", lock=f"{BACKFILL}:{merchant_id}").defer(
        merchant_id=merchant_id, progress_id=progress_id
    )
    return progress_id
