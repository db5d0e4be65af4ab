"""A day's codes for the till: state, points, yuan, order and agent, added up; to print or to take along."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date, timedelta

from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils.translation import gettext as _

from shuke.analytics.queries.exporting import harmless
from shuke.console.desk import Desk, page
from shuke.console.pages.redeem import rows
from shuke.core import clock, downloads, typed
from shuke.core.money import yuan
from shuke.loyalty.queries import Redemption, redemption_desk
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places


@page("points.view")
def show(desk: Desk) -> HttpResponse:
    """All codes asked for on a day, or some of them."""
    on, state, agent = _wanted(desk, desk.get)
    found = _read(desk, on, state, agent)
    return desk.show(
        "console/redeem/day.html",
        on=on,
        before=on - timedelta(days=1),
        after=on + timedelta(days=1) if on < clock.today(desk.zone) else None,
        state=state,
        agent=agent,
        rows=rows(desk, found),
        sums=redemption_desk.sums(found),
        states=list(redemption_desk.STATES.items()),
        agents=[(f"staff:{person.id}", person.display_name) for person in places.people(desk.merchant_id)],
        query=desk.get.urlencode(),
    )


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk) -> HttpResponseBase:
    """The same list as CSV; who took it stands in the audit log."""
    on, state, agent = _wanted(desk, QueryDict(desk.post.get("query", "")[:500]))
    merchants.audit(desk.merchant_id, "redemption.exported", by=desk.by, object_kind="redemption", day=on.isoformat())
    lines = [[harmless(cell) for cell in row] for row in _lines(desk, _read(desk, on, state, agent))]
    response = StreamingHttpResponse(downloads.csv_pieces(lines), content_type="text/csv; charset=utf-8")
    name = _("points codes %(day)s") % {"day": on.isoformat()}
    response["Content-Disposition"] = downloads.attachment(f"{name}.csv")
    return response


def _read(desk: Desk, on: date, state: str, agent: str) -> list[Redemption]:
    return redemption_desk.day(desk.merchant_id, on, states=[state] if state else (), agent=agent)


def _lines(desk: Desk, found: list[Redemption]) -> Iterator[Sequence[str]]:
    yield [
        _("Points code"), _("Customer"), _("Asked at"), _("State"), _("Points"), _("Yuan"), _("Order no."), _("Price before"),
        _("Price after"), _("Points used"), _("Yuan used"), _("Agent"), _("Why"),
    ]  # fmt: skip
    for row in rows(desk, found):
        one = row["one"]
        if isinstance(one, Redemption):
            yield [
                one.shown_code, str(row["name"]), one.asked_at.astimezone(desk.zone).strftime("%Y-%m-%d %H:%M:%S"),
                str(row["state"]), str(one.points), yuan(one.worth_fen, grouped=False), one.order_no,
                _money(one.before_fen), _money(one.after_fen), str(one.spent_points),
                yuan(one.spent_fen, grouped=False), str(row["agent"]), str(row["why"]),
            ]  # fmt: skip


def _money(amount_fen: int | None) -> str:
    return "" if amount_fen is None else yuan(amount_fen, grouped=False)


def _wanted(desk: Desk, query: QueryDict) -> tuple[date, str, str]:
    """Day, state and agent that an address asks for; today, and everything, for what is none."""
    today = clock.today(desk.zone)
    state, agent = query.get("state", ""), query.get("agent", "")[:40]
    known = {f"staff:{person.id}" for person in places.people(desk.merchant_id)}
    return (
        typed.day(query.get("on", "")) or today,
        state if state in redemption_desk.STATES else "",
        agent if agent in known else "",
    )
