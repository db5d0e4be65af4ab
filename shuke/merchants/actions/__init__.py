"""What may be done with merchants, shops, people and their way in."""

from shuke.merchants.actions.auditing import audit
from shuke.merchants.actions.factors import (
    begin_code_app,
    confirm_code_app,
    make_recovery_codes,
    remove_code_app,
    reset_second_factor,
    reset_second_factor_of,
    use_code,
)
from shuke.merchants.actions.passkeys import (
    add_passkey,
    ask_passkey,
    begin_passkey,
    remove_passkey,
    rename_passkey,
    use_passkey,
)
from shuke.merchants.actions.people import (
    add_person,
    change_password,
    check_password,
    create_user,
    employ,
    is_password_of,
    issue_password,
    new_password,
    set_language,
    set_password,
    set_role,
    sign_out_everywhere,
)
from shuke.merchants.actions.places import edit_merchant, edit_shop, open_merchant, open_shop, save_setting, set_up
from shuke.merchants.actions.sending import release_sending
from shuke.merchants.actions.sessions import begin_sign_in, end_sign_in, end_sign_ins, go_on, prove
from shuke.merchants.actions.signing_in import note_sign_in, signed_in_well, try_to_sign_in

__all__ = [
    "add_passkey",
    "add_person",
    "ask_passkey",
    "audit",
    "begin_code_app",
    "begin_passkey",
    "begin_sign_in",
    "change_password",
    "check_password",
    "confirm_code_app",
    "create_user",
    "edit_merchant",
    "edit_shop",
    "employ",
    "end_sign_in",
    "end_sign_ins",
    "go_on",
    "is_password_of",
    "issue_password",
    "make_recovery_codes",
    "new_password",
    "note_sign_in",
    "open_merchant",
    "open_shop",
    "prove",
    "release_sending",
    "remove_code_app",
    "remove_passkey",
    "rename_passkey",
    "reset_second_factor",
    "reset_second_factor_of",
    "save_setting",
    "set_language",
    "set_password",
    "set_role",
    "set_up",
    "sign_out_everywhere",
    "signed_in_well",
    "try_to_sign_in",
    "use_code",
    "use_passkey",
]
