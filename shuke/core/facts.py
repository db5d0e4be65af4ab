"""Facts: what became true is written in the transaction that made it true, and told afterwards to one story per kind.

A fact is at once queue, timeline, audit feed and webhook feed. Facts are read in the order in which their
transactions became visible (transaction number, then id, below the oldest transaction still running), so none is
skipped and none is told twice but after a crash; stories therefore recompute from state instead of adding.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime
from functools import cache
from itertools import groupby
from typing import Any, ClassVar, TypeVar

import orjson
from django.db import transaction

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.tenancy import tenant

BATCH = 5000
ATTEMPTS = 8


@dataclass(frozen=True, slots=True, kw_only=True)
class Fact:
    """Base of every kind of fact; a subclass adds its payload as plain JSON values, never personal data.

    `member_id` says on whose timeline it stands, `subject_id` which row it speaks of, `happened_at` when it was so.
    """

    kind: ClassVar[str]
    member_id: int | None = None
    subject_id: int | None = None
    happened_at: datetime
    fact_id: int = 0

    def sentence(self) -> str:
        """What happened, for the timeline, in the active language; an empty text keeps it off the timeline."""
        return ""


F = TypeVar("F", bound=Fact)
Story = Callable[[int, Sequence[Any]], None]

_kinds: dict[str, type[Fact]] = {}
_stories: dict[str, Story] = {}
_COMMON = {"member_id", "subject_id", "happened_at", "fact_id"}


def fact(cls: type[F]) -> type[F]:
    """Register a kind of fact under its `kind`, which must be new."""
    if cls.kind in _kinds and _kinds[cls.kind].__qualname__ != cls.__qualname__:
        raise ValueError(f"two kinds of fact are called {cls.kind}")
    _kinds[cls.kind] = cls
    return cls


def story(cls: type[F]) -> Callable[[Callable[[int, Sequence[F]], None]], Callable[[int, Sequence[F]], None]]:
    """Make a function the one story of a kind of fact: it is called with a merchant's id and a batch of facts."""

    def register(function: Callable[[int, Sequence[F]], None]) -> Callable[[int, Sequence[F]], None]:
        if cls.kind in _stories:
            raise ValueError(f"{cls.kind} already has a story: {_stories[cls.kind].__module__}")
        _stories[cls.kind] = function
        return function

    return register


def kinds() -> dict[str, type[Fact]]:
    """Every kind of fact by name."""
    return dict(_kinds)


def publish(merchant_id: int, found: Iterable[Fact], *, by: Actor = SYSTEM) -> None:
    """Write facts in the present transaction, and see to it that the worker tells them after the commit."""
    batch = list(found)
    if not batch:
        return
    rows = [
        {
            "kind": one.kind,
            "member_id": one.member_id,
            "subject_id": one.subject_id,
            "payload": {name: getattr(one, name) for name in _payload_names(one.kind)},
            "happened_at": one.happened_at,
        }
        for one in batch
    ]
    sql.write(
        """
        INSERT INTO core_fact (merchant_id, kind, member_id, subject_id, payload, happened_at, by)
        SELECT %(merchant_id)s, kind, member_id, subject_id, payload, happened_at, %(by)s
        FROM jsonb_to_recordset(%(facts)s::jsonb)
            AS f (kind text, member_id bigint, subject_id bigint, payload jsonb, happened_at timestamptz)
        """,
        {"merchant_id": merchant_id, "by": by.label, "facts": orjson.dumps(rows).decode()},
    )
    if any(one.kind in _stories for one in batch):
        _wake(merchant_id)


