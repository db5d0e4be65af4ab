"""`shuke create-owner`, `shuke reset-second-factor`, `shuke create-key`: letting people and programs in."""

from __future__ import annotations

import click
from django.utils.translation import gettext as _
from pydantic import ValidationError

from shuke.cli.home import database_open
from shuke.cli.words import fail, good
from shuke.core.actors import SYSTEM, staff
from shuke.core.specs.sentences import sentence
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.specs import ApiKeySpec


@click.command(
    "create-owner", help=_("Make a merchant with one shop, and the owner who signs in; asks for what was not given.")
)
@click.option("--username", prompt=_("Sign-in name"), help=_("What she types to sign in."))
@click.option("--name", prompt=_("Her name"), help=_("How colleagues see her."))
@click.option("--merchant", prompt=_("Name of the business"), help=_("As buyers and staff see it."))
@click.option("--shop", prompt=_("Name of the shop"), help=_("As it is called on the platform."))
@click.option("--platform", default="taobao", show_default=True, help=_("Where the shop is: taobao."))
@click.option("--password", prompt=_("Password"), hide_input=True, confirmation_prompt=_("Password again"),
              envvar="SHUKE_PASSWORD", help=_("At least 10 characters; better asked for, or given in SHUKE_PASSWORD."))  # fmt: skip
def create_owner_command(username: str, name: str, merchant: str, shop: str, platform: str, password: str) -> None:
    """Make user, merchant and shop."""
    with database_open():
        user_id = merchants.create_user(username, name, password)
        merchant_id, staff_id = merchants.open_merchant(merchant, owner_user_id=user_id)
        with tenant(merchant_id):
            merchants.open_shop(merchant_id, shop, platform, by=staff(staff_id))
    good(_("%(name)s can sign in now.") % {"name": name})


@click.command(
    "reset-second-factor",
    help=_("Take all second factors from a person who lost them, an owner for one, and sign her out everywhere."),
)
@click.argument("username")
def reset_second_factor_command(username: str) -> None:
    """Make sure first that it is she who asks."""
    with database_open():
        merchants.reset_second_factor_of(username)
    good(_("%(name)s signs in with her password alone until she sets up a new second factor.") % {"name": username})


@click.command("create-key", help=_("Make an API key; it is shown once, alone on the standard output."))
@click.option("--merchant", type=int, required=True, help=_("Number of the business."))
@click.option("--name", required=True, help=_("Which program uses it."))
@click.option("--scope", "scopes", multiple=True, required=True, help=_("What it may do; give it once for each scope."))
@click.option("--shop", type=int, help=_("Only for the shop of this number."))
@click.option("--days", type=int, help=_("Ends after so many days."))
@click.option("--per-minute", type=int, default=6000, show_default=True, help=_("Calls a minute."))
@click.option("--network", "networks", multiple=True, help=_("Only from this address or network."))
def create_key_command(
    merchant: int, name: str, scopes: tuple[str, ...], shop: int | None, days: int | None, per_minute: int,
    networks: tuple[str, ...],
) -> None:  # fmt: skip
    """Make the key."""
    with database_open(), tenant(merchant):
        if queries.merchant(merchant) is None:
            fail(_("There is no business of this number."))
        try:
            filled = ApiKeySpec(
                name=name,
                scopes=list(scopes),
                networks=list(networks),
                shop_id=shop,
                expires_days=days,
                per_minute=per_minute,
            )
        except ValidationError as error:
            fail("; ".join(f"{'.'.join(map(str, one['loc']))}: {sentence(one, None)}" for one in error.errors()))
        _key_id, text = merchants.create_key(merchant, filled, by=SYSTEM)
    click.echo(text)
