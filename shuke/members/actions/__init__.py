"""What may be done with customers."""

from shuke.members.actions.consenting import Taken, Word, record_consent, suppress, suppress_members, unsuppress
from shuke.members.actions.erasing import cancel_erasure, erase, erase_due, replay_erasures, request_erasure
from shuke.members.actions.merging import judge, merge, unmerge
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
from shuke.members.actions.recognising import Recognised, recognise, recognise_seen
from shuke.members.actions.revealing import hand_out, reveal
from shuke.members.actions.suspecting import suspect_all
from shuke.members.actions.undoing import undo_source
from shuke.members.actions.welcoming import Customer, Welcomed, take_customers
from shuke.members.sighting import Seen, Sighting, see

__all__ = [
    "AttributeSetting",
    "Customer",
    "Recognised",
    "Seen",
    "Sighting",
    "Taken",
    "Welcomed",
    "Word",
    "add_to_group",
    "blacklist",
    "cancel_erasure",
    "create_attribute",
    "create_group",
    "delete_group",
    "delete_tag",
    "edit_attribute",
    "edit_group",
    "edit_profile",
    "erase",
    "erase_due",
    "forget_field",
    "hand_out",
    "judge",
    "merge",
    "recognise",
    "recognise_seen",
    "record_consent",
    "remove_from_group",
    "replay_erasures",
    "request_erasure",
    "reveal",
    "see",
    "set_attributes",
    "suppress",
    "suppress_members",
    "suspect_all",
    "tag",
    "take_customers",
    "unblacklist",
    "undo_source",
    "unmerge",
    "unsuppress",
    "untag",
    "write_note",
]
