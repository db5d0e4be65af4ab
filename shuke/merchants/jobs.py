"""Jobs of merchants: what programs were answered is forgotten after a day."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core.jobs import for_each_merchant
from shuke.core.tenancy import tenant
from shuke.merchants.actions.answers import forget_answers


@app.periodic(cron="29 * * * *")
@app.task(name="merchants.forget_answers", queue="facts", queueing_lock="merchants.forget_answers")
def forget_old_answers(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Delete old answers of all merchants."""
    for_each_merchant(_forget)


def _forget(merchant_id: int) -> None:
    with tenant(merchant_id):
        forget_answers(merchant_id)
