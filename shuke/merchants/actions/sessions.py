"""Where somebody is signed in: beginning, going on, proving it is still she, ending."""

from __future__ import annotations

from datetime import timedelta
from uuid import UUID, uuid4

from shuke.core import clock, sql
from shuke.merchants import queries, rules
from shuke.merchants.queries.doors import SignIn, limits

_COLUMNS = "token, user_id, device, way, owes_second_factor, started_at, seen_at, proved_at"
_SEEN_EVERY_SECONDS = 60


def begin_sign_in(user_id: int, *, user_agent: str, way: str) -> UUID:
    """A user came in; the token her browser's session keeps. `way` is password, code, recovery, passkey.

    What was signed in for too long, anywhere, is swept away.
    """
    sql.run("DELETE FROM merchants_signin WHERE started_at <= %(oldest)s OR seen_at <= %(idle)s", limits())
    token = uuid4()
    sql.run(
        f"INSERT INTO merchants_signin ({_COLUMNS})"
        " VALUES (%(token)s, %(user_id)s, %(device)s, %(way)s, %(owes)s, %(now)s, %(now)s, %(now)s)",
        {"token": token, "user_id": user_id, "device": rules.device_words(user_agent)[:60], "way": way,
         "owes": queries.needs_second_factor(user_id) and not queries.second_factors(user_id).is_any, "now": clock.now()},
    )  # fmt: skip
    return token


def go_on(token: UUID, user_id: int) -> SignIn | None:
    """The user's sign-in of that token, noted as seen; None when it ended or is over."""
    params = {"token": token, "user_id": user_id, **limits()}
    found = sql.rows(
        f"SELECT {_COLUMNS} FROM merchants_signin WHERE token = %(token)s AND user_id = %(user_id)s"
        " AND started_at > %(oldest)s AND seen_at > %(idle)s",
        params,
    )
    if not found:
        return None
    sign_in = SignIn(*found[0])
    if clock.now() - sign_in.seen_at > timedelta(seconds=_SEEN_EVERY_SECONDS):
        sql.run("UPDATE merchants_signin SET seen_at = %(now)s WHERE token = %(token)s", params)
    return sign_in


def prove(token: UUID) -> None:
    """She showed again who she is; dangerous things are open for ten minutes."""
    sql.run(
        "UPDATE merchants_signin SET proved_at = %(now)s WHERE token = %(token)s", {"token": token, "now": clock.now()}
    )


def end_sign_in(token: UUID) -> None:
    """Sign out one browser."""
    sql.run("DELETE FROM merchants_signin WHERE token = %(token)s", {"token": token})


def end_sign_ins(user_id: int, *, but: UUID | None = None) -> int:
    """Sign a user out everywhere, `but` in one browser; in how many that was."""
    return sql.run(
        "DELETE FROM merchants_signin WHERE user_id = %(user_id)s AND token IS DISTINCT FROM %(but)s",
        {"user_id": user_id, "but": but},
    )
