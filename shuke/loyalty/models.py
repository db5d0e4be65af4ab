"""Tables of rules, standings and their history."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from shuke.core.tenancy import TenantModel
from shuke.loyalty.rules import redemption


class PointsRule(TenantModel):
    """A points rule as it was saved; which one is in force at an instant, `rules.terms.Version` says.

    Insert-only, but for `withdrawn_at`: one for a day to come may be withdrawn until then, and counts for nothing.
    """

    number = models.IntegerField()
    valid_from = models.DateTimeField()
    spec: Any = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.TextField()
    withdrawn_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "number"], name="pointsrule_once")]


class LevelRule(TenantModel):
    """A level rule as it was saved; the highest number is in force. Insert-only."""

    number = models.IntegerField()
    spec: Any = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "number"], name="levelrule_once")]


class Standing(TenantModel):
    """The level a member holds; no row means level 0, never left.

    `until_at` is the end of its validity (or of a setting by hand), `grace_until_at` that of the grace after it.
    `evidence` holds the figure, the threshold and the rule's number that led to it; `note` is the reason staff gave.
    While a paid membership lifts her, `under` is the standing her purchases gave, which comes back when it ends.
    """

    member_id = models.BigIntegerField()
    level_no = models.SmallIntegerField()
    since_at = models.DateTimeField()
    until_at = models.DateTimeField(null=True)
    grace_until_at = models.DateTimeField(null=True)
    reason = models.TextField()
    is_manual = models.BooleanField(default=False)
    evidence: Any = models.JSONField(default=dict)
    note = models.TextField(default="")
    set_by = models.TextField(default="system")
    under: Any = models.JSONField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "member_id"], name="standing_once"),
            models.CheckConstraint(condition=Q(level_no__gte=0), name="standing_level"),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "level_no", "member_id"], name="standing_level_members"),
            models.Index(fields=["merchant_id", "until_at"], name="standing_end", condition=Q(until_at__isnull=False)),
            models.Index(
                fields=["merchant_id", "grace_until_at"],
                name="standing_grace",
                condition=Q(grace_until_at__isnull=False),
            ),
        ]


class LevelChange(TenantModel):
    """A member's level became another one. Insert-only: what level she held on a day never changes afterwards."""

    member_id = models.BigIntegerField()
    at = models.DateTimeField()
    before_no = models.SmallIntegerField()
    after_no = models.SmallIntegerField()
    reason = models.TextField()
    evidence: Any = models.JSONField(default=dict)
    note = models.TextField(default="")
    by = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "at", "id"], include=["after_no"], name="levelchange_held")
        ]


class Adjustment(TenantModel):
    """One adjustment by hand of one member or more, with its reason; what moved stands in the ledger. Insert-only.

    `moved` is what was given and what was taken added up, for the limit of a day.
    """

    key = models.TextField()
    reason = models.TextField()
    member_count = models.IntegerField()
    amount = models.BigIntegerField()
    moved = models.BigIntegerField(db_default=0)
    at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "key"], name="adjustment_once")]
        indexes = [models.Index(fields=["merchant_id", "at"], name="adjustment_time")]


class RedemptionRule(TenantModel):
    """A rule of paying with points as it was saved; the highest number is in force. Insert-only."""

    number = models.IntegerField()
    spec: Any = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "number"], name="redemptionrule_once")]


class Redemption(TenantModel):
    """Points that pay part of an order: asked for by a code, bound to an order, spent when that order was paid rightly.

    `hold` says how its points stand in the ledger (reserved, spent, none) under the key of its `round_no`, a new one
    each time they are taken again; `returned_points` of them came back by refunds. `slots` is what it took of the
    day's limits, NULL while it counts for none. `place` numbers the open codes of a member.
    """

    key = models.TextField()
    code = models.TextField()
    member_id = models.BigIntegerField()
    rule_id = models.BigIntegerField()
    points = models.BigIntegerField()
    worth_fen = models.BigIntegerField()
    state = models.TextField(default=redemption.RESERVED)
    why = models.TextField(default="")
    place = models.SmallIntegerField(default=0)
    asked_at = models.DateTimeField()
    asked_on = models.DateField()
    until_at = models.DateTimeField()
    held_until_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    order_no = models.TextField(default="")
    before_fen = models.BigIntegerField(null=True)
    after_fen = models.BigIntegerField(null=True)
    paid_fen = models.BigIntegerField(null=True)
    found_by = models.TextField(default="")
    bound_at = models.DateTimeField(null=True)
    bound_by = models.TextField(default="")
    hold = models.TextField(default="none")
    round_no = models.IntegerField(default=0)
    reservation_id = models.BigIntegerField(null=True)
    returned_points = models.BigIntegerField(default=0)
    slots: Any = models.JSONField(null=True)
    decision = models.TextField(default="")
    decided_by = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key"], name="redemption_once"),
            models.UniqueConstraint(fields=["merchant_id", "code"], name="redemption_code"),
            models.UniqueConstraint(
                fields=["merchant_id", "order_no"],
                name="redemption_order",
                condition=Q(state__in=("bound", "committed", "mismatch")),
            ),
            models.UniqueConstraint(
                fields=["merchant_id", "member_id", "place"], name="redemption_open", condition=Q(state="reserved")
            ),
            models.CheckConstraint(condition=Q(state__in=redemption.STATES), name="redemption_state"),
            models.CheckConstraint(condition=Q(hold__in=("reserved", "spent", "none")), name="redemption_hold"),
            models.CheckConstraint(
                condition=Q(points__gt=0, worth_fen__gt=0, returned_points__gte=0)
                & Q(returned_points__lte=models.F("points")),
                name="redemption_amounts",
            ),
            models.CheckConstraint(
                condition=Q(state__in=("reserved", "released")) | ~Q(order_no=""), name="redemption_has_order"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "asked_at"], name="redemption_member"),
            models.Index(fields=["merchant_id", "asked_on", "asked_at"], name="redemption_day"),
            models.Index(fields=["merchant_id", "order_no"], name="redemption_order_no", condition=~Q(order_no="")),
            models.Index(
                fields=["merchant_id", "held_until_at"],
                name="redemption_waiting",
                condition=Q(state__in=("reserved", "bound")),
            ),
        ]


