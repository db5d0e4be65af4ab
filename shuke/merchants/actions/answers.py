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
    stored = [row for row in sql.rows(_STORED, params) if row[:2] not in fresh]
    return _opened(merchant_id, claims, stored)


def _opened(
    merchant_id: int, claims: Sequence[Claim], stored: Sequence[tuple[int, str, str, bytes, int, bytes]]
) -> list[Answer | None]:
    if not stored:
        return [None] * len(claims)
    vault, answers = crypto.vault(merchant_id), {row[:2]: row[2:] for row in stored}
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
    """A call that nobody had claimed was answered by another transaction meanwhile; its answer can be read now."""


def known_answers(merchant_id: int, claims: Sequence[Claim]) -> list[Answer | None]:
    """As `claim_answers` for what was answered, but nothing is claimed: `keep_first_answers` finds out whether the effect
    was had elsewhere meanwhile. For calls of which another one with the same key is hardly ever under way.
    """
    params = {"merchant_id": merchant_id, "before": clock.now() - KEPT, "claims": _listed(claims)}
    return _opened(merchant_id, claims, sql.rows(f"{_STORED} WHERE a.at >= %(before)s", params))


def keep_first_answers(merchant_id: int, answered: Sequence[tuple[Claim, Answer]]) -> None:
    """Keep what calls were answered that were not claimed, in the transaction of their effect.

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
             for (claim, answer), hidden in zip(ordered, _sealed(merchant_id, ordered), strict=True)]).decode()},
    )  # fmt: skip
    if kept < len(answered):
        raise AnsweredElsewhere


def keep_answers(merchant_id: int, answered: Sequence[tuple[Claim, Answer]]) -> None:
    """Keep what claimed calls were answered, in the same transaction."""
    if not answered:
        return
    sql.run(
        """
        UPDATE merchants_apianswer a SET status = c.status, body_sealed = c.sealed
        FROM (SELECT key_id, idempotency_key, status, decode(sealed, 'hex') AS sealed
              FROM json_to_recordset(%(answers)s)
                  AS j (key_id bigint, idempotency_key text, status int, sealed text)) c
        WHERE a.merchant_id = %(merchant_id)s AND a.key_id = c.key_id AND a.idempotency_key = c.idempotency_key
        """,
        {"merchant_id": merchant_id, "answers": orjson.dumps(
            [{"key_id": claim.key_id, "idempotency_key": claim.idempotency_key, "status": answer.status,
              "sealed": hidden.hex()}
             for (claim, answer), hidden in zip(answered, _sealed(merchant_id, answered), strict=True)]).decode()},
    )  # fmt: skip


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
# LATERAL with OFFSET makes it one index probe for each, whatever the planner believes of the table.
_STORED = f"""
    SELECT a.key_id, a.idempotency_key, a.route, a.content_hash, a.status, a.body_sealed
    FROM {_CLAIMS} CROSS JOIN LATERAL (
        SELECT * FROM merchants_apianswer
        WHERE merchant_id = %(merchant_id)s AND key_id = c.key_id AND idempotency_key = c.idempotency_key OFFSET 0
    ) a
"""


def _listed(claims: Sequence[Claim]) -> str:
    return orjson.dumps([_told(one) for one in claims]).decode()


def _told(claim: Claim) -> dict[str, Any]:
    return {"key_id": claim.key_id, "idempotency_key": claim.idempotency_key, "route": claim.route,
            "content_hash": claim.content_hash.hex()}  # fmt: skip


def _sealed(merchant_id: int, answered: Sequence[tuple[Claim, Answer]]) -> list[bytes]:
    rows = [_row(merchant_id, claim) for claim, _answer in answered]
    return crypto.vault(merchant_id).seal_many([answer.body for _claim, answer in answered], rows)


def _row(merchant_id: int, claim: Claim) -> str:
    return f"merchants_apianswer|{merchant_id}|{claim.key_id}|{claim.idempotency_key}"
