"""What may be done with customers."""

from shuke.members.actions.organising import (
    add_to_group,
    blacklist,
    create_group,
    delete_group,
    delete_tag,
    edit_group,
    remove_from_group,
    tag,
    unblacklist,
    untag,
    write_note,
)
from shuke.members.actions.profiling import (
    AttributeSetting,
    create_attribute,
    edit_attribute,
    edit_profile,
    forget_field,
    set_attributes,
)
from shuke.members.actions.recognising import recognise
from shuke.members.actions.revealing import reveal
from shuke.members.actions.undoing import undo_source
from shuke.members.sighting import Sighting

__all__ = [
    "AttributeSetting",
    "Sighting",
    "add_to_group",
    "blacklist",
    "create_attribute",
    "create_group",
    "delete_group",
    "delete_tag",
    "edit_attribute",
    "edit_group",
    "edit_profile",
    "forget_field",
    "recognise",
    "remove_from_group",
    "reveal",
    "set_attributes",
    "tag",
    "unblacklist",
    "undo_source",
    "untag",
    "write_note",
]
