"""Jobs of trade: imports, their undoing, and what the passing of time changes."""

from __future__ import annotations

from procrastinate.contrib.django import app

from shuke.core import sealed_files
from shuke.core.jobs import for_each_merchant
from shuke.core.tenancy import tenant
from shuke.trade.actions.claiming import forget_tries
from shuke.trade.actions.figures import refresh_lifecycle
from shuke.trade.actions.imports import discard_forgotten
from shuke.trade.actions.running import run
from shuke.trade.actions.undoing import run_undo_to_end


@app.task(name="trade.import", queue="imports")
def run_import(merchant_id: int, import_id: int) -> None:
    """Run a started import to its end."""
    run(merchant_id, import_id)


@app.task(name="trade.undo_import", queue="imports")
def run_undo(merchant_id: int, import_id: int) -> None:
    """Undo an import."""
    run_undo_to_end(merchant_id, import_id)


@app.periodic(cron="17 * * * *")
@app.task(name="trade.hourly", queue="facts", queueing_lock="trade.hourly")
def hourly(timestamp: int) -> None:  # noqa: ARG001 - given by procrastinate
    """Move members whose time in a lifecycle group ran out; clear away forgotten uploads."""
    sealed_files.sweep_clear()
    for_each_merchant(_clear_up)


def _clear_up(merchant_id: int) -> None:
    with tenant(merchant_id):
        refresh_lifecycle(merchant_id)
        discard_forgotten(merchant_id)
        forget_tries(merchant_id)
