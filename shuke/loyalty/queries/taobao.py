"""The level rule as Taobao's own ladder: the parameters of taobao.crm.grade.set, or why there are none."""

from __future__ import annotations

from dataclasses import dataclass

from django.utils.translation import gettext as _

from shuke.loyalty.queries.rulebook import level_rule
from shuke.loyalty.rules.levels import grades_for_taobao, problems_on_taobao
from shuke.loyalty.specs.levels import PROBLEMS


@dataclass(frozen=True, slots=True)
class TaobaoLadder:
    """`params` of taobao.crm.grade.set, None while `problems` say why; `notes` tell what Taobao will not do the same."""

    names: tuple[str, ...]
    params: dict[str, str] | None
    problems: tuple[str, ...]
    notes: tuple[str, ...]


def taobao_ladder(merchant_id: int) -> TaobaoLadder | None:
    """The ladder in force as Taobao wants it, its sentences in the active language; None while there are no levels."""
    rule = level_rule(merchant_id)
    if rule is None:
        return None
    spec = rule.spec
    levels = [
        (row.name, threshold, row.discount_permille)
        for row, threshold in zip(spec.levels, rule.policy.thresholds, strict=True)
    ]
    problems = [
        str(PROBLEMS[code]) % {"no": index, "name": rule.name(index), "below": index - 1}
        for code, index in problems_on_taobao(levels)
    ]
    if spec.measure == "growth":
        problems.append(_("Levels go by growth here; Taobao counts only the amount paid or the number of orders."))
    notes = []
    if spec.window != "lifetime" or spec.validity_months:
        notes.append(
            _(
                "Taobao counts over all time and takes no level away by itself; send the customers again when theirs change."
            )
        )
    if spec.levels[0].discount_permille != 1000:
        notes.append(_("The discount of level 0 is not sent: Taobao's grades begin at 1."))
    params = None if problems else grades_for_taobao(levels, by_count=spec.measure == "count")
    return TaobaoLadder(tuple(row.name for row in spec.levels), params, tuple(problems), tuple(notes))
