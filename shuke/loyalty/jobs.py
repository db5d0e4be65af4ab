"""Long and nightly work on points and levels."""

from __future__ import annotations

from procrastinate import RetryStrategy
from procrastinate.contrib.django import app

from shuke.core.jobs import for_each_merchant
from shuke.loyalty import actions

_RETRY = RetryStrategy(max_attempts=5, wait=5)


@app.task(name=actions.BACKFILL, queue="jobs", retry=_RETRY)
def backfill(merchant_id: int, progress_id: int) -> None:
    """Settle all orders again; a killed run goes on from its checkpoint."""
    actions.backfill(merchant_id, progress_id)


@app.task(name=actions.REVIEW_ALL, queue="jobs", retry=_RETRY)
def review_all(merchant_id: int, progress_id: int) -> None:
    """Review everybody's level; a killed run goes on from its checkpoint."""
    actions.review_all(merchant_id, progress_id)


@app.periodic(cron="20 * * * *")
@app.task(name="loyalty.review_due", queue="jobs", pass_context=False, queueing_lock="loyalty.review_due")
def review_due(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Every hour, so that each merchant's midnight is met in her own zone; then who is about to lose what she has."""
    for_each_merchant(actions.review_due, actions.publish_endings)


@app.periodic(cron="10 * * * *")
@app.task(name="loyalty.celebrate", queue="jobs", pass_context=False, queueing_lock="loyalty.celebrate")
def celebrate(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Every hour: the birthdays of the merchant's day, and requests that nobody decided in time."""
    for_each_merchant(actions.celebrate, actions.expire_adjustments)


@app.periodic(cron="*/10 * * * *")
@app.task(
    name="loyalty.expire_redemptions", queue="jobs", pass_context=False, queueing_lock="loyalty.expire_redemptions"
)
def expire_redemptions(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Set free the points of codes that were not used in time."""
    for_each_merchant(actions.expire_redemptions)
