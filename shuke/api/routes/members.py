"""Customers: finding them, recognising them, what the shop keeps of one of them."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import datetime
from typing import Annotated, Any, Literal, Self

from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field, model_validator

from shuke.analytics.queries import MemberLine, member_list
from shuke.analytics.specs import MemberFilter
from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.shapes import MOST, Id, Instant, Listing, Made, Page, Paged, Sent, Told
from shuke.core import clock, facts
from shuke.core.errors import Missing
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.specs import NoteSpec, ProfileSpec, RevealSpec

Word = Annotated[str, Field(max_length=200)]


class MemberQuery(MemberFilter):
    """Which customers, in which order; the same filter as the console's list."""

    sort: Literal["last_order", "amount", "orders", "average", "points", "joined", "nick", "level"] = "last_order"
    descending: bool = True
    cursor: Annotated[str, Field(max_length=600)] = ""
    limit: Annotated[int, Field(ge=1, le=MOST)] = 50


class MemberInList(Told):
    """A customer as the list shows her; amounts in fen."""

    id: int
    display_name: str
    status: str
    relation_source: str
    province: str
    city: str
    joined_at: datetime
    lifecycle: str
    order_count: int
    paid_fen: int
    average_fen: int
    refund_fen: int
    item_count: int
    closed_count: int
    first_order_at: datetime | None
    last_order_at: datetime | None
    points: int
    level_no: int
    tags: list[str]


class Named(Told):
    """A tag or a group she has."""

    id: int
    name: str


class Member(Told):
    """A customer, with everything that lies open."""

    id: int
    display_name: str
    relation_source: str
    status: str
    status_reason: str
    province: str
    city: str
    gender: str
    birth_month_day: int | None
    joined_at: datetime
    seen_at: datetime | None
    source: str
    tags: list[Named]
    groups: list[Named]


class Identity(Told):
    """A name under which a channel knows her; `value` is empty where it is kept blind."""

    kind: str
    shop_id: int
    value: str
    source: str
    created_at: datetime


class PersonalField(Told):
    """A personal field, masked; `is_clear` tells that it can be revealed."""

    field: str
    mask: str
    is_clear: bool
    is_virtual: bool
    source: str
    seen_at: datetime
    older_count: int


class Revealed(Told):
    """One personal value in clear."""

    field: str
    value: str


class RevealCall(RevealSpec):
    """Which field is to be revealed, and why: name, phone, address, birthday, email, alipay or attribute:<id>."""

    field: Annotated[str, Field(pattern=r"^([a-z]{1,20}|attribute:[1-9][0-9]{0,17})$", examples=["phone"])]


class Person(Sent):
    """Somebody as another system knows her; one identity at least: ouid, omid, open_uid, nick, her own phone or mail."""

    ouid: Word = ""
    omid: Word = ""
    open_uid: Word = ""
    nick: Annotated[str, Field(max_length=200, examples=["爱喝茶的小林"])] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    phone_is_own: Annotated[bool, Field(description="Her own number, which names her; not a receiver's.")] = False
    name: Annotated[str, Field(max_length=60)] = ""
    email: Annotated[str, Field(max_length=120)] = ""
    email_is_own: Annotated[bool, Field(description="Her own address, which names her.")] = False
    alipay: Annotated[str, Field(max_length=120)] = ""
    province: Annotated[str, Field(max_length=30)] = ""
    city: Annotated[str, Field(max_length=30)] = ""
    district: Annotated[str, Field(max_length=30)] = ""
    address: Annotated[str, Field(max_length=300)] = ""
    has_bought: bool = False
    seen_at: Instant | None = None

    @model_validator(mode="after")
    def _named(self) -> Self:
        own = (self.phone and self.phone_is_own) or (self.email and self.email_is_own)
        if not (self.ouid or self.omid or self.open_uid or self.nick or own):
            raise ValueError(_("At least one identity is needed."))
        told = (self.nick, self.ouid, self.omid, self.open_uid, self.phone, self.email, self.name, self.address)
        if any("*" in text for text in told):
            raise ValueError(_("Write the full value, without stars."))
        return self


class People(Sent):
    """People of one shop, to be recognised or made customers."""

    shop_id: Id
    people: Annotated[list[Person], Field(min_length=1, max_length=500)]


