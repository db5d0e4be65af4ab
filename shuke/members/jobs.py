"""Jobs of customers: erasures whose waiting time is over."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core.jobs import for_each_merchant
from shuke.members.actions.erasing import erase_due


@app.periodic(cron="41 * * * *")
@app.task(name="members.hourly", queue="facts", queueing_lock="members.hourly")
def hourly(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Forget whoever asked for it and did not call it off."""
    for_each_merchant(erase_due)
