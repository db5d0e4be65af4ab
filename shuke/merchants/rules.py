"""Who may do what: the rights of each role."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

OWNER, MARKETER, SERVICE_LEAD, AGENT, VIEWER = "owner", "marketer", "service_lead", "agent", "viewer"

ROLES: dict[str, str | Promise] = {
    OWNER: _("Owner"),
    MARKETER: _("Marketer"),
    SERVICE_LEAD: _("Service lead"),
    AGENT: _("Agent"),
    VIEWER: _("Viewer"),
}

RIGHTS: dict[str, str | Promise] = {
    "members.view": _("See customers (personal fields masked)"),
    "members.edit": _("Edit customers, tags and groups"),
    "members.reveal": _("Reveal a personal field, with a reason"),
    "members.export": _("Export customers"),
    "imports.run": _("Import orders and undo imports"),
    "points.view": _("See points and levels"),
    "points.adjust": _("Give or take points by hand"),
    "rules.edit": _("Change points rules and levels"),
    "levels.set": _("Set a customer's level by hand"),
    "shops.edit": _("Manage shops"),
    "staff.edit": _("Manage staff and roles"),
    "settings.edit": _("Change settings"),
    "audit.view": _("Read the audit log"),
}

_SEE = frozenset({"members.view", "points.view"})
_MARKET = _SEE | {
    "members.edit",
    "members.export",
    "imports.run",
    "rules.edit",
    "levels.set",
    "points.adjust",
    "members.reveal",
}

_GRANTED: dict[str, frozenset[str]] = {
    OWNER: frozenset(RIGHTS),
    MARKETER: frozenset(_MARKET),
    SERVICE_LEAD: _SEE | {"members.edit", "members.reveal", "points.adjust", "imports.run"},
    AGENT: _SEE | {"members.edit", "members.reveal"},
    VIEWER: _SEE,
}


def may(role: str, right: str) -> bool:
    """Whether a role has a right; KeyError for a right that does not exist."""
    RIGHTS[right]
    return right in _GRANTED.get(role, frozenset())


def rights_of(role: str) -> frozenset[str]:
    """All rights of a role; none for an unknown one."""
    return _GRANTED.get(role, frozenset())


FREE_TRIES = 5
FORGET_AFTER_SECONDS = 3600


def delay_seconds(failure_count: int) -> int:
    """How long to wait after so many failed attempts to sign in: none for four, then 30 s, doubling up to 15 min."""
    if failure_count < FREE_TRIES:
        return 0
    return int(min(30 * 2 ** min(failure_count - FREE_TRIES, 10), 900))
