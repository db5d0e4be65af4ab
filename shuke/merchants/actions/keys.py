"""API keys: made, revoked, and how many calls each may make."""

from __future__ import annotations

import json
import secrets
from datetime import datetime, timedelta
from typing import NamedTuple

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.crypto import installation_vault
from shuke.core.errors import Missing, Refused
from shuke.merchants import rules
from shuke.merchants.actions.auditing import audit
from shuke.merchants.queries import shop
from shuke.merchants.specs import ApiKeySpec

_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"


class Calls(NamedTuple):
    """Calls a key was granted now, how many it still has, and the seconds until it has one more."""

    granted: int
    left: int
    wait_seconds: float


def create_key(merchant_id: int, spec: ApiKeySpec, *, by: Actor) -> tuple[int, str]:
    """Make an API key; (its id, its text, which is kept nowhere). Missing shop; Refused `scope_of_all_shops`."""
    if spec.shop_id is not None:
        if shop(merchant_id, spec.shop_id) is None:
            raise Missing("no_shop", _("This shop does not exist."))
        if not set(spec.scopes) <= rules.SHOP_SCOPES:
            raise Refused("scope_of_all_shops", _("A key of one shop may only read and send that shop's orders."))
    mark_length, secret_length = rules.KEY_ROOM
    text = rules.key_text(merchant_id, "".join(secrets.choice(_SIGNS) for _place in range(mark_length + secret_length)))
    now = clock.now()
    key_id = sql.scalar(
        "INSERT INTO merchants_apikey (merchant_id, name, mark, digest, scopes, networks, shop_id, per_minute, calls_left,"
        " calls_at, created_at, created_by, expires_at) VALUES (%(merchant_id)s, %(name)s, %(mark)s, %(digest)s,"
        " %(scopes)s, %(networks)s, %(shop_id)s, %(per_minute)s, %(per_minute)s, %(now)s, %(now)s, %(by)s, %(expires_at)s)"
        " RETURNING id",
        {"merchant_id": merchant_id, "name": spec.name, "mark": text.rpartition("_")[2][:mark_length],
         "digest": key_digest(text), "scopes": json.dumps(sorted(set(spec.scopes))),
         "networks": json.dumps(spec.networks), "shop_id": spec.shop_id, "per_minute": spec.per_minute, "now": now,
         "by": by.label, "expires_at": _expiry(now, spec.expires_days)},
    )  # fmt: skip
    audit(merchant_id, "key.created", by=by, object_kind="key", object_id=key_id, name=spec.name,
          scopes=sorted(set(spec.scopes)), shop_id=spec.shop_id)  # fmt: skip
    return int(key_id), text


def revoke_key(merchant_id: int, key_id: int, *, by: Actor) -> None:
    """End a key at once; a second time changes nothing. Missing."""
    params = {"merchant_id": merchant_id, "key_id": key_id, "now": clock.now()}
    which = "merchant_id = %(merchant_id)s AND id = %(key_id)s"
    if sql.run(f"UPDATE merchants_apikey SET revoked_at = %(now)s WHERE {which} AND revoked_at IS NULL", params):
        audit(merchant_id, "key.revoked", by=by, object_kind="key", object_id=key_id)
    elif not sql.rows(f"SELECT FROM merchants_apikey WHERE {which}", params):
        raise Missing("no_key", _("This key does not exist."))


def take_calls(merchant_id: int, key_id: int, wanted: int) -> Calls:
    """Take up to `wanted` calls from a key's bucket, in one guarded statement; also notes that it was used."""
    granted, left, per_minute = sql.rows(
        """
        UPDATE merchants_apikey k SET calls_left = n.there - n.granted, calls_at = %(now)s, last_used_at = %(now)s
        FROM (SELECT id, there, least(%(wanted)s, floor(there)) AS granted FROM (
                SELECT id, least(per_minute, calls_left + per_minute / 60.0
                    * greatest(0, extract(epoch FROM %(now)s - calls_at))::float) AS there
                FROM merchants_apikey WHERE merchant_id = %(merchant_id)s AND id = %(key_id)s FOR UPDATE) b) n
        WHERE k.merchant_id = %(merchant_id)s AND k.id = n.id
        RETURNING n.granted::int, k.calls_left, k.per_minute
        """,
        {"merchant_id": merchant_id, "key_id": key_id, "wanted": wanted, "now": clock.now()},
    )[0]
    return Calls(granted, int(left), 0.0 if granted else (1 - left) * 60 / per_minute)


def count_failed_call(address: str) -> int:
    """Count a call without a valid key under its address; the seconds that address is to be turned away, 0 for none."""
    from shuke.merchants.actions.signing_in import try_to_sign_in

    with transaction.atomic():
        return try_to_sign_in(f"api call from {address}")


def key_digest(text: str) -> bytes:
    """The keyed hash under which a key is known; it outlives a change of the installation's key."""
    return installation_vault().index("api_key", text)


def _expiry(now: datetime, days: int | None) -> datetime | None:
    return None if days is None else now + timedelta(days=days)
