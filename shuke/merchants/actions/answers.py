"""Idempotency of programs' calls: one key, one effect, and the same answer again for a day."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta
from typing import NamedTuple

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, sql
from shuke.core.errors import Refused

KEPT = timedelta(hours=24)


class Claim(NamedTuple):
    """A call that wants to have its effect once: whose key, under which idempotency key, on which route, of what."""

    key_id: int
    idempotency_key: str
    route: str
    content_hash: bytes


class Answer(NamedTuple):
    """What a call was answered."""

    status: int
    body: bytes


def claim_answers(merchant_id: int, claims: Sequence[Claim]) -> list[Answer | None]:
    """Claim idempotency keys in the transaction of the effect: None where the effect is still to be had, else its answer.

    A call that is under way elsewhere is waited for. Claims of a batch need different keys. Refused `key_reused`.
    """
    ordered = sorted(claims)
    params = {"merchant_id": merchant_id, "now": clock.now(), "before": clock.now() - KEPT, "claims": _listed(ordered)}
    fresh = {
        (row[0], row[1])
        for row in sql.rows(
            f"""
            INSERT INTO merchants_apianswer AS a (merchant_id, key_id, idempotency_key, route, content_hash, status, at)
            SELECT %(merchant_id)s, c.*, 0, %(now)s FROM {_CLAIMS}
            ON CONFLICT (merchant_id, key_id, idempotency_key) DO UPDATE SET route = excluded.route,
                content_hash = excluded.content_hash, status = 0, body_sealed = NULL, at = excluded.at
                WHERE a.at < %(before)s
            RETURNING key_id, idempotency_key
            """,
            params,
        )
    }
    if len(fresh) == len(claims):
        return [None] * len(claims)
    stored = {(row[0], row[1]): row[2:] for row in sql.rows(_STORED, params)}
    vault, found = crypto.vault(merchant_id), list[Answer | None]()
    for one in claims:
        if one[:2] in fresh:
            found.append(None)
            continue
        route, content_hash, status, sealed = stored[one[:2]]
        if (route, bytes(content_hash)) != one[2:]:
            raise Refused("idempotency_key_reused", _("This Idempotency-Key was used for another call."))
        found.append(Answer(status, vault.open_bytes(sealed, row=_row(merchant_id, one))))
    return found


def keep_answers(merchant_id: int, answered: Sequence[tuple[Claim, Answer]]) -> None:
    """Keep what claimed calls were answered, in the same transaction."""
    if not answered:
        return
    vault = crypto.vault(merchant_id)
    sealed = [vault.seal_bytes(answer.body, row=_row(merchant_id, claim)) for claim, answer in answered]
    sql.run(
        """
        UPDATE merchants_apianswer a SET status = c.status, body_sealed = c.sealed
        FROM (SELECT key_id, idempotency_key, status, decode(sealed, 'hex') AS sealed
              FROM jsonb_to_recordset(%(answers)s::jsonb)
                  AS j (key_id bigint, idempotency_key text, status int, sealed text)) c
        WHERE a.merchant_id = %(merchant_id)s AND a.key_id = c.key_id AND a.idempotency_key = c.idempotency_key
        """,
        {"merchant_id": merchant_id, "answers": json.dumps(
            [{"key_id": claim.key_id, "idempotency_key": claim.idempotency_key, "status": answer.status,
              "sealed": hidden.hex()} for (claim, answer), hidden in zip(answered, sealed, strict=True)])},
    )  # fmt: skip


def forget_answers(merchant_id: int) -> int:
    """Delete what is older than a day; how many."""
    return sql.run(
        "DELETE FROM merchants_apianswer WHERE merchant_id = %(merchant_id)s AND at < %(before)s",
        {"merchant_id": merchant_id, "before": clock.now() - KEPT},
    )


# As JSON, since quoting arrays takes ten times as long.
_CLAIMS = """(SELECT key_id, idempotency_key, route, decode(content_hash, 'hex') AS content_hash
    FROM jsonb_to_recordset(%(claims)s::jsonb)
        AS j (key_id bigint, idempotency_key text, route text, content_hash text)) c"""
_STORED = f"""
    SELECT a.key_id, a.idempotency_key, a.route, a.content_hash, a.status, a.body_sealed FROM merchants_apianswer a
    JOIN {_CLAIMS} ON a.key_id = c.key_id AND a.idempotency_key = c.idempotency_key
    WHERE a.merchant_id = %(merchant_id)s
"""


def _listed(claims: Sequence[Claim]) -> str:
    return json.dumps([{**one._asdict(), "content_hash": one.content_hash.hex()} for one in claims])


def _row(merchant_id: int, claim: Claim) -> str:
    return f"merchants_apianswer|{merchant_id}|{claim.key_id}|{claim.idempotency_key}"
