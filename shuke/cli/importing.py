"""`shuke import` and `shuke undo-import`: the console's import, for files that are on this machine already."""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import click
from django.utils.translation import gettext as _

from shuke.cli import supervisor
from shuke.cli.home import database_open
from shuke.cli.words import bad, fail, good
from shuke.core import facts, jobs, progress, sql
from shuke.core.actors import SYSTEM
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.merchants import queries as merchants
from shuke.trade import actions as trade
from shuke.trade import queries as orders

BLOCK = 1 << 20


@click.command("import", help=_("Import order exports, as the import page does. Exit code 1 when a file was refused."))
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--shop", help=_("Name or id of the shop; not needed where there is only one."))
@click.option("--password", help=_("Password of a protected workbook."))
def import_command(files: tuple[Path, ...], shop: str | None, password: str | None) -> None:
    """Import one file after the other and say what became of each."""
    with database_open(), worker() as tend:
        merchant_id, shop_id = find_shop(shop)
        refused = [path for path in files if not import_file(merchant_id, shop_id, path, password, tend=tend)]
    if refused:
        raise SystemExit(1)


@click.command("undo-import", help=_("Take an import back: orders it brought go, orders it changed are as before."))
@click.argument("import_id", type=int)
@click.option("--shop", help=_("Name or id of the shop; not needed where there is only one."))
def undo_import_command(import_id: int, shop: str | None) -> None:
    """Undo one import."""
    with database_open(), worker() as tend:
        merchant_id, _shop_id = find_shop(shop)
        with tenant(merchant_id):
            progress_id = trade.undo(merchant_id, import_id, by=SYSTEM)
        _watch(merchant_id, progress_id, _("Undoing"), tend)
        wait_for_stories(merchant_id, tend)
    good(_("The import was undone."))


def import_file(
    merchant_id: int, shop_id: int, path: Path, password: str | None = None, *, tend: Callable[[], None]
) -> bool:
    """Import a file and say what became of it, in words; whether it was taken. `tend` is called while waiting."""
    try:
        with tenant(merchant_id):
            import_id = trade.upload(merchant_id, shop_id, path.name, _blocks(path), by=SYSTEM)
        with tenant(merchant_id):
            trade.inspect(merchant_id, import_id, password=password)
            progress_id = trade.start(merchant_id, import_id, by=SYSTEM)
    except Refused as refused:
        bad(f"{path.name}: {refused.message}")
        return False
    taken = _watch(merchant_id, progress_id, path.name, tend)
    wait_for_stories(merchant_id, tend)
    report(merchant_id, import_id, path.name, taken=taken)
    return taken


def report(merchant_id: int, import_id: int, name: str, *, taken: bool) -> None:
    """Say how many rows were new, changed, as before or refused, and why."""
    with tenant(merchant_id):
        row = orders.import_row(merchant_id, import_id)
        rejects = orders.reject_summary(merchant_id, import_id)
    if row is None or not taken:
        bad(_("%(name)s was not imported. %(why)s") % {"name": name, "why": row.refusal if row else ""})
        return
    good(_("%(name)s (import %(id)s): %(rows)s rows; %(new)s new, %(changed)s changed, %(same)s as before, %(older)s older"
           " than what is known, %(rejected)s refused.")
         % {"name": name, "id": import_id, "rows": row.row_count, "new": row.new_count, "changed": row.changed_count,
            "same": row.same_count, "older": row.older_count, "rejected": row.rejected_count})  # fmt: skip
    for reject in rejects:
        click.echo(_("    %(count)s × %(reason)s (first in row %(row)s)")
                   % {"count": reject.row_count, "reason": reject.reason, "row": reject.first_row})  # fmt: skip


def find_shop(wanted: str | None) -> tuple[int, int]:
    """(merchant id, shop id) of a shop by name or id; ends with a sentence when it is not clear which one is meant."""
    found = []
    for merchant_id in jobs.merchant_ids():
        with tenant(merchant_id):
            found += [(merchant_id, shop) for shop in merchants.shops(merchant_id)]
    chosen = [
        (merchant_id, shop) for merchant_id, shop in found if wanted is None or wanted in {shop.name, str(shop.id)}
    ]
    if len(chosen) == 1:
        return chosen[0][0], chosen[0][1].id
    names = ", ".join(f"{shop.id} {shop.name}" for _merchant, shop in found)
    if not found:
        fail(_("There is no shop yet: `shuke create-owner` makes one."))
    fail(_("Which shop? Say --shop with one of: %(names)s") % {"names": names})
    return None


@contextmanager
def worker() -> Iterator[Callable[[], None]]:
    """Have a worker of our own while the block runs; gives a function that ends everything when it has died."""
    process = subprocess.Popen(  # noqa: S603 - our own module
        supervisor.worker(),
        start_new_session=True,
        stdin=subprocess.DEVNULL,
        preexec_fn=supervisor.end_with_parent,  # noqa: PLW1509 - the command has no other threads by then
    )

    def tend() -> None:
        if process.poll() is not None:
            fail(_("The worker has ended; see what it said above."))
        time.sleep(0.2)

    try:
        yield tend
    finally:
        process.terminate()
        process.wait()


def _watch(merchant_id: int, progress_id: int, label: str, tend: Callable[[], None]) -> bool:
    """Show a job's progress until it ends; whether it ended well."""
    hidden = not sys.stderr.isatty()
    with click.progressbar(length=100, label=label, file=sys.stderr, hidden=hidden) as bar:
        while True:
            with tenant(merchant_id):
                state = progress.get(merchant_id, progress_id)
            if state is None:
                return False
            bar.update(state.percent - bar.pos)
            if state.state in {progress.DONE, progress.FAILED} or _is_given_up(state.subject_id):
                break
            tend()
    return state.state == progress.DONE


def _is_given_up(import_id: int | None) -> bool:
    """Whether the job itself failed, which leaves its progress where it was."""
    return bool(
        sql.scalar(
            "SELECT status = 'failed' FROM procrastinate_jobs WHERE task_name LIKE 'trade.%%'"
            " AND (args->>'import_id')::bigint = %(import_id)s ORDER BY id DESC LIMIT 1",
            {"import_id": import_id},
        )
    )


def wait_for_stories(merchant_id: int, tend: Callable[[], None]) -> None:
    """Wait until points, levels and whatever else follows from it is worked out."""
    while facts.pending_count(merchant_id):
        if facts.stuck(merchant_id):
            fail(_("Something that follows from the import could not be worked out; see `shuke doctor`."))
        tend()


def _blocks(path: Path) -> Iterator[bytes]:
    with path.open("rb") as file:
        yield from iter(lambda: file.read(BLOCK), b"")
