"""Tables of the ledger: transfers that never change, and what they add up to."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now

from shuke.core.tenancy import Scoped, TenantModel
from shuke.ledger import rules


class Transfer(TenantModel):
    """An amount of one member's asset that went from one state to another; insert-only.

    `kind` and `source` are labels of the caller. A transfer about one whole lot names it in `lot_id`; one that
    draws on several has allocations. `cause_id` is the transfer it answers: a give-back names the spending.
    """

    member_id = models.BigIntegerField()
    asset = models.TextField()
    kind = models.TextField()
    from_state = models.TextField()
    to_state = models.TextField()
    amount = models.BigIntegerField()
    source = models.TextField(default="")
    key = models.TextField()
    lot_id = models.BigIntegerField(null=True)
    cause_id = models.BigIntegerField(null=True)
    rule_id = models.BigIntegerField(null=True)
    note: Any = models.JSONField(null=True)
    happened_at = models.DateTimeField()
    recorded_at = models.DateTimeField(db_default=Now())
    by = models.TextField()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "asset", "happened_at"], name="transfer_statement"),
            models.Index(fields=["merchant_id", "happened_at", "id"], name="transfer_journal"),
            models.Index(
                fields=["merchant_id", "cause_id"], name="transfer_cause", condition=Q(cause_id__isnull=False)
            ),
        ]
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key"], name="transfer_once"),
            models.CheckConstraint(condition=Q(amount__gt=0), name="transfer_amount"),
        ]


class Lot(TenantModel):
    """One credit and what became of it; its id is the id of the transfer that made it.

    `left` can still be used, `lapsed` expired unused, `revoked` is how much of the yield was taken back again, from
    this lot or elsewhere. `part` numbers the lots of a settled source; NULL for posted ones. `origin_id` is whose it
    is when nobody is joined to anybody; NULL for the member herself.
    """

    member_id = models.BigIntegerField()
    asset = models.TextField()
    source = models.TextField()
    part = models.IntegerField(null=True)
    amount = models.BigIntegerField()
    left = models.BigIntegerField()
    lapsed = models.BigIntegerField(default=0)
    revoked = models.BigIntegerField(default=0)
    state = models.TextField()
    available_at = models.DateTimeField(null=True)
    expires_at = models.DateTimeField(null=True)
    rule_id = models.BigIntegerField(null=True)
    happened_at = models.DateTimeField()
    origin_id = models.BigIntegerField(null=True)

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "asset", "member_id"], name="lot_open", condition=Q(state__in=rules.OPEN)
            ),
            models.Index(
                fields=["merchant_id", "available_at"],
                name="lot_maturing",
                condition=Q(state=rules.PENDING, available_at__isnull=False),
            ),
            models.Index(
                fields=["merchant_id", "expires_at"],
                name="lot_expiring",
                condition=Q(state=rules.ACTIVE, expires_at__isnull=False),
            ),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "asset", "source", "part"], name="lot_once", condition=Q(part__isnull=False)
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="lot_amount"),
            models.CheckConstraint(condition=Q(left__gte=0, lapsed__gte=0, revoked__gte=0), name="lot_not_below"),
            models.CheckConstraint(
                condition=Q(left__lte=F("amount") - F("lapsed"), revoked__lte=F("amount")), name="lot_not_above"
            ),
            models.CheckConstraint(
                condition=Q(state__in=rules.OPEN, left__gt=0) | Q(state__in=rules.CLOSED, left=0), name="lot_state"
            ),
        ]


class Allocation(models.Model):
    """How much of a transfer came from, or went back to, a lot; insert-only."""

    pk = models.CompositePrimaryKey("merchant_id", "transfer_id", "lot_id")
    merchant_id = models.BigIntegerField()
    transfer_id = models.BigIntegerField()
    lot_id = models.BigIntegerField()
    amount = models.BigIntegerField()

    objects = Scoped()

    class Meta:
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="allocation_amount")]


class Balance(models.Model):
    """What a member holds of an asset now; its row is the lock of everything the ledger keeps of her."""

    pk = models.CompositePrimaryKey("merchant_id", "asset", "member_id")
    merchant_id = models.BigIntegerField()
    asset = models.TextField()
    member_id = models.BigIntegerField()
    active = models.BigIntegerField(default=0)
    pending = models.BigIntegerField(default=0)
    reserved = models.BigIntegerField(default=0)
    debt = models.BigIntegerField(default=0)

    objects = Scoped()

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "asset", "member_id"], name="balance_debtors", condition=Q(debt__gt=0))
        ]
        constraints = [
            models.CheckConstraint(
                condition=Q(active__gte=0, pending__gte=0, reserved__gte=0, debt__gte=0), name="balance_not_below"
            ),
            models.CheckConstraint(condition=Q(active=0) | Q(debt=0), name="balance_debt_first"),
        ]


class Home(models.Model):
    """Where the books of a member who was joined to another one are kept; a member without a row is at home.

    Members who were ever joined, also through others, have one `family_id`: a key of one stands for all of them.
    """

    pk = models.CompositePrimaryKey("merchant_id", "member_id")
    merchant_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    home_id = models.BigIntegerField()
    family_id = models.BigIntegerField()

    objects = Scoped()

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "family_id"], name="home_family")]


class Reservation(TenantModel):
    """An amount set aside until an instant, then spent or released; its id is that of the reserving transfer."""

    member_id = models.BigIntegerField()
    asset = models.TextField()
    amount = models.BigIntegerField()
    state = models.TextField()
    until_at = models.DateTimeField()

    class Meta:
        indexes = [
            models.Index(
                fields=["merchant_id", "until_at"], name="reservation_open", condition=Q(state=rules.RESERVED)
            ),
            models.Index(
                fields=["merchant_id", "asset", "member_id"],
                name="reservation_member",
                condition=Q(state=rules.RESERVED),
            ),
        ]
        constraints = [models.CheckConstraint(condition=Q(amount__gt=0), name="reservation_amount")]