def publish_rows(
    merchant_id: int, cls: type[Fact], source: str, params: Mapping[str, Any], *, by: Actor = SYSTEM
) -> int:
    """Write one fact of a kind for each row of `source` (a query whose columns are the fact's fields); how many.

    For the hundreds of thousands of an import, whose rows are in the database already; else as `publish`.
    """
    payload = ", ".join(f"'{name}', source.{name}" for name in _payload_names(cls.kind))
    count = sql.run(
        "INSERT INTO core_fact (merchant_id, kind, member_id, subject_id, payload, happened_at, by)"
        f" SELECT %(merchant_id)s, %(kind)s, member_id, subject_id, jsonb_build_object({payload}), happened_at,"
        f" %(by)s FROM ({source}) AS source",
        {**params, "merchant_id": merchant_id, "kind": cls.kind, "by": by.label},
    )
    if count and cls.kind in _stories:
        _wake(merchant_id)
    return count


def drain(merchant_id: int, *, limit: int = BATCH) -> int:
    """Tell a merchant's next facts to their stories, in one transaction; how many were read, told or put aside.

    Another process that drains the same merchant makes this one return 0. A failing batch is told fact by fact;
    the failing ones are postponed (2, 4, 8 … seconds, eight times), and their member's later facts with them.
    """
    with tenant(merchant_id):
        if not sql.scalar("SELECT pg_try_advisory_xact_lock(hashtextextended('facts', %(m)s))", {"m": merchant_id}):
            return 0
        due = _postponed(merchant_id)
        batch, read_count = _next(merchant_id, limit)
        waiting = _waiting_members(merchant_id)
        blocked = [one for one in batch if one.member_id in waiting]
        _postpone(merchant_id, [(one, "waits for an earlier fact") for one in blocked], again=False)
        _tell_all(merchant_id, due + [one for one in batch if one.member_id not in waiting])
        if read_count == limit:
            sql.refresh_grown_statistics()  # there is more to tell: an import
        return read_count + len(due)


def pending_count(merchant_id: int) -> int:
    """How many facts wait to be told, the postponed ones included."""
    with tenant(merchant_id):
        return int(
            sql.scalar(
                f"SELECT (SELECT count(*) FROM core_fact f WHERE {_AFTER_CURSOR})"
                " + (SELECT count(*) FROM core_postponedfact WHERE merchant_id = %(merchant_id)s)",
                {"merchant_id": merchant_id},
            )
        )


def oldest_pending_seconds(merchant_id: int) -> float:
    """How long the oldest fact waits to be told; 0 when none does."""
    with tenant(merchant_id):
        found = sql.scalar(
            f"SELECT extract(epoch FROM %(now)s - min(f.recorded_at)) FROM core_fact f WHERE {_AFTER_CURSOR}",
            {"merchant_id": merchant_id, "now": clock.now()},
        )
        return max(0.0, float(found or 0))


def stuck(merchant_id: int) -> list[tuple[int, str, str]]:
    """Facts given up after all attempts: (fact id, kind, error), for the operator's page and `shuke doctor`."""
    with tenant(merchant_id):
        return [
            (row[0], row[1], row[2])
            for row in sql.rows(
                "SELECT p.fact_id, f.kind, p.error FROM core_postponedfact p"
                " JOIN core_fact f ON f.merchant_id = p.merchant_id AND f.id = p.fact_id"
                " WHERE p.merchant_id = %(merchant_id)s AND p.attempt_count >= %(attempts)s ORDER BY p.fact_id",
                {"merchant_id": merchant_id, "attempts": ATTEMPTS},
            )
        ]


def timeline(
    merchant_id: int,
    member_ids: int | Sequence[int],
    *,
    before: datetime | None = None,
    before_id: int = 0,
    limit: int = 50,
) -> list[Fact]:
    """A member's facts, or those of several who are one person, the latest first.

    After a page, `before` is its last fact's instant and `before_id` its id.
    """
    wanted = [member_ids] if isinstance(member_ids, int) else list(member_ids)
    found = sql.rows(
        "SELECT id, kind, member_id, subject_id, payload, happened_at FROM core_fact"
        " WHERE merchant_id = %(merchant_id)s AND member_id = ANY(%(members)s::bigint[])"
        " AND (happened_at, id) < (coalesce(%(before)s, 'infinity'::timestamptz), %(before_id)s)"
        " ORDER BY happened_at DESC, id DESC LIMIT %(limit)s",
        {
            "merchant_id": merchant_id,
            "members": sql.numbers(wanted),
            "before": before,
            "before_id": before_id,
            "limit": limit,
        },
    )
    return [made for row in found if (made := _make(row)) is not None]


