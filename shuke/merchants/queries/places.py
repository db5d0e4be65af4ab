"""Questions about merchants, shops, staff, settings and the audit log."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

from pydantic import BaseModel, ValidationError

from shuke.core import sql
from shuke.core.tenancy import signed_in
from shuke.merchants import rules

S = TypeVar("S", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Merchant:
    """A merchant as pages show her."""

    id: int
    name: str
    zone: str


@dataclass(frozen=True, slots=True)
class Shop:
    """A shop as pages show it."""

    id: int
    name: str
    platform: str
    url: str


@dataclass(frozen=True, slots=True)
class Person:
    """One of the staff, with the name she signs in with."""

    id: int
    user_id: int
    username: str
    display_name: str
    role: str
    is_active: bool

    @property
    def role_label(self) -> str:
        """The role in the active language."""
        return str(rules.ROLES.get(self.role, self.role))

    def may(self, right: str) -> bool:
        """Whether she has a right."""
        return self.is_active and rules.may(self.role, right)

    @property
    def rights(self) -> frozenset[str]:
        """All her rights."""
        return rules.rights_of(self.role) if self.is_active else frozenset()


@dataclass(frozen=True, slots=True)
class Role:
    """What a kind of staff may do."""

    name: str
    label: str
    rights: frozenset[str]


@dataclass(frozen=True, slots=True)
class AuditLine:
    """One line of the audit log; `by` is `staff:12`, `buyer:7`, `system`."""

    id: int
    at: datetime
    by: str
    doer: str
    act: str
    object_kind: str
    object_id: int | None
    details: dict[str, Any]


_PERSON = "s.id, s.user_id, u.username, u.display_name, s.role, s.is_active"


def roles() -> list[Role]:
    """Every role, the one with the most rights first, in the active language."""
    return [Role(name, str(label), rules.rights_of(name)) for name, label in rules.ROLES.items()]


def role_choices() -> list[tuple[str, str]]:
    """Every role as (name, label), for forms."""
    return [(role.name, role.label) for role in roles()]


def rights() -> dict[str, str]:
    """Every right and what it allows, in the active language."""
    return {name: str(label) for name, label in rules.RIGHTS.items()}


def right_label(right: str) -> str:
    """What a right allows, in the active language."""
    return str(rules.RIGHTS[right])


def is_set_up() -> bool:
    """Whether anybody can sign in on this installation."""
    return bool(sql.scalar("SELECT EXISTS (SELECT FROM merchants_user)"))


def merchant(merchant_id: int) -> Merchant | None:
    """One merchant, within her scope."""
    return sql.ask(asking_merchant(merchant_id))


def asking_merchant(merchant_id: int) -> sql.Question[Merchant | None]:
    """The question behind `merchant`."""
    return sql.Question(
        "SELECT id, name, zone FROM merchants_merchant WHERE id = %(merchant_id)s",
        {"merchant_id": merchant_id},
        lambda found: Merchant(*found[0]) if found else None,
    )


def workplaces(user_id: int) -> list[tuple[Merchant, Person]]:
    """The merchants an active user works for, and her place there; needs no open scope."""
    with signed_in(user_id):
        found = sql.rows(
            f"SELECT m.id, m.name, m.zone, {_PERSON} FROM merchants_staff s"
            " JOIN merchants_merchant m ON m.id = s.merchant_id JOIN merchants_user u ON u.id = s.user_id"
            " WHERE s.user_id = %(user_id)s AND s.is_active AND u.is_active ORDER BY m.id",
            {"user_id": user_id},
        )
    return [(Merchant(*row[:3]), Person(*row[3:])) for row in found]


def shops(merchant_id: int) -> list[Shop]:
    """The merchant's shops in the order they were opened."""
    return [
        Shop(*row)
        for row in sql.rows(
            "SELECT id, name, platform, url FROM merchants_shop WHERE merchant_id = %(merchant_id)s ORDER BY id",
            {"merchant_id": merchant_id},
        )
    ]


def shop(merchant_id: int, shop_id: int) -> Shop | None:
    """One shop of the merchant."""
    return next((one for one in shops(merchant_id) if one.id == shop_id), None)


def people(merchant_id: int) -> list[Person]:
    """Everybody who works or worked for the merchant."""
    return [
        Person(*row)
        for row in sql.rows(
            f"SELECT {_PERSON} FROM merchants_staff s JOIN merchants_user u ON u.id = s.user_id"
            " WHERE s.merchant_id = %(merchant_id)s ORDER BY s.is_active DESC, s.id",
            {"merchant_id": merchant_id},
        )
    ]


def staff_member(merchant_id: int, staff_id: int) -> Person | None:
    """One of the staff."""
    return next((one for one in people(merchant_id) if one.id == staff_id), None)


def setting(merchant_id: int, spec: type[S]) -> S:
    """The merchant's present value of a Spec; the Spec's defaults when nothing valid was saved."""
    value = sql.scalar(
        "SELECT value FROM merchants_setting WHERE merchant_id = %(merchant_id)s AND name = %(name)s",
        {"merchant_id": merchant_id, "name": spec.__name__},
    )
    try:
        return spec.model_validate(sql.loads(value) if value is not None else {})
    except ValidationError:
        return spec()


def audit_lines(
    merchant_id: int,
    *,
    act: str = "",
    by: str = "",
    object_kind: str = "",
    object_id: int | None = None,
    before_id: int | None = None,
    limit: int = 50,
) -> list[AuditLine]:
    """The audit log, latest first; `act` matches a prefix such as `member.`; `before_id` pages on."""
    found = sql.dicts(
        """
        SELECT a.id, a.at, a.by, coalesce(u.display_name, '') AS doer, a.act, a.object_kind, a.object_id, a.details
        FROM merchants_auditentry a
        LEFT JOIN merchants_staff s ON s.merchant_id = a.merchant_id AND a.by = 'staff:' || s.id
        LEFT JOIN merchants_user u ON u.id = s.user_id
        WHERE a.merchant_id = %(merchant_id)s AND starts_with(a.act, %(act)s) AND (%(by)s = '' OR a.by = %(by)s)
          AND (%(object_kind)s = '' OR a.object_kind = %(object_kind)s)
          AND (%(object_id)s::bigint IS NULL OR a.object_id = %(object_id)s)
          AND (%(before_id)s::bigint IS NULL OR a.id < %(before_id)s)
        ORDER BY a.at DESC, a.id DESC LIMIT %(limit)s
        """,
        {"merchant_id": merchant_id, "act": act, "by": by, "object_kind": object_kind, "object_id": object_id,
         "before_id": before_id, "limit": limit},
    )  # fmt: skip
    return [AuditLine(**{**row, "details": sql.loads(row["details"])}) for row in found]


def audit_count_since(merchant_id: int, act: str, by: str, since: datetime) -> int:
    """How often somebody did an act since an instant; what rate limits count."""
    return int(
        sql.scalar(
            "SELECT count(*) FROM merchants_auditentry WHERE merchant_id = %(merchant_id)s AND act = %(act)s"
            " AND by = %(by)s AND at >= %(since)s",
            {"merchant_id": merchant_id, "act": act, "by": by, "since": since},
        )
    )
