"""Who may be one person: suggestions side by side, joining, parting, and searching the other one."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from dataclasses import dataclass

from django.http import HttpResponse
from django.utils.translation import gettext as _

from shuke.console import customer_words
from shuke.console.desk import Desk, ask_proof, page
from shuke.core.errors import Missing
from shuke.core.typed import number, numbers
from shuke.ledger import queries as ledger
from shuke.loyalty import queries as standing
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.queries import PersonalField, Profile, Suspicion
from shuke.trade import queries as trade

SHOWN, FOUND = 12, 20


@dataclass(frozen=True, slots=True)
class Side:
    """One of two customers as they stand side by side."""

    profile: Profile
    personal: list[PersonalField]
    names: list[tuple[str, str, str]]
    figures: trade.Figures | None
    points: int
    level: str


@page("members.edit", methods=("GET", "POST"))
def suggestions(desk: Desk) -> HttpResponse:
    """Pairs that may be one person; posted, what is to become of the chosen ones."""
    state = "later" if desk.get.get("state") == "later" else "open"
    if desk.is_post:
        return _judge(desk)
    found = queries.suspicions(desk.merchant_id, state=state, limit=SHOWN)
    sides = _sides(desk, {one for pair in found for one in (pair.first_member_id, pair.second_member_id)})
    pairs: list[tuple[Suspicion, Side, Side]] = [
        (one, sides[one.first_member_id], sides[one.second_member_id])
        for one in found
        if one.first_member_id in sides and one.second_member_id in sides
    ]
    return desk.show(
        "console/people/suggestions.html", pairs=pairs, state=state, key=secrets.token_urlsafe(16),
        strong=[one.id for one in found if one.is_strong], waiting=queries.suspicion_count(desk.merchant_id),
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def search_all(desk: Desk) -> HttpResponse:
    """Look through all customers for pairs."""
    count = members.suspect_all(desk.merchant_id)
    said = _("%(count)d new pairs found.") % {"count": count} if count else _("No new pairs found.")
    return desk.go("console:same", said=said)


@page("members.edit", methods=("GET", "POST"), proof=True)
def join(desk: Desk, member_id: int) -> HttpResponse:
    """Find the other record of a customer and join the two, side by side."""
    profile = _profile(desk, member_id)
    if desk.is_post:
        other = number(desk.post.get("other", "")) or 0
        keep_other = desk.post.get("keep") == "other"
        pair = (member_id, other) if keep_other else (other, member_id)
        members.merge(desk.merchant_id, [pair], by=desk.by, key=desk.post.get("key", "")[:60])
        return desk.go("console:member", pair[1], said=_("Joined. Orders and points are on their way."))
    text = desk.get.get("q", "").strip()
    found = [one for one in _search(desk, text) if one != member_id][:FOUND]
    sides = _sides(desk, [member_id, *found])
    return desk.show(
        "console/people/join.html", profile=profile, text=text, mine=sides[member_id], key=secrets.token_urlsafe(16),
        others=[sides[one] for one in found if one in sides],
    )  # fmt: skip


@page("members.edit", methods=("POST",))
def part(desk: Desk, merge_id: int) -> HttpResponse:
    """Undo a joining."""
    members.unmerge(desk.merchant_id, merge_id, by=desk.by)
    return desk.go("console:same", said=_("Undone. Each gets back what is hers."))


def _judge(desk: Desk) -> HttpResponse:
    verdict = desk.post.get("verdict", "")
    asked = ask_proof(desk) if verdict == "join" else None
    if asked is not None:
        return asked
    ids = numbers(desk.post.getlist("pair"))
    if verdict != "join":
        members.judge(desk.merchant_id, ids, verdict="different" if verdict == "different" else "later", by=desk.by)
        said = _("Remembered: different people.") if verdict == "different" else _("Put off.")
        return desk.go("console:same", said=said)
    chosen = queries.suspicions(desk.merchant_id, ids=ids, limit=1000)
    figures = trade.figures(
        desk.merchant_id, {one for pair in chosen for one in (pair.first_member_id, pair.second_member_id)}
    )
    pairs = [_direction(one, figures) for one in chosen]
    members.merge(desk.merchant_id, pairs, by=desk.by, key=desk.post.get("key", "")[:60])
    said = _("%(count)d pairs joined. Orders and points are on their way.") % {"count": len(pairs)}
    return desk.go("console:same", said=said)


def _direction(pair: Suspicion, figures: dict[int, trade.Figures]) -> tuple[int, int]:
    """The one with more orders stays, of two alike the one known longer."""
    first, second = pair.first_member_id, pair.second_member_id
    counts = [figures[one].order_count if one in figures else 0 for one in (first, second)]
    return (first, second) if counts[1] > counts[0] else (second, first)


def _search(desk: Desk, text: str) -> list[int]:
    if not text:
        return []
    found = queries.search(desk.merchant_id, text, limit=FOUND + 1)
    return list(dict.fromkeys([*found, *trade.members_of_order_no(desk.merchant_id, text)]))


def _sides(desk: Desk, member_ids: Collection[int]) -> dict[int, Side]:
    figures = trade.figures(desk.merchant_id, member_ids)
    levels = standing.levels_of(desk.merchant_id, member_ids)
    balances = ledger.balances(desk.merchant_id, standing.POINTS, list(member_ids))
    names = customer_words.identities_of(desk.merchant_id, queries.identities_of(desk.merchant_id, member_ids))
    personal = queries.personal_of(desk.merchant_id, member_ids)
    sides: dict[int, Side] = {}
    for member_id, profile in queries.profiles(desk.merchant_id, member_ids).items():
        if profile.erased_at is not None:
            continue
        level, held = levels.get(member_id), balances[member_id]
        sides[member_id] = Side(
            profile, personal[member_id], names[member_id], figures.get(member_id),
            held.active + held.pending + held.reserved - held.debt, level.name if level else "",
        )  # fmt: skip
    return sides


def _profile(desk: Desk, member_id: int) -> Profile:
    found = queries.profile(desk.merchant_id, member_id)
    if found is None or found.home_id is not None or found.erased_at is not None:
        raise Missing("no_member", _("This customer does not exist."))
    return found
