"""Tables of customers; whatever tells who a person is lies sealed in Card."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from shuke.core.tenancy import TenantModel


class Member(TenantModel):
    """One person at one merchant.

    `display_name` is the nick, or the masked name where there is none. `seen_*` tell of her latest sighting: when,
    the digest of its card, and by which source; most sightings of an import stop at comparing them.
    `birth_month_day` is month × 100 + day, the year stays sealed. `home_id` is the member she was joined to, followed
    to the end; NULL for who stands for herself. An erased member keeps her row, and nothing in it tells who she was.
    """

    display_name = models.TextField(default="")
    relation_source = models.TextField(default="untraded")
    status = models.TextField(default="normal")
    status_reason = models.TextField(default="")
    province = models.TextField(default="")
    city = models.TextField(default="")
    gender = models.TextField(default="")
    birth_month_day = models.SmallIntegerField(null=True)
    joined_at = models.DateTimeField()
    source = models.TextField(default="")
    seen_at = models.DateTimeField(null=True)
    seen_digest = models.BinaryField(null=True)
    seen_source = models.TextField(default="")
    home_id = models.BigIntegerField(null=True)
    erased_at = models.DateTimeField(null=True)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "home_id"], name="member_home", condition=Q(home_id__isnull=False)),
            models.Index(fields=["merchant_id", "status", "id"], name="member_status", condition=~Q(status="normal")),
            models.Index(
                fields=["merchant_id", "birth_month_day"],
                name="member_birthday",
                condition=Q(birth_month_day__isnull=False),
            ),
        ]


class Identity(TenantModel):
    """A name under which a channel knows a member.

    Kinds by rank: ouid, omid, open_uid, nick, phone, email. `shop_id` is 0 for kinds that hold across a merchant's
    shops (omid, phone, email). `value` is clear for ouid, omid, open_uid and ordinary nicks; `#` and a blind index in
    hex for phones, mail addresses and for nicks that are a phone number or a mail address.
    """

    member_id = models.BigIntegerField()
    kind = models.TextField()
    shop_id = models.BigIntegerField(default=0)
    value = models.TextField()
    source = models.TextField(default="")
    created_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "kind", "shop_id", "value"], name="identity_once"),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "member_id"], name="identity_member"),
        ]


class Card(TenantModel):
    """Personal values that came together, as an order's receiver does; masks are made when they are shown.

    `sealed` is the sealed JSON of values by field; `~phone` is a phone as the platform itself had masked it.
    `digest` is keyed and of all that was told: the same card again adds no row. The indexes are blind; `phone_tail`
    is of the last four digits. For the card of the member's latest sighting `Member.seen_at` says when it was last
    seen, else `seen_at` does.
    """

    member_id = models.BigIntegerField()
    digest = models.BinaryField()
    sealed = models.BinaryField()
    name_index = models.BinaryField(null=True)
    phone_index = models.BinaryField(null=True)
    phone_tail = models.BinaryField(null=True)
    email_index = models.BinaryField(null=True)
    alipay_index = models.BinaryField(null=True)
    seen_at = models.DateTimeField()
    source = models.TextField(default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "member_id", "digest"], name="card_once"),
        ]
        indexes = [
            models.Index(
                fields=["merchant_id", column], name=f"card_{column}", condition=Q(**{f"{column}__isnull": False})
            )
            for column in ("name_index", "phone_index", "phone_tail", "email_index", "alipay_index")
        ]


class SourceUse(TenantModel):
    """What a source told again of a member who was known: `items` are card digests and identities, as text."""

    member_id = models.BigIntegerField()
    source = models.TextField()
    items = models.JSONField(default=list)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "member_id", "source"], name="source_use_once"),
        ]


class Suspicion(TenantModel):
    """Two members who may be one person: one sighting carried identities of both."""

    first_member_id = models.BigIntegerField()
    second_member_id = models.BigIntegerField()
    first_kind = models.TextField()
    second_kind = models.TextField()
    source = models.TextField(default="")
    state = models.TextField(default="open")
    created_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True)
    decided_by = models.TextField(db_default="")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "first_member_id", "second_member_id"], name="suspicion_once"
            ),
        ]


class Merge(TenantModel):
    """A member was joined to another one; one row for each time, with who did it and who undid it.

    `carried` names the rows that were copied to the survivor and are taken away again.
    """

    loser_id = models.BigIntegerField()
    survivor_id = models.BigIntegerField()
    key = models.TextField()
    by = models.TextField()
    at = models.DateTimeField()
    carried = models.JSONField(default=dict)
    undone_by = models.TextField(default="")
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key", "loser_id"], name="merge_key"),
            models.UniqueConstraint(
                fields=["merchant_id", "loser_id"], name="merge_once", condition=Q(undone_at__isnull=True)
            ),
        ]
        indexes = [models.Index(fields=["merchant_id", "survivor_id"], name="merge_survivor")]


class Consent(TenantModel):
    """That a member allowed, or no longer allows, to be written to, with its proof. Insert-only; the last one counts.

    `wording_hash` is of the text she agreed to; what else proves it is in Evidence, which an erasure may take away.
    """

    member_id = models.BigIntegerField()
    channel = models.TextField()
    purpose = models.TextField()
    is_given = models.BooleanField()
    source = models.TextField()
    wording_version = models.TextField(default="")
    wording_hash = models.BinaryField(null=True)
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "member_id", "channel", "purpose", "id"], name="consent_member")]


class Evidence(TenantModel):
    """What proves a consent, in words, sealed; its id is the consent's."""

    member_id = models.BigIntegerField()
    sealed = models.BinaryField()

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "member_id"], name="evidence_member")]


