"""Points that no order earned: welcome points, and points given or taken by hand."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.crediting import Credit, give
from shuke.loyalty.actions.settling import lock
from shuke.loyalty.queries.rulebook import POINTS, point_versions, points_rules, signup_source, zone_of
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.rules.points import in_force, lapse, ranked
from shuke.loyalty.rules.terms import Version
from shuke.loyalty.specs import AdjustLimitSpec, PointsRuleSpec
from shuke.members.queries import homes as homes_of
from shuke.members.queries import roll as members
from shuke.merchants import queries as places
from shuke.trade import queries as trade

WELCOME = "welcome"

REQUEST = "request:"
"""Keys of what a second person approved begin so; they do not count for the limit of a day, and callers' may not."""


@dataclass(frozen=True, slots=True)
class Adjustment:
    """Points to give (`amount` > 0) or take (< 0)."""

    member_id: int
    amount: int


def adjust(
    merchant_id: int, items: Sequence[Adjustment], *, reason: str, by: Actor, key: str, allow_debt: bool = False
) -> None:
    """Give or take points by hand (赠送/调整), all or nothing; the same key again changes nothing.

    Given points lapse as the rule in force says. Refused `reason_missing`, `no_amount`, `bad_key`, `over_limit` (a second
    person has to approve: see submit_adjustment), and by the ledger `not_enough` unless `allow_debt`, `key_reused`.
    """
    reason = reason.strip()
    check_asked(items, reason, key)
    if is_above_limit(merchant_id, items, by=by, key=key):
        raise Refused("over_limit", _("This is above the limit for one person: a second one has to approve it."))
    post_adjustment(merchant_id, items, reason=reason, by=by, key=key, allow_debt=allow_debt)


def post_adjustment(
    merchant_id: int, items: Sequence[Adjustment], *, reason: str, by: Actor, key: str, allow_debt: bool = False,
    note: Mapping[str, str] | None = None,
) -> None:  # fmt: skip
    """Post an adjustment whose limits were looked at, and tell of it once."""
    asked = dict.fromkeys(Credit(item.member_id, item.amount, reason, key) for item in items)
    give(merchant_id, list(asked), by=by, allow_debt=allow_debt, note=note)


def check_asked(items: Sequence[Adjustment], reason: str, key: str) -> None:
    """Refused `reason_missing`, `no_amount` or `bad_key`."""
    if not reason:
        raise Refused("reason_missing", _("Please give a reason."))
    if any(item.amount == 0 for item in items):
        raise Refused("no_amount", _("Please give an amount other than 0."))
    if key.startswith(REQUEST):
        raise Refused("bad_key", _("This key cannot be used."))


def is_above_limit(merchant_id: int, items: Sequence[Adjustment], *, by: Actor, key: str) -> bool:
    """Whether a second person has to approve: for one customer in one go, or with what the same person did today.

    An owner who has nobody beside her that could approve may go on alone. Two adjustments of one person at once are
    looked at one after the other.
    """
    if by.kind != "staff":
        return False
    limits = places.setting(merchant_id, AdjustLimitSpec)
    moved = sum(abs(item.amount) for item in items)
    sql.run(
        "SELECT pg_advisory_xact_lock(hashtextextended('loyalty.adjust ' || %(by)s, %(m)s))",
        {"m": merchant_id, "by": by.label},
    )
    zone = zone_of(merchant_id)
    done = sql.scalar(
        "SELECT coalesce(sum(moved), 0)::bigint FROM loyalty_adjustment WHERE merchant_id = %(m)s AND by = %(by)s"
        " AND at >= %(since)s AND key <> %(key)s AND NOT starts_with(key, %(request)s)",
        {"m": merchant_id, "by": by.label, "key": key, "request": REQUEST, "since": midnight(clock.today(zone), zone)},
    )
    is_above = any(abs(item.amount) > limits.limit_points for item in items) or done + moved > limits.day_points
    return is_above and not _is_alone(merchant_id, by)


def _is_alone(merchant_id: int, by: Actor) -> bool:
    people = places.people(merchant_id)
    person = next((one for one in people if one.id == by.id), None)
    others = [one for one in people if one.id != by.id and one.may("points.adjust")]
    return person is not None and person.role == "owner" and not others


def grant_signup_bonus(merchant_id: int, member_ids: Collection[int], *, by: Actor = SYSTEM) -> None:
    """Bring welcome points to what these members shall have: by the rule of the day they joined, once its condition
    is met; taken back when the order that met it is undone. Who joined before any rule gets none, nor
    does somebody who is a member no more.
    """
    lock(merchant_id)
    specs = {rule.id: rule.spec for rule in points_rules(merchant_id)}
    if not any(spec.signup_points for spec in specs.values()):
        return
    member_ids = _standing_for_themselves(merchant_id, member_ids)
    joined = members.joined_at(merchant_id, member_ids)
    figures = trade.figures(merchant_id, member_ids)
    versions = ranked(point_versions(merchant_id))
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
