"""Who may do what: the rights of each role."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from ipaddress import ip_address, ip_network

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
    "points.redeem": _("Use customers' points for their orders"),
    "points.adjust": _("Give or take points by hand"),
    "rules.edit": _("Change points rules and levels"),
    "levels.set": _("Set a customer's level by hand"),
    "shops.edit": _("Manage shops"),
    "staff.edit": _("Manage staff and roles"),
    "settings.edit": _("Change settings"),
    "webhooks.edit": _("Manage webhooks"),
    "audit.view": _("Read the audit log"),
    "keys.edit": _("Make and revoke API keys"),
}

_SEE = frozenset({"members.view", "points.view"})
_MARKET = _SEE | {
    "members.edit",
    "members.export",
    "imports.run",
    "rules.edit",
    "levels.set",
    "points.adjust",
    "points.redeem",
    "members.reveal",
}

_GRANTED: dict[str, frozenset[str]] = {
    OWNER: frozenset(RIGHTS),
    MARKETER: frozenset(_MARKET),
    SERVICE_LEAD: _SEE | {"members.edit", "members.reveal", "points.adjust", "points.redeem", "imports.run"},
    AGENT: _SEE | {"members.edit", "members.reveal", "points.redeem"},
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


IDLE_SECONDS = 2 * 3600
ABSOLUTE_SECONDS = 12 * 3600
PROOF_SECONDS = 600
STARTING_PASSWORD_DAYS = 7
CLEAR_SIGNS = "abcdefghjkmnpqrstuvwxyz23456789"  # none is mistaken for another
MOST_PASSKEYS = 10
RECOVERY_CODES = 10

STEP_SECONDS = 30
DRIFT_STEPS = 1


def code_steps(now_seconds: float) -> list[int]:
    """The 30-second steps whose code is taken at an instant: the present one and its two neighbours (RFC 6238, 5.2)."""
    step = int(now_seconds) // STEP_SECONDS
    return [step, *(step + drift * sign for drift in range(1, DRIFT_STEPS + 1) for sign in (-1, 1))]


def typed_code(text: str) -> str:
    """A code as it is kept, however it was typed: without blanks and dashes, in small letters."""
    return "".join(sign for sign in text.lower() if sign.isascii() and sign.isalnum())


_BROWSERS = (("MicroMessenger/", "微信"), ("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"),
             ("Chrome/", "Chrome"), ("CriOS/", "Chrome"), ("FxiOS/", "Firefox"), ("Safari/", "Safari"))  # fmt: skip
_SYSTEMS = (("iPhone", "iPhone"), ("iPad", "iPad"), ("Android", "Android"), ("HarmonyOS", "HarmonyOS"),
            ("Windows", "Windows"), ("Mac OS X", "Mac"), ("CrOS", "ChromeOS"), ("Linux", "Linux"))  # fmt: skip


def device_words(user_agent: str) -> str:
    """`Chrome · Windows` from what a browser says of itself; "" when it says nothing known."""
    found = [next((name for mark, name in known if mark in user_agent), "") for known in (_BROWSERS, _SYSTEMS)]
    return " · ".join(name for name in found if name)


NO_PASSWORDS = ("shuke", "熟客", "taobao", "淘宝", "tmall", "天猫", "password", "密码", "admin", "merchant", "owner")
_OWN_SIGNS = 6


def is_context_password(password: str, *names: str) -> bool:
    """Whether little but digits is left of a password without the words that anybody here would try, and her names."""
    left = password.casefold()
    for word in (*NO_PASSWORDS, *(name.casefold() for name in names if len(name) > 1)):
        left = left.replace(word, "")
    return left != password.casefold() and len([sign for sign in left if not sign.isdigit()]) < _OWN_SIGNS


SCOPES: dict[str, str | Promise] = {
    "members:read": _("Read customers (personal fields masked), tags, groups, notes"),
    "members:write": _("Make and edit customers, tags, groups, notes, the blacklist"),
    "personal:read": _("Reveal personal fields one by one, with a reason"),
    "orders:read": _("Read orders and imports"),
    "orders:write": _("Send orders, import files, undo imports"),
    "points:read": _("Read points, levels and their rules"),
    "points:write": _("Give, take, spend and set aside points"),
    "levels:write": _("Set customers' levels"),
    "rules:write": _("Change points rules and level rules"),
    "exports:read": _("Export customers and points"),
    "privacy:write": _("Hand out all that is kept of a customer, have it deleted"),
    "shops:write": _("Add and edit shops"),
    "settings:write": _("Read and change settings"),
    "webhooks:write": _("Read and change webhooks, send again"),
    "staff:read": _("Read who works here"),
    "audit:read": _("Read the audit log"),
    "facts:read": _("Read everything that happened, in order"),
}
"""What an API key may be allowed, in words."""

SHOP_SCOPES = frozenset({"orders:read", "orders:write"})
"""What a key of a single shop may be allowed: the rest concerns all shops."""

KEY_ROOM = 8, 32
_SIGNS = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_KEY = re.compile(r"shk_(?P<merchant>[1-9][0-9]{0,17})_(?P<mark>[0-9A-Za-z]{8})[0-9A-Za-z]{32}(?P<sum>[0-9A-Za-z]{6})")


def key_text(merchant_id: int, random: str) -> str:
    """An API key: `shk_`, the merchant, 40 random signs of which the first eight are its mark, and a checksum.

    Prefix and checksum let scanners that look for lost secrets find it, and only it.
    """
    body = f"shk_{merchant_id}_{random}"
    return body + _checksum(body)


def key_parts(text: str) -> tuple[int, str] | None:
    """(merchant id, mark) of an API key as it was made; None for anything else, without looking it up."""
    found = _KEY.fullmatch(text)
    if found is None or _checksum(text[:-6]) != found["sum"]:
        return None
    return int(found["merchant"]), found["mark"]


def _checksum(text: str) -> str:
    number, signs = zlib.crc32(text.encode()), ""
    for _place in range(6):
        number, sign = divmod(number, len(_SIGNS))
        signs = _SIGNS[sign] + signs
    return signs


def is_network(text: str) -> bool:
    """Whether a text is an address or a network such as `10.0.0.0/8`."""
    try:
        ip_network(text)
    except ValueError:
        return False
    return True


def is_within(address: str, networks: Sequence[str]) -> bool:
    """Whether an address is in one of the networks; every address is when there are none."""
    if not networks:
        return True
    try:
        found = ip_address(address)
    except ValueError:
        return False
    return any(found in ip_network(one) for one in networks)