class Recognised(Told):
    """The customer of each person, in the order sent."""

    member_ids: list[int]


class ByIdentity(Sent):
    """Who has an identity; nicks, ouids and open_uids are a shop's, phones, mails and omids everybody's."""

    kind: Literal["ouid", "omid", "open_uid", "nick", "phone", "email"]
    value: Annotated[str, Field(min_length=1, max_length=200, examples=["爱喝茶的小林"])]
    shop_id: Id | None = None


class ProfileFields(Told):
    """Names of the fields that were written."""

    fields: list[str]


class NoteTold(Told):
    """A note with the phone numbers and mail addresses in it masked."""

    id: int
    text: str
    by: str
    written_at: datetime


class Happened(Told):
    """Something that happened, with its sentence in the language asked for."""

    id: int
    kind: str
    happened_at: datetime
    sentence: str
    subject_id: int | None


class Link(Told):
    """The address of a customer's own pages; it goes to her and to nobody else."""

    url: str


@reads("/members", scope="members:read", refuses=("bad_cursor",))
def list_members(call: Call, query: Annotated[MemberQuery, Query()]) -> Page[MemberInList]:
    """List customers.

    The same filters and orders as the console's list. Searching by `text` finds parts of nicks, whole names, phone
    numbers and their last four digits.
    """
    chosen = MemberFilter(**query.model_dump(include=set(MemberFilter.model_fields)))
    of = f"members|{query.sort}|{query.descending}"
    found = member_list(
        call.merchant_id, chosen, sort=query.sort, descending=query.descending, limit=query.limit,
        page=paging.opened(call.merchant_id, of, query.cursor) or "",
    )  # fmt: skip
    following = paging.seal(call.merchant_id, of, found.next) if found.next else None
    return Page(items=[_in_list(line) for line in found.lines], next=following)


@writes("POST", "/members", scope="members:write", refuses=("no_shop",))
def recognise_members(call: Call, body: People) -> Recognised:
    """Recognise people, and make customers of those nobody knows.

    The highest-ranking known identity decides. What is told besides is kept sealed, with this key as its source.
    """
    shop_id = known_shop(call, body.shop_id)
    now = clock.now()
    sightings = [
        members.Sighting(traded=one.has_bought, seen_at=min(one.seen_at or now, now),
                         **one.model_dump(exclude={"has_bought", "seen_at"}))
        for one in body.people
    ]  # fmt: skip
    found = members.recognise(
        call.merchant_id, shop_id, sightings, source=f"api:{call.caller.key.id}", by=call.caller.by
    )
    return Recognised(member_ids=found)


@reads("/members/by-identity", scope="members:read", refuses=("no_member",))
def find_member(call: Call, query: Annotated[ByIdentity, Query()]) -> Member:
    """Find a customer by an identity."""
    found = queries.by_identity(call.merchant_id, query.kind, query.value, shop_id=query.shop_id)
    if not found:
        raise _no_member()
    return member(call, found[0])


@reads("/members/{int:member_id}", scope="members:read", refuses=("no_member",))
def get_member(call: Call, member_id: Id) -> Member:
    """Get a customer."""
    return member(call, member_id)


@reads("/members/{int:member_id}/identities", scope="members:read", refuses=("no_member",))
def list_identities(call: Call, member_id: Id) -> Listing[Identity]:
    """List a customer's identities, the highest rank first."""
    known_member(call, member_id)
    return Listing(items=[Identity.of(one) for one in queries.identities(call.merchant_id, member_id)])


@reads("/members/{int:member_id}/personal", scope="members:read", refuses=("no_member",))
def list_personal(call: Call, member_id: Id) -> Listing[PersonalField]:
    """List a customer's personal fields, masked."""
    known_member(call, member_id)
    return Listing(
        items=[
            PersonalField(
                field=one.field, mask=one.current.mask, is_clear=one.current.is_clear, is_virtual=one.current.is_virtual,
                source=one.current.source, seen_at=one.current.seen_at, older_count=one.older_count,
            )
            for one in queries.personal(call.merchant_id, member_id)
        ]
    )  # fmt: skip


