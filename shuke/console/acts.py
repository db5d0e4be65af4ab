"""The acts of the audit log in words: one sentence for every act that any module writes."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

from django.urls import NoReverseMatch, reverse
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from shuke.merchants.queries import AuditLine, role_choices
from shuke.merchants.specs import setting_pages

KINDS: dict[str, str | Promise] = {
    "member": gettext_lazy("Customers"),
    "points": gettext_lazy("Points"),
    "level": gettext_lazy("Levels"),
    "order": gettext_lazy("Orders"),
    "import": gettext_lazy("Imports"),
    "mapping": gettext_lazy("Own formats"),
    "points_rule": gettext_lazy("Points rules"),
    "membership": gettext_lazy("Sold memberships"),
    "plan": gettext_lazy("Paid memberships"),
    "level_rule": gettext_lazy("Level rules"),
    "redemption": gettext_lazy("Paying with points"),
    "redemption_rule": gettext_lazy("Rules of paying with points"),
    "suppression": gettext_lazy("Do-not-contact list"),
    "group": gettext_lazy("Groups"),
    "tag": gettext_lazy("Tags"),
    "attribute": gettext_lazy("Custom fields"),
    "shop": gettext_lazy("Shops"),
    "staff": gettext_lazy("Staff"),
    "merchant": gettext_lazy("Business"),
    "setting": gettext_lazy("Settings"),
    "webhook": gettext_lazy("Webhooks"),
    "sending": gettext_lazy("Sending"),
    "key": gettext_lazy("API keys"),
}

ACTS: dict[str, str | Promise] = {
    "attribute.created": gettext_lazy("added the custom field “%(name)s”"),
    "attribute.edited": gettext_lazy("changed the custom field “%(name)s”"),
    "group.created": gettext_lazy("made a group (no. %(object_id)s)"),
    "group.deleted": gettext_lazy("deleted a group of %(member_count)s customers (no. %(object_id)s)"),
    "group.edited": gettext_lazy("changed a group (no. %(object_id)s)"),
    "import.rejects_downloaded": gettext_lazy("downloaded the rejected rows of import no. %(object_id)s"),
    "import.started": gettext_lazy("started import no. %(object_id)s"),
    "import.undone": gettext_lazy("undid import no. %(object_id)s"),
    "mapping.deleted": gettext_lazy("deleted own format no. %(object_id)s"),
    "mapping.renamed": gettext_lazy("renamed own format no. %(object_id)s"),
    "mapping.saved": gettext_lazy("saved own format no. %(object_id)s"),
    "key.created": gettext_lazy("made the API key “%(name)s” (no. %(object_id)s)"),
    "key.revoked": gettext_lazy("revoked API key no. %(object_id)s"),
    "level.released": gettext_lazy("let the level of customer no. %(object_id)s follow the rules again"),
    "level.set": gettext_lazy("set the level of customer no. %(object_id)s by hand: %(reason)s"),
    "level_rule.saved": gettext_lazy("saved level rules no. %(number)s"),
    "member.blacklisted": gettext_lazy("put %(member_count)s customers on the blacklist: %(reason)s"),
    "member.data_handed_out": gettext_lazy("customer no. %(object_id)s took her data along"),
    "member.erased": gettext_lazy("deleted all personal data of customer no. %(object_id)s"),
    "member.erasure_asked": gettext_lazy("asked for customer no. %(object_id)s to be deleted"),
    "member.erasure_cancelled": gettext_lazy("called off the deletion of customer no. %(object_id)s"),
    "member.exported": gettext_lazy("exported %(count)s customers"),
    "member.exported_to_taobao": gettext_lazy("exported %(count)s customers for Taobao (shop no. %(object_id)s)"),
    "member.forgotten": gettext_lazy("deleted a personal field (%(field)s) of customer no. %(object_id)s"),
    "member.merged": gettext_lazy("joined customer no. %(other_id)s to no. %(object_id)s"),
    "member.revealed": gettext_lazy("looked at a personal field (%(field)s) of customer no. %(object_id)s: %(reason)s"),
    "member.suppressed": gettext_lazy("put customer no. %(object_id)s on the do-not-contact list: %(reason)s"),
    "member.unblacklisted": gettext_lazy("took %(member_count)s customers off the blacklist"),
    "member.unmerged": gettext_lazy("undid the joining of customers no. %(other_id)s and no. %(object_id)s"),
    "order.claimed": gettext_lazy("opened her membership with order no. %(object_id)s"),
    "suppression.added": gettext_lazy("put %(count)s numbers on the do-not-contact list: %(reason)s"),
    "suppression.removed": gettext_lazy("took an entry off the do-not-contact list: %(reason)s"),
    "merchant.edited": gettext_lazy("changed the business's name or time zone (%(zone)s)"),
    "order.reason_kept": gettext_lazy("kept why order no. %(object_id)s was not paid"),
    "points.adjusted": gettext_lazy("gave customer no. %(object_id)s %(amount)s points by hand: %(reason)s"),
    "membership.cancelled": gettext_lazy(
        "took back the membership “%(plan)s” of customer no. %(object_id)s: %(reason)s"
    ),
    "membership.sold": gettext_lazy("sold the membership “%(plan)s” to customer no. %(object_id)s by hand: %(reason)s"),
    "plan.retired": gettext_lazy("sells the membership “%(name)s” no more"),
    "plan.saved": gettext_lazy("saved the membership “%(name)s”"),
    "points.adjustment_approved": gettext_lazy("approved %(amount)s points for %(member_count)s customers: %(reason)s"),
    "points.adjustment_asked": gettext_lazy("asked for %(amount)s points for %(member_count)s customers: %(reason)s"),
    "points.adjustment_refused": gettext_lazy("refused %(amount)s points for %(member_count)s customers: %(reason)s"),
    "points.months_exported": gettext_lazy("exported the points by month"),
    "points.exported": gettext_lazy("exported the points ledger"),
    "points_rule.saved": gettext_lazy("saved points rules no. %(number)s"),
    "points_rule.withdrawn": gettext_lazy("withdrew points rules no. %(number)s"),
    "redemption.bound": gettext_lazy(
        "noted the changed price of order %(order_no)s for the points code %(code)s (no. %(object_id)s)"
    ),
    "redemption.decided": gettext_lazy("decided the points code %(code)s (no. %(object_id)s): %(decision)s"),
    "redemption.exported": gettext_lazy("exported the points codes of %(day)s"),
    "redemption.unbound": gettext_lazy("took order %(order_no)s off the points code %(code)s (no. %(object_id)s)"),
    "redemption_rule.saved": gettext_lazy("saved the rule of paying with points no. %(number)s"),
    "setting.saved": gettext_lazy("changed the setting “%(name)s”"),
    "shop.edited": gettext_lazy("changed a shop (no. %(object_id)s)"),
    "shop.opened": gettext_lazy("added a shop (no. %(object_id)s)"),
    "staff.closed": gettext_lazy("closed the access of staff no. %(object_id)s"),
    "staff.employed": gettext_lazy("gave staff no. %(object_id)s a place here as %(role)s"),
    "staff.password_issued": gettext_lazy("gave staff no. %(object_id)s a new password"),
    "staff.recovery_codes_made": gettext_lazy("made new recovery codes"),
    "staff.role_set": gettext_lazy("set the role of staff no. %(object_id)s to %(role)s"),
    "staff.second_factor_added": gettext_lazy("set up a second factor"),
    "staff.second_factor_removed": gettext_lazy("removed a second factor"),
    "staff.second_factor_reset": gettext_lazy("took the second factors off staff no. %(object_id)s"),
    "staff.signed_in": gettext_lazy("signed in"),
    "staff.signed_out": gettext_lazy("signed staff no. %(object_id)s out everywhere"),
    "merchant.exported": gettext_lazy("exported everything: %(row_count)s rows"),
    "sending.released": gettext_lazy("let Shuke send to the outside again after a restore"),
    "webhook.created": gettext_lazy("added a webhook (no. %(object_id)s)"),
    "webhook.deleted": gettext_lazy("removed a webhook (no. %(object_id)s)"),
    "webhook.edited": gettext_lazy("changed a webhook (no. %(object_id)s)"),
    "webhook.paused": gettext_lazy("a webhook failed for days and was paused (no. %(object_id)s)"),
    "webhook.replayed": gettext_lazy("sent %(count)s messages of a webhook again (no. %(object_id)s)"),
    "webhook.resumed": gettext_lazy("resumed a webhook (no. %(object_id)s)"),
    "webhook.secret_rotated": gettext_lazy("gave a webhook a new secret (no. %(object_id)s)"),
    "webhook.tested": gettext_lazy("sent a webhook a test message (no. %(object_id)s)"),
    "tag.deleted": gettext_lazy("deleted a tag that %(member_count)s customers had"),
}

SETTINGS: dict[str, str | Promise] = {
    "BirthdaySpec": gettext_lazy("Birthday gift"),
    "LifecycleSpec": gettext_lazy("Windows of the lifecycle groups"),
    "NoticeSpec": gettext_lazy("Shop notice"),
    "SavedViews": gettext_lazy("Kept views of the customers' list"),
}
"""What settings are called that have no page among the settings."""

_PAGES = {"member": "member", "shop": "shop_edit", "staff": "staff_edit", "import": "import", "group": "group_edit"}


def sentence(line: AuditLine) -> str:
    """What was done, in the active language; the act's own name when nobody gave it words."""
    act = line.act
    if act == "staff.role_set" and line.details.get("is_active") is False:
        act = "staff.closed"
    template = ACTS.get(act)
    if template is None:
        return act
    return str(template) % _words(line)


def path(line: AuditLine) -> str:
    """The page of what the line speaks of; "" when it has none."""
    name = _PAGES.get(line.object_kind)
    if name is None or line.object_id is None:
        return ""
    try:
        return reverse(f"console:{name}", args=[line.object_id])
    except NoReverseMatch:
        return ""


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
    if "role" in found:
        found["role"] = dict(role_choices()).get(found["role"], found["role"])
    if line.act == "setting.saved":
        titles = {**SETTINGS, **{one.name: one.title for one in setting_pages()}}
        found["name"] = str(titles.get(found["name"], found["name"]))
    return found
