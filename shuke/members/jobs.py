"""Jobs of customers: erasures whose waiting time is over."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core.jobs import merchant_ids
from shuke.members.actions.erasing import erase_due


@app.periodic(cron="41 * * * *")
@app.task(name="members.hourly", queue="facts", queueing_lock="members.hourly")
def hourly(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Forget whoever asked for it and did not call it off."""
    for merchant_id in merchant_ids():
        erase_due(merchant_id)
