"""`shuke release-sending`: after a restore or in a copy, let messages and webhooks go out again."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _

from shuke.cli.home import database_open
from shuke.cli.words import good
from shuke.core import jobs
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries


@click.command("release-sending", help=_("After a restore or in a copy: let Shuke send to the outside again."))
@click.option("--merchant", "merchant_id", type=int, help=_("Id of one merchant; without it all of them."))
def release_sending_command(merchant_id: int | None) -> None:
    """Release every merchant, or one."""
    with database_open():
        for one in jobs.merchant_ids() if merchant_id is None else [merchant_id]:
            with tenant(one):
                released = merchants.release_sending(one, by=SYSTEM)
                found = queries.merchant(one)
            if released and found is not None:
                good(_("%(name)s sends again.") % {"name": found.name})
    click.echo(_("Nothing is held."))
