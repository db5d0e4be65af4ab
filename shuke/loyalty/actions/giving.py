"""Points that no order earned: welcome points, and points given or taken by hand."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.facts import publish
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.settling import lock
from shuke.loyalty.events import PointsAdjusted
from shuke.loyalty.queries.rulebook import POINTS, point_versions, points_rules, signup_source, zone_of
from shuke.loyalty.rules.points import Version, in_force, lapse
from shuke.loyalty.specs import AdjustLimitSpec, PointsRuleSpec
from shuke.members.queries import homes as homes_of
from shuke.members.queries import roll as members
from shuke.merchants import actions as merchants
from shuke.merchants import queries as places
from shuke.trade import queries as trade

ADJUSTED, WELCOME = "adjusted", "welcome"


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points to give (`amount` > 0) or take (< 0)."""

    member_id: int
    amount: int


def adjust(
    merchant_id: int, items: Sequence[Adjustment], *, reason: str, by: Actor, key: str, allow_debt: bool = False
) -> None:
    """Give or take points by hand (赠送/调整), all or nothing; the same key again changes nothing.

    Given points lapse as the rule in force says. Refused `reason_missing`, `no_amount`, `over_limit` (only the owner
    may adjust more than the limit in one go), and by the ledger `not_enough` unless `allow_debt`, `key_reused`.
    """
    reason = reason.strip()
    if not reason:
        raise Refused("reason_missing", _("Please give a reason."))
    _check_limit(merchant_id, items, by)
    now = clock.now()
    expires_at = gift_lapses_at(merchant_id, now)
    postings = [
        ledger.Posting(
            member_id=item.member_id, amount=item.amount, kind=ADJUSTED, key=f"adjust:{key}:{item.member_id}",
            source="adjust", expires_at=expires_at if item.amount > 0 else None, happened_at=now,
            note={"reason": reason},
        )
        for item in items
    ]  # fmt: skip
    ledger.post(merchant_id, POINTS, postings, by=by, allow_debt=allow_debt)
    if not _is_first(merchant_id, items, reason, by, key):
        return
    publish(
        merchant_id,
        [PointsAdjusted(member_id=item.member_id, happened_at=now, amount=item.amount) for item in items],
        by=by,
    )
    for item in items:
        merchants.audit(
            merchant_id, "points.adjusted", by=by, object_kind="member", object_id=item.member_id, amount=item.amount,
            reason=reason, key=key,
        )  # fmt: skip


def grant_signup_bonus(merchant_id: int, member_ids: Collection[int], *, by: Actor = SYSTEM) -> None:
    """Bring welcome points to what these members shall have: by the rule of the day they joined, once its condition
    is met; taken back when the order that met it is undone. Who joined before any rule gets none, nor
    does somebody who is a member no more.
    """
    specs = {rule.id: rule.spec for rule in points_rules(merchant_id)}
    if not any(spec.signup_points for spec in specs.values()):
        return
    lock(merchant_id)
    member_ids = _standing_for_themselves(merchant_id, member_ids)
    joined = members.joined_at(merchant_id, member_ids)
    figures = trade.figures(merchant_id, member_ids)
    versions = sorted(point_versions(merchant_id), key=lambda version: -version.number)
    targets = []
    for member_id in member_ids:
        at = joined.get(member_id, clock.now())
        version = in_force(versions, at)
        if member_id not in joined:
            targets.append(ledger.Target(member_id, signup_source(member_id), 0, at, None, None, at))
        elif version is not None and specs[version.id].signup_points:
            amount = _welcome(specs[version.id], figures.get(member_id))
            targets.append(_welcome_target(merchant_id, member_id, amount, at, version))
    ledger.settle(merchant_id, POINTS, targets, by=by, kind=WELCOME)


def _standing_for_themselves(merchant_id: int, member_ids: Collection[int]) -> list[int]:
    """Whoever was joined to another one, or erased, keeps what she was welcomed with."""
    homes, gone = homes_of(merchant_id, member_ids), members.erased(merchant_id, member_ids)
    return [one for one in member_ids if homes[one] == one and one not in gone]


def _welcome(spec: PointsRuleSpec, figures: trade.Figures | None) -> int:
    orders, finished = (figures.order_count, figures.finished_count) if figures else (0, 0)
    is_met = {"none": True, "first_order": orders > 0, "first_finished": finished > 0}[spec.signup_condition]
    return spec.signup_points if is_met else 0


def _welcome_target(merchant_id: int, member_id: int, amount: int, at: datetime, version: Version) -> ledger.Target:
    # Dates hang on the day of joining, which never changes, not on the day of granting.
    zone, terms = zone_of(merchant_id), version.terms
    expires_at = lapse(terms.expiry, terms.expiry_months, max(at, version.saved_at).astimezone(zone).date(), zone)
    return ledger.Target(member_id, signup_source(member_id), amount, at, expires_at, version.id, at, None)


def _check_limit(merchant_id: int, items: Sequence[Adjustment], by: Actor) -> None:
    if any(item.amount == 0 for item in items):
        raise Refused("no_amount", _("Please give an amount other than 0."))
    limit = places.setting(merchant_id, AdjustLimitSpec).limit_points
    if by.kind == "staff":
        person = next((one for one in places.people(merchant_id) if one.id == by.id), None)
        is_owner = person is not None and person.role == "owner"
        if not is_owner and any(abs(item.amount) > limit for item in items):
            raise Refused("over_limit", _("More than %(limit)s points may only be adjusted by the owner."), limit=limit)


def gift_lapses_at(merchant_id: int, now: datetime) -> datetime | None:
    """When points given by hand now lapse, by the rule in force; None for never."""
    versions = sorted(point_versions(merchant_id), key=lambda version: -version.number)
    version = in_force(versions, now)
    if version is None:
        return None
    zone = zone_of(merchant_id)
    return lapse(version.terms.expiry, version.terms.expiry_months, now.astimezone(zone).date(), zone)


def _is_first(merchant_id: int, items: Sequence[Adjustment], reason: str, by: Actor, key: str) -> bool:
    return bool(
        sql.run(
            "INSERT INTO loyalty_adjustment (merchant_id, key, reason, member_count, amount, at, by)"
            " VALUES (%(merchant_id)s, %(key)s, %(reason)s, %(count)s, %(amount)s, %(now)s, %(by)s)"
            " ON CONFLICT DO NOTHING",
            {"merchant_id": merchant_id, "key": key, "reason": reason, "count": len(items),
             "amount": sum(item.amount for item in items), "now": clock.now(), "by": by.label},
        )
    )  # fmt: skip
