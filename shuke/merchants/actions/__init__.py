"""What may be done with merchants, shops, people and their way in."""

from shuke.merchants.actions.auditing import audit
from shuke.merchants.actions.people import (
    add_person,
    change_password,
    check_password,
    create_user,
    employ,
    issue_password,
    new_password,
    set_language,
    set_password,
    set_role,
)
from shuke.merchants.actions.places import edit_merchant, edit_shop, open_merchant, open_shop, save_setting, set_up
from shuke.merchants.actions.signing_in import note_sign_in, signed_in_well, try_to_sign_in

__all__ = [
    "add_person",
    "audit",
    "change_password",
    "check_password",
    "create_user",
    "edit_merchant",
    "edit_shop",
    "employ",
    "issue_password",
    "new_password",
    "note_sign_in",
    "open_merchant",
    "open_shop",
    "save_setting",
    "set_language",
    "set_password",
    "set_role",
    "set_up",
    "signed_in_well",
    "try_to_sign_in",
]
