"""Exports: whole lists as CSV."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import chain
from typing import Annotated

from django.http import StreamingHttpResponse
from ninja import Query

from shuke.analytics.queries import export_rows
from shuke.analytics.queries.exporting import export_header, harmless
from shuke.analytics.specs import MemberFilter
from shuke.api.calls import Call
from shuke.api.route import reads
from shuke.core import downloads
from shuke.loyalty import queries
from shuke.merchants import actions as merchants

_BATCH = 1000


@reads("/exports/members.csv", scope="exports:read", gives="text/csv")
def export_members(call: Call, query: Annotated[MemberFilter, Query()]) -> StreamingHttpResponse:
    """Export customers as CSV; personal fields stay out of it. Kept in the audit log."""
    merchants.audit(
        call.merchant_id,
        "member.exported",
        by=call.caller.by,
        object_kind="member",
        filters=sorted(query.model_fields_set),
    )
    rows = (cells for _member_id, cells in export_rows(call.merchant_id, query))
    return downloads.csv_file(call.merchant_id, downloads.csv_pieces(chain([export_header()], rows)), "members.csv")


@reads("/exports/points.csv", scope="exports:read", gives="text/csv")
def export_points(call: Call) -> StreamingHttpResponse:
    """Export every line of the points ledger as CSV, the latest first. Kept in the audit log."""
    merchants.audit(call.merchant_id, "points.exported", by=call.caller.by, object_kind="points")
    return downloads.csv_file(call.merchant_id, downloads.csv_pieces(_lines(call.merchant_id)), "points.csv")


def _lines(merchant_id: int) -> Iterator[Sequence[str]]:
    yield ["id", "member_id", "happened_at", "kind", "amount", "source", "by", "sentence"]
    before: tuple[datetime, int] | None = None
    while batch := queries.journal(merchant_id, before=before, limit=_BATCH):
        for one in batch:
            line = one.line
            yield [str(line.id), str(one.member_id), line.happened_at.isoformat(), line.kind, str(line.amount),
                   harmless(line.source), line.by, harmless(one.sentence)]  # fmt: skip
        before = batch[-1].line.cursor
