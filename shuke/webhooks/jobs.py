"""The work of webhooks: reading facts, sending what is due, forgetting what is old."""

from __future__ import annotations

import queue
import random
import threading
from contextlib import suppress

from django.conf import settings
from django.db import transaction
from procrastinate.contrib.django import app
from procrastinate.exceptions import AlreadyEnqueued

from shuke.core.jobs import for_each_merchant
from shuke.core.tenancy import tenant
from shuke.webhooks import calling, queries
from shuke.webhooks.actions.delivering import Claim, Outcome, claim, record, recover, sweep_old
from shuke.webhooks.actions.spreading import BATCH, spread

_ROUNDS = 50
_AT_ONCE = 2  # of a worker's four places, whatever hangs


@app.periodic(cron="* * * * * */5")
@app.task(name="webhooks.sweep", queue="webhooks", queueing_lock="webhooks.sweep")
def sweep(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Every five seconds: have each merchant's webhooks looked after who has some."""
    for_each_merchant(_ask_where_wanted)


@app.task(name="webhooks.tend", queue="webhooks")
def tend(merchant_id: int) -> None:
    """Read the merchant's new facts and send what is due, for a while; the next sweep goes on."""
    recover(merchant_id)
    for _round in range(_ROUNDS):
        read_count = spread(merchant_id)
        sent_count = send_due(merchant_id)
        if read_count < BATCH and not sent_count:
            return


def _ask_where_wanted(merchant_id: int) -> None:
    with tenant(merchant_id):
        is_wanted = queries.has_work(merchant_id)
    if is_wanted:
        _ask(merchant_id)


def _ask(merchant_id: int) -> None:
    with suppress(AlreadyEnqueued), transaction.atomic():
        tend.configure(lock=f"webhooks-{merchant_id % _AT_ONCE}", queueing_lock=f"webhooks-{merchant_id}").defer(
            merchant_id=merchant_id
        )


def send_due(merchant_id: int) -> int:
    """Claim one batch, call, and record every outcome as it comes; how many were sent."""
    claims = claim(merchant_id)
    if not claims:
        return 0
    heard: queue.Queue[tuple[Claim, Outcome] | None] = queue.Queue()

    def run() -> None:
        try:
            calling.call_all(claims, lambda one, outcome: heard.put((one, outcome)), settings.SHUKE_WEBHOOK_ALLOW)
        finally:
            heard.put(None)

    caller = threading.Thread(target=run, name="webhooks", daemon=True)
    caller.start()
    sent_count = 0
    while (found := heard.get()) is not None:
        one, outcome = found
        record(one, outcome, chance=random.random())  # noqa: S311 - spreads retries, guards nothing
        sent_count += outcome.is_sent
    caller.join()
    return sent_count


@app.periodic(cron="7 4 * * *")
@app.task(name="webhooks.sweep_old", queue="jobs", queueing_lock="webhooks.sweep_old")
def forget(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Every night: forget old deliveries."""
    for_each_merchant(sweep_old)
