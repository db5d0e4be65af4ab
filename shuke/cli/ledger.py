"""`shuke ledger simulate`: a storm over the ledger, compared step by step with a plain model of it."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _

from shuke.cli.home import database_open
from shuke.ledger import simulator


@click.group("ledger", help=_("Try the ledger out."))
def ledger_command() -> None:
    """Commands on the ledger."""


@ledger_command.command(
    "simulate", help=_("Run random requests against the ledger and a plain model of it; nothing of it stays.")
)
@click.option("--steps", default=5000, show_default=True, help=_("How many requests."))
@click.option("--seed", default=1, show_default=True, help=_("The same seed runs the same requests."))
@click.option("--plant", help=_("Break the ledger first, by the name of a mistake or “all”: it must be found."))
def simulate_command(steps: int, seed: int, plant: str | None) -> None:
    """Exit code 1 when the ledger and the model differ, or a planted mistake is not found."""
    if plant is not None and plant != "all" and plant not in simulator.PLANTS:
        raise click.BadParameter("\n".join(simulator.PLANTS), param_hint="--plant")
    with database_open():
        code = simulator.main(steps, seed, plant)
    raise SystemExit(code)
