"""Facts of the ledger: at most one per member and batch."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import ClassVar

from django.utils.translation import gettext as _

from shuke.core import clock
from shuke.core.actors import SYSTEM, Actor
from shuke.core.facts import Fact, fact, publish


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class BalanceChanged(Fact):
    """A settling that was asked to tell changed what a member holds (active + pending − debt) by `change`."""

    kind: ClassVar[str] = "ledger.balance_changed"
    asset: str
    change: int


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class PointsLapsed(Fact):
    """Lots of a member reached their end with `amount` unused."""

    kind: ClassVar[str] = "ledger.points_lapsed"
    asset: str
    amount: int

    def sentence(self) -> str:
        """For the timeline; only points are spoken of there."""
        return _("%(amount)s points lapsed unused") % {"amount": self.amount} if self.asset == "points" else ""


def publish_changes(merchant_id: int, asset: str, changes: Mapping[int, int], *, by: Actor = SYSTEM) -> None:
    """One BalanceChanged per member."""
    now = clock.now()
    publish(
        merchant_id,
        [
            BalanceChanged(member_id=member_id, happened_at=now, asset=asset, change=change)
            for member_id, change in sorted(changes.items())
        ],
        by=by,
    )


def publish_lapsed(merchant_id: int, asset: str, amounts: Mapping[int, int], at: datetime) -> None:
    """One PointsLapsed per member."""
    publish(
        merchant_id,
        [
            PointsLapsed(member_id=member_id, happened_at=at, asset=asset, amount=amount)
            for member_id, amount in sorted(amounts.items())
        ],
    )
