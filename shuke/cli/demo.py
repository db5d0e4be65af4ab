"""`shuke demo`: a tea shop with two years of invented orders, imported the way any seller's files are."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from typing import NamedTuple

import click
from django.conf import settings
from django.utils.translation import gettext as _

from shuke.cli.importing import import_file, wait_for_stories, worker
from shuke.cli.running import serve
from shuke.cli.sample_exports import write_exports
from shuke.cli.words import fail
from shuke.core import clock, jobs
from shuke.core.actors import Actor, staff
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.members.queries import links, roll
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from shuke.trade import queries as orders

MERCHANT = "山间茶事"
PASSWORD = "jiu-shi-shu-ke"  # noqa: S105 - of invented people, on a machine that only its user reaches
PEOPLE = {
    "zhanggui": ("林晚秋", "owner"),
    "yunying": ("沈知夏", "marketer"),
    "zhuguan": ("周牧云", "service_lead"),
    "kefu": ("苏小满", "agent"),
}
MONTHS = 24


class Storefront(NamedTuple):
    """One shop of the demo and the size of its exports."""

    name: str
    orders: int
    buyers: int
    seed: int


SHOPS = (Storefront("山间一盏茶叶店", 16_000, 6_500, 1), Storefront("山间茶器旗舰店", 4_000, 1_500, 2))


@click.command(
    "demo", help=_("Open a demo shop with two years of invented orders, until Ctrl-C. The second start takes seconds.")
)
@click.option("--host", default="127.0.0.1", show_default=True, help=_("Address to listen on."))
@click.option("--port", type=click.IntRange(1, 65535), help=_("Port; without it 8000 or the next free one."))
def demo_command(host: str, port: int | None) -> None:
    """Make the demo if it is not there yet, then serve it."""
    serve(host, port, before=prepare, greet=greet)


def prepare() -> None:
    """Make what is missing; an interrupted first start goes on where it was."""
    done = Path(settings.SHUKE_HOME) / "demo.ready"
    if done.exists():
        return
    merchant_id, by = _merchant()
    click.echo(_("1/4 The shop and its people are there."))
    today = clock.today(settings.TIME_ZONE)
    with tenant(merchant_id):
        shop_ids = _shops(merchant_id, by)
        _rules(merchant_id, today, by)
    click.echo(_("2/4 Rules for points and levels are set. Now inventing two years of orders …"))
    files = [(shop_id, path) for shop_id, one in zip(shop_ids, SHOPS, strict=True) for path in _exports(one, today)]
    click.echo(_("3/4 Importing %(count)s files as a seller would …") % {"count": len(files)})
    with worker() as tend:
        if not all(import_file(merchant_id, shop_id, path, tend=tend) for shop_id, path in files):
            fail(_("The demo could not be made; remove %(folder)s and try again.") % {"folder": settings.SHUKE_HOME})
        click.echo(_("4/4 Working out points and levels …"))
        wait_for_stories(merchant_id, tend)
    done.touch()


def greet(address: str) -> None:
    """Say where to go and who may sign in."""
    click.echo()
    click.secho(_("The demo is open: %(address)s") % {"address": f"{address}/console/"}, bold=True)
    for username, (name, role) in PEOPLE.items():
        label = places.Person(0, 0, username, name, role, is_active=True).role_label
        click.echo(_("  %(role)s %(name)s: sign in as %(username)s, password %(password)s")
                   % {"role": label, "name": name, "username": username, "password": PASSWORD})  # fmt: skip
    merchant_id, _by = _merchant()
    with tenant(merchant_id):
        figures = orders.figures(merchant_id, roll.member_ids(merchant_id, limit=500))
        regular = max(figures, key=lambda member_id: figures[member_id].order_count)
        click.echo(_("  A buyer's own page: %(link)s") % {"link": links.buyer_link(merchant_id, regular)})
    click.echo()


def _merchant() -> tuple[int, Actor]:
    for merchant_id in jobs.merchant_ids():
        with tenant(merchant_id):
            owner = next((one for one in places.people(merchant_id) if one.username == "zhanggui"), None)
        if owner is not None:
            return merchant_id, staff(owner.id)
    owner_user_id = merchants.create_user("zhanggui", PEOPLE["zhanggui"][0], PASSWORD)
    merchant_id, owner_id = merchants.open_merchant(MERCHANT, owner_user_id=owner_user_id)
    with tenant(merchant_id):
        for username, (name, role) in PEOPLE.items():
            if role != "owner":
                merchants.employ(merchant_id, merchants.create_user(username, name, PASSWORD), role, by=staff(owner_id))
    return merchant_id, staff(owner_id)


def _shops(merchant_id: int, by: Actor) -> list[int]:
    known = {shop.name: shop.id for shop in places.shops(merchant_id)}
    return [known.get(one.name) or merchants.open_shop(merchant_id, one.name, "taobao", by=by) for one in SHOPS]


def _rules(merchant_id: int, today: date, by: Actor) -> None:
    start = today - timedelta(days=MONTHS * 31)
    loyalty.save_level_rule(merchant_id, LevelRuleSpec(), by=by)
    loyalty.save_points_rule(merchant_id, PointsRuleSpec(start_on=start, signup_points=20), by=by)


def _exports(one: Storefront, today: date) -> list[Path]:
    folder = Path(settings.SHUKE_HOME) / "exports" / one.name
    if not folder.exists():
        draft = folder.with_name(f"{one.name}.draft")
        write_exports(draft, orders=one.orders, buyers=one.buyers, months=MONTHS, until=today - timedelta(days=3),
                      shop=one.name, seed=one.seed)  # fmt: skip
        draft.rename(folder)
    # Lines first: an order then comes with its lines, and its points are worked out once instead of twice.
    return sorted(folder.iterdir(), key=lambda path: "Detail" not in path.name)
