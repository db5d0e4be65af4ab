"""Every line of the shop's points, and giving or taking points for a list of customers."""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.http import HttpResponse, HttpResponseBase, QueryDict, StreamingHttpResponse
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from shuke.analytics.queries.exporting import harmless
from shuke.console import customer_words, loyalty_forms
from shuke.console.desk import Desk, page
from shuke.console.loyalty_forms import AdjustForm, carried
from shuke.console.pages.customer import WAITS
from shuke.core import clock, downloads, typed
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Form, form_for, parse
from shuke.core.typed import number
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries import Booked
from shuke.loyalty.queries.worth import worth
from shuke.members import queries as members
from shuke.merchants import actions as merchants

LINES = 50
EXPORT_BATCH = 1000
SHOWN_NAMES = 12

KINDS: dict[str, tuple[str | Promise, str, tuple[str, ...]]] = {
    "earned": (gettext_lazy("Earned by orders"), "success", ("earned",)),
    "taken_back": (gettext_lazy("Taken back after refunds"), "warning", ("taken_back",)),
    "welcome": (gettext_lazy("Welcome points"), "brand", ("welcome",)),
    "membership": (gettext_lazy("Paid membership"), "brand", ("membership",)),
    "birthday": (gettext_lazy("Birthday gift"), "brand", ("birthday",)),
    "adjusted": (gettext_lazy("By hand"), "info", ("adjusted",)),
    "moved": (gettext_lazy("By joining records"), "secondary", ("moved",)),
    "spent": (gettext_lazy("Spent"), "secondary", ("spent", "reserved", "released", "committed")),
    "given_back": (gettext_lazy("Given back"), "success", ("given_back",)),
    "lapsed": (gettext_lazy("Lapsed"), "secondary", ("lapsed",)),
}
"""What lines can be asked for: words, colour of the badge, the ledger's kinds."""

_OF_KIND = {kind: name for name, (_words, _tone, kinds) in KINDS.items() for kind in kinds}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the address asks for; days are whole days in the merchant's zone, both included."""

    kind: str
    member_id: int | None
    nick: str
    first_on: date | None
    last_on: date | None
    problem: str = ""

    @property
    def is_narrowed(self) -> bool:
        """Whether anything is left out."""
        return bool(self.kind or self.member_id or self.nick or self.first_on or self.last_on)

    def arguments(self) -> dict[str, Any]:
        """For the query, in the active zone."""
        return {
            "member_id": self.member_id,
            "kinds": KINDS[self.kind][2] if self.kind else (),
            "since": _midnight(self.first_on) if self.first_on else None,
            "until": _midnight(self.last_on + timedelta(days=1)) if self.last_on else None,
        }


@page("points.view")
def show(desk: Desk) -> HttpResponse:
    """The lines, the newest first."""
    wanted = _wanted(desk, desk.get)
    before = _cursor(desk.get.get("before", ""))
    found = [] if wanted.problem else queries.journal(
        desk.merchant_id, **wanted.arguments(), before=before, limit=LINES + 1
    )  # fmt: skip
    shown = found[:LINES]
    names = members.names(desk.merchant_id, {one.member_id for one in shown} | {wanted.member_id or 0})
    if wanted.member_id and wanted.member_id not in names:
        raise Missing("no_member", _("This customer does not exist."))
    doers = customer_words.doers(desk.merchant_id)
    return desk.show(
        "console/points/ledger.html",
        wanted=wanted,
        name=names.get(wanted.member_id or 0, ""),
        rows=[(one, names.get(one.member_id, ""), *_badge(one), doer(one.line.by, doers)) for one in shown],
        kinds=[(name, words) for name, (words, _tone, _kinds) in KINDS.items()],
        older=_written(shown[-1].line.cursor) if len(found) > LINES else "",
        is_later_page=before is not None,
        query=desk.get.urlencode(),
    )


@page("members.export", methods=("POST",), proof=True)
def export(desk: Desk) -> HttpResponseBase:
    """All lines of the filter as CSV; who took them stands in the audit log."""
    wanted = _wanted(desk, QueryDict(desk.post.get("query", "")[:2000]))
    if wanted.problem:
        raise Refused("no_member", wanted.problem)
    if wanted.member_id and not members.names(desk.merchant_id, [wanted.member_id]):
        raise Missing("no_member", _("This customer does not exist."))
    merchants.audit(
        desk.merchant_id, "points.exported", by=desk.by, object_kind="points",
        kind=wanted.kind, member_id=wanted.member_id, first_on=str(wanted.first_on or ""), last_on=str(wanted.last_on or ""),
    )  # fmt: skip
    rows = ([harmless(cell) for cell in row] for row in _export_rows(desk, wanted.arguments()))
    pieces = downloads.within(desk.merchant_id, downloads.csv_pieces(rows))
    response = StreamingHttpResponse(pieces, content_type="text/csv; charset=utf-8")
    name = _("points %(day)s") % {"day": clock.today(desk.zone).isoformat()}
    response["Content-Disposition"] = downloads.attachment(f"{name}.csv")
    return response


