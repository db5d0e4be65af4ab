"""Webhooks in words: what each kind of fact is called, how a delivery stands, what went wrong."""

from __future__ import annotations

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core import facts
from shuke.webhooks.queries import Delivery

KINDS: dict[str, str | Promise] = {
    "ledger.balance_changed": _("A customer's points or growth changed"),
    "ledger.points_lapsed": _("Points of a customer lapsed"),
    "loyalty.adjustment_asked": _("A large adjustment of points waits for a second person"),
    "loyalty.adjustment_decided": _("A large adjustment of points was decided"),
    "loyalty.birthday_celebrated": _("A customer got her birthday gift"),
    "loyalty.level_changed": _("A customer's level changed"),
    "loyalty.level_ending": _("A customer will soon lose her level"),
    "loyalty.membership_changed": _("A paid membership was opened, extended or taken back"),
    "loyalty.membership_ended": _("A paid membership ended"),
    "loyalty.membership_ending": _("A paid membership ends soon"),
    "loyalty.points_adjusted": _("Points were given or taken by hand"),
    "loyalty.redemption_bound": _("The price of an order was changed for a points code"),
    "loyalty.redemption_committed": _("The points of a code were used"),
    "loyalty.redemption_mismatch": _("An order does not fit its points code"),
    "loyalty.redemption_released": _("A points code was not used, its points are back"),
    "loyalty.redemption_reserved": _("A customer took a points code"),
    "loyalty.redemption_returned": _("Points paid with came back by a refund"),
    "members.blacklisted": _("A customer was put on the blacklist or taken off it"),
    "members.consent_changed": _("A customer agreed to be written to, or withdrew it"),
    "members.erased": _("A customer's data was deleted"),
    "members.grouped": _("A customer joined or left a group"),
    "members.joined": _("A new customer"),
    "members.merged": _("Two records of one customer were joined"),
    "members.parted": _("A joining of customers was undone"),
    "members.note_written": _("A note about a customer was written"),
    "members.profile_edited": _("A customer's profile was edited"),
    "members.removed": _("A customer was removed with her import"),
    "members.revealed": _("A personal field was looked at"),
    "members.tagged": _("A customer's tags changed"),
    "trade.import_finished": _("An import has finished"),
    "trade.order_changed": _("An order is new or changed"),
    "trade.order_removed": _("An order was removed with its import"),
    "webhooks.test": _("Test message"),
}

STATES: dict[str, tuple[str | Promise, str]] = {
    "new": (_("waiting"), "info"),
    "sending": (_("being sent"), "info"),
    "sent": (_("arrived"), "success"),
    "failed": (_("will be tried again"), "warning"),
    "dead": (_("given up"), "danger"),
}

TROUBLES: dict[str, str | Promise] = {
    "timeout": _("did not answer in time"),
    "unreachable": _("could not be reached"),
    "unknown_host": _("its name is not known on the internet"),
    "tls": _("its certificate is not valid"),
    "private": _("its address is not on the public internet"),
    "redirect": _("sent us elsewhere, which is not followed"),
    "refused": _("refused the message"),
    "broken": _("has an error of its own"),
    "gone": _("said that it is gone for good"),
    "interrupted": _("we were interrupted while sending"),
    "endpoint_down": _("waits, because the address did not take the message before"),
}


def kind_choices() -> list[tuple[str, str]]:
    """Every kind of fact with its name in the active language."""
    return [(kind, kind_name(kind)) for kind in sorted(facts.kinds())]


def kind_name(kind: str) -> str:
    """What a kind of fact is called; its own name when nobody gave it words."""
    return str(KINDS.get(kind, kind))


def state_words(one: Delivery) -> tuple[str, str]:
    """How a delivery stands, and in which colour."""
    label, tone = STATES[one.state]
    return str(label), tone


def trouble_words(one: Delivery) -> str:
    """What went wrong last, with the receiver's answer; "" when nothing did."""
    if not one.trouble:
        return ""
    said = str(TROUBLES.get(one.trouble, one.trouble))
    return f"{said} ({one.status})" if one.status else said