@dataclass(frozen=True, slots=True)
class Place:
    """How far somebody has read a merchant's facts; survives a restore."""

    xid: str = "0"
    fact_id: int = 0


@dataclass(frozen=True, slots=True)
class Written:
    """A fact as it stands in its row, for readers that pass it on."""

    place: Place
    kind: str
    member_id: int | None
    subject_id: int | None
    payload: dict[str, Any]
    happened_at: datetime


def read_after(merchant_id: int, place: Place, *, limit: int = BATCH) -> list[Written]:
    """The next facts behind a place in the one order in which none is ever skipped; for readers with their own cursor."""
    return [
        Written(Place(row[0], row[1]), row[2], row[3], row[4], sql.loads(row[5]), row[6])
        for row in sql.rows(
            "SELECT f.xid::text, f.id, f.kind, f.member_id, f.subject_id, f.payload, f.happened_at FROM core_fact f"
            " WHERE f.merchant_id = %(merchant_id)s AND f.xid < shuke_fact_horizon()"
            " AND (f.xid, f.id) > (%(xid)s::xid8, %(fact_id)s) ORDER BY f.xid, f.id LIMIT %(limit)s",
            {"merchant_id": merchant_id, "xid": place.xid, "fact_id": place.fact_id, "limit": limit},
        )
    ]


def newest_place(merchant_id: int) -> Place:
    """Behind the newest fact that can be read; where a new reader begins."""
    found = sql.rows(
        "SELECT f.xid::text, f.id FROM core_fact f"
        " WHERE f.merchant_id = %(merchant_id)s AND f.xid < shuke_fact_horizon() ORDER BY f.xid DESC, f.id DESC LIMIT 1",
        {"merchant_id": merchant_id},
    )
    return Place(*found[0]) if found else Place()


_AFTER_CURSOR = """
    f.merchant_id = %(merchant_id)s AND f.xid < shuke_fact_horizon()
    AND (f.xid, f.id) > (
        coalesce((SELECT xid FROM core_factcursor WHERE merchant_id = %(merchant_id)s), '0'::xid8),
        coalesce((SELECT fact_id FROM core_factcursor WHERE merchant_id = %(merchant_id)s), 0))
"""


def _next(merchant_id: int, limit: int) -> tuple[list[Fact], int]:
    """The next facts that have a story, and how many were read; the cursor is behind all of them."""
    found = sql.rows(
        f"SELECT f.id, f.kind, f.member_id, f.subject_id, f.payload, f.happened_at, f.xid::text FROM core_fact f"
        f" WHERE {_AFTER_CURSOR} ORDER BY f.xid, f.id LIMIT %(limit)s",
        {"merchant_id": merchant_id, "limit": limit},
    )
    if found:
        _advance(merchant_id, xid=found[-1][6], fact_id=found[-1][0])
    told = [made for row in found if row[1] in _stories and (made := _make(row[:6])) is not None]
    return told, len(found)


def _advance(merchant_id: int, *, xid: str, fact_id: int) -> None:
    sql.run(
        "INSERT INTO core_factcursor (merchant_id, xid, fact_id) VALUES (%(merchant_id)s, %(xid)s::xid8, %(fact_id)s)"
        " ON CONFLICT (merchant_id) DO UPDATE SET xid = excluded.xid, fact_id = excluded.fact_id",
        {"merchant_id": merchant_id, "xid": xid, "fact_id": fact_id},
    )


def _tell_all(merchant_id: int, batch: Sequence[Fact]) -> None:
    for kind, group in groupby(batch, key=lambda one: one.kind):
        run = list(group)
        if kind not in _stories:
            continue
        try:
            with transaction.atomic():
                _stories[kind](merchant_id, run)
            _forget(merchant_id, run)
        except Exception:  # a story that fails for one member must not stop the others
            _tell_singly(merchant_id, run)


