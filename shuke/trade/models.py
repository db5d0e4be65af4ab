"""Tables of orders, lines, trade figures and imports.

Between the large tables there are no foreign keys in the database: a million rows would pay for a look-up each, and
`checks.py` watches the same thing set-wise (see docs/decisions).
"""

from __future__ import annotations

from django.db import models

from shuke.core.tenancy import TenantModel


class Order(TenantModel):
    """An order of one shop. Amounts in fen; `paid_fen` is what stayed paid after refunds, as exports tell it.

    `report_refund_fen` is the part of `refund_fen` that refund reports told beyond the order lists.
    `member_id` is null while only a detail file told of the order; `origin_id` is whose it is when nobody is joined to
    anybody, NULL for the member herself. `removed_at` marks an order whose import was
    undone. `private_sealed` holds receiver, message and remark as sealed JSON.
    """

    shop_id = models.BigIntegerField()
    order_no = models.TextField()
    member_id = models.BigIntegerField(null=True)
    state = models.TextField()
    placed_at = models.DateTimeField(null=True)
    paid_at = models.DateTimeField(null=True)
    shipped_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    goods_fen = models.BigIntegerField(default=0)
    post_fen = models.BigIntegerField(default=0)
    total_fen = models.BigIntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    refund_fen = models.BigIntegerField(default=0)
    report_refund_fen = models.BigIntegerField(db_default=0)
    item_count = models.IntegerField(default=0)
    line_count = models.IntegerField(default=0)
    title = models.TextField(default="")
    flag = models.SmallIntegerField(null=True)
    close_reason = models.TextField(default="")
    doubts = models.TextField(default="")
    private_sealed = models.BinaryField(null=True)
    row_hash = models.BinaryField(null=True)
    first_import_id = models.BigIntegerField(null=True)
    last_import_id = models.BigIntegerField(null=True)
    removed_at = models.DateTimeField(null=True)
    origin_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "shop_id", "order_no"], name="order_once"),
            models.CheckConstraint(
                condition=models.Q(paid_fen__gte=0, refund_fen__gte=0, post_fen__gte=0), name="order_amounts"
            ),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "member_id", "placed_at"], name="order_member"),
            models.Index(fields=["merchant_id", "placed_at"], name="order_time"),
            models.Index(
                fields=["merchant_id", "origin_id"], name="order_origin", condition=models.Q(origin_id__isnull=False)
            ),
        ]


class Line(TenantModel):
    """One line of an order. `line_key` is the platform's own number, or the place among the order's lines, or "0" for
    the whole order while no detail file told its lines. `gross_fen` is the line's share of what was paid for goods,
    before refunds; `refund_fen` the refunded part of it. A vanished line was replaced and stays with amounts of 0.
    """

    order_id = models.BigIntegerField()
    line_key = models.TextField()
    title = models.TextField(default="")
    sku = models.TextField(default="")
    product_id = models.TextField(default="")
    outer_id = models.TextField(default="")
    price_fen = models.BigIntegerField(default=0)
    quantity = models.IntegerField(default=1)
    weight_fen = models.BigIntegerField(default=0)
    told_refund_fen = models.BigIntegerField(null=True)
    report_refund_fen = models.BigIntegerField(db_default=0)
    gross_fen = models.BigIntegerField(default=0)
    refund_fen = models.BigIntegerField(default=0)
    state = models.TextField()
    is_vanished = models.BooleanField(default=False)
    row_hash = models.BinaryField(null=True)
    last_import_id = models.BigIntegerField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "order_id", "line_key"], name="line_once"),
            models.CheckConstraint(
                condition=models.Q(gross_fen__gte=0, refund_fen__gte=0, refund_fen__lte=models.F("gross_fen")),
                name="line_amounts",
            ),
        ]


class Figures(models.Model):
    """What a member's orders add up to; recomputed from her orders whenever one of them changes, never added to."""

    pk = models.CompositePrimaryKey("merchant_id", "member_id")
    merchant_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    order_count = models.IntegerField(default=0)
    paid_fen = models.BigIntegerField(default=0)
    refund_fen = models.BigIntegerField(default=0)
    average_fen = models.BigIntegerField(default=0)
    item_count = models.IntegerField(default=0)
    finished_count = models.IntegerField(default=0)
    closed_count = models.IntegerField(default=0)
    unpaid_count = models.IntegerField(default=0)
    first_order_at = models.DateTimeField(null=True)
    last_order_at = models.DateTimeField(null=True)
    last_unpaid_at = models.DateTimeField(null=True)
    lifecycle = models.TextField(default="other")


