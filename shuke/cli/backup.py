"""`shuke backup` and `shuke restore`: everything in one file, and back."""

from __future__ import annotations

import os
from contextlib import ExitStack
from datetime import datetime
from pathlib import Path
from zoneinfo import ZoneInfo

import click
from django.conf import settings
from django.db import connections
from django.utils.translation import gettext as _

from shuke.cli import supervisor
from shuke.cli.doctor import examine
from shuke.cli.home import bring_up_to_date, database_open
from shuke.cli.words import fail, good
from shuke.core import epoch
from shuke.core.backup import making, nightly, restoring
from shuke.core.backup.dump import in_use
from shuke.core.owner import owner_address
from shuke.members import actions as members


@click.command(
    "backup",
    help=_("Put everything into one file, while Shuke goes on working: database, keys, uploaded files."),
)
@click.option(
    "--to", "folder", type=click.Path(file_okay=False, path_type=Path),
    help=_("Folder of the backups; without it `backups` in the data folder."),
)  # fmt: skip
@click.option("--keep", type=click.IntRange(0), default=0, help=_("Remove all but the newest so many; 0 removes none."))
@click.option(
    "--encrypt", is_flag=True, help=_("Ask for a passphrase; SHUKE_BACKUP_PASSPHRASE does it without asking.")
)
@click.option("--without-keys", is_flag=True, help=_("Leave the keys out: without them nobody reads personal data."))
def backup_command(folder: Path | None, keep: int, encrypt: bool, without_keys: bool) -> None:
    """Make a backup and say where it is."""
    phrase = settings.SHUKE_BACKUP_PASSPHRASE
    if encrypt and not phrase:
        phrase = click.prompt(_("Passphrase"), hide_input=True, confirmation_prompt=True)
    with database_open(migrate=False):
        made = making.make(
            folder or nightly.folder(), owner_address(), passphrase=phrase, with_keys=not without_keys, keep=keep
        )
    good(_("%(path)s: %(rows)s rows, %(size).1f MB")
         % {"path": made.path, "rows": made.row_count, "size": made.size_bytes / 2**20})  # fmt: skip
    if not phrase and not without_keys:
        click.echo(_("It holds the keys and is not encrypted: keep it where nobody else reads it."))


@click.command(
    "restore",
    help=_(
        "Put a backup back. Whatever is there now is replaced only with --yes, and only once the backup stands whole."
    ),
)
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@click.option("--yes", is_flag=True, help=_("Replace the present data."))
def restore_command(file: Path, yes: bool) -> None:
    """Restore, hold all sending, and look whether everything is well."""
    home = Path(settings.SHUKE_HOME)
    home.mkdir(parents=True, exist_ok=True, mode=0o700)
    with ExitStack() as stack:
        if settings.SHUKE_EMBEDDED is not None:
            try:
                stack.enter_context(supervisor.only_one(home))
            except supervisor.AlreadyRunning:
                raise in_use() from None
        stack.enter_context(database_open(migrate=False))
        about = restoring.restore(file, owner_address(), passphrase=_passphrase(file), replace=yes)
        connections.close_all()
        bring_up_to_date()
        epoch.hold(epoch.RESTORED)
        members.replay_erasures()  # whoever was forgotten since the backup stays forgotten
        made = datetime.fromisoformat(about["made_at"]).astimezone(ZoneInfo(settings.TIME_ZONE))
        good(_("Restored as of %(at)s.") % {"at": made.strftime("%Y-%m-%d %H:%M")})
        click.echo(_("Nothing is sent outside until you release it: `shuke release-sending`."))
        if not examine(quiet=True, at_rest=True):
            fail(_("The restored data are not as they must be; see above."))
        good(_("All is well."))


def _passphrase(file: Path) -> str:
    if settings.SHUKE_BACKUP_PASSPHRASE or not making.is_sealed(file):
        return str(settings.SHUKE_BACKUP_PASSPHRASE)
    return str(click.prompt(_("Passphrase"), hide_input=True)) if os.isatty(0) else ""
