"""`shuke ledger simulate`: a storm over the ledger, compared step by step with a plain model of it."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import ExitStack
from tempfile import TemporaryDirectory

import click
import psycopg
from django.conf import settings
from django.utils.translation import gettext as _
from psycopg.conninfo import make_conninfo

from shuke.cli.home import database_open
from shuke.core import jobs
from shuke.core.database import EmbeddedServer
from shuke.core.owner import owner_address
from shuke.ledger import simulator


@click.group("ledger", help=_("Try the ledger out."))
def ledger_command() -> None:
    """Commands on the ledger."""


@ledger_command.command(
    "simulate", help=_("Run random requests against the ledger and a plain model of it; nothing of it stays.")
)
@click.option("--steps", default=5000, show_default=True, help=_("How many requests."))
@click.option("--seed", default=1, show_default=True, help=_("The same seed runs the same requests."))
@click.option("--members", default=32, show_default=True, help=_("How many members; with 2000 it runs faster."))
@click.option(
    "--processes", default=1, show_default=True, help=_("How many storms at once, each with its own database.")
)
@click.option("--own", is_flag=True, hidden=True)
@click.option("--plant", help=_("Break the ledger first, by the name of a mistake or “all”: it must be found."))
def simulate_command(steps: int, seed: int, members: int, processes: int, own: bool, plant: str | None) -> None:
    """Exit code 1 when the ledger and the model differ, or a planted mistake is not found.

    `own` is said by `_at_once` alone: the database is thrown away afterwards.
    """
    if plant is not None and plant != "all" and plant not in simulator.PLANTS:
        raise click.BadParameter("\n".join(simulator.PLANTS), param_hint="--plant")
    if processes > 1:
        raise SystemExit(_at_once(steps, seed, members, processes, plant))
    server: EmbeddedServer | None = settings.SHUKE_EMBEDDED if own else None
    if server is not None:
        server.settings.update(_FORGETFUL)
        jobs.collect_seldom()
    with database_open():
        code = simulator.main(steps, seed, plant, members=members, sweep=_sweep if server is not None else None)
    raise SystemExit(code)


def _at_once(steps: int, seed: int, members: int, processes: int, plant: str | None) -> int:
    """Share the requests among processes with seeds of their own; 1 if one of them found something."""
    shares = [steps // processes + (number < steps % processes) for number in range(processes)]
    with ExitStack() as stack:
        running = []
        for number, share in enumerate(shares):
            home = stack.enter_context(TemporaryDirectory(prefix="shuke-ledger-"))
            command = [sys.executable, "-m", "shuke.cli.main", "ledger", "simulate", "--own", f"--steps={share}",
                       f"--seed={seed + number}", f"--members={members}"]  # fmt: skip
            environment = {name: value for name, value in os.environ.items() if name != "DATABASE_URL"}
            running.append(
                subprocess.Popen(  # noqa: S603 - this program itself
                    command + ([f"--plant={plant}"] if plant else []), env={**environment, "SHUKE_HOME": home}
                )
            )
        return max(one.wait() for one in running)


# What is thrown away need not outlive a power cut; and nothing is left for autovacuum between two sweeps.
_FORGETFUL = {
    "fsync": "off", "synchronous_commit": "off", "full_page_writes": "off", "wal_level": "minimal",
    "max_wal_senders": "0", "autovacuum": "off", "shared_buffers": "512MB",
}  # fmt: skip


def _sweep() -> None:
    with psycopg.connect(make_conninfo(**owner_address())) as connection:
        connection.execute(
            "TRUNCATE ledger_transfer, ledger_allocation, ledger_lot, ledger_balance, ledger_reservation, ledger_home,"
            " core_fact"
        )
