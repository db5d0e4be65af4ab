"""The rules as they were saved: versions, which is in force, what assets and sources are called."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from shuke.core import clock, sql
from shuke.loyalty.rules.levels import Policy
from shuke.loyalty.rules.points import in_force, lapse, ranked
from shuke.loyalty.rules.terms import Terms, Version
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.merchants import queries as merchants

POINTS, GROWTH = "points", "growth"


@dataclass(frozen=True, slots=True)
class SavedPointsRule:
    """One version of the points rule; `valid_from` may lie before `saved_at` (补算) or after it.

    One that was withdrawn before its day came (`withdrawn_at`) never holds.
    """

    id: int
    number: int
    valid_from: datetime
    saved_at: datetime
    saved_by: str
    spec: PointsRuleSpec
    withdrawn_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class PointsRulebook:
    """All versions of the points rule, the latest first; the one in force now; those for days to come, the next one first."""

    versions: list[SavedPointsRule]
    in_force: SavedPointsRule | None
    coming: list[SavedPointsRule]

    @property
    def newest(self) -> SavedPointsRule | None:
        """The version that was saved last."""
        return self.versions[0] if self.versions else None


@dataclass(frozen=True, slots=True)
class SavedLevelRule:
    """One version of the level rule."""

    id: int
    number: int
    saved_at: datetime
    saved_by: str
    spec: LevelRuleSpec
    policy: Policy

    def name(self, level_no: int) -> str:
        """A level's name; of one that the ladder no longer has, its number."""
        return self.spec.levels[level_no].name if level_no < len(self.spec.levels) else str(level_no)


def order_source(order_id: int) -> str:
    """What an order is called as a source in the ledger."""
    return f"order:{order_id}"


def signup_source(member_id: int) -> str:
    """What a member's welcome points are called as a source in the ledger."""
    return f"signup:{member_id}"


def zone_of(merchant_id: int) -> ZoneInfo:
    """The merchant's zone."""
    found = merchants.merchant(merchant_id)
    return ZoneInfo(found.zone if found else "Asia/Shanghai")


def points_rules(merchant_id: int) -> list[SavedPointsRule]:
    """All versions of the points rule, the latest first; none while the programme was never switched on."""
    return [
        SavedPointsRule(rule_id, number, valid_from, saved_at, saved_by, _points_spec(spec), withdrawn_at)
        for rule_id, number, valid_from, saved_at, saved_by, spec, withdrawn_at in sql.rows(
            "SELECT id, number, valid_from, saved_at, saved_by, spec::text, withdrawn_at FROM loyalty_pointsrule"
            " WHERE merchant_id = %(merchant_id)s ORDER BY number DESC",
            {"merchant_id": merchant_id},
        )
    ]


def points_rule(merchant_id: int) -> SavedPointsRule | None:
    """The points rule in force now; None before the first one holds."""
    return points_rulebook(merchant_id).in_force


def points_rulebook(merchant_id: int) -> PointsRulebook:
    """Every version of the points rule, and which of them hold now and will hold."""
    versions, now = points_rules(merchant_id), clock.now()
    rules = ranked(one for one in versions if one.withdrawn_at is None)
    coming = [one for one in reversed(rules) if one.valid_from > now and in_force(rules, one.valid_from) is one]
    return PointsRulebook(versions, in_force(rules, now), coming)


def level_rules(merchant_id: int) -> list[SavedLevelRule]:
    """All versions of the level rule, the latest first."""
    return [
        _level_rule(row)
        for row in sql.rows(
            "SELECT id, number, saved_at, saved_by, spec::text FROM loyalty_levelrule"
            " WHERE merchant_id = %(merchant_id)s ORDER BY number DESC",
            {"merchant_id": merchant_id},
        )
    ]


def level_rule(merchant_id: int) -> SavedLevelRule | None:
    """The level rule in force; None while there are no levels."""
    found = sql.rows(
        "SELECT id, number, saved_at, saved_by, spec::text FROM loyalty_levelrule"
        " WHERE merchant_id = %(merchant_id)s ORDER BY number DESC LIMIT 1",
        {"merchant_id": merchant_id},
    )
    return _level_rule(found[0]) if found else None


def point_versions(merchant_id: int) -> list[Version]:
    """All versions of the points rule that hold or will hold, ready for reckoning."""
    return sql.ask(asking_versions(merchant_id))


def asking_versions(merchant_id: int) -> sql.Question[list[Version]]:
    """The question behind `point_versions`."""
    return sql.Question(
        "SELECT id, number, valid_from, saved_at, spec::text FROM loyalty_pointsrule"
        " WHERE merchant_id = %(merchant_id)s AND withdrawn_at IS NULL ORDER BY number",
        {"merchant_id": merchant_id},
        lambda rows: [
            Version(rule_id, number, valid_from, saved_at, _terms(spec))
            for rule_id, number, valid_from, saved_at, spec in rows
        ],
    )


def gift_lapses_at(merchant_id: int, at: datetime) -> datetime | None:
    """When points given at an instant lapse, by the rule then in force; None for never."""
    versions, merchant = sql.ask_all(asking_versions(merchant_id), merchants.asking_merchant(merchant_id))
    return lapses_at(versions, merchant, at)


def lapses_at(versions: Sequence[Version], merchant: merchants.Merchant, at: datetime) -> datetime | None:
    """`gift_lapses_at` by what was asked already."""
    version = in_force(ranked(versions), at)
    if version is None:
        return None
    here = ZoneInfo(merchant.zone)
    return lapse(version.terms.expiry, version.terms.expiry_months, at.astimezone(here).date(), here)


@lru_cache(maxsize=256)
def _points_spec(spec: str) -> PointsRuleSpec:
    # A saved version never changes, and the very text is the key: nothing has to be thrown out of the cache.
    return PointsRuleSpec.model_validate_json(spec)


@lru_cache(maxsize=256)
def _terms(spec: str) -> Terms:
    return _points_spec(spec).terms()


def _level_rule(row: tuple[Any, ...]) -> SavedLevelRule:
    number, text = row[1], row[4]
    return SavedLevelRule(row[0], number, row[2], row[3], *_level_spec(text, number))


@lru_cache(maxsize=256)
def _level_spec(text: str, number: int) -> tuple[LevelRuleSpec, Policy]:
    spec = LevelRuleSpec.model_validate_json(text)
    return spec, spec.policy(number)


def spec_value(spec: PointsRuleSpec | LevelRuleSpec) -> Any:
    """A rule as it is kept."""
    return spec.model_dump_json()
