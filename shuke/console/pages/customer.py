"""One customer: all that is known of her, and what may be done for her."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, TypeVar

from django.http import HttpResponse
from django.urls import reverse
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.console import customer_words
from shuke.console.customer_forms import GroupForm, LevelForm, PointsForm, TagForm
from shuke.console.desk import Desk, page
from shuke.core import clock, facts
from shuke.core.errors import Missing, Refused
from shuke.core.specs import Spec
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries as standing
from shuke.loyalty.queries import explain, gains
from shuke.loyalty.queries.memberships import SoldTerm, plans, sold_terms
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import Profile
from shuke.members.queries.links import buyer_link
from shuke.members.specs import BlacklistSpec, NoteSpec, ProfileSpec, RevealSpec
from shuke.trade import queries as trade
from shuke.trade.queries import Order, OrderLine

S = TypeVar("S", bound=Spec)

ORDERS = 10
MOMENTS = 40
POINTS_LINES = 8
UNPAID_DAYS = 365
WAITS = gettext_lazy("This is above the limit for one person: it waits until a second one approves.")


@dataclass(frozen=True, slots=True)
class Moment:
    """One entry of the timeline; `text` is a note's, `doer` who wrote it."""

    at: datetime
    sentence: str
    text: str = ""
    doer: str = ""


@page("members.view")
def show(desk: Desk, member_id: int) -> HttpResponse:
    """Her page; that of a customer who was joined to another leads on to that one."""
    profile = profile_of(desk, member_id)
    if profile.home_id is not None:
        return desk.go("console:member", profile.home_id)
    figures = trade.figures(desk.merchant_id, [member_id]).get(member_id)
    level = standing.level_of(desk.merchant_id, member_id)
    summary = standing.points_summary(desk.merchant_id, member_id)
    doers = customer_words.doers(desk.merchant_id)
    personal = queries.personal(desk.merchant_id, member_id)
    return desk.show(
        "console/customers/show.html",
        profile=profile,
        words=customer_words.profile(profile, [one.field for one in personal]),
        since=min(filter(None, (profile.joined_at, figures.first_order_at if figures else None))),
        figures=figures,
        advice=customer_words.ADVICE.get(figures.lifecycle) if figures else None,
        level=level,
        level_words=explain.explain_level(level, zone=desk.zone, names=doers) if level else "",
        points=summary,
        gain_words=gains.explain_parts(gain := gains.level_gain(desk.merchant_id, member_id)),
        gain=gain,
        memberships=_memberships(desk, member_id),
        is_sold=bool(plans(desk.merchant_id, with_retired=False)),
        warning=_warning(desk, member_id),
        points_words=explain.explain_balance(summary),
        points_lines=explain.history(desk.merchant_id, member_id, limit=POINTS_LINES),
        expiring=standing.expiring_soon(desk.merchant_id, member_id),
        personal=personal,
        attributes=queries.attribute_values(desk.merchant_id, member_id),
        identities=customer_words.identities(desk.merchant_id, queries.identities(desk.merchant_id, member_id)),
        link=buyer_link(desk.merchant_id, member_id) if desk.may("members.edit") else "",
        **_orders_part(desk, member_id),
        **_timeline_part(desk, member_id),
    )


@page("members.view")
def orders(desk: Desk, member_id: int) -> HttpResponse:
    """Her earlier orders."""
    profile = profile_of(desk, member_id)
    return desk.show("console/customers/orders.html", profile=profile, **_orders_part(desk, member_id))


@page("members.view")
def timeline(desk: Desk, member_id: int) -> HttpResponse:
    """What happened before."""
    profile = profile_of(desk, member_id)
    return desk.show("console/customers/timeline.html", profile=profile, **_timeline_part(desk, member_id))


