"""How far long jobs are: rows the page polls and a crashed job goes on from."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor

WAITING, RUNNING, DONE, FAILED = "waiting", "running", "done", "failed"
_COLUMNS = "id, kind, subject_id, state, done_count, total_count, message, checkpoint, started_at, updated_at"


@dataclass(frozen=True, slots=True)
class Progress:
    """One long job: `state` is waiting, running, done or failed; `message` is a sentence for people."""

    id: int
    kind: str
    subject_id: int | None
    state: str
    done_count: int
    total_count: int
    message: str
    checkpoint: dict[str, Any]
    started_at: datetime
    updated_at: datetime | None

    @property
    def rate(self) -> float:
        """Units a second since the work began; 0 while that cannot be told yet."""
        if self.updated_at is None or not self.done_count:
            return 0.0
        return self.done_count / max(0.001, (self.updated_at - self.started_at).total_seconds())

    @property
    def seconds_left(self) -> int | None:
        """About how long it will still take at this rate; None while that cannot be told."""
        left = self.total_count - self.done_count
        return round(left / self.rate) if self.rate and self.total_count and self.state == RUNNING else None

    @property
    def percent(self) -> int:
        """0…100; a job of unknown length shows 0 until it ends."""
        if self.state == DONE:
            return 100
        return min(99, self.done_count * 100 // self.total_count) if self.total_count else 0


def begin(merchant_id: int, kind: str, *, subject_id: int | None = None, total: int = 0, by: Actor = SYSTEM) -> int:
    """A new row in state `waiting`; its id."""
    return int(
        sql.scalar(
            "INSERT INTO core_progress (merchant_id, kind, subject_id, state, done_count, total_count, message,"
            " checkpoint, by, started_at) VALUES (%(merchant_id)s, %(kind)s, %(subject_id)s, 'waiting', 0, %(total)s, '',"
            " '{}', %(by)s, %(now)s) RETURNING id",
            {"merchant_id": merchant_id, "kind": kind, "subject_id": subject_id, "total": total, "by": by.label,
             "now": clock.now()},
        )
    )  # fmt: skip


def advance(
    merchant_id: int,
    progress_id: int,
    *,
    state: str = RUNNING,
    done: int | None = None,
    total: int | None = None,
    message: str | None = None,
    checkpoint: dict[str, Any] | None = None,
) -> None:
    """Move it on, in the transaction that did the work; what is None stays.

    The first move out of `waiting` is when it started.
    """
    sql.run(
        """
        UPDATE core_progress SET state = %(state)s,
            started_at = CASE WHEN state = 'waiting' THEN %(now)s::timestamptz ELSE started_at END,
            done_count = coalesce(%(done)s, done_count),
            total_count = coalesce(%(total)s, total_count), message = coalesce(%(message)s, message),
            checkpoint = coalesce(%(checkpoint)s, checkpoint), updated_at = %(now)s,
            finished_at = CASE WHEN %(state)s IN ('done', 'failed') THEN %(now)s::timestamptz END
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s
        """,
        {"merchant_id": merchant_id, "id": progress_id, "state": state, "done": done, "total": total,
         "message": message, "checkpoint": None if checkpoint is None else Jsonb(checkpoint), "now": clock.now()},
    )  # fmt: skip


def get(merchant_id: int, progress_id: int) -> Progress | None:
    """One job's row."""
    return _one(merchant_id, "id = %(id)s", {"id": progress_id})


def latest(merchant_id: int, kind: str, subject_id: int | None = None) -> Progress | None:
    """The newest row of a kind (and subject)."""
    return _one(
        merchant_id,
        "kind = %(kind)s AND subject_id IS NOT DISTINCT FROM %(subject_id)s",
        {"kind": kind, "subject_id": subject_id},
    )


def _one(merchant_id: int, condition: str, params: dict[str, Any]) -> Progress | None:
    found = sql.dicts(
        f"SELECT {_COLUMNS} FROM core_progress WHERE merchant_id = %(merchant_id)s AND {condition}"
        " ORDER BY id DESC LIMIT 1",
        {"merchant_id": merchant_id, **params},
    )
    return Progress(**{**found[0], "checkpoint": sql.loads(found[0]["checkpoint"])}) if found else None
