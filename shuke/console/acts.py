"""The acts of the audit log in words: one sentence for every act that any module writes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.merchants.queries import AuditLine, roles

KINDS: dict[str, str | Promise] = {
    "staff": gettext_lazy("Staff"),
    "shop": gettext_lazy("Shops"),
    "merchant": gettext_lazy("Business"),
    "setting": gettext_lazy("Settings"),
    "member": gettext_lazy("Customers"),
    "import": gettext_lazy("Imports"),
    "points": gettext_lazy("Points"),
    "level": gettext_lazy("Levels"),
    "rules": gettext_lazy("Rules"),
}

ACTS: dict[str, str | Promise] = {
    "merchant.renamed": gettext_lazy("renamed the business"),
    "merchant.edited": gettext_lazy("changed the business's name or time zone (%(zone)s)"),
    "shop.opened": gettext_lazy("added a shop (no. %(object_id)s)"),
    "shop.edited": gettext_lazy("changed a shop (no. %(object_id)s)"),
    "staff.signed_in": gettext_lazy("signed in"),
    "staff.employed": gettext_lazy("gave staff no. %(object_id)s a place here as %(role)s"),
    "staff.role_set": gettext_lazy("set the role of staff no. %(object_id)s to %(role)s"),
    "staff.closed": gettext_lazy("closed the access of staff no. %(object_id)s"),
    "staff.password_issued": gettext_lazy("gave staff no. %(object_id)s a new password"),
    "setting.saved": gettext_lazy("changed the setting “%(name)s”"),
}


def sentence(line: AuditLine) -> str:
    """What was done, in the active language; the act's own name when nobody gave it words."""
    act = line.act
    if act == "staff.role_set" and line.details.get("is_active") is False:
        act = "staff.closed"
    template = ACTS.get(act)
    if template is None:
        return act
    return str(template) % _words(line)


def doer(line: AuditLine) -> str:
    """Who did it."""
    kind, _colon, number = line.by.partition(":")
    if kind == "staff":
        return line.doer or _("Staff no. %(number)s") % {"number": number}
    if kind == "buyer":
        return _("Customer no. %(number)s") % {"number": number}
    if kind == "program":
        return _("Program no. %(number)s") % {"number": number}
    return _("Shuke")


def _words(line: AuditLine) -> defaultdict[str, Any]:
    found: defaultdict[str, Any] = defaultdict(lambda: "–", line.details)
    found["object_id"] = line.object_id if line.object_id is not None else "–"
    labels = {role.name: role.label for role in roles()}
    if "role" in found:
        found["role"] = labels.get(found["role"], found["role"])
    return found
