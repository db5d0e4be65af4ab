"""The ladder of levels: filled in, shown with who would move, saved."""

from __future__ import annotations

from typing import Any

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.console import loyalty_charts
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import LEVEL_CHAPTERS, carried, parts
from shuke.core import clock
from shuke.core.errors import Refused
from shuke.core.specs import Form, form_for, parse
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import LevelPreview, SavedLevelRule, rulewords
from shuke.loyalty.specs import LevelRuleSpec
from shuke.members import queries as members

SAMPLES = 8


@page("rules.edit")
def edit(desk: Desk) -> HttpResponse:
    """The form, with the ladder in force in it."""
    now = queries.level_rule(desk.merchant_id)
    return _form(desk, form_for(LevelRuleSpec, now.spec if now else None))


@page("rules.edit", methods=("POST",))
def preview(desk: Desk) -> HttpResponse:
    """Who would move under the form as it stands; nothing is saved."""
    filled = parse(LevelRuleSpec, desk.post)
    if isinstance(filled, Form):
        return desk.show("console/points/problems.html", form=filled)
    found = queries.preview_levels(desk.merchant_id, filled, samples=SAMPLES)
    return desk.show("console/levels/preview.html", **_figures(desk, found, planned(desk, filled)))


@page("rules.edit", methods=("POST",))
def save(desk: Desk) -> HttpResponse:
    """Save the ladder after showing once more who moves; everybody's level is reviewed by a job."""
    now = queries.level_rule(desk.merchant_id)
    filled = parse(LevelRuleSpec, desk.post)
    if isinstance(filled, Form):
        return _form(desk, filled, status=422)
    if desk.post.get("basis", "") != str(now.number if now else 0):
        raise Refused(
            "rule_moved", _("Somebody saved another version in the meantime. Please open the form again and compare.")
        )
    if now and now.spec == filled:
        return desk.go("console:levels", said=_("These levels are in force already; nothing was changed."))
    if desk.post.get("confirmed") != "1":
        return desk.show(
            "console/levels/ask.html",
            carried=carried(form_for(LevelRuleSpec, filled)),
            basis=now.number if now else 0,
        )
    loyalty.save_level_rule(desk.merchant_id, filled, by=desk.by)
    return desk.go("console:levels", said=_("The levels are saved. Everybody is being put on hers."))


def planned(desk: Desk, spec: LevelRuleSpec) -> SavedLevelRule:
    """A ladder as if it were saved now, for showing it in words."""
    now = queries.level_rule(desk.merchant_id)
    number = now.number + 1 if now else 1
    return SavedLevelRule(0, number, clock.now(), desk.by.label, spec, spec.policy(number))


def _form(desk: Desk, form: Form, *, status: int = 200) -> HttpResponse:
    now = queries.level_rule(desk.merchant_id)
    return desk.show(
        "console/levels/rule.html",
        status=status,
        form=form,
        parts=parts(form, LEVEL_CHAPTERS),
        basis=now.number if now else 0,
    )


def _figures(desk: Desk, found: LevelPreview, rule: SavedLevelRule) -> dict[str, Any]:
    """The preview for its template; a level of the old ladder that is gone shows by its old name."""
    now = queries.level_rule(desk.merchant_id)
    before = now or rule
    names = members.names(desk.merchant_id, [*found.up, *found.down])
    top = max([rule.policy.top, *found.counts_before, *found.counts])
    labels = [rule.name(no) if no <= rule.policy.top else before.name(no) for no in range(top + 1)]
    return {
        "found": found,
        "has_rule": now is not None,
        "chart": loyalty_charts.moving(labels, found.counts_before, found.counts, has_rule=now is not None),
        "counts": [(label, found.counts_before.get(no, 0), found.counts.get(no, 0)) for no, label in enumerate(labels)],
        "moves": [
            (before.name(old), rule.name(new), count, new > old)
            for (old, new), count in sorted(found.moves.items(), key=lambda move: -move[1])
        ],
        "up": [(member_id, names.get(member_id, "")) for member_id in found.up],
        "down": [(member_id, names.get(member_id, "")) for member_id in found.down],
        "chapters": rulewords.level_chapters(rule),
    }