@page("points.adjust", methods=("GET", "POST"))
def adjust(desk: Desk) -> HttpResponse:
    """Give or take points for everybody on a pasted list: filled in, confirmed with the sum, done once."""
    choices = loyalty_forms.shop_choices(desk.merchant_id)
    if not desk.is_post:
        return _ask(desk, form_for(AdjustForm, {"key": secrets.token_urlsafe(16)}, choices=choices))
    filled = parse(AdjustForm, desk.post, choices=choices)
    if isinstance(filled, Form):
        return _ask(desk, filled, status=422)
    form = form_for(AdjustForm, filled, choices=choices)
    chosen, problems = loyalty_forms.people(desk.merchant_id, filled.nicks, shop_id=filled.shop_id)
    for text in problems:
        form = form.refuse(text, "nicks")
    if problems:
        return _ask(desk, form, status=422)
    if desk.post.get("confirmed") != "1":
        return _confirm(desk, filled, form, chosen)
    items = [loyalty.Adjustment(member_id, filled.amount) for member_id in chosen]
    if loyalty.submit_adjustment(desk.merchant_id, items, reason=filled.reason, by=desk.by, key=filled.key):
        return desk.go("console:points_requests", said=WAITS)
    text = ngettext(
        "The points of %(count)d customer were adjusted.",
        "The points of %(count)d customers were adjusted.",
        len(chosen),
    )
    return desk.go("console:points_ledger", said=text % {"count": len(chosen)})


def doer(by: str, doers: dict[str, str]) -> str:
    """Who made a line, in words."""
    kind = by.partition(":")[0]
    if kind == "buyer":
        return _("The customer")
    return doers.get(by) or (_("Staff") if kind == "staff" else _("Shuke"))


def _ask(desk: Desk, form: Form, *, status: int = 200) -> HttpResponse:
    return desk.show("console/points/adjust.html", status=status, form=loyalty_forms.asked(form))


def _confirm(desk: Desk, filled: AdjustForm, form: Form, chosen: dict[int, str]) -> HttpResponse:
    rate = worth(desk.merchant_id)
    total = filled.points * len(chosen)
    nicks = list(chosen.values())
    return desk.show(
        "console/points/confirm.html",
        carried=carried(form),
        is_giving=filled.direction == "give",
        total=total,
        each=filled.points,
        reason=filled.reason,
        count=len(chosen),
        nicks=nicks[:SHOWN_NAMES],
        more=len(nicks) - SHOWN_NAMES,
        worth_fen=rate.fen(total) if rate.fen_per_point else None,
    )


def _badge(one: Booked) -> tuple[str, str]:
    """A line's kind in words and the colour of its badge."""
    name = _OF_KIND.get(one.line.kind, "earned" if one.line.amount > 0 else "spent")
    words, tone, _kinds = KINDS[name]
    return str(words), tone


def _wanted(desk: Desk, query: QueryDict) -> Wanted:
    kind = query.get("kind", "")
    member_id = number(query.get("member", ""))
    nick, problem = query.get("nick", "").strip()[:200], ""
    if nick:
        found = members.by_nicks(desk.merchant_id, [nick]).get(nick, [])
        if len(found) == 1:
            member_id = found[0]
        elif found:
            problem = _("Several customers are called “%(name)s”: please open the right one's page.") % {"name": nick}
        else:
            problem = _("Nobody is called “%(name)s”.") % {"name": nick}
    return Wanted(
        kind if kind in KINDS else "",
        member_id,
        nick,
        typed.day(query.get("from", "")),
        typed.day(query.get("to", "")),
        problem,
    )


def _export_rows(desk: Desk, arguments: dict[str, Any]) -> Iterator[Sequence[str]]:
    yield [_("When"), _("Customer"), _("Kind"), _("What"), _("More"), _("Less"), _("Order no."), _("By")]
    doers = customer_words.doers(desk.merchant_id)
    before: tuple[datetime, int] | None = None
    while batch := queries.journal(desk.merchant_id, **arguments, before=before, limit=EXPORT_BATCH):
        names = members.names(desk.merchant_id, {one.member_id for one in batch})
        for one in batch:
            line = one.line
            yield [
                line.happened_at.astimezone(desk.zone).strftime("%Y-%m-%d %H:%M:%S"), names.get(one.member_id, ""),
                _badge(one)[0], one.sentence, str(max(0, line.amount) or ""), str(max(0, -line.amount) or ""),
                line.note.get("order_no", ""), doer(line.by, doers),
            ]  # fmt: skip
        before = batch[-1].line.cursor


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=timezone.get_current_timezone())


def _written(cursor: tuple[datetime, int]) -> str:
    return f"{cursor[0].isoformat()}_{cursor[1]}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    """A place in the list from an address; None for anything else."""
    at, _line, fact_no = text.partition("_")
    try:
        moment = parse_datetime(at)
    except ValueError:
        return None
    found = number(fact_no)
    return (moment, found) if moment is not None and moment.tzinfo is not None and found else None
