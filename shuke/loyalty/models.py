"""Tables of rules, standings and their history."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q

from shuke.core.tenancy import TenantModel


class PointsRule(TenantModel):
    """A points rule as it was saved; of those valid at an instant, the highest number is in force. Insert-only."""

    number = models.IntegerField()
    valid_from = models.DateTimeField()
    spec: Any = models.JSONField()
    saved_at = models.DateTimeField()
    saved_by = models.TextField()

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
        indexes = [models.Index(fields=["merchant_id", "member_id", "at"], name="levelchange_member")]


class Adjustment(TenantModel):
    """One adjustment by hand of one member or more, with its reason; what moved stands in the ledger. Insert-only."""

    key = models.TextField()
    reason = models.TextField()
    member_count = models.IntegerField()
    amount = models.BigIntegerField()
    at = models.DateTimeField()
    by = models.TextField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "key"], name="adjustment_once")]
        indexes = [models.Index(fields=["merchant_id", "at"], name="adjustment_time")]