class RedemptionCount(TenantModel):
    """Points asked for on a day, of a member or (`member_id` 0) of all, the latter in slots so that no row is hot."""

    asked_on = models.DateField()
    member_id = models.BigIntegerField()
    slot = models.SmallIntegerField()
    points = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "asked_on", "member_id", "slot"], name="redemptioncount_once"
            ),
            models.CheckConstraint(condition=Q(points__gte=0), name="redemptioncount_not_below"),
        ]


class AdjustmentRequest(TenantModel):
    """An adjustment above a limit that waits for a second person; `items` are [member id, points].

    `state` goes once from waiting to approved, refused or expired.
    """

    key = models.TextField()
    items: Any = models.JSONField()
    reason = models.TextField()
    member_count = models.IntegerField()
    amount = models.BigIntegerField()
    allow_debt = models.BooleanField(default=False)
    asked_by = models.TextField()
    asked_at = models.DateTimeField()
    until_at = models.DateTimeField()
    state = models.TextField(default="waiting")
    decided_by = models.TextField(default="")
    decided_at = models.DateTimeField(null=True)
    answer = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key"], name="adjustmentrequest_once"),
            models.CheckConstraint(
                condition=Q(state__in=("waiting", "approved", "refused", "expired")), name="adjustmentrequest_state"
            ),
            models.CheckConstraint(
                condition=~Q(state__in=("approved", "refused")) | ~Q(decided_by=models.F("asked_by")),
                name="adjustmentrequest_two",
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "until_at"], name="adjustmentrequest_waiting", condition=Q(state="waiting")
            )
        ]


class Plan(TenantModel):
    """A paid membership (付费会员) as it is sold now; what was sold already keeps the terms it was sold with."""

    spec: Any = models.JSONField()
    sold_from_at = models.DateTimeField()
    retired_at = models.DateTimeField(null=True)
    saved_at = models.DateTimeField()
    saved_by = models.TextField()


class Term(TenantModel):
    """A stretch of paid membership that a member bought, by an order or by hand, with the terms of that day.

    `source` is `order:12` or `hand:…`; `starts_at` and `ends_at` follow from all her terms that are not taken back.
    `times` multiplies her points, `bonus_points` were given at the start, `level_no` is the level she does not fall
    below. `origin_id` is whose it is when nobody is joined to anybody; NULL for the member herself.
    """

    member_id = models.BigIntegerField()
    origin_id = models.BigIntegerField(null=True)
    plan_id = models.BigIntegerField()
    plan_name = models.TextField()
    source = models.TextField()
    quantity = models.IntegerField(default=1)
    days = models.IntegerField()
    price_fen = models.BigIntegerField()
    level_no = models.SmallIntegerField(null=True)
    times = models.TextField(default="1")
    bonus_points = models.IntegerField(default=0)
    bought_at = models.DateTimeField()
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    taken_back_at = models.DateTimeField(null=True)
    note = models.TextField(default="")
    by = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "source", "plan_id"], name="term_once"),
            models.CheckConstraint(condition=Q(days__gt=0, quantity__gt=0, price_fen__gte=0), name="term_amounts"),
            models.CheckConstraint(condition=Q(ends_at__gt=models.F("starts_at")), name="term_ends"),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "bought_at"], name="term_member"),
            models.Index(fields=["merchant_id", "ends_at"], name="term_end", condition=Q(taken_back_at__isnull=True)),
        ]


class BirthdayGift(TenantModel):
    """What a member was given for one year's birthday; insert-only, so once a year, whatever day she says it is."""

    member_id = models.BigIntegerField()
    year = models.SmallIntegerField()
    points = models.IntegerField()
    times = models.TextField(default="1")
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    given_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "member_id", "year"], name="birthdaygift_once")]


class Notice(TenantModel):
    """A warning that was published once: its kind, whom it is about, and what made it due. Insert-only."""

    kind = models.TextField()
    member_id = models.BigIntegerField()
    key = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "kind", "member_id", "key"], name="notice_once")]
