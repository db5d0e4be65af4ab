"""Facts about levels, paid membership, birthdays, and points given by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shuke.core.facts import Fact, fact
from shuke.core.money import yuan


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


@dataclass(frozen=True, slots=True, kw_only=True)
class _OfRedemption(Fact):
    """What all facts of paying with points tell; `subject_id` is the redemption, `code` what staff and buyer call it."""

    kind: ClassVar[str] = ""
    code: str
    points: int

    @property
    def words(self) -> dict[str, object]:
        """For the sentences."""
        return {"code": self.code, "points": self.points}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionReserved(_OfRedemption):
    """A member asked to pay with points: they are set aside, and she has a code."""

    kind: ClassVar[str] = "loyalty.redemption_reserved"
    worth_fen: int

    def sentence(self) -> str:
        """How many, worth what, under which code."""
        return _("%(points)s points set aside to pay ¥%(yuan)s, code %(code)s") % {
            **self.words, "yuan": yuan(self.worth_fen)
        }  # fmt: skip


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionBound(_OfRedemption):
    """Staff changed the price of an order for a code; the order's payment is awaited."""

    kind: ClassVar[str] = "loyalty.redemption_bound"
    order_no: str
    before_fen: int
    after_fen: int

    def sentence(self) -> str:
        """Which order, from what to what."""
        return _("Order %(no)s: price changed from ¥%(before)s to ¥%(after)s for code %(code)s") % {
            **self.words, "no": self.order_no, "before": yuan(self.before_fen), "after": yuan(self.after_fen)
        }  # fmt: skip


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionCommitted(_OfRedemption):
    """The order was paid as agreed: the points are spent."""

    kind: ClassVar[str] = "loyalty.redemption_committed"
    worth_fen: int
    order_no: str

    def sentence(self) -> str:
        """Which order, how much."""
        return _("Order %(no)s paid ¥%(yuan)s with %(points)s points, code %(code)s") % {
            **self.words, "no": self.order_no, "yuan": yuan(self.worth_fen)
        }  # fmt: skip


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionReturned(_OfRedemption):
    """A refund of part of the order brought `returned` of its points back in all."""

    kind: ClassVar[str] = "loyalty.redemption_returned"
    returned: int
    order_no: str

    def sentence(self) -> str:
        """Which order, how many in all."""
        return _("Order %(no)s: part refunded, %(returned)s of the %(points)s points used are back") % {
            **self.words, "no": self.order_no, "returned": self.returned
        }  # fmt: skip


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionReleased(_OfRedemption):
    """The points of a code are free again; `why` is a key of REASONS."""

    kind: ClassVar[str] = "loyalty.redemption_released"
    why: str

    def sentence(self) -> str:
        """How many, and why."""
        return _("%(points)s points of code %(code)s are free again: %(why)s") % {
            **self.words, "why": REASONS.get(self.why, self.why)
        }  # fmt: skip


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class RedemptionMismatch(_OfRedemption):
    """The order does not fit what was agreed on; somebody has to decide. `why` is a key of REASONS."""

    kind: ClassVar[str] = "loyalty.redemption_mismatch"
    why: str
    order_no: str

    def sentence(self) -> str:
        """Which order, and why."""
        return _("Order %(no)s does not fit code %(code)s: %(why)s") % {
            **self.words, "no": self.order_no, "why": REASONS.get(self.why, self.why)
        }  # fmt: skip


