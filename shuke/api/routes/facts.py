"""What happened: the feed of facts, and the audit log."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads
from shuke.api.shapes import Page, Paged, Told
from shuke.core import facts
from shuke.merchants import queries


class Fact(Told):
    """Something that became true; the reference of facts says what each kind's payload holds."""

    id: int
    kind: str
    member_id: int | None
    subject_id: int | None
    happened_at: datetime
    payload: dict[str, Any]


class Facts(Told):
    """Facts in the order in which they became visible; ask again with `next`, also when there was nothing."""

    items: list[Fact]
    next: str


class AuditLine(Told):
    """Who did what; `by` is staff:12, program:7, buyer:9 or system."""

    id: int
    at: datetime
    by: str
    act: str
    object_kind: str
    object_id: int | None
    details: dict[str, Any]


class AuditQuery(Paged):
    """Which lines; `act` is the beginning of an act's name such as `member.`."""

    act: Annotated[str, Field(max_length=60)] = ""
    by: Annotated[str, Field(max_length=60)] = ""
    object_kind: Annotated[str, Field(max_length=60)] = ""


@reads("/facts", scope="facts:read", refuses=("bad_cursor",))
def read_facts(call: Call, query: Annotated[Paged, Query()]) -> Facts:
    """Read everything that happened, oldest first, each fact once.

    Keep `next` and ask again with it: no fact is skipped and none comes twice, whatever runs at the same time.
    """
    place = paging.opened(call.merchant_id, "facts", query.cursor)
    after = facts.Place() if place is None else facts.Place(str(place[0]), int(place[1]))
    found = facts.read_after(call.merchant_id, after, limit=query.limit)
    after = found[-1].place if found else after
    return Facts(
        items=[_fact(one) for one in found], next=paging.seal(call.merchant_id, "facts", [after.xid, after.fact_id])
    )


@reads("/audit", scope="audit:read", refuses=("bad_cursor",))
def list_audit(call: Call, query: Annotated[AuditQuery, Query()]) -> Page[AuditLine]:
    """List the audit log, the latest first."""
    found = queries.audit_lines(
        call.merchant_id, act=query.act, by=query.by, object_kind=query.object_kind, limit=query.limit + 1,
        before_id=paging.opened(call.merchant_id, "audit", query.cursor),
    )  # fmt: skip
    return paging.page(call.merchant_id, "audit", found, query.limit, AuditLine.of)


def _fact(one: facts.Written) -> Fact:
    return Fact(
        id=one.place.fact_id,
        kind=one.kind,
        member_id=one.member_id,
        subject_id=one.subject_id,
        happened_at=one.happened_at,
        payload=one.payload,
    )
