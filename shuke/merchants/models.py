"""Tables of the tenant."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.base_user import AbstractBaseUser, BaseUserManager
from django.db import models
from django.db.models.functions import Now

from shuke.core.tenancy import TenantModel


class UserManager(BaseUserManager["User"]):
    """Finds users by their sign-in name whatever its case."""

    def get_by_natural_key(self, username: str | None) -> User:
        """The user of a sign-in name."""
        return self.get(username__iexact=username)


class User(AbstractBaseUser):
    """A person who signs in; works for one merchant or more."""

    username = models.CharField(max_length=64, unique=True)
    display_name = models.CharField(max_length=64)
    language = models.CharField(max_length=10, default="")
    is_active = models.BooleanField(default=True)
    is_operator = models.BooleanField(default=False)
    starting_until = models.DateTimeField(null=True)
    created_at = models.DateTimeField(db_default=Now())

    USERNAME_FIELD = "username"
    objects = UserManager()

    def __str__(self) -> str:
        return self.display_name


class SignInTry(models.Model):
    """Failed attempts to sign in under one name or from one address, known only by a keyed hash."""

    subject = models.BinaryField(primary_key=True)
    failure_count = models.IntegerField()
    tried_at = models.DateTimeField()
    blocked_until = models.DateTimeField()


class CodeApp(models.Model):
    """A user's secret for codes that change every 30 seconds, sealed; in force once she has shown a code."""

    user = models.OneToOneField("merchants.User", on_delete=models.CASCADE, primary_key=True, related_name="+")
    sealed = models.BinaryField()
    confirmed_at = models.DateTimeField(null=True)
    last_step = models.BigIntegerField(default=0)


class RecoveryCode(models.Model):
    """A code that opens once when everything else is lost; kept as an Argon2 hash."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey("merchants.User", on_delete=models.CASCADE, related_name="+")
    salt = models.BinaryField()
    hashed = models.BinaryField()
    used_at = models.DateTimeField(null=True)


class Passkey(models.Model):
    """A public key of a user's device, with which it signs what we ask."""

    id = models.BigAutoField(primary_key=True)
    user = models.ForeignKey("merchants.User", on_delete=models.CASCADE, related_name="+")
    credential_id = models.BinaryField(unique=True)
    credential = models.BinaryField()
    sign_count = models.BigIntegerField(default=0)
    name = models.CharField(max_length=40)
    created_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True)


class SignIn(models.Model):
    """A browser in which a user is signed in; the browser's session is worth nothing without it."""

    token = models.UUIDField(primary_key=True)
    user = models.ForeignKey("merchants.User", on_delete=models.CASCADE, related_name="+")
    device = models.CharField(max_length=60)
    way = models.CharField(max_length=20)
    owes_second_factor = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()
    proved_at = models.DateTimeField()


class Merchant(models.Model):
    """A business on this installation; the tenant."""

    id = models.BigAutoField(primary_key=True)
    name = models.CharField(max_length=100)
    zone = models.CharField(max_length=64, default="Asia/Shanghai")
    created_at = models.DateTimeField(db_default=Now())

    def __str__(self) -> str:
        return self.name


class Shop(TenantModel):
    """A storefront of a merchant on one platform."""

    name = models.CharField(max_length=100)
    platform = models.CharField(max_length=32)
    url = models.URLField(blank=True, default="")
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "name"], name="shop_name_once")]


class Staff(TenantModel):
    """A user's place at a merchant, with the role that says what she may do."""

    user = models.ForeignKey("merchants.User", on_delete=models.PROTECT, related_name="+")
    role = models.CharField(max_length=20)
    is_active = models.BooleanField(default=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "user"], name="staff_once")]


class Setting(TenantModel):
    """The present value of one Spec of one merchant."""

    name = models.CharField(max_length=64)
    value = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "name"], name="setting_once")]


class AuditEntry(TenantModel):
    """Who did what to which object, from where and why; insert-only, without personal data."""

    at = models.DateTimeField()
    by = models.TextField()
    act = models.TextField()
    object_kind = models.TextField(blank=True, default="")
    object_id = models.BigIntegerField(null=True)
    details: Any = models.JSONField(default=dict)

    class Meta:
        indexes = [
            models.Index(fields=["merchant_id", "at"], name="audit_time"),
            models.Index(fields=["merchant_id", "by", "at"], name="audit_doer"),
            models.Index(fields=["merchant_id", "object_kind", "object_id"], name="audit_object"),
        ]


class ApiKey(TenantModel):
    """A program's way in: known by a keyed hash, for some scopes, maybe of one shop only.

    `calls_left` calls could still be made at `calls_at`; they grow back by `per_minute`.
    """

    name = models.CharField(max_length=60)
    mark = models.CharField(max_length=8)
    digest = models.BinaryField()
    scopes: Any = models.JSONField(default=list)
    networks: Any = models.JSONField(default=list)
    shop_id = models.BigIntegerField(null=True)
    per_minute = models.IntegerField()
    calls_left = models.FloatField()
    calls_at = models.DateTimeField()
    created_at = models.DateTimeField()
    created_by = models.TextField()
    expires_at = models.DateTimeField(null=True)
    revoked_at = models.DateTimeField(null=True)
    last_used_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["merchant_id", "mark"], name="api_key_once")]


class ApiAnswer(TenantModel):
    """What a program was answered under an idempotency key, sealed; written with the effect, kept for a day."""

    key_id = models.BigIntegerField()
    idempotency_key = models.TextField()
    route = models.TextField()
    content_hash = models.BinaryField()
    status = models.SmallIntegerField(default=0)
    body_sealed = models.BinaryField(null=True)
    at = models.DateTimeField()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["merchant_id", "key_id", "idempotency_key"], name="api_answer_once"),
        ]
        indexes = [models.Index(fields=["merchant_id", "at"], name="api_answer_time")]
