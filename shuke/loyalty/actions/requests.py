"""Adjustments above a limit: asked for by one person, approved or refused by another."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import timedelta

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, facts, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.loyalty.actions.crediting import key_reused
from shuke.loyalty.actions.giving import REQUEST, Adjustment, adjust, check_asked, is_above_limit, post_adjustment
from shuke.loyalty.events import AdjustmentAsked, AdjustmentDecided
from shuke.loyalty.queries.requests import AdjustmentRequest, request
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places

HOLDS = timedelta(days=7)
RIGHT = "points.adjust"


def submit_adjustment(
    merchant_id: int, items: Sequence[Adjustment], *, reason: str, by: Actor, key: str, allow_debt: bool = False
) -> int | None:
    """Adjust at once within the limits (None), or leave a request for a second person (its id).

    The same key again changes nothing; with other content Refused `key_reused`. Refused as `adjust` refuses.
    """
    reason = reason.strip()
    check_asked(items, reason, key)
    known = sql.scalar(
        "SELECT id FROM loyalty_adjustmentrequest WHERE merchant_id = %(m)s AND key = %(key)s",
        {"m": merchant_id, "key": key},
    )
    if known is None and not is_above_limit(merchant_id, items, by=by, key=key):
        adjust(merchant_id, items, reason=reason, by=by, key=key, allow_debt=allow_debt)
        return None
    return _ask(merchant_id, items, reason, by, key, allow_debt=allow_debt)


def approve_adjustment(merchant_id: int, request_id: int, *, by: Actor) -> None:
    """Approve what another person asked for, and post it; two approvals at once post once.

    Approving again what oneself approved changes nothing. Missing; Refused `own_request`, `not_allowed`, `decided`,
    `request_over`, and what the ledger refuses, such as `not_enough`: then the request goes on waiting.
    """
    found = _waiting(merchant_id, request_id, "approved", by)
    if found is None:
        return
    items = [Adjustment(member_id, amount) for member_id, amount in found.items]
    with transaction.atomic():
        _decide(merchant_id, found, "approved", "", by)
        post_adjustment(
            merchant_id, items, reason=found.reason, by=by, key=f"{REQUEST}{found.id}", allow_debt=found.allow_debt,
            note={"asked_by": found.asked_by},
        )  # fmt: skip


def refuse_adjustment(merchant_id: int, request_id: int, *, reason: str, by: Actor) -> None:
    """Refuse what another person asked for; refusing again what oneself refused changes nothing.

    Missing; Refused `reason_missing`, `own_request`, `not_allowed`, `decided`, `request_over`.
    """
    if not reason.strip():
        raise Refused("reason_missing", _("Please give a reason."))
    found = _waiting(merchant_id, request_id, "refused", by)
    if found is not None:
        _decide(merchant_id, found, "refused", reason.strip(), by)


def withdraw_adjustment(merchant_id: int, request_id: int, *, by: Actor) -> None:
    """Take one's own request back before anybody decided; repeating changes nothing.

    Missing; Refused `not_yours`, `decided`.
    """
    found = request(merchant_id, request_id)
    if found is None:
        raise Missing("no_request", _("This request does not exist."))
    if found.asked_by != by.label:
        raise Refused("not_yours", _("Only who asked can withdraw it."))
    if not _expire(merchant_id, "id = %(id)s", by=by, request_id=request_id):
        after = request(merchant_id, request_id)
        if after is not None and after.state != "expired":
            raise _decided()


def expire_adjustments(merchant_id: int) -> int:
    """End the requests that nobody decided in time; how many."""
    with tenant(merchant_id):
        return _expire(merchant_id, "until_at <= %(now)s", by=SYSTEM)


def _ask(
    merchant_id: int, items: Sequence[Adjustment], reason: str, by: Actor, key: str, *, allow_debt: bool
) -> int:  # fmt: skip
    now, amount = clock.now(), sum(item.amount for item in items)
    content = [[item.member_id, item.amount] for item in items]
    request_id = sql.scalar(
        "INSERT INTO loyalty_adjustmentrequest (merchant_id, key, items, reason, member_count, amount, allow_debt,"
        " asked_by, asked_at, until_at, state, decided_by, answer) VALUES (%(m)s, %(key)s, %(items)s, %(reason)s,"
        " %(count)s, %(amount)s, %(allow_debt)s, %(by)s, %(now)s, %(until)s, 'waiting', '', '')"
        " ON CONFLICT DO NOTHING RETURNING id",
        {"m": merchant_id, "key": key, "items": json.dumps(content), "reason": reason, "count": len(items),
         "amount": amount, "allow_debt": allow_debt, "by": by.label, "now": now, "until": now + HOLDS},
    )  # fmt: skip
    if request_id is None:
        return _asked_before(merchant_id, key, content, reason)
    only = items[0].member_id if len(items) == 1 else None
    asked = AdjustmentAsked(
        member_id=only, subject_id=int(request_id), happened_at=now, amount=amount, member_count=len(items)
    )
    facts.publish(merchant_id, [asked], by=by)
    merchants.audit(
        merchant_id, "points.adjustment_asked", by=by, object_kind="adjustment", object_id=int(request_id),
        amount=amount, member_count=len(items), reason=reason,
    )  # fmt: skip
    return int(request_id)


def _asked_before(merchant_id: int, key: str, content: list[list[int]], reason: str) -> int:
    found = sql.rows(
        "SELECT id, items::text, reason FROM loyalty_adjustmentrequest WHERE merchant_id = %(m)s AND key = %(key)s",
        {"m": merchant_id, "key": key},
    )
    if (json.loads(found[0][1]), found[0][2]) != (content, reason):
        raise key_reused()
    return int(found[0][0])


def _waiting(merchant_id: int, request_id: int, wanted: str, by: Actor) -> AdjustmentRequest | None:
    """The request if it can be decided by this person; None if she decided it so before."""
    found = request(merchant_id, request_id)
    if found is None:
        raise Missing("no_request", _("This request does not exist."))
    if (found.state, found.decided_by) == (wanted, by.label):
        return None
    if found.asked_by == by.label:
        raise Refused("own_request", _("Nobody decides on her own request; please ask a colleague."))
    person = places.staff_member(merchant_id, by.id) if by.kind == "staff" and by.id is not None else None
    if person is None or not person.may(RIGHT):
        raise Refused("not_allowed", _("Your role does not allow this"))
    return found


def _decide(merchant_id: int, found: AdjustmentRequest, state: str, answer: str, by: Actor) -> None:
    now = clock.now()
    if not sql.run(
        "UPDATE loyalty_adjustmentrequest SET state = %(state)s, decided_by = %(by)s, decided_at = %(now)s,"
        " answer = %(answer)s WHERE merchant_id = %(m)s AND id = %(id)s AND state = 'waiting' AND until_at > %(now)s"
        " AND asked_by <> %(by)s",
        {"m": merchant_id, "id": found.id, "state": state, "by": by.label, "now": now, "answer": answer},
    ):
        after = request(merchant_id, found.id)
        if after is None or after.state in {"waiting", "expired"}:
            raise Refused("request_over", _("This request is over; it has to be asked for anew."))
        raise _decided()
    _tell(merchant_id, [(found.id, found.amount, found.only_member_id)], state, by=by)
    merchants.audit(
        merchant_id, f"points.adjustment_{state}", by=by, object_kind="adjustment", object_id=found.id,
        amount=found.amount, member_count=found.member_count, reason=answer or found.reason,
    )  # fmt: skip


def _decided() -> Refused:
    return Refused("decided", _("Somebody else decided on this request already."))


def _expire(merchant_id: int, which: str, *, by: Actor, request_id: int | None = None) -> int:
    now = clock.now()
    found = sql.rows(
        "UPDATE loyalty_adjustmentrequest SET state = 'expired', decided_by = %(by)s, decided_at = %(now)s"
        f" WHERE merchant_id = %(m)s AND state = 'waiting' AND {which}"
        " RETURNING id, amount, CASE WHEN member_count = 1 THEN (items->0->>0)::bigint END",
        {"m": merchant_id, "now": now, "by": by.label, "id": request_id},
    )
    _tell(merchant_id, found, "expired", by=by)
    return len(found)


def _tell(merchant_id: int, found: Sequence[tuple[int, int, int | None]], state: str, *, by: Actor) -> None:
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            AdjustmentDecided(member_id=member_id, subject_id=number, happened_at=now, state=state, amount=amount)
            for number, amount, member_id in found
        ],
        by=by,
    )
