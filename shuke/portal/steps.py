"""The ladder of levels as buyers see it."""

from __future__ import annotations

from dataclasses import dataclass

from shuke.loyalty.queries import SavedLevelRule
from shuke.loyalty.queries.explain import amount
from shuke.loyalty.queries.rulewords import benefits_of

TIERS = 5


@dataclass(frozen=True, slots=True)
class Step:
    """One level: from what on it opens ("" for the first), what it gives, and which of five colours it wears."""

    no: int
    name: str
    opens_at: str
    discount_permille: int
    benefits: list[str]
    tier: int


def steps(rule: SavedLevelRule | None) -> list[Step]:
    """All levels from the lowest up; none while there is no rule."""
    if rule is None:
        return []
    policy = rule.policy
    return [
        Step(
            no=no,
            name=level.name,
            opens_at=amount(policy.measure, policy.thresholds[no]) if no else "",
            discount_permille=level.discount_permille,
            benefits=benefits_of(level),
            tier=tier(no, policy.top),
        )
        for no, level in enumerate(rule.spec.levels)
    ]


def tier(level_no: int, top: int) -> int:
    """The colour of a level, 0…4: the highest level always wears the last one."""
    return -(-min(level_no, top) * (TIERS - 1) // top) if top else 0
