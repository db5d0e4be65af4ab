"""The epoch guard: after a restore, or in a copy of the database, nothing is sent outside until a person releases it.

The installation's row says at which place it was last seen. Whoever wants to send asks here first; another place than
the noted one begins a new epoch, and every merchant of before stays silent until she, or the operator, releases it.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.secrets import secret_file

COPIED, RESTORED, ORDERED = "copied", "restored", "ordered"


@dataclass(frozen=True, slots=True)
class Hold:
    """Why and since when nothing is sent: `reason` is copied, restored or ordered (by SHUKE_HOLD_SENDING)."""

    reason: str
    since: datetime | None


def may_send(merchant_id: int) -> bool:
    """Whether anything of the merchant may leave this installation; to be asked in the transaction that claims it."""
    return held(merchant_id) is None


def held(merchant_id: int) -> Hold | None:
    """Why the merchant's sending is held; None when it is open. Notices by itself that the database was copied."""
    if os.environ.get("SHUKE_HOLD_SENDING") == "1":
        return Hold(ORDERED, None)
    look_around()
    found = sql.rows(
        """
        SELECT i.reason, i.held_at FROM core_installation i
        JOIN merchants_merchant m ON m.id = %(merchant_id)s
        LEFT JOIN core_sendingrelease r ON r.merchant_id = m.id
        WHERE i.held_at IS NOT NULL AND m.created_at < i.held_at AND coalesce(r.epoch, 0) < i.epoch
        """,
        {"merchant_id": merchant_id},
    )
    return Hold(*found[0]) if found else None


def release(merchant_id: int, *, by: Actor) -> bool:
    """Let a merchant's sending go on in the present epoch; whether it was held. Harmless to repeat."""
    was_held = held(merchant_id) is not None
    sql.run(
        "INSERT INTO core_sendingrelease (merchant_id, epoch, released_at, by)"
        " SELECT %(merchant_id)s, epoch, %(now)s, %(by)s FROM core_installation"
        " ON CONFLICT (merchant_id) DO UPDATE SET epoch = excluded.epoch, released_at = excluded.released_at,"
        " by = excluded.by WHERE core_sendingrelease.epoch < excluded.epoch",
        {"merchant_id": merchant_id, "now": clock.now(), "by": by.label},
    )
    return was_held


def look_around() -> None:
    """Note the place at the first time; begin a new epoch when the noted place is another one."""
    here = {"place": place()}
    if sql.scalar("SELECT place FROM core_installation") == here["place"]:
        return
    if sql.run("INSERT INTO core_installation (id, place, epoch, reason) VALUES (1, %(place)s, 0, '')"
               " ON CONFLICT DO NOTHING", here):  # fmt: skip
        return
    hold(COPIED)


def hold(reason: str) -> None:
    """Begin a new epoch at this place: nothing is sent until it is released. Once per place but for a restore."""
    sql.run(
        "INSERT INTO core_installation AS i (id, place, epoch, reason, held_at)"
        " VALUES (1, %(place)s, 1, %(reason)s, now())"
        " ON CONFLICT (id) DO UPDATE SET place = excluded.place, epoch = i.epoch + 1, reason = excluded.reason,"
        " held_at = excluded.held_at WHERE i.place <> excluded.place OR excluded.reason = 'restored'",
        {"place": place(), "reason": reason},
    )


def place() -> str:
    """Where this database stands: its server, its number there, its timeline; for our own server also its folder.

    A dump has another number wherever it is restored, a promoted replica another timeline, a copied folder another inode.
    """
    seen = sql.rows(
        "SELECT (SELECT system_identifier FROM pg_control_system()),"
        " (SELECT oid FROM pg_database WHERE datname = current_database()),"
        " left(pg_walfile_name(pg_current_wal_lsn()), 8)"
    )[0]
    parts = [*map(str, seen), *(_folder() if settings.SHUKE_EMBEDDED is not None else ())]
    return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


def _folder() -> tuple[str, str]:
    mark = Path(settings.SHUKE_HOME) / "secrets" / "place.key"
    secret_file(mark)
    machine = Path("/etc/machine-id")
    return str(mark.stat().st_ino), machine.read_text().strip() if machine.exists() else ""
