"""Where facts are told to, what is told, and how far the facts have been read."""

from __future__ import annotations

from django.db import models
from django.db.models.functions import Now

from shuke.core.models import TransactionId
from shuke.core.tenancy import Scoped, TenantModel


class Endpoint(TenantModel):
    """An address of the merchant's that is told facts; `failing_since` is the first failure without a success after it."""

    url = models.TextField()
    description = models.TextField(default="")
    kinds = models.JSONField(default=list)
    is_active = models.BooleanField(default=True)
    secret = models.BinaryField()
    old_secret = models.BinaryField(null=True)
    old_until = models.DateTimeField(null=True)
    failure_count = models.IntegerField(default=0)
    failing_since = models.DateTimeField(null=True)
    rest_until = models.DateTimeField(null=True)
    paused_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())


class Delivery(TenantModel):
    """One fact for one endpoint: new, sending (written before the call), then sent, failed (comes again) or dead."""

    endpoint_id = models.BigIntegerField()
    fact_id = models.BigIntegerField(null=True)
    member_id = models.BigIntegerField(null=True)
    message_id = models.TextField()
    kind = models.TextField()
    body = models.TextField()
    state = models.TextField(default="new")
    attempt_count = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    claimed_at = models.DateTimeField(null=True)
    sent_at = models.DateTimeField(null=True)
    status = models.IntegerField(null=True)
    trouble = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "endpoint_id", "fact_id"], name="delivery_once"),
            models.UniqueConstraint(fields=["merchant_id", "message_id"], name="delivery_message_once"),
            models.CheckConstraint(
                condition=models.Q(state__in=["new", "sending", "sent", "failed", "dead"]), name="delivery_state"
            ),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", "endpoint_id", "next_at", "id"],
                condition=models.Q(state__in=["new", "failed"]),
                name="delivery_due",
            ),
            models.Index(
                fields=["merchant_id", "claimed_at"], condition=models.Q(state="sending"), name="delivery_claimed"
            ),
            models.Index(fields=["merchant_id", "endpoint_id", "state", "id"], name="delivery_log"),
            models.Index(fields=["merchant_id", "created_at"], name="delivery_age"),
        ]


class Cursor(models.Model):
    """Up to where a merchant's facts have been made into deliveries."""

    merchant_id = models.BigIntegerField(primary_key=True)
    xid = TransactionId()
    fact_id = models.BigIntegerField()

    objects = Scoped()
