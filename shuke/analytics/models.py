"""The member list's own table with the marks that say whose row is to be written again; figures kept for large merchants."""

from __future__ import annotations

from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from shuke.core.tenancy import Scoped, TenantModel

_SORTED = ("last_order_at", "paid_fen", "order_count", "average_fen", "points", "display_name", "level_no")


class MemberRow(models.Model):
    """What the list filters and sorts by, of one member; whoever has no figures has 0, and ordered at -infinity.

    A copy: the truth is in members, trade, ledger and loyalty, and `actions.refresh_rows` writes it from there.
    """

    pk = models.CompositePrimaryKey("merchant_id", "member_id")
    merchant_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    last_order_at = models.DateTimeField()
    paid_fen = models.BigIntegerField()
    average_fen = models.BigIntegerField()
    points = models.BigIntegerField()
    order_count = models.IntegerField()
    level_no = models.SmallIntegerField()
    lifecycle = models.TextField()
    status = models.TextField()
    relation_source = models.TextField()
    province = models.TextField()
    display_name = models.TextField()

    objects = Scoped()

    class Meta:
        indexes = [
            *(models.Index(fields=["merchant_id", name, "member_id"], name=f"row_{name}") for name in _SORTED),
            models.Index(fields=["merchant_id", "lifecycle", "last_order_at", "member_id"], name="row_lifecycle"),
            models.Index(fields=["merchant_id", "province", "member_id"], name="row_province"),
            models.Index(
                fields=["merchant_id", "status", "member_id"], name="row_status", condition=~Q(status="normal")
            ),
            models.Index(
                fields=["merchant_id", "relation_source", "member_id"],
                name="row_relation",
                condition=~Q(relation_source="traded"),
            ),
        ]


class Mark(TenantModel):
    """Members of whom something changed that the list shows; written by triggers in the changing transaction."""

    member_ids = ArrayField(models.BigIntegerField())
    at = models.DateTimeField(db_default=Now())


class KeptFigures(models.Model):
    """Figures of a large merchant as they were reckoned last, and where her facts stood then; a copy, never the truth."""

    pk = models.CompositePrimaryKey("merchant_id", "name")
    merchant_id = models.BigIntegerField()
    name = models.TextField()
    reckoned_at = models.DateTimeField()
    place = models.TextField()
    content = models.JSONField()

    objects = Scoped()
