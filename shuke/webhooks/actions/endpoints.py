"""Making, changing and removing the addresses that are told facts."""

from __future__ import annotations

import json
import os

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.crypto import vault
from shuke.core.errors import Missing, Refused
from shuke.merchants import actions as merchants
from shuke.webhooks import rules
from shuke.webhooks.actions.spreading import begin_reading
from shuke.webhooks.queries import secret_row
from shuke.webhooks.specs import EndpointSpec

LIMIT = 20


def create_endpoint(merchant_id: int, spec: EndpointSpec, *, by: Actor) -> tuple[int, str]:
    """Add an endpoint; (its id, its secret `whsec_…`, which is shown never again).

    It is told what happens from now on. Refused `too_many` above LIMIT.
    """
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('webhooks.endpoints', %(m)s))", {"m": merchant_id})
    count = sql.scalar("SELECT count(*) FROM webhooks_endpoint WHERE merchant_id = %(m)s", {"m": merchant_id})
    if count >= LIMIT:
        raise Refused("too_many", _("There are %(limit)d webhooks already; remove one first."), limit=LIMIT)
    begin_reading(merchant_id)
    (endpoint_id,) = sql.new_ids(1)
    secret = rules.write_secret(os.urandom(rules.SECRET_BYTES))
    sql.run(
        "INSERT INTO webhooks_endpoint (merchant_id, id, url, description, kinds, is_active, secret, failure_count)"
        " VALUES (%(merchant_id)s, %(id)s, %(url)s, %(description)s, %(kinds)s, %(is_active)s, %(secret)s, 0)",
        {"merchant_id": merchant_id, "id": endpoint_id, "url": spec.url, "description": spec.description,
         "kinds": json.dumps(spec.kinds), "is_active": spec.is_active,
         "secret": vault(merchant_id).seal(secret, row=secret_row(endpoint_id))},
    )  # fmt: skip
    _note(merchant_id, endpoint_id, "webhook.created", by)
    return endpoint_id, secret


def edit_endpoint(merchant_id: int, endpoint_id: int, spec: EndpointSpec, *, by: Actor) -> None:
    """Change an endpoint; another address or switching it on ends a pause. Missing."""
    begin_reading(merchant_id)
    changed = sql.run(
        """
        UPDATE webhooks_endpoint SET description = %(description)s, kinds = %(kinds)s,
            paused_at = CASE WHEN url = %(url)s AND is_active THEN paused_at END,
            rest_until = CASE WHEN url = %(url)s THEN rest_until END,
            failing_since = CASE WHEN url = %(url)s THEN failing_since END,
            url = %(url)s, is_active = %(is_active)s
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s
        """,
        {"merchant_id": merchant_id, "id": endpoint_id, "url": spec.url, "description": spec.description,
         "kinds": json.dumps(spec.kinds), "is_active": spec.is_active},
    )  # fmt: skip
    _found(changed)
    _note(merchant_id, endpoint_id, "webhook.edited", by)


def delete_endpoint(merchant_id: int, endpoint_id: int, *, by: Actor) -> None:
    """Remove an endpoint with everything that still waits for it. Missing."""
    params = {"merchant_id": merchant_id, "id": endpoint_id}
    _found(sql.run("DELETE FROM webhooks_endpoint WHERE merchant_id = %(merchant_id)s AND id = %(id)s", params))
    sql.run("DELETE FROM webhooks_delivery WHERE merchant_id = %(merchant_id)s AND endpoint_id = %(id)s", params)
    _note(merchant_id, endpoint_id, "webhook.deleted", by)


def rotate_secret(merchant_id: int, endpoint_id: int, *, by: Actor) -> str:
    """Give an endpoint a new secret and return it; the old one signs too for a day. Missing."""
    keys = vault(merchant_id)
    secret = rules.write_secret(os.urandom(rules.SECRET_BYTES))
    changed = sql.run(
        "UPDATE webhooks_endpoint SET old_secret = secret, old_until = %(until)s, secret = %(secret)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": endpoint_id, "until": clock.now() + rules.OLD_SECRET_FOR,
         "secret": keys.seal(secret, row=secret_row(endpoint_id))},
    )  # fmt: skip
    _found(changed)
    _note(merchant_id, endpoint_id, "webhook.secret_rotated", by)
    return secret


def resume_endpoint(merchant_id: int, endpoint_id: int, *, by: Actor) -> None:
    """End the pause of an endpoint that had failed for days; what waited is sent at once. Missing."""
    params = {"merchant_id": merchant_id, "id": endpoint_id, "now": clock.now()}
    _found(
        sql.run(
            "UPDATE webhooks_endpoint SET paused_at = NULL, rest_until = NULL, failing_since = NULL, failure_count = 0"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            params,
        )
    )
    sql.run(
        "UPDATE webhooks_delivery SET next_at = %(now)s WHERE merchant_id = %(merchant_id)s AND endpoint_id = %(id)s"
        " AND state IN ('new', 'failed')",
        params,
    )
    _note(merchant_id, endpoint_id, "webhook.resumed", by)


def _found(changed: int) -> None:
    if not changed:
        raise Missing("no_endpoint", _("This webhook does not exist."))


def _note(merchant_id: int, endpoint_id: int, act: str, by: Actor) -> None:
    merchants.audit(merchant_id, act, by=by, object_kind="webhook", object_id=endpoint_id)
