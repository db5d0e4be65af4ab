"""The job that follows large changes into the member list."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.analytics.actions import refresh_rows
from shuke.core.jobs import merchant_ids
from shuke.core.tenancy import tenant


@app.periodic(cron="* * * * * */5")
@app.task(name="analytics.rows", queue="jobs", queueing_lock="analytics.rows")
def follow(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Write the list's rows of all marked members again, batch by batch, each in its own transaction."""
    for merchant_id in merchant_ids():
        bring_up_to_date(merchant_id)


def bring_up_to_date(merchant_id: int) -> None:
    """Do it for one merchant until no mark is left."""
    is_more = True
    while is_more:
        with tenant(merchant_id):
            is_more = refresh_rows(merchant_id)
