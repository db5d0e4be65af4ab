"""The jobs that follow changes into the member list and into the figures kept for large merchants."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from procrastinate.contrib.django import app

from shuke.analytics.actions import refresh_rows
from shuke.analytics.actions.figures import keep_figures
from shuke.analytics.queries.kept import ALL, LARGE, is_due, is_large
from shuke.core.jobs import for_each_merchant
from shuke.core.tenancy import tenant
from shuke.merchants import queries as merchants


@app.periodic(cron="* * * * * */5")
@app.task(name="analytics.rows", queue="jobs", queueing_lock="analytics.rows")
def follow(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Write the list's rows of all marked members again, batch by batch, each in its own transaction."""
    for_each_merchant(bring_up_to_date)


def bring_up_to_date(merchant_id: int) -> None:
    """Do it for one merchant until no mark is left."""
    is_more = True
    while is_more:
        with tenant(merchant_id):
            is_more = refresh_rows(merchant_id)


@app.periodic(cron="* * * * *")
@app.task(name="analytics.figures", queue="jobs", queueing_lock="analytics.figures")
def renew(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Reckon large merchants' figures again where something happened or another day began."""
    for_each_merchant(renew_figures)


def renew_figures(merchant_id: int, *, above: int = LARGE) -> list[str]:
    """Do it for one merchant, each set in a transaction of its own; the names of those that were due."""
    renewed: list[str] = []
    for wanted in ALL:
        with tenant(merchant_id):
            merchant = merchants.merchant(merchant_id)
            if merchant is None or not is_large(merchant_id, above):
                return renewed
            zone = ZoneInfo(merchant.zone)
            if is_due(merchant_id, wanted, zone):
                keep_figures(merchant_id, wanted, zone)
                renewed.append(wanted.name)
    return renewed
