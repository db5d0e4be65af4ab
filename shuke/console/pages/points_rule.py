"""The points rule: filled in, played through the shop's own orders, saved, and past orders computed if she wants."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.console import loyalty_charts
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import POINTS_CHAPTERS, carried, parts
from shuke.core import clock
from shuke.core.errors import Refused
from shuke.core.specs import Form, form_for, parse
from shuke.core.specs.posted import Given
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import PointsPreview, PointsRulebook, rulewords
from shuke.loyalty.queries.worth import worth
from shuke.loyalty.specs import PointsRuleSpec
from shuke.members import queries as members
from shuke.trade import queries as trade

SAVED = gettext_lazy("The new rule is saved and holds from now on.")
COMPUTING = gettext_lazy("The new rule is saved. Past orders are being computed; you may go on working.")
LATER = gettext_lazy("The new rule is saved. It holds from %(day)s.")


@page("rules.edit")
def edit(desk: Desk) -> HttpResponse:
    """The form, with the version in force in it, or with one for the future (`version`) and its day."""
    rulebook = queries.points_rulebook(desk.merchant_id)
    planned = next((one for one in rulebook.coming if str(one.number) == desk.get.get("version")), None)
    held = rulebook.in_force or next(iter(rulebook.coming), None)
    value = held.spec.model_copy(update={"start_on": None}) if held else None
    form = form_for(PointsRuleSpec, planned.spec if planned else value, choices=levels_by_name(desk))
    return _form(desk, rulebook, form)


@page("rules.edit", methods=("POST",))
def preview(desk: Desk) -> HttpResponse:
    """What the form would do as it stands, beside the rule in force; nothing is saved."""
    filled = parse(PointsRuleSpec, desk.post, choices=levels_by_name(desk))
    if isinstance(filled, Form):
        return desk.show("console/points/problems.html", form=filled)
    found = queries.preview_points_rule(desk.merchant_id, filled)
    return desk.show("console/points/preview.html", filled=filled, **_figures(desk, found, filled))


@page("rules.edit", methods=("POST",))
def save(desk: Desk) -> HttpResponse:
    """Save a rule: first asks whether past orders shall be computed too, unless there are none or the answer is here."""
    rulebook = queries.points_rulebook(desk.merchant_id)
    filled = parse(PointsRuleSpec, desk.post, choices=levels_by_name(desk))
    if isinstance(filled, Form):
        return _form(desk, rulebook, filled, status=422)
    _check_basis(desk, rulebook)
    answer = desk.post.get("answer", "")
    today = clock.today(desk.zone)
    is_later = filled.start_on is not None and filled.start_on > today
    if not answer and not is_later and trade.order_count(desk.merchant_id):
        return _ask(desk, rulebook, filled)
    if answer == "past" and filled.start_on is None:
        return _ask(desk, rulebook, filled, error=_("Please give the day."))
    spec = filled if is_later or answer == "past" else filled.model_copy(update={"start_on": None})
    if answer != "past" and _holds_already(rulebook, spec):
        return desk.go("console:points", said=_("This rule is in force already; nothing was changed."))
    loyalty.save_points_rule(desk.merchant_id, spec, by=desk.by)
    if is_later:
        return desk.go("console:points", said=str(LATER) % {"day": filled.start_on})
    return desk.go("console:points", said=COMPUTING if spec.start_on else SAVED)


@page("rules.edit", methods=("POST",))
def withdraw(desk: Desk, rule_id: int) -> HttpResponse:
    """Give up a version that is planned for a day to come."""
    loyalty.withdraw_points_rule(desk.merchant_id, rule_id, by=desk.by)
    return desk.go("console:points", said=_("The planned version is withdrawn; the rule in force goes on."))


def _holds_already(rulebook: PointsRulebook, spec: PointsRuleSpec) -> bool:
    """Whether saving would change nothing, now or on the day it is for."""
    if spec.start_on is not None:
        return any(one.spec == spec for one in rulebook.coming)
    held = rulebook.in_force
    return held is not None and held.spec.model_copy(update={"start_on": None}) == spec


def start_on_past(desk: Desk) -> date:
    """The day that is proposed for computing past orders: a year ago."""
    today = clock.today(desk.zone)
    return today.replace(year=today.year - 1, day=min(today.day, 28))


def _form(desk: Desk, rulebook: PointsRulebook, form: Form, *, status: int = 200) -> HttpResponse:
    return desk.show(
        "console/points/rule.html",
        status=status,
        form=form,
        parts=parts(form, POINTS_CHAPTERS),
        basis=_basis(rulebook),
        is_first=rulebook.newest is None,
        coming=rulebook.coming,
    )


def _ask(desk: Desk, rulebook: PointsRulebook, filled: PointsRuleSpec, *, error: str = "") -> HttpResponse:
    """Whether the rule shall hold for past orders too, with what that would do."""
    return desk.show(
        "console/points/ask.html",
        status=422 if error else 200,
        carried=carried(form_for(PointsRuleSpec, filled), without=("start_on",)),
        start_on=filled.start_on or start_on_past(desk),
        today=clock.today(desk.zone),
        basis=_basis(rulebook),
        coming=rulebook.coming,
        error=error,
    )


def _basis(rulebook: PointsRulebook) -> int:
    """The number of the version that what is edited comes after."""
    return rulebook.newest.number if rulebook.newest else 0


def _check_basis(desk: Desk, rulebook: PointsRulebook) -> None:
    """What was edited must be what still stands: two people may have the form open."""
    if desk.post.get("basis", "") != str(_basis(rulebook)):
        raise Refused(
            "rule_moved", _("Somebody saved another version in the meantime. Please open the form again and compare.")
        )


def _figures(desk: Desk, found: PointsPreview, filled: PointsRuleSpec) -> dict[str, Any]:
    """The preview for its template."""
    levels = queries.level_rule(desk.merchant_id)
    newest = queries.points_rule(desk.merchant_id)
    names = members.names(desk.merchant_id, [one.member_id for one in found.top])
    return {
        "found": found,
        "has_rule": newest is not None,
        "difference": found.points - found.points_before,
        "difference_fen": found.cost_fen - found.cost_before_fen,
        "percent": f"{found.cost_permille / 10:.1f}",
        "chart": loyalty_charts.compared(found.months, has_rule=newest is not None),
        "levels": [
            (levels.name(no) if levels else _("Everybody"), one) for no, one in found.levels.items() if one.points or one.points_before
        ],
        "top": [(one, names.get(one.member_id, "")) for one in found.top],
        "distribution": [row for row in found.distribution if row[2]],
        "chapters": rulewords.points_chapters(filled, levels, worth(desk.merchant_id, filled)),
    }  # fmt: skip


def levels_by_name(desk: Desk) -> Given:
    """The shop's levels by name, for the rows of multiples."""
    found = [(step.no, step.name) for step in queries.ladder(desk.merchant_id)]
    return {"level_times.level_no": found, "day_times.from_level": found} if found else {}
