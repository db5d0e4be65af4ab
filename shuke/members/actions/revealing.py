"""Looking at one personal value in clear: with a reason, within limits, and never unseen."""

from __future__ import annotations

from datetime import timedelta

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, facts, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.members import rules
from shuke.members.events import PersonalRevealed
from shuke.members.queries.personal import clear_value, every_value
from shuke.members.specs import RevealLimits
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries

_ACT = "member.revealed"


def reveal(merchant_id: int, member_id: int, field: str, reason: str, *, by: Actor) -> str:
    """The present clear value of one field of one member ("phone", "attribute:12").

    Refused `reason_missing` (fewer than 4 characters), `reveal_limit` (20 an hour, 100 a day and person unless set
    otherwise), `nothing_clear`; Missing. The audit log and the timeline tell of it, without the value.
    """
    reason = reason.strip()
    if len(reason) < rules.SHORTEST_REASON:
        raise Refused("reason_missing", _("Say in at least four characters why you need to see it."))
    _within_limits(merchant_id, by)
    value = clear_value(merchant_id, member_id, field)
    if value is None:
        raise Missing("no_member", _("This customer does not exist."))
    if not value:
        raise Refused("nothing_clear", _("There is no full value; the platform gave a masked one or none."))
    merchants.audit(merchant_id, _ACT, by=by, object_kind="member", object_id=member_id, field=field,
                    reason=rules.mask_word(reason[:200]))  # fmt: skip
    told = PersonalRevealed(member_id=member_id, happened_at=clock.now(), field=field)
    facts.publish(merchant_id, [told], by=by)
    return value


def hand_out(merchant_id: int, member_id: int, *, by: Actor) -> list[dict[str, str]]:
    """All personal values of a member in clear, for her own file: label, value, source and when last seen.

    The audit log tells that it was handed out.
    """
    found = every_value(merchant_id, member_id)
    merchants.audit(merchant_id, "member.data_handed_out", by=by, object_kind="member", object_id=member_id)
    return [
        {"label": str(rules.FIELDS.get(field, field)), "value": value, "source": source, "seen_at": at.isoformat()}
        for field, value, source, at in found
    ]


def _within_limits(merchant_id: int, by: Actor) -> None:
    sql.run(
        "SELECT pg_advisory_xact_lock(hashtextextended(%(who)s, %(m)s))",
        {"who": f"reveal {by.label}", "m": merchant_id},
    )
    limits, now = merchant_queries.setting(merchant_id, RevealLimits), clock.now()
    for span, limit in ((timedelta(hours=1), limits.per_hour), (timedelta(days=1), limits.per_day)):
        if merchant_queries.audit_count_since(merchant_id, _ACT, by.label, now - span) >= limit:
            raise Refused("reveal_limit", _("You have revealed as many values as is allowed; try again later."))
