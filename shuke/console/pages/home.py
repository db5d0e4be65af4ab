"""The first page after signing in: the shop at one glance, what to do today, and for a new owner her first steps."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from shuke.analytics import queries as analytics
from shuke.analytics.actions.figures import figures
from shuke.analytics.queries.glance import Glance
from shuke.analytics.queries.kept import GLANCE
from shuke.console import navigation
from shuke.console.desk import Desk, page
from shuke.console.home_charts import groups, sales
from shuke.core import clock
from shuke.loyalty import queries as loyalty
from shuke.loyalty.queries.requests import waiting_count
from shuke.merchants import queries as merchants

STALE_DAYS = 7


@dataclass(frozen=True, slots=True)
class Todo:
    """One thing to do today: why, and where to do it."""

    icon: str
    title: str
    why: str
    path: str
    action: str


@page()
def show(desk: Desk) -> HttpResponse:
    """Where the day begins."""
    paths = {entry.page: entry.path for entry in navigation.ENTRIES if not entry.right or desk.may(entry.right)}
    if not analytics.has_orders(desk.merchant_id):
        return desk.show("console/home.html", paths=paths, shops=merchants.shops(desk.merchant_id))
    shown = figures(desk.merchant_id, GLANCE, ZoneInfo(desk.merchant.zone))
    found = shown.figures.overview
    return desk.show(
        "console/home.html",
        paths=paths,
        overview=found,
        changes=_changes(found.now, found.before),
        sales=sales(found.daily),
        groups=groups(found.lifecycle),
        todos=_todos(desk, shown.figures, paths),
        liability=shown.figures.liability if desk.may("points.view") else None,
        ladder=shown.figures.steps if desk.may("points.view") else [],
        as_of=shown.as_of,
    )


def _changes(now: analytics.Span, before: analytics.Span) -> dict[str, tuple[str, str]]:
    """Against the days before, by figure: (words, tone)."""
    return {
        "paid": _change(now.paid_fen, before.paid_fen),
        "orders": _change(now.order_count, before.order_count),
        "buyers": _change(now.buyer_count, before.buyer_count),
        "average": _change(now.average_fen, before.average_fen),
    }


def _change(now: int, before: int) -> tuple[str, str]:
    if not before:
        return _("nothing to compare with"), "secondary"
    percent = round((now - before) * 100 / before)
    if percent == 0:
        return _("as in the 30 days before"), "secondary"
    words = _("%(percent)+d%% against the 30 days before") % {"percent": percent}
    return words, "success" if percent > 0 else "danger"


def _todos(desk: Desk, found: Glance, paths: dict[str, str]) -> list[Todo]:
    wanted: list[Todo | None] = []
    if "imports" in paths:
        wanted.append(_import_again(found.overview, paths["imports"]))
    if desk.may("rules.edit"):
        wanted.append(_no_rule(desk.merchant_id, paths["points"]))
    if "members" in paths:
        wanted += [_ask_unpaid(found.unasked_count), _wake_lapsed(found.overview, paths["members"])]
    if desk.may("points.view"):
        wanted += [
            _expiring(found.lapsing_points, paths["points"]), _losing(found.losing_count), _ending(found.ending_count)
        ]  # fmt: skip
    if desk.may("points.adjust"):
        wanted.append(_approve(desk))
    return [todo for todo in wanted if todo is not None]


def _import_again(found: analytics.Overview, path: str) -> Todo | None:
    known_until = found.last_order_at
    if known_until is None or known_until > clock.now() - timedelta(days=STALE_DAYS):
        return None
    days = (clock.now() - known_until).days
    why = ngettext(
        "The latest order Shuke knows is %(n)d day old.", "The latest order Shuke knows is %(n)d days old.", days
    )
    return Todo(
        icon="file-import", title=_("Import the newest orders"), why=why % {"n": days}, path=path, action=_("Import")
    )


def _ask_unpaid(count: int) -> Todo | None:
    if not count:
        return None
    why = ngettext("%(n)s order was placed and not paid.", "%(n)s orders were placed and not paid.", count)
    return Todo(
        icon="message-question",
        title=_("Ask why they did not pay"),
        why=why % {"n": f"{count:,}"},
        path=reverse("console:unpaid"),
        action=_("Ask"),
    )


def _wake_lapsed(found: analytics.Overview, path: str) -> Todo | None:
    count = found.lifecycle.get("lapsed", 0)
    if not count:
        return None
    why = ngettext("%(n)s customer has long been absent.", "%(n)s customers have long been absent.", count)
    return Todo(
        icon="user-heart",
        title=_("Win back who stayed away"),
        why=why % {"n": f"{count:,}"},
        path=f"{path}?lifecycle=lapsed",
        action=_("Look"),
    )


def _no_rule(merchant_id: int, path: str) -> Todo | None:
    if loyalty.points_rule(merchant_id) is not None:
        return None
    why = _("Without a rule nobody earns points. See on your own orders what it would give and cost before you save.")
    return Todo(icon="coins", title=_("Set the points rule"), why=why, path=path, action=_("Set"))


def _expiring(points: int, path: str) -> Todo | None:
    if not points:
        return None
    why = _("%(points)s points lapse within 30 days: remind their owners to spend them.") % {"points": f"{points:,}"}
    return Todo(icon="clock-exclamation", title=_("Points are about to lapse"), why=why, path=path, action=_("Look"))


def _approve(desk: Desk) -> Todo | None:
    count = waiting_count(desk.merchant_id, without=desk.by.label)
    if not count:
        return None
    why = ngettext(
        "%(n)s adjustment of points waits for a second person.", "%(n)s adjustments of points wait for a second person.",
        count,
    )  # fmt: skip
    return Todo(
        icon="user-check", title=_("Approve large adjustments"), why=why % {"n": f"{count:,}"},
        path=reverse("console:points_requests"), action=_("Look"),
    )  # fmt: skip


def _ending(count: int) -> Todo | None:
    if not count:
        return None
    why = ngettext("%(n)s paid membership ends soon.", "%(n)s paid memberships end soon.", count)
    return Todo(
        icon="id-badge-2", title=_("Ask them to extend their membership"), why=why % {"n": f"{count:,}"},
        path=reverse("console:memberships"), action=_("Look"),
    )  # fmt: skip


def _losing(count: int) -> Todo | None:
    if not count:
        return None
    why = ngettext("%(n)s customer will soon lose a level.", "%(n)s customers will soon lose a level.", count)
    return Todo(
        icon="crown", title=_("Help them keep their level"), why=why % {"n": f"{count:,}"},
        path=reverse("console:levels_ending"), action=_("Look"),
    )  # fmt: skip
