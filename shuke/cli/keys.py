"""`shuke rotate-key`: another key for the installation."""

from __future__ import annotations

import click
from django.conf import settings
from django.utils.translation import gettext as _

from shuke.cli.home import database_open
from shuke.cli.words import good
from shuke.core import rotation
from shuke.core.jobs import merchant_ids


@click.command(
    "rotate-key",
    help=_("Change the installation's key. Pages and worker may go on meanwhile; killed anywhere, run it again."),
)
def rotate_key_command() -> None:
    """Wrap every merchant's key anew."""
    with database_open():
        count = rotation.rotate(merchant_ids())
    good(_("%(count)s keys are wrapped by the new key.") % {"count": count})
    if settings.SHUKE_KEY_OLD:
        click.echo(_("SHUKE_KEY_OLD may be taken away now."))
    click.echo(_("Backups made before open only with the key of then: keep it beside them."))
