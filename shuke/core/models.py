"""Rows that any module may lean on: facts, their reader's place, progress of long jobs, wrapped keys."""

from __future__ import annotations

from django.db import models
from django.db.models import Func
from django.db.models.functions import Now

from shuke.core.tenancy import Scoped, TenantModel


class TransactionId(models.Field):  # type: ignore[type-arg]  # Field takes no arguments at run time
    """A 64-bit transaction number, which says in which order facts became visible."""

    def db_type(self, connection: object) -> str:  # noqa: ARG002 - Django's signature
        """The column's type."""
        return "xid8"


class Fact(TenantModel):
    """Something that became true, written in the transaction that made it true; never changed."""

    xid = TransactionId(db_default=Func(function="shuke_fact_xid"))
    kind = models.TextField()
    member_id = models.BigIntegerField(null=True)
    subject_id = models.BigIntegerField(null=True)
    payload = models.JSONField(default=dict)
    by = models.TextField(default="system")
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "xid", "id"], name="fact_reading"),
            models.Index(fields=["merchant_id", "member_id", "happened_at"], name="fact_timeline"),
        ]


class FactCursor(models.Model):
    """Up to where a merchant's facts have been told to their stories."""

    merchant_id = models.BigIntegerField(primary_key=True)
    xid = TransactionId()
    fact_id = models.BigIntegerField()

    objects = Scoped()


class PostponedFact(TenantModel):
    """A fact whose story failed; told again later, and the same member's later facts wait behind it."""

    fact_id = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    attempt_count = models.IntegerField(default=0)
    next_at = models.DateTimeField()
    error = models.TextField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "fact_id"], name="postponed_once"),
        ]


class Progress(TenantModel):
    """How far a long job is; it goes on from its checkpoint after a crash."""

    kind = models.TextField()
    subject_id = models.BigIntegerField(null=True)
    state = models.TextField(default="waiting")
    done_count = models.BigIntegerField(default=0)
    total_count = models.BigIntegerField(default=0)
    message = models.TextField(default="")
    checkpoint = models.JSONField(default=dict)
    by = models.TextField(default="system")
    started_at = models.DateTimeField(null=True)
    updated_at = models.DateTimeField(db_default=Now())
    finished_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "kind", "subject_id"], name="progress_subject"),
        ]


class MerchantKey(models.Model):
    """A merchant's data key, wrapped by the installation's key."""

    merchant_id = models.BigIntegerField(primary_key=True)
    wrapped = models.BinaryField()

    objects = Scoped()


class Installation(models.Model):
    """The one row of this installation: where it stands, and how often sending was held since it was made."""

    id = models.SmallIntegerField(primary_key=True, default=1)
    place = models.TextField()
    epoch = models.IntegerField(default=0)
    reason = models.TextField(default="")
    held_at = models.DateTimeField(null=True)
    backed_up_at = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.CheckConstraint(condition=models.Q(id=1), name="installation_is_one")]


class SendingRelease(models.Model):
    """Up to which epoch a merchant's sending was released by a person."""

    merchant_id = models.BigIntegerField(primary_key=True)
    epoch = models.IntegerField()
    released_at = models.DateTimeField()
    by = models.TextField()

    objects = Scoped()
