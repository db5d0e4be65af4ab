"""The rules of points and levels: read, tried out, saved."""

from __future__ import annotations

from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.shapes import Id, Listing, Nothing, Told
from shuke.core.errors import Missing
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec


class PointsRule(Told):
    """A version of the points rule."""

    id: Id
    number: int
    valid_from: datetime
    saved_at: datetime
    saved_by: str
    rule: PointsRuleSpec


class LevelRule(Told):
    """The level rule in force."""

    number: int
    saved_at: datetime
    saved_by: str
    rule: LevelRuleSpec


class Saved(Told):
    """The number of the version that was saved."""

    number: int


class PointsPreview(Told):
    """What the rule would give beside what holds now; costs in fen. With `every` above 1 one in so many was looked at."""

    since: datetime
    is_replay: bool
    every: int
    order_count: int
    paid_fen: int
    points: int
    points_before: int
    cost_fen: int
    cost_before_fen: int
    member_count: int
    gaining_count: int
    losing_count: int


class LevelPreview(Told):
    """Who would move; `counts` are customers by level afterwards."""

    up_count: int
    down_count: int
    same_count: int
    counts: dict[int, int]
    counts_before: dict[int, int]
    discount_fen: int


@reads("/rules/points", scope="points:read", refuses=("no_rule",))
def get_points_rule(call: Call) -> PointsRule:
    """Get the points rule in force."""
    found = queries.points_rule(call.merchant_id)
    if found is None:
        raise _none()
    return _points_rule(found)


@reads("/rules/points/planned", scope="points:read")
def list_planned_points_rules(call: Call) -> Listing[PointsRule]:
    """List the versions of the points rule that come into force on days to come, the next one first."""
    return Listing(items=[_points_rule(one) for one in queries.points_rulebook(call.merchant_id).coming])


@writes("DELETE", "/rules/points/planned/{int:rule_id}", scope="rules:write", refuses=("no_rule", "rule_holds"))
def withdraw_points_rule(call: Call, rule_id: Id) -> Nothing:
    """Call a planned version off; the rule in force goes on."""
    loyalty.withdraw_points_rule(call.merchant_id, rule_id, by=call.caller.by)
    return Nothing()


@writes("POST", "/rules/points/preview", scope="rules:write")
def preview_points_rule(call: Call, body: PointsRuleSpec) -> PointsPreview:
    """Try a points rule on the shop's own orders; nothing is saved."""
    return PointsPreview.of(queries.preview_points_rule(call.merchant_id, body, top=1))


@writes("PUT", "/rules/points", scope="rules:write")
def save_points_rule(call: Call, body: PointsRuleSpec) -> Saved:
    """Save a new version of the points rule; past orders are reckoned again where it says so."""
    return Saved(number=loyalty.save_points_rule(call.merchant_id, body, by=call.caller.by))


@reads("/rules/levels", scope="points:read", refuses=("no_rule",))
def get_level_rule(call: Call) -> LevelRule:
    """Get the level rule in force."""
    found = queries.level_rule(call.merchant_id)
    if found is None:
        raise _none()
    return LevelRule(number=found.number, saved_at=found.saved_at, saved_by=found.saved_by, rule=found.spec)


@writes("POST", "/rules/levels/preview", scope="rules:write")
def preview_level_rule(call: Call, body: LevelRuleSpec) -> LevelPreview:
    """Try a level rule on the shop's own customers; nothing is saved."""
    return LevelPreview.of(queries.preview_levels(call.merchant_id, body, samples=1))


@writes("PUT", "/rules/levels", scope="rules:write")
def save_level_rule(call: Call, body: LevelRuleSpec) -> Saved:
    """Save a new version of the level rule; everybody is reviewed in the background."""
    return Saved(number=loyalty.save_level_rule(call.merchant_id, body, by=call.caller.by))


def _points_rule(found: queries.SavedPointsRule) -> PointsRule:
    return PointsRule(
        id=found.id, number=found.number, valid_from=found.valid_from, saved_at=found.saved_at,
        saved_by=found.saved_by, rule=found.spec,
    )  # fmt: skip


def _none() -> Missing:
    return Missing("no_rule", _("There is no rule yet."))