@writes(
    "POST", "/members/{int:member_id}/reveal", scope="personal:read",
    refuses=("no_member", "reason_missing", "reveal_limit", "nothing_clear"),
)  # fmt: skip
def reveal_field(call: Call, member_id: Id, body: RevealCall) -> Revealed:
    """Reveal one personal field in clear.

    Kept in the audit log with the key and the reason; how many an hour and a day is a setting.
    """
    value = members.reveal(call.merchant_id, member_id, body.field, body.reason, by=call.caller.by)
    return Revealed(field=body.field, value=value)


@writes("PATCH", "/members/{int:member_id}/profile", scope="members:write", refuses=("no_member",))
def edit_profile(call: Call, member_id: Id, body: ProfileSpec) -> ProfileFields:
    """Fill in a customer's basic fields; what is empty stays as it is."""
    return ProfileFields(fields=members.edit_profile(call.merchant_id, member_id, body, by=call.caller.by))


@reads("/members/{int:member_id}/notes", scope="members:read", refuses=("no_member",))
def list_notes(call: Call, member_id: Id) -> Listing[NoteTold]:
    """List the notes about a customer, the latest first."""
    known_member(call, member_id)
    return Listing(items=[NoteTold.of(one) for one in queries.notes(call.merchant_id, member_id)])


@writes(
    "POST", "/members/{int:member_id}/notes", scope="members:write", status=201, refuses=("no_member", "empty_note")
)
def write_note(call: Call, member_id: Id, body: NoteSpec) -> Made:
    """Write a note about a customer; it is kept sealed."""
    return Made(id=members.write_note(call.merchant_id, member_id, body.text, by=call.caller.by))


@reads("/members/{int:member_id}/timeline", scope="members:read", refuses=("no_member", "bad_cursor"))
def list_timeline(call: Call, member_id: Id, query: Annotated[Paged, Query()]) -> Page[Happened]:
    """List everything that happened with a customer, the latest first."""
    known_member(call, member_id)
    of = f"timeline|{member_id}"
    at, fact_id = paging.instant(paging.opened(call.merchant_id, of, query.cursor)) or (None, 0)
    found = facts.timeline(call.merchant_id, member_id, before=at, before_id=fact_id, limit=query.limit + 1)
    return paging.page(
        call.merchant_id, of, found, query.limit, happened, lambda one: [one.happened_at.isoformat(), one.fact_id]
    )


@writes("POST", "/members/{int:member_id}/link", scope="members:write", refuses=("no_member",))
def make_link(call: Call, member_id: Id) -> Link:
    """Make the address that opens a customer's own pages for some days."""
    known_member(call, member_id)
    return Link(url=queries.buyer_link(call.merchant_id, member_id))


def member(call: Call, member_id: int) -> Member:
    """One customer; Missing."""
    found = queries.profile(call.merchant_id, member_id)
    if found is None:
        raise _no_member()
    pairs: dict[str, Any] = {
        name: [Named(id=one, name=word) for one, word in getattr(found, name)] for name in ("tags", "groups")
    }
    plain = {name: getattr(found, name) for name in Member.model_fields if name not in pairs}
    return Member(**plain, **pairs)


def known_member(call: Call, *member_ids: int) -> None:
    """Missing unless all are this merchant's customers."""
    expect_all(queries.names(call.merchant_id, member_ids), member_ids)


def expect_all(known: Collection[int], member_ids: Iterable[int]) -> None:
    """Missing unless all of them are known."""
    if not set(known).issuperset(member_ids):
        raise _no_member()


def known_shop(call: Call, shop_id: int) -> int:
    """A shop this key may speak of; Missing."""
    from shuke.merchants.queries import shop

    if shop(call.merchant_id, call.caller.shop(shop_id)) is None:
        raise Missing("no_shop", _("This shop does not exist."))
    return shop_id


def happened(one: facts.Fact) -> Happened:
    """A fact with its sentence."""
    return Happened(
        id=one.fact_id, kind=one.kind, happened_at=one.happened_at, sentence=one.sentence(), subject_id=one.subject_id
    )


def _in_list(line: MemberLine) -> MemberInList:
    return MemberInList.of(line)


def _no_member() -> Missing:
    return Missing("no_member", _("This customer does not exist."))