@page("members.reveal", methods=("GET", "POST"))
def reveal(desk: Desk, member_id: int, field: str = "", attribute_id: int = 0) -> HttpResponse:
    """Show one personal value in clear, once, for a reason that is kept."""
    profile = profile_of(desk, member_id)
    field = field or f"attribute:{attribute_id}"
    label = _field_label(desk, member_id, field)

    def act(filled: RevealSpec) -> HttpResponse:
        value = members.reveal(desk.merchant_id, member_id, field, filled.reason, by=desk.by)
        if field == "phone":
            value = customer_words.phone(value)
        return desk.show("console/customers/revealed.html", profile=profile, label=label, value=value)

    return _ask(
        desk, profile, RevealSpec, act, title=_("Reveal: %(field)s") % {"field": label}, submit=_("Reveal"),
        lead=_("It is shown once. Your name, the time and the reason stay in the audit log and on her timeline."),
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def edit(desk: Desk, member_id: int) -> HttpResponse:
    """Fill in her basic fields; what is left empty stays."""
    profile = profile_of(desk, member_id)

    def act(filled: ProfileSpec) -> None:
        members.edit_profile(desk.merchant_id, member_id, filled, by=desk.by)

    return _ask(
        desk, profile, ProfileSpec, act, title=_("Fill in her profile"), said=_("Saved."),
        lead=_("What you leave empty stays as it is. Personal fields are kept sealed."),
        value={"gender": profile.gender, "province": profile.province, "city": profile.city},
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def attributes(desk: Desk, member_id: int) -> HttpResponse:
    """Fill in the shop's own attributes."""
    profile = profile_of(desk, member_id)
    known = queries.attributes(desk.merchant_id)
    if desk.is_post:
        given = [(one, desk.post.get(f"attribute-{one.id}")) for one in known]
        # A sealed value is never shown again, so an empty box leaves it as it is.
        settings = [
            members.AttributeSetting(member_id, one.id, text)
            for one, text in given
            if text is not None and (text.strip() or not one.is_personal)
        ]
        members.set_attributes(desk.merchant_id, settings, by=desk.by)
        return desk.go(_home(member_id), said=_("Saved."))
    values = {one.attribute_id: one.value for one in queries.attribute_values(desk.merchant_id, member_id)}
    rows = [(one, "" if one.is_personal else values.get(one.id, "")) for one in known]
    return desk.show("console/customers/attributes.html", profile=profile, rows=rows)


@page("members.edit", methods=("GET", "POST"))
def note(desk: Desk, member_id: int) -> HttpResponse:
    """Write a note about her."""
    profile = profile_of(desk, member_id)

    def act(filled: NoteSpec) -> None:
        members.write_note(desk.merchant_id, member_id, filled.text, by=desk.by)

    return _ask(
        desk, profile, NoteSpec, act, title=_("Write a note"), said=_("The note is kept."),
        lead=_("Everybody at the desk sees it on her page. It is kept sealed."),
    )  # fmt: skip


@page("members.edit", methods=("GET", "POST"))
def tag(desk: Desk, member_id: int) -> HttpResponse:
    """Put tags on her."""
    profile = profile_of(desk, member_id)

    def act(filled: TagForm) -> None:
        members.tag(desk.merchant_id, [member_id], filled.words(), by=desk.by)

    return _ask(
        desk, profile, TagForm, act, title=_("Add tags"), said=_("Tagged."), submit=_("Add"),
        known=[one.name for one in queries.tags(desk.merchant_id)],
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def untag(desk: Desk, member_id: int) -> HttpResponse:
    """Take one tag off her."""
    profile_of(desk, member_id)
    name = desk.post.get("name", "")
    members.untag(desk.merchant_id, [member_id], [name], by=desk.by)
    return desk.go(_home(member_id), said=_("Tag removed: %(name)s") % {"name": name})


@page("members.edit", methods=("GET", "POST"))
def group(desk: Desk, member_id: int) -> HttpResponse:
    """Put her into a group."""
    profile = profile_of(desk, member_id)
    mine = {group_id for group_id, _name in profile.groups}
    free = [(one.id, one.name) for one in queries.groups(desk.merchant_id) if one.id not in mine]

    def act(filled: GroupForm) -> None:
        members.add_to_group(desk.merchant_id, filled.group_id, [member_id], by=desk.by)

    if not free:
        return desk.show("console/customers/no_group.html", profile=profile)
    return _ask(
        desk, profile, GroupForm, act, title=_("Add to a group"), said=_("Added to the group."), submit=_("Add"),
        choices={"group_id": free},
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def ungroup(desk: Desk, member_id: int, group_id: int) -> HttpResponse:
    """Take her out of a group."""
    profile_of(desk, member_id)
    members.remove_from_group(desk.merchant_id, group_id, [member_id], by=desk.by)
    return desk.go(_home(member_id), said=_("Taken out of the group."))


@page("members.edit", methods=("GET", "POST"))
def blacklist(desk: Desk, member_id: int) -> HttpResponse:
    """Put her on the blacklist."""
    profile = profile_of(desk, member_id)

    def act(filled: BlacklistSpec) -> None:
        members.blacklist(desk.merchant_id, [member_id], filled.reason, by=desk.by)

    return _ask(
        desk, profile, BlacklistSpec, act, title=_("Blacklist her"), said=_("Blacklisted."), submit=_("Blacklist"),
        lead=_("Nobody writes to her any more and she earns no points. What she has stays."),
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def unblacklist(desk: Desk, member_id: int) -> HttpResponse:
    """Take her off the blacklist."""
    profile_of(desk, member_id)
    members.unblacklist(desk.merchant_id, [member_id], by=desk.by)
    return desk.go(_home(member_id), said=_("Taken off the blacklist."))


@page("points.adjust", methods=("GET", "POST"))
def points(desk: Desk, member_id: int) -> HttpResponse:
    """Give or take points by hand."""
    profile = profile_of(desk, member_id)

    def act(filled: PointsForm) -> HttpResponse | None:
        amount = filled.points if filled.direction == "give" else -filled.points
        items = [loyalty.Adjustment(member_id, amount)]
        asked = loyalty.submit_adjustment(desk.merchant_id, items, reason=filled.reason, by=desk.by, key=filled.key)
        return desk.go("console:points_requests", said=WAITS) if asked else None

    summary = standing.points_summary(desk.merchant_id, member_id)
    return _ask(
        desk, profile, PointsForm, act, title=_("Adjust points"), said=_("The points were adjusted."),
        lead=explain.explain_balance(summary), submit=_("Adjust"), value={"key": secrets.token_urlsafe(16)},
    )  # fmt: skip


@page("levels.set", methods=("GET", "POST"))
def level(desk: Desk, member_id: int) -> HttpResponse:
    """Set her level by hand."""
    profile = profile_of(desk, member_id)
    now = standing.level_of(desk.merchant_id, member_id)
    if now is None:
        return desk.show("console/customers/no_level.html", profile=profile)

    def act(filled: LevelForm) -> None:
        loyalty.set_level(
            desk.merchant_id, [member_id], filled.level_no, reason=filled.reason, until_on=filled.until_on, by=desk.by
        )

    return _ask(
        desk, profile, LevelForm, act, title=_("Set her level"), said=_("The level is set."), submit=_("Set"),
        lead=explain.explain_level(now, zone=desk.zone, names=customer_words.doers(desk.merchant_id)),
        value={"level_no": now.standing.level_no},
        choices={"level_no": [(step.no, step.name) for step in standing.ladder(desk.merchant_id)]},
    )  # fmt: skip


@page("levels.set", methods=("POST",))
def release_level(desk: Desk, member_id: int) -> HttpResponse:
    """Have her purchases decide on her level again."""
    profile_of(desk, member_id)
    loyalty.release_level(desk.merchant_id, [member_id], by=desk.by)
    return desk.go(_home(member_id), said=_("Her purchases decide on her level again."))


def _memberships(desk: Desk, member_id: int) -> list[SoldTerm]:
    """Her terms that are not over, and whether staff sold them."""
    now = clock.now()
    terms = sold_terms(desk.merchant_id, member_id=member_id)
    return [one for one in terms if one.taken_back_at is None and one.ends_at > now]


def _warning(desk: Desk, member_id: int) -> str:
    """When she will lose her level and what keeps it; nothing while she will not."""
    found, rule = standing.warned_of(desk.merchant_id, member_id), standing.level_rule(desk.merchant_id)
    return explain.explain_warning(found, rule.spec.measure, zone=desk.zone) if found and rule else ""


def _ask(
    desk: Desk, profile: Profile, spec: type[S], act: Callable[[S], HttpResponse | None], *, title: str,
    lead: str = "", submit: str = "", said: str = "", **more: Any,
) -> HttpResponse:  # fmt: skip
    """A question about her: a page of its own, which scripts show as a dialogue on her page."""
    home = _home(profile.id)
    return desk.fill_in(
        spec, "console/customers/form.html", act, to=home, said=said, back=home, back_title=profile.display_name,
        title=title, lead=lead, submit=submit, **more,
    )  # fmt: skip


def _orders_part(desk: Desk, member_id: int) -> dict[str, Any]:
    """Orders with their lines and refunds, and for unpaid ones the reason once it is known."""
    before = _moment(desk.get.get("orders_before", ""))
    found = trade.orders_of(desk.merchant_id, member_id, limit=ORDERS + 1, before=before)
    shown = found[:ORDERS]
    lines = trade.lines_of(desk.merchant_id, [order.id for order in shown])
    since = clock.now() - timedelta(days=UNPAID_DAYS)
    unpaid = {one.id: one for one in trade.unpaid_orders(desk.merchant_id, since=since, member_id=member_id)}
    notes = trade.unpaid_notes(desk.merchant_id, list(unpaid))
    refunds = trade.refunds_of(desk.merchant_id, [order.id for order in shown])
    rows: list[tuple[Order, list[OrderLine], list[trade.Refund], object, str]] = [
        (order, lines.get(order.id, []), refunds.get(order.id, []), unpaid.get(order.id), notes.get(order.id, ""))
        for order in shown
    ]
    last = (shown[-1].placed_at or shown[-1].paid_at) if len(found) > ORDERS else None
    return {"orders": rows, "orders_older": last.isoformat() if last else "", "orders_is_later": before is not None}


def _timeline_part(desk: Desk, member_id: int) -> dict[str, Any]:
    """What happened, the latest first; a note's text stands where it was written.

    A second report of the same orders tells the same again later; only the first telling is shown.
    """
    before = _moment(desk.get.get("before", ""))
    found = facts.timeline(
        desk.merchant_id, queries.household(desk.merchant_id, member_id), before=before, limit=MOMENTS + 1
    )
    notes = {one.id: one for one in queries.notes(desk.merchant_id, member_id)}
    doers = customer_words.doers(desk.merchant_id)
    moments: dict[object, Moment] = {}
    for one in reversed(found[:MOMENTS]):
        written = notes.get(one.subject_id or 0) if one.kind == "members.note_written" else None
        if written is not None:
            moments[one.fact_id] = Moment(one.happened_at, one.sentence(), written.text, doers.get(written.by, ""))
        elif sentence := one.sentence():
            key = (one.subject_id, sentence) if one.kind == "trade.order_changed" else one.fact_id
            moments.setdefault(key, Moment(one.happened_at, sentence))
    older = found[MOMENTS - 1].happened_at.isoformat() if len(found) > MOMENTS else ""
    return {"moments": list(reversed(moments.values())), "older": older}


def _field_label(desk: Desk, member_id: int, field: str) -> str:
    """What a field is called; Missing for one of which nothing is kept in clear."""
    for one in queries.personal(desk.merchant_id, member_id):
        if one.field == field and one.current.is_clear:
            return str(one.label)
    for value in queries.attribute_values(desk.merchant_id, member_id):
        if f"attribute:{value.attribute_id}" == field and value.is_personal and value.value:
            return value.name
    raise Missing("no_field", _("There is no such value."))


def profile_of(desk: Desk, member_id: int) -> Profile:
    """A customer's profile; who was deleted or joined to another one is no more worked on. Missing; Refused `joined`."""
    found = queries.profile(desk.merchant_id, member_id)
    if found is None or (desk.is_post and found.erased_at is not None):
        raise Missing("no_member", _("This customer does not exist."))
    if desk.is_post and found.home_id is not None:
        raise Refused("joined", _("She was joined to another customer; please do it on that one's page."))
    return found


def _moment(text: str) -> datetime | None:
    """An instant from an address; None for anything else."""
    try:
        found = parse_datetime(text)
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None


def _home(member_id: int) -> str:
    return reverse("console:member", args=[member_id])
