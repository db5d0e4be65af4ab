"""Questions about second factors and about where somebody is signed in."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

from django.conf import settings

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.merchants import rules
from shuke.merchants.queries import places


@dataclass(frozen=True, slots=True)
class Passkey:
    """A passkey as its owner sees it."""

    id: int
    name: str
    created_at: datetime
    used_at: datetime | None


@dataclass(frozen=True, slots=True)
class SecondFactors:
    """What somebody can show besides her password."""

    has_code_app: bool
    passkeys: list[Passkey]
    recovery_count: int

    @property
    def is_any(self) -> bool:
        """Whether she is asked for one when she signs in; recovery codes alone are none."""
        return self.has_code_app or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class SignIn:
    """A browser in which somebody is signed in; `is_proved` for ten minutes after she showed who she is."""

    token: UUID
    user_id: int
    device: str
    way: str
    owes_second_factor: bool
    started_at: datetime
    seen_at: datetime
    proved_at: datetime

    @property
    def is_proved(self) -> bool:
        """Whether dangerous things may be done without asking again."""
        return clock.now() - self.proved_at < timedelta(seconds=rules.PROOF_SECONDS)


def second_factors(user_id: int) -> SecondFactors:
    """The second factors of a user."""
    params = {"user_id": user_id}
    has_code_app = sql.scalar(
        "SELECT EXISTS (SELECT FROM merchants_codeapp WHERE user_id = %(user_id)s AND confirmed_at IS NOT NULL)", params
    )
    passkeys = sql.rows(
        "SELECT id, name, created_at, used_at FROM merchants_passkey WHERE user_id = %(user_id)s ORDER BY id", params
    )
    left = sql.scalar(
        "SELECT count(*) FROM merchants_recoverycode WHERE user_id = %(user_id)s AND used_at IS NULL", params
    )
    return SecondFactors(bool(has_code_app), [Passkey(*row) for row in passkeys], int(left))


def users_with_factors(user_ids: list[int]) -> set[int]:
    """Which of these users have a second factor."""
    found = sql.rows(
        "SELECT user_id FROM merchants_codeapp WHERE user_id = ANY(%(ids)s) AND confirmed_at IS NOT NULL"
        " UNION SELECT user_id FROM merchants_passkey WHERE user_id = ANY(%(ids)s)",
        {"ids": user_ids},
    )
    return {row[0] for row in found}


def needs_second_factor(user_id: int) -> bool:
    """Whether one of the user's workplaces wants a second factor of her role."""
    from shuke.merchants.specs import SecondFactorSpec  # here, because Specs ask this module for their choices

    for merchant, person in places.workplaces(user_id):
        with tenant(merchant.id):
            if person.role in places.setting(merchant.id, SecondFactorSpec).roles:
                return True
    return False


def user_of_passkey(credential_id: bytes) -> int | None:
    """Whose passkey it is, if she is active."""
    found: int | None = sql.scalar(
        "SELECT p.user_id FROM merchants_passkey p JOIN merchants_user u ON u.id = p.user_id"
        " WHERE p.credential_id = %(credential_id)s AND u.is_active",
        {"credential_id": credential_id},
    )
    return found


def sign_ins(user_id: int) -> list[SignIn]:
    """The browsers in which a user is signed in now, the one used last first."""
    found = sql.rows(
        "SELECT token, user_id, device, way, owes_second_factor, started_at, seen_at, proved_at FROM merchants_signin"
        " WHERE user_id = %(user_id)s AND started_at > %(oldest)s AND seen_at > %(idle)s ORDER BY seen_at DESC, token",
        {"user_id": user_id, **limits()},
    )
    return [SignIn(*row) for row in found]


def limits() -> dict[str, Any]:
    """`oldest` and `idle`: signed in or seen before these instants is signed out."""
    now = clock.now()
    return {"now": now, "oldest": now - timedelta(seconds=rules.ABSOLUTE_SECONDS),
            "idle": now - timedelta(seconds=rules.IDLE_SECONDS)}  # fmt: skip


def passkeys_work() -> bool:
    """Whether browsers allow passkeys at our address: it has a name, and https unless it is this machine."""
    address = urlsplit(settings.SHUKE_PUBLIC_URL)
    host = address.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return bool(host) and (address.scheme == "https" or host == "localhost" or host.endswith(".localhost"))
    return False