class Import(TenantModel):
    """One uploaded file and what became of it."""

    shop_id = models.BigIntegerField()
    name = models.TextField()
    size_bytes = models.BigIntegerField(default=0)
    sha256 = models.BinaryField(null=True)
    file = models.TextField(default="")
    password_sealed = models.BinaryField(null=True)
    state = models.TextField(default="uploaded")
    layout = models.TextField(default="")
    content = models.TextField(default="")
    header = models.TextField(default="")
    mapping = models.JSONField(null=True)
    progress_id = models.BigIntegerField(null=True)
    row_count = models.BigIntegerField(default=0)
    new_count = models.BigIntegerField(default=0)
    changed_count = models.BigIntegerField(default=0)
    same_count = models.BigIntegerField(default=0)
    rejected_count = models.BigIntegerField(default=0)
    older_count = models.BigIntegerField(default=0)
    kept_count = models.BigIntegerField(default=0)
    refusal = models.TextField(default="")
    by = models.TextField()
    created_at = models.DateTimeField()
    finished_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "created_at"], name="import_time")]


class Refund(TenantModel):
    """One telling of a refund by a refund report; of several tellings of a number the last one counts.

    `title` and `outer_id` say which line it is of. `explanation_sealed` is what the buyer wrote.
    """

    shop_id = models.BigIntegerField()
    order_no = models.TextField()
    refund_no = models.TextField()
    title = models.TextField(default="")
    outer_id = models.TextField(default="")
    refund_fen = models.BigIntegerField(default=0)
    state = models.TextField(default="")
    reason = models.TextField(default="")
    explanation_sealed = models.BinaryField(null=True)
    goods_state = models.TextField(default="")
    with_return = models.BooleanField(null=True)
    is_partial = models.BooleanField(null=True)
    asked_at = models.DateTimeField(null=True)
    finished_at = models.DateTimeField(null=True)
    row_hash = models.BinaryField()
    import_id = models.BigIntegerField(null=True)
    told_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "shop_id", "refund_no", "row_hash"], name="refund_once"),
            models.CheckConstraint(condition=models.Q(refund_fen__gte=0), name="refund_amount"),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "shop_id", "order_no"], name="refund_order"),
            models.Index(fields=["merchant_id", "import_id"], name="refund_import"),
        ]


class Mapping(TenantModel):
    """How the merchant reads files of one header: `content` is a platforms.specs.MappingSpec as JSON.

    `fingerprint` is of the header's names, whatever their order; a file with these names is read in this way at once.
    """

    name = models.TextField()
    fingerprint = models.TextField()
    content = models.JSONField()
    by = models.TextField()
    saved_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "fingerprint"], name="mapping_once"),
            models.UniqueConstraint(fields=["merchant_id", "name"], name="mapping_name_once"),
        ]


class Reject(TenantModel):
    """A row that an import did not take: why, and the row itself, sealed."""

    import_id = models.BigIntegerField()
    sheet = models.TextField(default="")
    row_number = models.IntegerField()
    code = models.TextField()
    column = models.TextField(default="")
    reason = models.TextField()
    raw_sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "import_id", "row_number"], name="reject_import")]


class Change(TenantModel):
    """An order as it was before an import changed it, so that the import can be undone and nothing moves untraced."""

    import_id = models.BigIntegerField()
    order_id = models.BigIntegerField()
    before = models.JSONField()
    lines_before = models.JSONField(default=list)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "import_id", "order_id"], name="change_once"),
        ]
        indexes = [models.Index(fields=["merchant_id", "order_id"], name="change_order")]


class UnpaidReason(TenantModel):
    """Why a buyer did not pay an order, as she answered when asked."""

    order_id = models.BigIntegerField()
    member_id = models.BigIntegerField(null=True)
    reason = models.TextField()
    note_sealed = models.BinaryField(null=True)
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "order_id"], name="unpaid_reason_once")]


class ClaimTry(TenantModel):
    """How often within one stretch of time a visitor, or anybody for one order, tried to claim; `bucket` is blind."""

    bucket = models.BinaryField()
    starts_at = models.DateTimeField()
    count = models.IntegerField(default=0)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "bucket", "starts_at"], name="claim_try_once")]
