"""Every ten minutes time does its work on every merchant's ledger."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core import clock
from shuke.core.jobs import for_each_merchant
from shuke.ledger import actions


@app.periodic(cron="*/10 * * * *")
@app.task(name="ledger.tick", queue="jobs", pass_context=False, queueing_lock="ledger.tick")
def tick(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Mature, expire and release what is due. Done in chunks; a killed run is simply run again."""
    for_each_merchant(bring_up_to_date)


def bring_up_to_date(merchant_id: int) -> None:
    """Do for one merchant what time has brought."""
    now = clock.now()
    actions.mature(merchant_id, now)
    actions.expire(merchant_id, now)
    actions.expire_reservations(merchant_id, now)
