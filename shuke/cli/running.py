"""`shuke serve`, `shuke work`, `shuke migrate`: having it run."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import click
from django.conf import settings
from django.core.management import call_command
from django.utils.translation import gettext as _

from shuke.cli import supervisor
from shuke.cli.home import bring_up_to_date, database_open, revive_database
from shuke.cli.words import fail
from shuke.core import jobs


@click.command(
    "serve", help=_("Serve the pages and work off jobs until Ctrl-C; starts the database where it is Shuke's own.")
)
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("Port; without it 8000 or the next free one."))
@click.option("--web-only", is_flag=True, help=_("Without a worker; run `shuke work` elsewhere."))
def serve_command(host: str, port: int | None, web_only: bool) -> None:
    """Prepare, then keep pages and worker running."""
    serve(host, port, web_only=web_only)


@click.command(
    "work", help=_("Run one worker until Ctrl-C: imports, points, levels, everything done in the background.")
)
def work_command() -> None:
    """Work until told to stop; jobs that run are finished first."""
    with database_open():
        jobs.run_worker()


@click.command("migrate", help=_("Make database, role and tables as this version wants them."))
def migrate_command() -> None:
    """Bring the database up to date as its owner."""
    with database_open(migrate=False):
        click.echo(
            _("The database was brought up to date.") if bring_up_to_date() else _("The database is up to date.")
        )


def serve(
    host: str, port: int | None, *, web_only: bool = False, before: Callable[[], None] | None = None,
    greet: Callable[[str], None] | None = None,
) -> None:  # fmt: skip
    """Run everything in the foreground: `before` once the database stands, `greet(address)` once pages answer."""
    home = Path(settings.SHUKE_HOME)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    left = supervisor.left_port(home)
    try:
        with supervisor.only_one(home) as note, database_open():
            if before is not None:
                before()
            collect_static()
            if left is not None and port in {None, left}:
                supervisor.wait_for_leaving(host, left)
            _supervise(host, port, note, web_only=web_only, greet=greet)
    except supervisor.AlreadyRunning as running:
        fail(_("It is running already: %(where)s") % {"where": running})


def _supervise(
    host: str, wanted: int | None, note: Callable[[str], None], *, web_only: bool, greet: Callable[[str], None] | None
) -> None:
    port = supervisor.free_port(host, wanted or 8000, tries=1 if wanted else 20)
    if port is None:
        fail(_("Port %(port)s is taken; name another with --port.") % {"port": wanted or 8000})
    address = f"http://{'127.0.0.1' if host == '0.0.0.0' else host}:{port}"  # noqa: S104 - compared, not bound
    public = {"SHUKE_PUBLIC_URL": os.environ.get("SHUKE_PUBLIC_URL", address), "SHUKE_HOME": str(settings.SHUKE_HOME)}
    public["PROMETHEUS_MULTIPROC_DIR"] = str(_fresh_folder("metrics"))
    public |= _compiled()
    settings.SHUKE_PUBLIC_URL = public["SHUKE_PUBLIC_URL"]
    command = supervisor.web(host, port)
    children = [supervisor.Child(_("The web server"), command, {**supervisor.WEB_ENVIRONMENT, **public})]
    if not web_only:
        children.append(supervisor.Child(_("The worker"), supervisor.worker(), public))

    def ready() -> None:
        first = children[0]
        if not supervisor.wait_for_port(
            host, port, alive=lambda: first.process is not None and first.process.poll() is None
        ):
            return
        note(address)
        if greet is not None:
            greet(address)
        click.echo(_("Shuke runs at %(address)s (Ctrl-C stops it).") % {"address": click.style(address, bold=True)})

    code = supervisor.run(children, ready=ready, tend=_revive_database, say=click.echo)
    if code:
        raise SystemExit(code)


def _compiled() -> dict[str, str]:
    """Where Python may not write compiled modules beside the sources, in the data folder: children start in half the time."""
    if not sys.dont_write_bytecode:
        return {}
    return {"PYTHONDONTWRITEBYTECODE": "", "PYTHONPYCACHEPREFIX": str(Path(settings.SHUKE_HOME) / "compiled")}


def _fresh_folder(name: str) -> Path:
    """An empty folder in the data folder; what counters of an earlier start left there is gone."""
    folder = Path(settings.SHUKE_HOME) / name
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(mode=0o700)
    return folder


def _revive_database() -> None:
    if revive_database():
        click.echo(_("The database had stopped and was started again."))


def collect_static() -> None:
    """Copy style sheets, scripts and pictures to where the web server reads them; only what changed."""
    Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
    call_command("collectstatic", interactive=False, verbosity=0)
