"""Facts about levels and points given by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.translation import gettext as _

from shuke.core.facts import Fact, fact


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class LevelChanged(Fact):
    """A member's level is another one now."""

    kind: ClassVar[str] = "loyalty.level_changed"
    before_no: int
    after_no: int
    before_name: str
    after_name: str
    reason: str

    def sentence(self) -> str:
        """From which level to which, and why."""
        names = {"before": self.before_name, "after": self.after_name}
        if self.reason == "manual":
            return _("Level set by hand: from %(before)s to %(after)s") % names
        if self.after_no > self.before_no:
            return _("Level up: from %(before)s to %(after)s") % names
        if self.reason == "lost":
            return _("Level down, since it was not kept: from %(before)s to %(after)s") % names
        return _("Level down: from %(before)s to %(after)s") % names


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class PointsAdjusted(Fact):
    """Staff gave or took points by hand."""

    kind: ClassVar[str] = "loyalty.points_adjusted"
    amount: int

    def sentence(self) -> str:
        """How many."""
        if self.amount > 0:
            return _("%(points)s points given by hand") % {"points": self.amount}
        return _("%(points)s points taken by hand") % {"points": -self.amount}
