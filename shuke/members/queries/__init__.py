"""Questions about customers."""

from shuke.members.queries.links import buyer_link, entry_link
from shuke.members.queries.lists import (
    Attribute,
    Group,
    Suspicion,
    Tag,
    attributes,
    group,
    groups,
    names,
    suspicions,
    tags,
)
from shuke.members.queries.personal import PersonalField, PersonalValue, history, personal
from shuke.members.queries.profile import (
    AttributeValue,
    Identity,
    Note,
    Profile,
    attribute_values,
    identities,
    notes,
    profile,
)
from shuke.members.queries.roll import blacklisted_since, joined_at, member_count, member_ids
from shuke.members.queries.searching import MOST, by_nicks, search

__all__ = [
    "MOST",
    "Attribute",
    "AttributeValue",
    "Group",
    "Identity",
    "Note",
    "PersonalField",
    "PersonalValue",
    "Profile",
    "Suspicion",
    "Tag",
    "attribute_values",
    "attributes",
    "blacklisted_since",
    "buyer_link",
    "by_nicks",
    "entry_link",
    "group",
    "groups",
    "history",
    "identities",
    "joined_at",
    "member_count",
    "member_ids",
    "names",
    "notes",
    "personal",
    "profile",
    "search",
    "suspicions",
    "tags",
]
