"""What an owner may set about points and levels."""

from shuke.loyalty.specs.levels import LevelRuleSpec, LevelSpec
from shuke.loyalty.specs.memberships import PlanSpec, SaleSpec
from shuke.loyalty.specs.points import DayTimes, LevelTimes, PointsRuleSpec
from shuke.loyalty.specs.settings import STRETCHES, AdjustLimitSpec, BirthdaySpec, LevelWarnSpec, PostageWorthSpec

__all__ = [
    "STRETCHES", "AdjustLimitSpec", "BirthdaySpec", "DayTimes", "LevelRuleSpec", "LevelSpec", "LevelTimes",
    "LevelWarnSpec", "PlanSpec", "PointsRuleSpec", "PostageWorthSpec", "SaleSpec",
]  # fmt: skip
