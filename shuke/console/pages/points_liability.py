"""What the points in circulation would cost, what of them will probably lapse, and how they moved month by month."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from shuke.analytics.queries.exporting import harmless
from shuke.analytics.queries.liability import PointsLiability, points_liability
from shuke.console import loyalty_charts
from shuke.console.desk import Desk, page
from shuke.core import clock, downloads
from shuke.core.money import yuan
from shuke.loyalty import queries
from shuke.loyalty.queries.worth import worth
from shuke.merchants import actions as merchants

SHOWN_MONTHS = 24


@page("points.view")
def show(desk: Desk) -> HttpResponse:
    """The whole picture."""
    found = points_liability(desk.merchant_id, desk.merchant.zone)
    rule, rate = queries.points_rule(desk.merchant_id), worth(desk.merchant_id)
    shown = found.months[-SHOWN_MONTHS:]
    return desk.show(
        "console/points/liability.html",
        found=found,
        rule=rule,
        chart=loyalty_charts.circulating(shown),
        months=list(reversed(shown)),
        lapsing=[(one, rate.fen(one.points)) for one in found.lapsing[:SHOWN_MONTHS]],
        shares=[(one.age_days, f"{one.share * 100:.1f}", one.member_count) for one in found.breakage.shares]
        if found.breakage
        else [],
        low_fen=rate.fen(found.breakage.low) if found.breakage and found.circulating else 0,
        high_fen=rate.fen(found.breakage.high) if found.breakage and found.circulating else 0,
    )


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk) -> HttpResponseBase:
    """The months as CSV; who took them stands in the audit log."""
    merchants.audit(desk.merchant_id, "points.months_exported", by=desk.by, object_kind="points")
    found = points_liability(desk.merchant_id, desk.merchant.zone, with_breakage=False)
    rows = [[harmless(cell) for cell in row] for row in _rows(desk, found)]
    response = StreamingHttpResponse(downloads.csv_pieces(rows), content_type="text/csv; charset=utf-8")
    name = _("points by month %(day)s") % {"day": clock.today(desk.zone).isoformat()}
    response["Content-Disposition"] = downloads.attachment(f"{name}.csv")
    return response


def _rows(desk: Desk, found: PointsLiability) -> Iterator[Sequence[str]]:
    rate = worth(desk.merchant_id)
    yield [_("Month"), _("Given"), _("Spent"), _("Lapsed"), _("Taken back"), _("At the end"), _("Worth in yuan")]
    for one in found.months:
        yield [one.month, *map(str, (one.issued, one.spent, one.lapsed, one.taken_back, one.at_end)),
               yuan(rate.fen(one.at_end), grouped=False) if rate.fen_per_point else ""]  # fmt: skip
