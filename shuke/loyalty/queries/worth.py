"""What points are worth: one rate for all pages and sums, so that nowhere two are told."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from shuke.loyalty.queries.redemptions import redemption_rule
from shuke.loyalty.queries.rulebook import points_rule
from shuke.loyalty.specs import PointsRuleSpec


@dataclass(frozen=True, slots=True)
class Worth:
    """Fen a point; `is_paying` says that points pay orders at this rate."""

    fen_per_point: Fraction
    is_paying: bool = False

    def fen(self, points: int) -> int:
        """What points are worth, in fen, rounded down."""
        return int(points * self.fen_per_point // 1)


def worth(merchant_id: int, spec: PointsRuleSpec | None = None) -> Worth:
    """The rate at which points pay orders while they do, else that of the points rule; 0 while there is no rule at all.

    With `spec`, as if that points rule were in force.
    """
    paying = redemption_rule(merchant_id)
    if paying is not None and paying.spec.is_on:
        return Worth(Fraction(paying.spec.yuan_per_100_points), is_paying=True)
    if spec is None:
        rule = points_rule(merchant_id)
        spec = rule.spec if rule else None
    return Worth(Fraction(spec.yuan_per_100_points) if spec else Fraction(0))
