"""The rule of paying with points: filled in, read back in plain words, saved; and its versions."""

from __future__ import annotations

from django.http import HttpResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.console import customer_words, rule_changes
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import Chapter, parts
from shuke.core.errors import Refused
from shuke.core.money import yuan
from shuke.core.specs import Form, form_for, parse
from shuke.core.specs.posted import Given
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import SavedRedemptionRule, redemption_desk
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.merchants import queries as merchants

EXAMPLE_FEN = 12800
"""The order of the example sentence."""

CHAPTERS = (
    Chapter(
        gettext_lazy("What points pay"),
        gettext_lazy("The usual rate is ¥2 for 100 points. It may differ from what points cost you in the books."),
        ("is_on", "yuan_per_100_points", "least_points", "step_points", "most_points"),
    ),
    Chapter(
        gettext_lazy("For which orders"),
        gettext_lazy("Half of the goods at most keeps every order worth sending."),
        ("part_permille", "min_order_fen", "shop_ids"),
    ),
    Chapter(
        gettext_lazy("How often"),
        gettext_lazy("Against resellers, and so that no day surprises you. Empty means without a limit."),
        ("open_codes", "member_day_points", "day_points"),
    ),
    Chapter(
        gettext_lazy("How long"),
        gettext_lazy("Points are set aside while a code waits, so the time should be short."),
        ("hours", "wait_days"),
    ),
)


@page("rules.edit", methods=("GET", "POST"))
def edit(desk: Desk) -> HttpResponse:
    """The form with the version in force; posted, saved as a new one."""
    newest = queries.redemption_rule(desk.merchant_id)
    if not desk.is_post:
        value = newest.spec if newest else RedemptionRuleSpec(is_on=True)
        return _form(desk, form_for(RedemptionRuleSpec, value, choices=_shops(desk)))
    filled = parse(RedemptionRuleSpec, desk.post, choices=_shops(desk))
    if isinstance(filled, Form):
        return _form(desk, filled, status=422)
    if desk.post.get("basis", "") != str(newest.number if newest else 0):
        raise Refused(
            "rule_moved", _("Somebody saved another version in the meantime. Please open the form again and compare.")
        )
    if newest and newest.spec == filled:
        return desk.go("console:redeem", said=_("This rule is in force already; nothing was changed."))
    loyalty.save_redemption_rule(desk.merchant_id, filled, by=desk.by)
    return desk.go("console:redeem", said=_("The new rule is saved and holds from now on."))


@page("rules.edit", methods=("POST",))
def preview(desk: Desk) -> HttpResponse:
    """What the form says as it stands, in the words buyers read, with an example; nothing is saved."""
    filled = parse(RedemptionRuleSpec, desk.post, choices=_shops(desk))
    if isinstance(filled, Form):
        return desk.show("console/points/problems.html", form=filled)
    return desk.show(
        "console/redeem/preview.html", sentences=redemption_desk.rule_sentences(filled), example=_example(filled)
    )


def _example(spec: RedemptionRuleSpec) -> str:
    """One order by this rule: how many points at most, and what is left to pay."""
    most = [
        points
        for points in range(spec.least_points, min(spec.most_points, 10**6) + 1, spec.step_points)
        if spec.worth_fen(points) <= EXAMPLE_FEN * spec.part_permille // 1000
    ][-1:]
    if not spec.is_on or spec.min_order_fen > EXAMPLE_FEN or not most:
        return _("For an order of ¥%(price)s no points could be used.") % {"price": yuan(EXAMPLE_FEN)}
    return _("For an order of ¥%(price)s at most %(points)s points: ¥%(left)s are left to pay.") % {
        "price": yuan(EXAMPLE_FEN), "points": f"{most[0]:,}", "left": yuan(EXAMPLE_FEN - spec.worth_fen(most[0])),
    }  # fmt: skip


def _form(desk: Desk, form: Form, *, status: int = 200) -> HttpResponse:
    found = queries.redemption_rules(desk.merchant_id)
    doers = customer_words.doers(desk.merchant_id)
    older: list[SavedRedemptionRule | None] = [*found, None][1:]
    return desk.show(
        "console/redeem/rule.html",
        status=status,
        form=form,
        parts=parts(form, CHAPTERS),
        basis=found[0].number if found else 0,
        versions=[
            (
                one,
                doers.get(one.saved_by, _("Shuke")),
                rule_changes.changes(before.spec if before else None, one.spec, choices=_shops(desk)),
            )
            for one, before in zip(found, older, strict=True)
        ],
    )


def _shops(desk: Desk) -> Given:
    return {"shop_ids": [(shop.id, shop.name) for shop in merchants.shops(desk.merchant_id)]}