REASONS: dict[str, str | Promise] = {
    "cancelled": gettext_lazy("the customer did not want it any more"),
    "time_over": gettext_lazy("the code was not used in time"),
    "not_seen": gettext_lazy("the order never turned up in an import"),
    "unpaid": gettext_lazy("the order was not paid in time"),
    "order_closed": gettext_lazy("the order was closed"),
    "refunded": gettext_lazy("the order was refunded in full"),
    "decided": gettext_lazy("staff decided so"),
    "order_taken": gettext_lazy("another code was used for this order"),
    "full_price": gettext_lazy("the full price was paid: it was not changed, or changed after the payment"),
    "paid_more": gettext_lazy("more was paid than agreed"),
    "paid_less": gettext_lazy("less was paid than agreed: the price was lowered too much"),
    "paid_before": gettext_lazy("it had been paid before the code was made"),
    "paid_late": gettext_lazy("it was paid after the time for it was over"),
    "price_unknown": gettext_lazy("nobody noted what it was to cost before"),
    "used_cancelled": gettext_lazy("the customer had cancelled the code, and it was used all the same"),
    "other_customer": gettext_lazy("it is another customer's order"),
    "other_shop": gettext_lazy("it is an order of a shop where points may not be used"),
    "not_enough": gettext_lazy("the points were used for something else meanwhile"),
}
"""Why a redemption was released, or does not fit its order."""


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentAsked(Fact):
    """Somebody asked for an adjustment above her limit; a second person has to decide."""

    kind: ClassVar[str] = "loyalty.adjustment_asked"
    amount: int
    member_count: int

    def sentence(self) -> str:
        """How many points."""
        return _("%(points)s points by hand wait for a second person") % {"points": f"{self.amount:+d}"}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class AdjustmentDecided(Fact):
    """A large adjustment was approved, refused, or nobody looked at it in time."""

    kind: ClassVar[str] = "loyalty.adjustment_decided"
    state: str
    amount: int

    def sentence(self) -> str:
        """What was decided."""
        text = {
            "approved": _("%(points)s points by hand were approved"),
            "refused": _("%(points)s points by hand were refused"),
            "expired": _("%(points)s points by hand lapsed, since nobody decided"),
        }[self.state]
        return text % {"points": f"{self.amount:+d}"}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipChanged(Fact):
    """A member bought a paid membership, extended it, or it was taken back."""

    kind: ClassVar[str] = "loyalty.membership_changed"
    plan_name: str
    is_bought: bool

    def sentence(self) -> str:
        """Which one."""
        if self.is_bought:
            return _("Bought the paid membership “%(name)s”") % {"name": self.plan_name}
        return _("The paid membership “%(name)s” was taken back") % {"name": self.plan_name}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipEnding(Fact):
    """A paid membership ends soon; published once."""

    kind: ClassVar[str] = "loyalty.membership_ending"
    plan_name: str
    days_left: int

    def sentence(self) -> str:
        """When."""
        text = ngettext(
            "The paid membership “%(name)s” ends in %(count)s day",
            "The paid membership “%(name)s” ends in %(count)s days",
            self.days_left,
        )
        return text % {"name": self.plan_name, "count": self.days_left}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class MembershipEnded(Fact):
    """A paid membership is over; published once."""

    kind: ClassVar[str] = "loyalty.membership_ended"
    plan_name: str

    def sentence(self) -> str:
        """Which one."""
        return _("The paid membership “%(name)s” ended") % {"name": self.plan_name}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class LevelEnding(Fact):
    """A member will lose her level soon; published once for each end. `missing` in fen, orders or growth."""

    kind: ClassVar[str] = "loyalty.level_ending"
    level_no: int
    level_name: str
    days_left: int
    missing: int
    measure: str

    def sentence(self) -> str:
        """Which level, and when."""
        text = ngettext(
            "%(name)s ends in %(count)s day unless she buys", "%(name)s ends in %(count)s days unless she buys",
            self.days_left,
        )  # fmt: skip
        return text % {"name": self.level_name, "count": self.days_left}


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class BirthdayCelebrated(Fact):
    """A member was given what the shop gives for birthdays; `times` multiplies points until the stretch ends."""

    kind: ClassVar[str] = "loyalty.birthday_celebrated"
    points: int
    times: str

    def sentence(self) -> str:
        """What."""
        if not self.points:
            return _("Birthday: points ×%(times)s") % {"times": self.times}
        if self.times == "1":
            return _("Birthday: %(points)s points given") % {"points": self.points}
        return _("Birthday: %(points)s points given, and points ×%(times)s") % {
            "points": self.points, "times": self.times,
        }  # fmt: skip
