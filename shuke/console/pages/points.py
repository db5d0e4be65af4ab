"""Points in all: what was given, spent and lapsed, what they would cost, the rule in words and how it changed."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.console import customer_words, loyalty_charts, rule_changes
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import carried
from shuke.console.pages.points_rule import levels_by_name, start_on_past
from shuke.core import clock, progress
from shuke.core.progress import Progress
from shuke.core.specs import form_for
from shuke.ledger import queries as ledger
from shuke.ledger.queries import Totals
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import POINTS, SavedPointsRule, rulewords
from shuke.loyalty.queries.memberdays import explain_member_day, next_member_day
from shuke.loyalty.queries.requests import waiting_count
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.specs import PointsRuleSpec
from shuke.trade import queries as trade

SOON_DAYS = 30
MONTHS = 12


@page("points.view")
def overview(desk: Desk) -> HttpResponse:
    """All figures; while there is no rule, one that is ready to be switched on."""
    rulebook = queries.points_rulebook(desk.merchant_id)
    if not rulebook.versions:
        return _start(desk)
    rule = rulebook.in_force
    sums = ledger.totals(desk.merchant_id, POINTS)
    now, rate = clock.now(), worth(desk.merchant_id)
    months = ledger.months(desk.merchant_id, POINTS, desk.merchant.zone, now - timedelta(days=366))[-MONTHS:]
    lapsing = ledger.lapsing(desk.merchant_id, POINTS, now + timedelta(days=SOON_DAYS))
    circulating = sums.active + sums.pending + sums.reserved
    return desk.show(
        "console/points/overview.html",
        rule=rule,
        member_day=explain_member_day(day) if (day := next_member_day(desk.merchant_id)) else "",
        waiting_count=waiting_count(desk.merchant_id),
        coming=rulebook.coming,
        sums=sums,
        circulating=circulating,
        cost_fen=rate.fen(circulating),
        months=months,
        chart=loyalty_charts.moved(months),
        lapsing=lapsing,
        lapsing_sum=sum(one.amount for one in lapsing),
        chapters=rulewords.points_chapters(rule.spec, queries.level_rule(desk.merchant_id), rate) if rule else [],
        backfill=_backfill(desk),
        checks=_sum_words(sums),
    )


@page("points.view")
def versions(desk: Desk) -> HttpResponse:
    """Every version of the rule: who saved it, when, from when it holds and what changed."""
    rulebook = queries.points_rulebook(desk.merchant_id)
    doers = customer_words.doers(desk.merchant_id)
    older: list[SavedPointsRule | None] = [*rulebook.versions, None][1:]
    names = levels_by_name(desk)
    return desk.show(
        "console/points/versions.html",
        # From when a version holds is told in its head.
        rows=[
            (
                one,
                doers.get(one.saved_by, _("Shuke")),
                rule_changes.changes(before.spec if before else None, one.spec, without=("start_on",), choices=names),
            )
            for one, before in zip(rulebook.versions, older, strict=True)
        ],
        in_force=rulebook.in_force.number if rulebook.in_force else None,
        coming={one.number for one in rulebook.coming},
    )


@page("points.view")
def backfill(desk: Desk) -> HttpResponse:
    """How far computing past orders is; at its end the page around is told to load again."""
    found = progress.latest(desk.merchant_id, loyalty.BACKFILL)
    if found is None:
        return desk.go("console:points")
    response = desk.show("console/points/backfill.html", backfill=found)
    if found.state == progress.DONE and desk.is_fragment:
        response["HX-Refresh"] = "true"
    return response


def _start(desk: Desk) -> HttpResponse:
    """A sensible rule with what it would do, and a button."""
    has_orders = trade.order_count(desk.merchant_id) > 0
    spec = PointsRuleSpec(start_on=start_on_past(desk) if has_orders else None)
    return desk.show(
        "console/points/start.html",
        chapters=rulewords.points_chapters(spec, queries.level_rule(desk.merchant_id), worth(desk.merchant_id, spec)),
        carried=carried(form_for(PointsRuleSpec, spec)),
        has_orders=has_orders,
        spec=spec,
    )


def _backfill(desk: Desk) -> Progress | None:
    found = progress.latest(desk.merchant_id, loyalty.BACKFILL)
    return found if found is not None and found.state != progress.DONE else None


def _sum_words(sums: Totals) -> str:
    """The books in one line, for whoever adds up."""
    return _(
        "%(issued)s given = %(active)s active + %(pending)s pending + %(reserved)s set aside + %(spent)s spent"
        " + %(expired)s lapsed + %(taken_back)s taken back − %(debt)s owed"
    ) % {
        name: f"{getattr(sums, name):,}"
        for name in ("issued", "active", "pending", "reserved", "spent", "expired", "taken_back", "debt")
    }