class Suppression(TenantModel):
    """Somebody is not to be written to, whatever else is said: a phone or mail address by its blind index, or a member."""

    kind = models.TextField()
    index = models.BinaryField(null=True)
    member_id = models.BigIntegerField(null=True)
    reason = models.TextField()
    by = models.TextField()
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "kind", "index", "member_id"], name="suppression_once", nulls_distinct=False
            ),
        ]


class ErasureRequest(TenantModel):
    """A member asked to be forgotten: `due_at` she will be, unless it is called off before."""

    member_id = models.BigIntegerField()
    state = models.TextField(default="waiting")
    by = models.TextField()
    at = models.DateTimeField()
    due_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["merchant_id", "member_id"], name="erasure_waiting_once", condition=Q(state="waiting")
            ),
        ]
        indexes = [models.Index(fields=["merchant_id", "due_at"], name="erasure_due", condition=Q(state="waiting"))]


class Tombstone(TenantModel):
    """An identity of an erased member, blind: what was told of it up to `erased_at` brings nobody back."""

    index = models.BinaryField()
    member_id = models.BigIntegerField()
    erased_at = models.DateTimeField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "index"], name="tombstone_once")]


class Tag(TenantModel):
    """A word the shop sorts customers by."""

    name = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "name"], name="tag_once")]


class MemberTag(TenantModel):
    """A member bears a tag."""

    tag_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    by = models.TextField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "tag_id", "member_id"], name="member_tag_once"),
        ]
        indexes = [models.Index(fields=["merchant_id", "member_id"], name="member_tag_member")]


class Group(TenantModel):
    """A group filled by hand, with the offer and the plan meant for it."""

    name = models.TextField()
    note = models.TextField(default="")
    offer = models.TextField(default="")
    strategy = models.TextField(default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "name"], name="group_once")]


class MemberGroup(TenantModel):
    """A member is in a group."""

    group_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    by = models.TextField()
    added_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "group_id", "member_id"], name="member_group_once"),
        ]
        indexes = [models.Index(fields=["merchant_id", "member_id"], name="member_group_member")]


class Note(TenantModel):
    """What staff wrote about a member; sealed, since people write numbers and names into notes."""

    member_id = models.BigIntegerField()
    sealed = models.BinaryField()
    by = models.TextField()
    written_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["merchant_id", "member_id", "written_at"], name="note_member")]


class Attribute(TenantModel):
    """A property the shop keeps of its customers besides the usual ones (肤质, 身高, 孩子生日)."""

    name = models.TextField()
    kind = models.TextField()
    choices = models.JSONField(default=list)
    is_personal = models.BooleanField(default=False)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "name"], name="attribute_once")]


class AttributeValue(TenantModel):
    """A member's value of an attribute: `value` in clear, or `sealed` when the attribute is personal."""

    attribute_id = models.BigIntegerField()
    member_id = models.BigIntegerField()
    value = models.TextField(default="")
    sealed = models.BinaryField(null=True)
    source = models.TextField(default="")
    set_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "member_id", "attribute_id"], name="attribute_value_once"),
        ]
        indexes = [
            models.Index(fields=["merchant_id", "attribute_id", "value"], name="attribute_value_lookup"),
        ]
