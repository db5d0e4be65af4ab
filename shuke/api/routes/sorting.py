"""How the shop sorts its customers: tags, groups, custom fields, the blacklist."""

from __future__ import annotations

from typing import Annotated

from django.utils.translation import gettext_lazy as _
from pydantic import Field

from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_member
from shuke.api.shapes import Count, Id, Listing, Made, Members, Nothing, Sent, Told
from shuke.core.errors import Missing
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.specs import AttributeSpec, BlacklistSpec, GroupSpec, TagSpec


class Tag(Told):
    """A tag and how many customers bear it."""

    id: int
    name: str
    member_count: int


class Group(Told):
    """A group and how many customers are in it."""

    id: int
    name: str
    note: str
    offer: str
    strategy: str
    member_count: int


class Attribute(Told):
    """A custom field."""

    id: int
    name: str
    kind: str
    choices: list[str]
    is_personal: bool
    is_active: bool


class AttributeValue(Told):
    """A customer's value of a custom field; `***` where the field is personal."""

    attribute_id: int
    name: str
    kind: str
    is_personal: bool
    value: str
    source: str


class TagCall(TagSpec, Members):
    """Tags, and the customers they are put on or taken off."""


class BlacklistCall(BlacklistSpec, Members):
    """Customers to be left alone, and why."""


class ValueSent(Sent):
    """A value for one custom field; an empty one takes it away."""

    attribute_id: Id
    text: Annotated[str, Field(max_length=2000, examples=["敏感肌"])]


class ValuesSent(Sent):
    """Values of custom fields."""

    values: Annotated[list[ValueSent], Field(min_length=1, max_length=100)]


@reads("/tags", scope="members:read")
def list_tags(call: Call) -> Listing[Tag]:
    """List all tags by name."""
    return Listing(items=[Tag.of(one) for one in queries.tags(call.merchant_id)])


@writes("POST", "/members/tag", scope="members:write", refuses=("no_member", "bad_name"))
def tag_members(call: Call, body: TagCall) -> Count:
    """Put tags on customers; a new tag is made at once."""
    known_member(call, *body.member_ids)
    return Count(count=members.tag(call.merchant_id, body.member_ids, body.names, by=call.caller.by))


@writes("POST", "/members/untag", scope="members:write", refuses=("no_member",))
def untag_members(call: Call, body: TagCall) -> Count:
    """Take tags off customers."""
    known_member(call, *body.member_ids)
    return Count(count=members.untag(call.merchant_id, body.member_ids, body.names, by=call.caller.by))


@writes("DELETE", "/tags/{int:tag_id}", scope="members:write", refuses=("no_tag",))
def delete_tag(call: Call, tag_id: Id) -> Nothing:
    """Take a tag off everybody and forget it."""
    if all(one.id != tag_id for one in queries.tags(call.merchant_id)):
        raise Missing("no_tag", _("This tag does not exist."))
    members.delete_tag(call.merchant_id, tag_id, by=call.caller.by)
    return Nothing()


@reads("/groups", scope="members:read")
def list_groups(call: Call) -> Listing[Group]:
    """List all groups by name."""
    return Listing(items=[Group.of(one) for one in queries.groups(call.merchant_id)])


@writes("POST", "/groups", scope="members:write", status=201, refuses=("name_taken", "bad_name"))
def create_group(call: Call, body: GroupSpec) -> Made:
    """Make an empty group."""
    return Made(id=members.create_group(call.merchant_id, body, by=call.caller.by))


@writes("PUT", "/groups/{int:group_id}", scope="members:write", refuses=("no_group", "name_taken", "bad_name"))
def edit_group(call: Call, group_id: Id, body: GroupSpec) -> Nothing:
    """Change a group's name and words."""
    _known_group(call, group_id)
    members.edit_group(call.merchant_id, group_id, body, by=call.caller.by)
    return Nothing()


@writes("DELETE", "/groups/{int:group_id}", scope="members:write", refuses=("no_group",))
def delete_group(call: Call, group_id: Id) -> Nothing:
    """Dissolve a group; its members stay customers."""
    _known_group(call, group_id)
    members.delete_group(call.merchant_id, group_id, by=call.caller.by)
    return Nothing()


@writes("POST", "/groups/{int:group_id}/members", scope="members:write", refuses=("no_group", "no_member"))
def add_to_group(call: Call, group_id: Id, body: Members) -> Count:
    """Put customers into a group."""
    known_member(call, *body.member_ids)
    return Count(count=members.add_to_group(call.merchant_id, group_id, body.member_ids, by=call.caller.by))


@writes("POST", "/groups/{int:group_id}/members/remove", scope="members:write", refuses=("no_group", "no_member"))
def remove_from_group(call: Call, group_id: Id, body: Members) -> Count:
    """Take customers out of a group."""
    known_member(call, *body.member_ids)
    return Count(count=members.remove_from_group(call.merchant_id, group_id, body.member_ids, by=call.caller.by))


@reads("/attributes", scope="members:read")
def list_attributes(call: Call) -> Listing[Attribute]:
    """List custom fields, those put away included."""
    return Listing(items=[Attribute.of(one) for one in queries.attributes(call.merchant_id, with_inactive=True)])


@writes("POST", "/attributes", scope="members:write", status=201, refuses=("name_taken",))
def create_attribute(call: Call, body: AttributeSpec) -> Made:
    """Make a custom field."""
    return Made(id=members.create_attribute(call.merchant_id, body, by=call.caller.by))


@writes(
    "PUT", "/attributes/{int:attribute_id}", scope="members:write", refuses=("no_attribute", "name_taken", "kind_fixed")
)
def edit_attribute(call: Call, attribute_id: Id, body: AttributeSpec) -> Nothing:
    """Rename a custom field or change its choices."""
    members.edit_attribute(call.merchant_id, attribute_id, body, by=call.caller.by)
    return Nothing()


@reads("/members/{int:member_id}/attributes", scope="members:read", refuses=("no_member",))
def list_attribute_values(call: Call, member_id: Id) -> Listing[AttributeValue]:
    """List a customer's values of all custom fields in use."""
    known_member(call, member_id)
    return Listing(items=[AttributeValue.of(one) for one in queries.attribute_values(call.merchant_id, member_id)])


@writes(
    "PUT", "/members/{int:member_id}/attributes", scope="members:write",
    refuses=("no_member", "no_attribute", "bad_value", "personal_text"),
)  # fmt: skip
def set_attributes(call: Call, member_id: Id, body: ValuesSent) -> Count:
    """Set a customer's values of custom fields."""
    known_member(call, member_id)
    settings = [members.AttributeSetting(member_id, one.attribute_id, one.text) for one in body.values]
    return Count(count=members.set_attributes(call.merchant_id, settings, by=call.caller.by))


@writes("POST", "/members/blacklist", scope="members:write", refuses=("no_member", "reason_missing", "bad_name"))
def blacklist_members(call: Call, body: BlacklistCall) -> Count:
    """Put customers on the blacklist."""
    known_member(call, *body.member_ids)
    return Count(count=members.blacklist(call.merchant_id, body.member_ids, body.reason, by=call.caller.by))


@writes("POST", "/members/unblacklist", scope="members:write", refuses=("no_member",))
def unblacklist_members(call: Call, body: Members) -> Count:
    """Take customers off the blacklist."""
    known_member(call, *body.member_ids)
    return Count(count=members.unblacklist(call.merchant_id, body.member_ids, by=call.caller.by))


def _known_group(call: Call, group_id: int) -> None:
    if queries.group(call.merchant_id, group_id) is None:
        raise Missing("no_group", _("This group does not exist."))
