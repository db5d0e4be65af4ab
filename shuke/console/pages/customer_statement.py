"""A customer's points account of some days, ready to print."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _

from shuke.analytics.queries.exporting import harmless
from shuke.console.desk import Desk, page
from shuke.core import clock, downloads
from shuke.core.errors import Missing
from shuke.loyalty import queries
from shuke.loyalty.queries.statement import Statement, days_of, statement_of
from shuke.members import queries as members
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places

SHOWN_FIELDS = ("name", "phone")


@page("points.view")
def show(desk: Desk, member_id: int) -> HttpResponse:
    """The account on paper: by default this year's."""
    profile = members.profile(desk.merchant_id, member_id)
    if profile is None:
        raise Missing("no_member", _("This customer does not exist."))
    wanted = days_of(desk.get.get("from", ""), desk.get.get("to", ""), clock.today(desk.zone))
    level = queries.level_of(desk.merchant_id, member_id)
    return desk.show(
        "console/customers/statement.html",
        profile=profile,
        level=level,
        shops=places.shops(desk.merchant_id),
        masks=[one.current.mask for one in members.personal(desk.merchant_id, member_id) if one.field in SHOWN_FIELDS],
        found=statement_of(desk.merchant_id, member_id, wanted.first_on, wanted.last_on),
        problem=_("The first day must not be after the last.") if wanted.is_turned else "",
        today=clock.today(desk.zone),
    )


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk, member_id: int) -> HttpResponseBase:
    """The same lines as CSV; who took them stands in the audit log."""
    if members.profile(desk.merchant_id, member_id) is None:
        raise Missing("no_member", _("This customer does not exist."))
    query = QueryDict(desk.post.get("query", "")[:200])
    wanted = days_of(query.get("from", ""), query.get("to", ""), clock.today(desk.zone))
    merchants.audit(
        desk.merchant_id, "points.exported", by=desk.by, object_kind="points", member_id=member_id,
        first_on=str(wanted.first_on), last_on=str(wanted.last_on),
    )  # fmt: skip
    found = statement_of(desk.merchant_id, member_id, wanted.first_on, wanted.last_on)
    rows = ([harmless(cell) for cell in row] for row in _rows(desk, found))
    response = StreamingHttpResponse(downloads.csv_pieces(rows), content_type="text/csv; charset=utf-8")
    name = _("points account %(first)s to %(last)s") % {"first": wanted.first_on, "last": wanted.last_on}
    response["Content-Disposition"] = downloads.attachment(f"{name}.csv")
    return response


def _rows(desk: Desk, found: Statement) -> Iterator[Sequence[str]]:
    yield [_("When"), _("What"), _("More"), _("Less"), _("Balance"), _("Order no.")]
    yield [found.first_on.isoformat(), _("Balance before"), "", "", str(found.opening), ""]
    for one in found.lines:
        line = one.told.line
        yield [
            line.happened_at.astimezone(desk.zone).strftime("%Y-%m-%d %H:%M:%S"), one.told.sentence,
            str(max(0, line.amount) or ""), str(max(0, -line.amount) or ""), str(one.balance),
            line.note.get("order_no", ""),
        ]  # fmt: skip
    yield [found.last_on.isoformat(), _("Balance after"), "", "", str(found.closing), ""]
