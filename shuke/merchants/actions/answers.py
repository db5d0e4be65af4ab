"""Idempotency of programs' calls: one key, one effect, and the same answer again for a day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any, NamedTuple

import orjson
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


Stored = list[tuple[Any, ...]]


class Answer(NamedTuple):
    """What a call was answered."""

    status: int
    body: bytes


def claim_answers(merchant_id: int, claims: Sequence[Claim]) -> list[Answer | None]:
    """Claim idempotency keys in the transaction of the effect: None where the effect is still to be had, else its answer.

    A claimed call that is under way elsewhere is waited for. Nothing is written yet: rows are written last by all, after
    every other lock, so that nobody who holds one waits for anybody. Claims of a batch need different keys. Refused `key_reused`.
    """
    params = {"merchant_id": merchant_id, "before": clock.now() - KEPT, "claims": _listed(sorted(claims))}
    sql.run(_WAIT, params)
    return known_answers(merchant_id, claims, sql.rows(_STORED, params), crypto.vault(merchant_id))


def known_answers(
    merchant_id: int, claims: Sequence[Claim], stored: Stored, vault: crypto.Vault
) -> list[Answer | None]:
    """What was answered of these calls, None of the others. Refused `idempotency_key_reused`."""
    answers = {row[:2]: row[2:] for row in stored}
    found = list[Answer | None]()
    for one in claims:
        if one[:2] not in answers:
            found.append(None)
            continue
        route, content_hash, status, sealed = answers[one[:2]]
        if (route, bytes(content_hash)) != one[2:]:
            raise Refused("idempotency_key_reused", _("This Idempotency-Key was used for another call."))
        found.append(Answer(status, vault.open_bytes(sealed, row=_row(merchant_id, one))))
    return found


class AnsweredElsewhere(Exception):
    """A call was answered by another transaction meanwhile, one of them unclaimed; its answer can be read now."""


def asking_answers(merchant_id: int, mark: str, idempotency_keys: Sequence[str]) -> sql.Question[Stored]:
    """What calls of the API key that bears a mark were answered, for `known_answers`. Nothing is claimed: `keep_answers`
    finds out whether an effect was had elsewhere meanwhile. For calls of which another one with the same key is hardly
    ever under way.
    """
    return sql.Question(
        _STORED_OF_KEY,
        {"merchant_id": merchant_id, "mark": mark, "keys": sql.texts(idempotency_keys), "before": clock.now() - KEPT},
        list,
    )


def keep_answers(merchant_id: int, answered: Sequence[tuple[Claim, Answer]], vault: crypto.Vault | None = None) -> None:
    """Keep what calls were answered, in the transaction of their effect and as its last step; `vault` is hers if it was
    asked for already.

    One that is being answered elsewhere is waited for; AnsweredElsewhere when it was, and the transaction must be undone.
    """
    if not answered:
        return
    ordered = sorted(answered)
    kept = sql.run(
        """
        INSERT INTO merchants_apianswer AS a (merchant_id, key_id, idempotency_key, route, content_hash, status,
            body_sealed, at)
        SELECT %(merchant_id)s, key_id, idempotency_key, route, decode(content_hash, 'hex'), status,
            decode(sealed, 'hex'), %(now)s
        FROM json_to_recordset(%(answers)s) AS c (key_id bigint, idempotency_key text, route text, content_hash text,
            status int, sealed text)
        ON CONFLICT (merchant_id, key_id, idempotency_key) DO UPDATE SET route = excluded.route,
            content_hash = excluded.content_hash, status = excluded.status, body_sealed = excluded.body_sealed,
            at = excluded.at
            WHERE a.at < %(before)s
        """,
        {"merchant_id": merchant_id, "now": clock.now(), "before": clock.now() - KEPT, "answers": orjson.dumps(
            [{**_told(claim), "status": answer.status, "sealed": hidden.hex()}
             for (claim, answer), hidden in zip(ordered, _sealed(merchant_id, ordered, vault), strict=True)]).decode()},
    )  # fmt: skip
    if kept < len(answered):
        raise AnsweredElsewhere


def forget_answers(merchant_id: int) -> int:
    """Delete what is older than a day; how many."""
    return sql.run(
        "DELETE FROM merchants_apianswer WHERE merchant_id = %(merchant_id)s AND at < %(before)s",
        {"merchant_id": merchant_id, "before": clock.now() - KEPT},
    )


# As JSON, since quoting arrays takes ten times as long.
_CLAIMS = """(SELECT key_id, idempotency_key, route, decode(content_hash, 'hex') AS content_hash
    FROM json_to_recordset(%(claims)s)
        AS j (key_id bigint, idempotency_key text, route text, content_hash text)) c"""
_WAIT = f"""
    SELECT pg_advisory_xact_lock(hashtextextended(
        format('answer|%%s|%%s|%%s', %(merchant_id)s::bigint, c.key_id, c.idempotency_key), 0))
    FROM (SELECT * FROM {_CLAIMS} ORDER BY key_id, idempotency_key OFFSET 0) c
"""
# LATERAL with OFFSET makes it one index probe for each, whatever the planner believes of the table.
_STORED = f"""
    SELECT a.key_id, a.idempotency_key, a.route, a.content_hash, a.status, a.body_sealed
    FROM {_CLAIMS} CROSS JOIN LATERAL (
        SELECT * FROM merchants_apianswer
        WHERE merchant_id = %(merchant_id)s AND key_id = c.key_id AND idempotency_key = c.idempotency_key OFFSET 0
    ) a WHERE a.at >= %(before)s
"""
_STORED_OF_KEY = """
    SELECT a.key_id, a.idempotency_key, a.route, a.content_hash, a.status, a.body_sealed
    FROM unnest(string_to_array(%(keys)s, chr(31))) AS c (idempotency_key) CROSS JOIN LATERAL (
        SELECT * FROM merchants_apianswer WHERE merchant_id = %(merchant_id)s AND key_id = (
            SELECT id FROM merchants_apikey WHERE merchant_id = %(merchant_id)s AND mark = %(mark)s
        ) AND idempotency_key = c.idempotency_key OFFSET 0
    ) a WHERE a.at >= %(before)s
"""


def _listed(claims: Sequence[Claim]) -> str:
    return orjson.dumps([_told(one) for one in claims]).decode()


def _told(claim: Claim) -> dict[str, Any]:
    return {"key_id": claim.key_id, "idempotency_key": claim.idempotency_key, "route": claim.route,
            "content_hash": claim.content_hash.hex()}  # fmt: skip


def _sealed(merchant_id: int, answered: Sequence[tuple[Claim, Answer]], vault: crypto.Vault | None) -> list[bytes]:
    rows = [_row(merchant_id, claim) for claim, _answer in answered]
    return (vault or crypto.vault(merchant_id)).seal_many([answer.body for _claim, answer in answered], rows)


def _row(merchant_id: int, claim: Claim) -> str:
    return f"merchants_apianswer|{merchant_id}|{claim.key_id}|{claim.idempotency_key}"
