"""Levels in all: who stands where, who moved lately, who is about to lose hers, how the rule changed."""

from __future__ import annotations

from zoneinfo import ZoneInfo

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.analytics.actions.figures import figures, figures_at_hand
from shuke.analytics.queries.kept import LEVEL_COSTS
from shuke.console import customer_words, loyalty_charts, rule_changes
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import SetLevelForm, asked, carried, people, shop_choices
from shuke.console.pages.levels_rule import planned
from shuke.core import progress
from shuke.core.progress import Progress
from shuke.core.specs import Form, form_for, parse
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.events import LevelChanged
from shuke.loyalty.queries import LevelMove, SavedLevelRule, Step, rulewords
from shuke.loyalty.queries.explain import amount
from shuke.loyalty.specs import LevelRuleSpec
from shuke.members import queries as members
from shuke.trade import queries as trade

SOON_DAYS = 30
MOVES = 12
WARNED = 50


@page("points.view")
def overview(desk: Desk) -> HttpResponse:
    """All figures; while there are no levels, a ladder that is ready to be switched on."""
    rule = queries.level_rule(desk.merchant_id)
    if rule is None:
        return _start(desk)
    steps = queries.ladder(desk.merchant_id)
    moves = queries.recent_moves(desk.merchant_id, limit=MOVES)
    warned = queries.warned(desk.merchant_id, days=SOON_DAYS, limit=WARNED + 1)
    names = members.names(desk.merchant_id, [*(one.member_id for one in moves), *(one.member_id for one in warned)])
    return desk.show(
        "console/levels/overview.html",
        rule=rule,
        steps=_rungs(rule, steps),
        chart=loyalty_charts.standing(steps),
        costs=figures_at_hand(desk.merchant_id, LEVEL_COSTS, ZoneInfo(desk.merchant.zone)),
        member_count=sum(step.member_count for step in steps),
        risen_count=sum(step.member_count for step in steps if step.no),
        moves=[(one, names.get(one.member_id, ""), said(rule, one)) for one in moves],
        warned=[
            (one, names.get(one.member_id, ""), queries.explain_warning(one, rule.spec.measure, zone=desk.zone))
            for one in warned[:WARNED]
        ],
        has_more_warned=len(warned) > WARNED,
        chapters=rulewords.level_chapters(rule),
        review=_review(desk),
    )


@page("points.view")
def ladder(desk: Desk) -> HttpResponse:
    """The ladder alone with what each level cost; a large shop's page asks for it while it is being reckoned."""
    rule = queries.level_rule(desk.merchant_id)
    if rule is None:
        return desk.go("console:levels")
    return desk.show(
        "console/levels/ladder.html",
        steps=_rungs(rule, queries.ladder(desk.merchant_id)),
        costs=figures(desk.merchant_id, LEVEL_COSTS, ZoneInfo(desk.merchant.zone)),
    )


def _rungs(rule: SavedLevelRule, steps: list[Step]) -> list[tuple[Step, str]]:
    return [(step, amount(rule.spec.measure, step.threshold)) for step in steps]


@page("points.view")
def versions(desk: Desk) -> HttpResponse:
    """Every version of the ladder: who saved it, when and what changed."""
    found = queries.level_rules(desk.merchant_id)
    doers = customer_words.doers(desk.merchant_id)
    older: list[SavedLevelRule | None] = [*found, None][1:]
    return desk.show(
        "console/levels/versions.html",
        rows=[
            (one, doers.get(one.saved_by, _("Shuke")), rule_changes.changes(before.spec if before else None, one.spec))
            for one, before in zip(found, older, strict=True)
        ],
    )


@page("points.view")
def review(desk: Desk) -> HttpResponse:
    """How far reviewing everybody's level is; at its end the page around is told to load again."""
    found = progress.latest(desk.merchant_id, loyalty.REVIEW_ALL)
    if found is None:
        return desk.go("console:levels")
    response = desk.show("console/levels/review.html", review=found)
    if found.state == progress.DONE and desk.is_fragment:
        response["HX-Refresh"] = "true"
    return response


@page("levels.set", methods=("GET", "POST"))
def set_by_hand(desk: Desk) -> HttpResponse:
    """Put everybody on a pasted list on a level: filled in, confirmed, done."""
    steps = queries.ladder(desk.merchant_id)
    if not steps:
        return desk.go("console:levels")
    choices = {**shop_choices(desk.merchant_id), "level_no": [(step.no, step.name) for step in steps]}
    if not desk.is_post:
        return desk.show("console/levels/set.html", form=asked(form_for(SetLevelForm, choices=choices)))
    filled = parse(SetLevelForm, desk.post, choices=choices)
    if isinstance(filled, Form):
        return desk.show("console/levels/set.html", status=422, form=asked(filled))
    form = form_for(SetLevelForm, filled, choices=choices)
    chosen, problems = people(desk.merchant_id, filled.nicks, shop_id=filled.shop_id)
    for text in problems:
        form = form.refuse(text, "nicks")
    if problems:
        return desk.show("console/levels/set.html", status=422, form=asked(form))
    if desk.post.get("confirmed") != "1":
        return _confirm(desk, filled, form, chosen, steps[filled.level_no].name)
    loyalty.set_level(
        desk.merchant_id, list(chosen), filled.level_no, reason=filled.reason, until_on=filled.until_on, by=desk.by
    )
    return desk.go("console:levels", said=_("The level is set."))


def said(rule: SavedLevelRule, move: LevelMove) -> str:
    """A change of level as the timeline tells it."""
    return LevelChanged(
        member_id=move.member_id, happened_at=move.at, before_no=move.before_no, after_no=move.after_no,
        before_name=rule.name(move.before_no), after_name=rule.name(move.after_no), reason=move.reason,
    ).sentence()  # fmt: skip


def _confirm(desk: Desk, filled: SetLevelForm, form: Form, chosen: dict[int, str], level: str) -> HttpResponse:
    now = queries.levels_of(desk.merchant_id, list(chosen))
    return desk.show(
        "console/levels/confirm.html",
        carried=carried(form),
        level=level,
        filled=filled,
        rows=[(nick, now[member_id].name) for member_id, nick in list(chosen.items())[:MOVES]],
        count=len(chosen),
        more=len(chosen) - MOVES,
    )


def _start(desk: Desk) -> HttpResponse:
    """Taobao's own ladder with what it would do, and a button."""
    spec = LevelRuleSpec()
    rule = planned(desk, spec)
    return desk.show(
        "console/levels/start.html",
        steps=[
            (row, amount(spec.measure, threshold))
            for row, threshold in zip(spec.levels, rule.policy.thresholds, strict=True)
        ],
        chapters=rulewords.level_chapters(rule),
        carried=carried(form_for(LevelRuleSpec, spec)),
        has_orders=trade.order_count(desk.merchant_id) > 0,
    )


def _review(desk: Desk) -> Progress | None:
    found = progress.latest(desk.merchant_id, loyalty.REVIEW_ALL)
    return found if found is not None and found.state != progress.DONE else None
