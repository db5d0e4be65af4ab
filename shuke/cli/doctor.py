"""`shuke doctor`: whether everything is as it must be, in green and red lines."""

from __future__ import annotations

import platform
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import click
import django
from django.conf import settings
from django.utils.translation import gettext as _

import shuke
from shuke.cli.home import database_open, pending_migrations
from shuke.cli.words import bad, good
from shuke.core import clock, epoch, facts, jobs, sql
from shuke.core.checks import every_check
from shuke.core.database import APP
from shuke.core.tenancy import tenant
from shuke.webhooks import queries as webhooks

SPACE_GB = 2
BACKUP_DAYS = 3
SHOWN = 5


class Finding(NamedTuple):
    """One line: what was looked at, and what is wrong with it ("" for nothing)."""

    looked_at: str
    wrong: str = ""


@click.command("doctor", help=_("Look whether everything is as it must be; exit code 1 when something is not."))
@click.option("--quiet", is_flag=True, help=_("Show only what is wrong."))
def doctor_command(quiet: bool) -> None:
    """Show all findings."""
    with database_open():
        is_well = examine(quiet=quiet)
    if not is_well:
        raise SystemExit(1)
    click.echo(_("All is well."))


def examine(*, quiet: bool = False, at_rest: bool = False) -> bool:
    """Look at everything, say what was found (with `quiet` only what is wrong), and whether nothing is wrong.

    `at_rest` leaves out workers and jobs, where none is meant to run yet.
    """
    findings = [*machine(), *database()]
    if not any(one.wrong for one in findings):  # the rest cannot be asked of tables that are not there
        findings += [*(() if at_rest else background()), *guard(), *books()]
    for one in findings:
        if one.wrong:
            bad(f"{one.looked_at}: {one.wrong}")
        elif not quiet:
            good(one.looked_at)
    return not any(one.wrong for one in findings)


def machine() -> Iterator[Finding]:
    """Versions, room on the disk, secrets that only their owner reads."""
    postgres = str(sql.scalar("SHOW server_version")).split()[0]
    versions = f"Shuke {shuke.__version__}, Python {platform.python_version()}, Django {django.__version__}, PostgreSQL {postgres}"
    yield Finding(versions, "" if int(postgres.split(".")[0]) >= 16 else _("PostgreSQL 16 or newer is needed"))
    home = Path(settings.SHUKE_HOME)
    free = shutil.disk_usage(home).free / 2**30
    yield Finding(_("Room for data: %(free).1f GB free") % {"free": free}, "" if free > SPACE_GB else _("make room"))
    loose = [path.name for path in (home / "secrets").glob("*") if path.stat().st_mode & 0o077]
    yield Finding(_("Secrets are read by their owner alone"), ", ".join(loose))


def database() -> Iterator[Finding]:
    """Tables as this version wants them, and both walls around every merchant."""
    yield Finding(_("Tables are those of this version"), ", ".join(pending_migrations()[:SHOWN]))
    role = sql.rows("SELECT rolsuper OR rolbypassrls FROM pg_roles WHERE rolname = current_user")
    yield Finding(_("The pages run as %(role)s, who passes no wall") % {"role": APP},
                  _("the role is too powerful") if role != [(False,)] else "")  # fmt: skip
    open_tables = sql.rows(
        "SELECT c.relname FROM pg_class c JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'merchant_id'"
        " WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND NOT a.attisdropped AND (NOT c.relforcerowsecurity"
        " OR NOT c.relrowsecurity OR NOT EXISTS (SELECT FROM pg_policies p WHERE p.tablename = c.relname)) ORDER BY 1"
    )
    yield Finding(_("Every table of a merchant stands behind its wall"), ", ".join(row[0] for row in open_tables))


def background() -> Iterator[Finding]:
    """Workers, jobs that failed or wait too long."""
    alive = sql.scalar(
        "SELECT count(*) FROM procrastinate_workers WHERE last_heartbeat > %(now)s - interval '30 seconds'",
        {"now": clock.now()},
    )
    late = sql.scalar(
        "SELECT count(*) FROM procrastinate_jobs WHERE status = 'todo' AND coalesce(scheduled_at, %(now)s)"
        " < %(now)s - interval '10 minutes'",
        {"now": clock.now()},
    )
    failed = sql.rows(
        "SELECT task_name, count(*) FROM procrastinate_jobs WHERE status = 'failed' GROUP BY 1 ORDER BY 1"
    )
    yield Finding(_("Workers at work: %(count)s") % {"count": alive},
                  _("jobs wait and nobody does them; start `shuke work`") if late and not alive else "")  # fmt: skip
    yield Finding(_("No job failed"), ", ".join(f"{name} × {count}" for name, count in failed[:SHOWN]))


def guard() -> Iterator[Finding]:
    """Whether sending is held, how old the last backup is, whether facts are numbered in order."""
    epoch.look_around()
    held = []
    for merchant_id in jobs.merchant_ids():
        with tenant(merchant_id):
            if epoch.held(merchant_id) is not None:
                held.append(str(merchant_id))
    # Held is no fault: it waits for a person, and after a restore it must be so.
    yield Finding(_("Sending is held for merchants %(ids)s until `shuke release-sending`") % {"ids": ", ".join(held)}
                  if held else _("Sending to the outside is open"))  # fmt: skip
    first, last = sql.rows("SELECT created_at, backed_up_at FROM core_installation")[0]
    age = clock.now() - (last or first)
    said = (
        _("Last backup: %(hours)s hours ago") % {"hours": int(age.total_seconds() // 3600)}
        if last
        else _("No backup yet")
    )
    is_late = settings.SHUKE_BACKUP_KEEP > 0 and age.days >= BACKUP_DAYS
    yield Finding(said, _("make one with `shuke backup`; a running worker makes one every night") if is_late else "")


def books() -> Iterator[Finding]:
    """For every merchant: facts that nobody could be told, and what each module says must always hold."""
    for merchant_id in jobs.merchant_ids():
        who = _("Merchant %(id)s") % {"id": merchant_id}
        stuck = facts.stuck(merchant_id)
        yield Finding(
            f"{who}: {_('every fact was told')}", "; ".join(f"{kind}: {error}" for _id, kind, error in stuck[:SHOWN])
        )
        with tenant(merchant_id):
            dead = webhooks.counts(merchant_id)["dead"]
        yield Finding(f"{who}: {_('No webhook message was given up')}",
                      _("%(count)s messages given up; see the console") % {"count": dead} if dead else "")  # fmt: skip
        for name, check in every_check():
            with tenant(merchant_id):
                found = [str(getattr(one, "detail", one)) for one in check(merchant_id)]
            yield Finding(f"{who}: {name}", "; ".join(found[:SHOWN]) + (" …" if len(found) > SHOWN else ""))
