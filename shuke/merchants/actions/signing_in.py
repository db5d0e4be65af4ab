"""Counting attempts to sign in, and noting who came."""

from __future__ import annotations

import hmac
import math
from datetime import timedelta
from typing import Any

from django.conf import settings
from django.db import transaction

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.merchants import rules
from shuke.merchants.actions.auditing import audit


def try_to_sign_in(*subjects: str) -> int:
    """Count an attempt under each subject (a name, an address) before the password is looked at.

    Returns the seconds to wait, in which case nothing was counted; 0 = go on, and call `signed_in_well` on success.
    Counting first keeps parallel attempts from passing together.
    """
    now = clock.now()
    hashed = sorted(_subject(one) for one in subjects)
    params = {"now": now, "forget": now - timedelta(seconds=rules.FORGET_AFTER_SECONDS)}
    with transaction.atomic():
        sql.run("DELETE FROM merchants_signintry WHERE tried_at < %(forget)s AND blocked_until < %(now)s", params)
        waits = [_wait_seconds(one, params) for one in hashed]
        if any(waits):
            return max(waits)
        for one in hashed:
            count = sql.scalar(
                "UPDATE merchants_signintry SET failure_count = failure_count + 1, tried_at = %(now)s"
                " WHERE subject = %(subject)s RETURNING failure_count",
                {**params, "subject": one},
            )
            sql.run(
                "UPDATE merchants_signintry SET blocked_until = %(until)s WHERE subject = %(subject)s",
                {"subject": one, "until": now + timedelta(seconds=rules.delay_seconds(count))},
            )
    return 0


def signed_in_well(name: str, *others: str) -> None:
    """Forget the failures of a name whose password was right, and take this one attempt from the other subjects."""
    sql.run("DELETE FROM merchants_signintry WHERE subject = %(subject)s", {"subject": _subject(name)})
    sql.run(
        "UPDATE merchants_signintry SET failure_count = greatest(failure_count - 1, 0), blocked_until = tried_at"
        " WHERE subject = ANY(%(subjects)s)",
        {"subjects": [_subject(one) for one in others]},
    )


def _wait_seconds(subject: bytes, params: dict[str, Any]) -> int:
    """Lock the subject's row, made if there is none; how long it is blocked."""
    sql.run(
        "INSERT INTO merchants_signintry (subject, failure_count, tried_at, blocked_until)"
        " VALUES (%(subject)s, 0, %(now)s, %(now)s) ON CONFLICT DO NOTHING",
        {**params, "subject": subject},
    )
    until = sql.scalar(
        "SELECT blocked_until FROM merchants_signintry WHERE subject = %(subject)s FOR UPDATE", {"subject": subject}
    )
    return max(0, math.ceil(float((until - params["now"]).total_seconds())))


def _subject(text: str) -> bytes:
    return hmac.digest(settings.SECRET_KEY.encode(), f"sign-in\x00{text.strip().casefold()}".encode(), "sha256")


def note_sign_in(merchant_id: int, *, way: str = "password", by: Actor) -> None:
    """Write into the audit log that somebody came to work, and in which way."""
    audit(merchant_id, "staff.signed_in", by=by, object_kind="staff", object_id=by.id, way=way)