def _tell_singly(merchant_id: int, run: Sequence[Fact]) -> None:
    failed: list[tuple[Fact, str]] = []
    for one in run:
        try:
            with transaction.atomic():
                _stories[one.kind](merchant_id, [one])
            _forget(merchant_id, [one])
        except Exception as error:
            where = traceback.extract_tb(error.__traceback__)[-1]
            failed.append((one, f"{type(error).__name__} in {where.name}, line {where.lineno}"))
    _postpone(merchant_id, failed, again=True)


def _postponed(merchant_id: int) -> list[Fact]:
    found = sql.rows(
        "SELECT f.id, f.kind, f.member_id, f.subject_id, f.payload, f.happened_at"
        " FROM core_postponedfact p JOIN core_fact f ON f.merchant_id = p.merchant_id AND f.id = p.fact_id"
        " WHERE p.merchant_id = %(merchant_id)s AND p.next_at <= %(now)s AND p.attempt_count < %(attempts)s"
        " ORDER BY p.fact_id LIMIT 500",
        {"merchant_id": merchant_id, "now": clock.now(), "attempts": ATTEMPTS},
    )
    return [made for row in found if (made := _make(row)) is not None]


def _waiting_members(merchant_id: int) -> set[int | None]:
    return {
        row[0]
        for row in sql.rows(
            "SELECT DISTINCT member_id FROM core_postponedfact"
            " WHERE merchant_id = %(merchant_id)s AND member_id IS NOT NULL AND attempt_count < %(attempts)s",
            {"merchant_id": merchant_id, "attempts": ATTEMPTS},
        )
    }


def _postpone(merchant_id: int, failed: Sequence[tuple[Fact, str]], *, again: bool) -> None:
    if not failed:
        return
    sql.run(
        """
        INSERT INTO core_postponedfact AS p (merchant_id, fact_id, member_id, attempt_count, next_at, error)
        SELECT %(merchant_id)s, fact_id, member_id, %(first)s, %(now)s + interval '2 seconds', error
        FROM unnest(%(facts)s::bigint[], %(members)s::bigint[], %(errors)s::text[]) AS f (fact_id, member_id, error)
        ON CONFLICT (merchant_id, fact_id) DO UPDATE SET attempt_count = p.attempt_count + 1, error = excluded.error,
            next_at = %(now)s + interval '1 second' * (2 ^ (p.attempt_count + 1))
        """,
        {
            "merchant_id": merchant_id,
            "first": 1 if again else 0,
            "now": clock.now(),
            "facts": [one.fact_id for one, _ in failed],
            "members": [one.member_id for one, _ in failed],
            "errors": [error for _, error in failed],
        },
    )


def _forget(merchant_id: int, told: Sequence[Fact]) -> None:
    sql.run(
        "DELETE FROM core_postponedfact WHERE merchant_id = %(merchant_id)s AND fact_id = ANY(%(facts)s)",
        {"merchant_id": merchant_id, "facts": [one.fact_id for one in told]},
    )


def _make(row: Sequence[Any]) -> Fact | None:
    fact_id, kind, member_id, subject_id, payload, happened_at = row
    cls = _kinds.get(kind)
    if cls is None:
        return None
    known = _payload_names(kind)
    values = orjson.loads(payload) if isinstance(payload, str) else payload
    if not values.keys() <= known.keys():
        values = {name: value for name, value in values.items() if name in known}
    return cls(fact_id=fact_id, member_id=member_id, subject_id=subject_id, happened_at=happened_at, **values)


@cache
def _payload_names(kind: str) -> dict[str, None]:
    return {f.name: None for f in fields(_kinds[kind]) if f.name not in _COMMON}


def _wake(merchant_id: int) -> None:
    from shuke.core.jobs import wake  # jobs drains facts, so it stands beside this file, not below it

    wake(merchant_id)
