"""Who calls: the key in a request, what it may do, and how many calls it still has."""

from __future__ import annotations

import hmac
import threading
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from shuke.api.problems import Problem, wait
from shuke.core import sql
from shuke.core.actors import Actor, program
from shuke.core.errors import Missing
from shuke.core.tenancy import tenant
from shuke.core.visitors import address_in
from shuke.merchants import actions as merchants
from shuke.merchants import queries
from shuke.merchants.queries import ApiKey, Merchant

LEASE_SECONDS = 1.0
MOST_LEASED = 500


@dataclass(frozen=True, slots=True)
class Token:
    """What a request shows: the merchant and mark its key names, the key's keyed hash, where it comes from."""

    merchant_id: int
    mark: str
    digest: bytes
    address: str


@dataclass(frozen=True, slots=True)
class Caller:
    """A program at work for one merchant."""

    merchant: Merchant
    key: ApiKey

    @property
    def by(self) -> Actor:
        """Who does it, for actions."""
        return program(self.key.id)

    @property
    def zone(self) -> ZoneInfo:
        """The merchant's zone."""
        return ZoneInfo(self.merchant.zone)

    def shop(self, shop_id: int) -> int:
        """A shop the key may speak of; Missing for another one when it is a key of one shop."""
        if self.key.shop_id not in {None, shop_id}:
            raise Missing("no_shop", _("This shop does not exist."))
        return shop_id


def shown(environ: Mapping[str, Any]) -> Token:
    """The key in `Authorization: Bearer`. Problem 401, without looking anything up, for what cannot be a key."""
    scheme, _space, text = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
    parts = _parts(text.strip()) if scheme.casefold() == "bearer" else None
    if parts is None:
        raise stranger()
    return Token(*parts, address_in(environ))


@lru_cache(maxsize=256)
def _parts(text: str) -> tuple[int, str, bytes] | None:
    """Merchant, mark and keyed hash of a key's text."""
    parts = queries.key_parts(text)
    return None if parts is None else (*parts, merchants.key_digest(text))


def identify(merchant_id: int, tokens: Collection[Token], scope: str) -> dict[Token, Caller]:
    """The callers behind tokens of one merchant, within her scope.

    Problem 401 when a key is unknown, revoked or over; 403 when it may not do this, or not from there.
    """
    return recognised(tokens, scope, *queries.keys_by_mark(merchant_id, {token.mark for token in tokens}))


def recognised(
    tokens: Collection[Token], scope: str, merchant: Merchant | None, known: Mapping[str, tuple[ApiKey, bytes]]
) -> dict[Token, Caller]:
    """As `identify`, by what `keys_by_mark` found."""
    found = {}
    for token in tokens:
        key, digest = known.get(token.mark, (None, b""))
        if not hmac.compare_digest(digest, token.digest) or key is None or merchant is None or key.state != "active":
            raise stranger()
        if not key.admits(token.address):
            raise Problem(403, "wrong_address", _("This key may not be used from this address."))
        _check_scope(key.scopes, scope)
        found[token] = Caller(merchant, key)
    return found


def stranger() -> Problem:
    """Nobody we know."""
    return Problem(401, headers={"WWW-Authenticate": 'Bearer realm="shuke"'})


def turned_away(environ: Mapping[str, Any], problem: Problem) -> Problem:
    """The same problem, counted; 429 for an address that tried too often. Called outside of any transaction."""
    seconds = merchants.count_failed_call(address_in(environ))
    return wait(seconds) if seconds else problem


@dataclass(slots=True)
class _Lease:
    """Calls this process took from a key's bucket in advance, to be used within a second."""

    left: int
    in_bucket: int
    per_minute: int
    scopes: frozenset[str]
    until: float


_leases: dict[bytes, _Lease] = {}
_leases_guard = threading.Lock()


def admit(token: Token, scope: str) -> dict[str, str]:
    """Use up one call of the key; the headers that tell how many are left. Problem 401, 403, 429.

    A key's scopes never change, so a missing one is told here already; whether the key still holds is asked with the work.

    Calls are taken from the bucket's row in small lots, so that its row is no hot one; a lot holds for a second.
    """
    if headers := admit_from_lot(token, scope):
        return headers
    lease = _take(token)
    with _leases_guard:
        if len(_leases) > 10_000:
            _leases.clear()
        _leases[token.digest] = lease
    _check_scope(lease.scopes, scope)
    return _headers(lease)


def admit_from_lot(token: Token, scope: str) -> dict[str, str] | None:
    """As `admit`, without asking anybody; None, and nothing used up, when no lot is at hand."""
    with _leases_guard:
        lease = _leases.get(token.digest)
        if lease is None or not lease.left or lease.until <= time.monotonic():
            return None
        lease.left -= 1
        _check_scope(lease.scopes, scope)
        return _headers(lease)


def _check_scope(scopes: frozenset[str], scope: str) -> None:
    if scope and scope not in scopes:
        raise Problem(403, "scope_missing", _("This key lacks the scope it needs for this call."))


def _take(token: Token) -> _Lease:
    with tenant(token.merchant_id):
        # A few calls forgotten by a power failure are no harm.
        sql.run("SET LOCAL synchronous_commit = off")
        key = identify(token.merchant_id, [token], "")[token].key
        calls = merchants.take_calls(token.merchant_id, key.id, max(1, min(key.per_minute // 600, MOST_LEASED)))
    if not calls.granted:
        problem = wait(calls.wait_seconds)
        problem.headers.update(_headers(_Lease(0, 0, key.per_minute, key.scopes, 0)))
        raise problem
    return _Lease(calls.granted - 1, calls.left, key.per_minute, key.scopes, time.monotonic() + LEASE_SECONDS)


def _headers(lease: _Lease) -> dict[str, str]:
    left = lease.left + lease.in_bucket
    full_in = -(-(lease.per_minute - left) * 60 // lease.per_minute)
    return {"RateLimit-Policy": f'"key";q={lease.per_minute};w=60', "RateLimit": f'"key";r={left};t={full_in}'}
