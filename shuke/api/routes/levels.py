"""Levels: the ladder, who stands where, setting one by hand."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Count, Id, Listing, Members, Page, Paged, Reason, Told
from shuke.core.errors import Missing
from shuke.core.specs import Day
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.rulebook import zone_of


class Step(Told):
    """One level of the ladder; its threshold in fen, orders or growth, as the rule measures."""

    no: int
    name: str
    threshold: int
    discount_permille: int
    benefits: str
    member_count: int


class Way(Told):
    """The way to the next level."""

    next_no: int
    next_name: str
    figure: int
    threshold: int
    missing: int
    percent: int


class Level(Told):
    """A customer's level, why she has it, and the way to the next."""

    member_id: int
    level_no: int
    name: str
    since_at: datetime
    until_at: datetime | None
    is_manual: bool
    discount_permille: int
    benefits: str
    measure: str
    figure: int
    note: str
    way: Way | None
    sentence: str


class StandingQuery(Paged):
    """On which level, from 1 up."""

    level_no: Annotated[int, Field(ge=1, le=20)]


class SettingLevel(Members):
    """A level by hand: until the end of a day, or until it is released."""

    level_no: Annotated[int, Field(ge=0, le=20, examples=[2])]
    reason: Reason
    until_on: Day | None = None


@reads("/levels", scope="points:read")
def list_levels(call: Call) -> Listing[Step]:
    """List the levels from the lowest up, with how many customers stand on each."""
    return Listing(items=[Step.of(one) for one in queries.ladder(call.merchant_id)])


@reads("/levels/standings", scope="points:read", refuses=("bad_cursor",))
def list_standings(call: Call, query: Annotated[StandingQuery, Query()]) -> Page[Level]:
    """List the customers on a level, by rising id."""
    of = f"standings|{query.level_no}"
    after = paging.opened(call.merchant_id, of, query.cursor) or 0
    ids = queries.level_members(call.merchant_id, query.level_no, after_id=after, limit=query.limit + 1)
    shown = ids[: query.limit]
    views = queries.levels_of(call.merchant_id, shown)
    return Page(
        items=[_level(call, views[one]) for one in shown if one in views],
        next=paging.seal(call.merchant_id, of, shown[-1]) if len(ids) > query.limit else None,
    )


@reads("/members/{int:member_id}/level", scope="points:read", refuses=("no_member", "no_levels"))
def get_level(call: Call, member_id: Id) -> Level:
    """Get a customer's level, and what is missing to the next."""
    known_member(call, member_id)
    found = queries.level_of(call.merchant_id, member_id)
    if found is None:
        raise Missing("no_levels", _("There is no level rule yet."))
    return _level(call, found)


@writes(
    "POST", "/levels/set", scope="levels:write",
    refuses=("no_member", "no_levels", "no_level", "reason_missing", "until_past"),
)  # fmt: skip
def set_level(call: Call, body: SettingLevel) -> Count:
    """Set customers' level by hand."""
    known_member(call, *body.member_ids)
    changes = loyalty.set_level(
        call.merchant_id, body.member_ids, body.level_no, reason=body.reason, until_on=body.until_on, by=call.caller.by
    )
    return Count(count=len(changes))


@writes("POST", "/levels/release", scope="levels:write", refuses=("no_member",))
def release_level(call: Call, body: Members) -> Count:
    """Let customers' levels follow the rules again."""
    known_member(call, *body.member_ids)
    return Count(count=len(loyalty.release_level(call.merchant_id, body.member_ids, by=call.caller.by)))


def _level(call: Call, view: queries.LevelView) -> Level:
    standing = view.standing
    return Level(
        member_id=view.member_id, level_no=standing.level_no, name=view.name, since_at=standing.since_at,
        until_at=standing.until_at, is_manual=standing.is_manual, discount_permille=view.discount_permille,
        benefits=view.benefits, measure=view.measure, figure=view.figure, note=view.note,
        way=Way.of(view.way) if view.way else None,
        sentence=queries.explain_level(view, zone=zone_of(call.merchant_id)),
    )  # fmt: skip
