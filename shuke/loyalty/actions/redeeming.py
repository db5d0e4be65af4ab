"""Paying part of an order with points (积分抵现), where the platform has no interface for it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

from django.db import IntegrityError, transaction
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.facts import publish
from shuke.ledger import actions as ledger
from shuke.loyalty.actions import redemption_counts as counts
from shuke.loyalty.actions.redemption_settling import hold, lock, settle
from shuke.loyalty.events import RedemptionBound, RedemptionReserved
from shuke.loyalty.queries import redemptions as queries
from shuke.loyalty.queries.redemptions import Redemption
from shuke.loyalty.queries.rulebook import POINTS
from shuke.loyalty.rules import redemption as rules
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.members.queries import home, household
from shuke.members.queries import roll as members
from shuke.merchants import actions as merchants
from shuke.trade import queries as trade


def save_redemption_rule(merchant_id: int, spec: RedemptionRuleSpec, *, by: Actor) -> int:
    """Keep a new version of the rule of paying with points; its number. Codes given before keep their own version."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('redemption rule', %(m)s))", {"m": merchant_id})
    number = int(
        sql.scalar(
            "INSERT INTO loyalty_redemptionrule (merchant_id, number, spec, saved_at, saved_by)"
            " SELECT %(merchant_id)s, coalesce(max(number), 0) + 1, %(spec)s, %(now)s, %(by)s"
            " FROM loyalty_redemptionrule WHERE merchant_id = %(merchant_id)s RETURNING number",
            {"merchant_id": merchant_id, "spec": spec.model_dump_json(), "now": clock.now(), "by": by.label},
        )
    )
    merchants.audit(
        merchant_id, "redemption_rule.saved", by=by, object_kind="redemption_rule", number=number,
        spec=spec.model_dump(mode="json"),
    )  # fmt: skip
    return number


@transaction.atomic
def reserve_redemption(merchant_id: int, member_id: int, points: int, *, key: str, by: Actor) -> Redemption:
    """Set points aside and give the member a code for them; the same key, or the same amount while her codes are all
    open, gives the code that stands.

    Refused `off`, `paused` (blacklisted), `bad_amount` (not one the rule offers), `open_code` (her open codes are for
    other amounts), `member_day_full`, `day_full`, by the ledger `not_enough` and `in_debt`, and `key_reused`.
    """
    rule = queries.redemption_rule(merchant_id)
    kin = _locked_person(merchant_id, member_id)
    member_id = kin[0]
    if standing := _standing(merchant_id, member_id, points, key):
        return standing
    if rule is None or not rule.spec.is_on:
        raise Refused("off", _("Points cannot be used for orders at present."))
    spec = rule.spec
    _check_asked(merchant_id, member_id, points, spec)
    opened = queries.read(
        merchant_id, "member_id = ANY(%(members)s::bigint[]) AND state = 'reserved'",
        {"members": sql.numbers(kin)}, order="place, id FOR UPDATE",
    )  # fmt: skip
    if over := [one for one in opened if not one.is_open]:
        settle(merchant_id, over)
    opened = [one for one in opened if one.is_open]
    if len(opened) >= spec.open_codes:
        if same := [one for one in opened if one.points == points]:
            return same[0]
        raise Refused("open_code", _("There is an open code already. Please use or cancel it first."))
    taken = {row[0] for row in sql.rows(
        "SELECT place FROM loyalty_redemption WHERE merchant_id = %(m)s AND member_id = %(id)s AND state = 'reserved'",
        {"m": merchant_id, "id": member_id},
    )}  # fmt: skip
    place = min(set(range(len(taken) + 1)) - taken)
    return _open(merchant_id, kin, points, rule, place, key, by)


def _locked_person(merchant_id: int, member_id: int) -> list[int]:
    """Who stands for a member, and everybody who was joined to her, with all their accounts locked.

    Whoever is joined while this waits is looked for again: two codes of one person never pass each other.
    """
    kin: list[int] = []
    while kin != (found := household(merchant_id, home(merchant_id, member_id))):
        kin = found
        ledger.lock(merchant_id, POINTS, sorted(kin))
    return kin


@transaction.atomic
def cancel_redemption(merchant_id: int, redemption_id: int, *, by: Actor) -> None:
    """Set the points of a code free that staff have not used yet; one that is released already is left alone.

    Missing `no_redemption`; Refused `code_bound` when staff changed a price for it.
    """
    one = _locked(merchant_id, redemption_id)
    if one.state == rules.RELEASED:
        return
    if one.state != rules.RESERVED:
        raise Refused("code_bound", _("Staff have used this code for an order already. Please ask them."))
    _decide(merchant_id, one, rules.CANCEL, by)


@transaction.atomic
def bind_redemption(
    merchant_id: int, redemption_id: int, order_no: str, price_fen: int, post_fen: int, *, by: Actor
) -> Redemption:
    """Note that an order's price was changed for a code: from `price_fen` (postage of `post_fen` included) to what is
    left. The same order and price again changes nothing.

    An order may be known or not yet imported; one that is paid already fits only when exactly the lowered price was
    paid. Refused `code_over`, `code_used`, `order_taken`, `other_customer`, `other_shop`, `order_closed`,
    `order_paid`, `no_goods`, `order_small`, `part_large`, `bad_order_no`; Missing `no_redemption`.
    """
    order_no = order_no.strip()
    one = _locked(merchant_id, redemption_id)
    after_fen = price_fen - one.worth_fen
    if one.order_no == order_no and (one.before_fen, one.after_fen) == (price_fen, after_fen) and order_no:
        return one
    if one.state != rules.RESERVED:
        raise Refused("code_used", _("This code has been used or is released already."))
    if clock.now() >= one.until_at:
        raise Refused("code_over", _("The time of this code is over; its points are free again."))
    spec = queries.specs_by_rule(merchant_id)[one.rule_id]
    check_order(merchant_id, one, spec, order_no, price_fen, post_fen)
    try:
        with transaction.atomic():
            _bind(merchant_id, one, order_no, price_fen, after_fen, by)
    except IntegrityError as error:
        raise Refused("order_taken", _("Another code has been used for this order already.")) from error
    changed = RedemptionBound(
        member_id=one.member_id, subject_id=one.id, happened_at=clock.now(), code=one.shown_code, points=one.points,
        order_no=order_no, before_fen=price_fen, after_fen=after_fen,
    )  # fmt: skip
    publish(merchant_id, [changed], by=by)
    merchants.audit(
        merchant_id, "redemption.bound", by=by, object_kind="redemption", object_id=one.id, code=one.shown_code,
        order_no=order_no, before_fen=price_fen, after_fen=after_fen,
    )  # fmt: skip
    settle(merchant_id, [_found(merchant_id, one.id)], by=by)
    bound = _found(merchant_id, one.id)
    if bound.state in {rules.MISMATCH, rules.RELEASED}:
        raise Refused("order_paid", _("This order is paid already, and not by the lowered price."))
    return bound


@transaction.atomic
def unbind_redemption(merchant_id: int, redemption_id: int, *, by: Actor) -> None:
    """Take the order off a code again, noted by mistake and not paid yet; a code whose time is over is released.

    One that has no order is left alone. Refused `code_used` once it is spent or decided.
    """
    one = _locked(merchant_id, redemption_id)
    if one.state == rules.RESERVED:
        return
    if one.state != rules.BOUND:
        raise Refused("code_used", _("This code has been used or is released already."))
    sql.run(
        """
        UPDATE loyalty_redemption r SET state = 'reserved', order_no = '', before_fen = NULL, after_fen = NULL,
            bound_at = NULL, bound_by = '', found_by = '', changed_at = %(now)s,
            place = (SELECT min(free) FROM generate_series(0, 9) free WHERE free NOT IN (
                SELECT place FROM loyalty_redemption o WHERE o.merchant_id = r.merchant_id
                AND o.member_id = r.member_id AND o.state = 'reserved'))
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s
        """,
        {"merchant_id": merchant_id, "id": one.id, "now": clock.now()},
    )
    merchants.audit(
        merchant_id, "redemption.unbound", by=by, object_kind="redemption", object_id=one.id, code=one.shown_code,
        order_no=one.order_no,
    )  # fmt: skip
    settle(merchant_id, [_found(merchant_id, one.id)], by=by)


@transaction.atomic
def decide_redemption(merchant_id: int, redemption_id: int, decision: str, *, by: Actor) -> Redemption:
    """Decide by hand: `commit` spends the points although the order does not fit, `release` gives them back.

    Whatever is not over may be released; what does not fit may be committed. The same decision again changes nothing.
    Refused `decided`, `nothing_to_decide`, and `not_enough` when points released meanwhile are gone.
    """
    if decision not in rules.DECISIONS:
        raise Refused("bad_decision", _("Please decide whether the points are used or given back."))
    one = _locked(merchant_id, redemption_id)
    if one.decision not in {"", rules.CANCEL}:
        if one.decision == decision:
            return one
        raise Refused("decided", _("Somebody has decided this already."))
    open_to = {rules.MISMATCH} if decision == rules.COMMIT else {rules.MISMATCH, rules.BOUND, rules.RESERVED}
    if one.state not in open_to:
        raise Refused("nothing_to_decide", _("There is nothing to decide here any more."))
    merchants.audit(
        merchant_id, "redemption.decided", by=by, object_kind="redemption", object_id=one.id, code=one.shown_code,
        decision=decision, order_no=one.order_no,
    )  # fmt: skip
    _decide(merchant_id, one, decision, by)
    decided = _found(merchant_id, one.id)
    if decision == rules.COMMIT and decided.state == rules.MISMATCH:
        raise Refused("not_enough", _("Her points were used meanwhile: there is not enough to spend."))
    return decided


def check_order(
    merchant_id: int, one: Redemption, spec: RedemptionRuleSpec, order_no: str, price_fen: int, post_fen: int
) -> None:
    """Refuse an order that a code may not be used for; see `bind_redemption`."""
    if not 4 <= len(order_no) <= 64 or not order_no.isascii() or not order_no.isprintable() or " " in order_no:
        raise Refused("bad_order_no", _("Please give the whole order number."))
    if why := rules.fits(spec.limits(), one.worth_fen, price_fen, post_fen):
        largest = rules.largest(spec.limits(), max(0, price_fen - post_fen))
        raise Refused(why, UNFIT[why], yuan=f"{largest / 100:.2f}", least=f"{spec.min_order_fen / 100:.2f}")
    known = [order for order in trade.payments_by_no(merchant_id, [order_no]) if not order.is_gone]
    if not known:
        return
    order = min(known, key=lambda order: not one.is_hers(order.member_id))
    if order.member_id is not None and not one.is_hers(order.member_id):
        raise Refused("other_customer", _("This is another customer's order."))
    if spec.shop_ids and order.shop_id not in spec.shop_ids:
        raise Refused("other_shop", _("Points may not be used in this shop."))
    if order.is_closed:
        raise Refused("order_closed", _("This order is closed."))


UNFIT: dict[str, str | Promise] = {
    "no_goods": _("Please give what the order costs now; it must be more than its postage."),
    "order_small": _("Points may only be used for orders from ¥%(least)s on."),
    "part_large": _("Of this order at most ¥%(yuan)s may be paid with points. Please ask her for a smaller code."),
}


def _check_asked(merchant_id: int, member_id: int, points: int, spec: RedemptionRuleSpec) -> None:
    if not members.joined_at(merchant_id, [member_id]):
        raise Missing("no_member", _("This customer does not exist."))
    if members.blacklisted_since(merchant_id, [member_id]):
        raise Refused("paused", _("Your benefits in this shop are paused at present. Please ask our staff."))
    offered = rules.amounts(spec.most_points, least=spec.least_points, step=spec.step_points, most=spec.most_points)
    if points not in offered:
        raise Refused("bad_amount", _("Please choose one of the amounts offered."))


def _standing(merchant_id: int, member_id: int, points: int, key: str) -> Redemption | None:
    found = next(iter(queries.read(merchant_id, "key = %(key)s", {"key": key})), None)
    if found is not None and (found.home_id, found.points) != (member_id, points):
        raise Refused("key_reused", _("This key was used for something else."))
    return found


def _open(
    merchant_id: int, kin: list[int], points: int, rule: queries.SavedRedemptionRule, place: int, key: str, by: Actor
) -> Redemption:
    """Count it, write the row, hold the points, tell it; `kin` as locked, she who stands for all of them first."""
    member_id = kin[0]
    spec, now, number = rule.spec, clock.now(), sql.new_ids(1)[0]
    until_at = now + timedelta(hours=spec.hours)
    params: dict[str, Any] = {
        "merchant_id": merchant_id, "id": number, "key": key, "member_id": member_id, "rule_id": rule.id,
        "points": points, "worth_fen": spec.worth_fen(points), "place": place, "asked_at": now,
        "asked_on": queries.today(merchant_id), "until_at": until_at,
        "held_until_at": until_at + timedelta(days=spec.wait_days), "round_no": 1,
    }  # fmt: skip
    params["slots"] = json.dumps(counts.take(params, spec, kin))
    if not any(_insert({**params, "code": queries.make_code(merchant_id, number, member_id, points, turn)})
               for turn in range(queries.TURNS)):  # fmt: skip
        raise Refused("open_code", _("There is an open code already. Please use or cancel it first."))
    held = hold(merchant_id, _found(merchant_id, number), 1, by)
    sql.run(
        "UPDATE loyalty_redemption SET hold = 'reserved', reservation_id = %(reservation)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {**params, "reservation": held.reservation_id},
    )
    opened = _found(merchant_id, number)
    publish(
        merchant_id,
        [RedemptionReserved(member_id=member_id, subject_id=number, happened_at=now, code=opened.shown_code,
                            points=points, worth_fen=opened.worth_fen)],
        by=by,
    )  # fmt: skip
    return opened


def _insert(params: dict[str, Any]) -> bool:
    return bool(
        sql.run(
            "INSERT INTO loyalty_redemption (merchant_id, id, key, code, member_id, rule_id, points, worth_fen, state,"
            " why, place, asked_at, asked_on, until_at, held_until_at, changed_at, order_no, found_by, bound_by, hold,"
            " round_no, returned_points, slots, decision, decided_by)"
            " VALUES (%(merchant_id)s, %(id)s, %(key)s, %(code)s, %(member_id)s, %(rule_id)s, %(points)s,"
            " %(worth_fen)s, 'reserved', '', %(place)s, %(asked_at)s, %(asked_on)s, %(until_at)s, %(held_until_at)s,"
            " %(asked_at)s, '', '', '', 'none', %(round_no)s, 0, %(slots)s, '', '') ON CONFLICT DO NOTHING",
            params,
        )
    )


def _bind(merchant_id: int, one: Redemption, order_no: str, before_fen: int, after_fen: int, by: Actor) -> None:
    sql.run(
        "UPDATE loyalty_redemption SET state = 'bound', order_no = %(order_no)s, before_fen = %(before)s,"
        " after_fen = %(after)s, found_by = 'staff', bound_at = %(now)s, bound_by = %(by)s, changed_at = %(now)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": one.id, "order_no": order_no, "before": before_fen, "after": after_fen,
         "now": clock.now(), "by": by.label},
    )  # fmt: skip


def _decide(merchant_id: int, one: Redemption, decision: str, by: Actor) -> None:
    sql.run(
        "UPDATE loyalty_redemption SET decision = %(decision)s, decided_by = %(by)s, decided_at = %(now)s"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": one.id, "decision": decision, "by": by.label, "now": clock.now()},
    )
    settle(merchant_id, [_found(merchant_id, one.id)], by=by)


def _locked(merchant_id: int, redemption_id: int) -> Redemption:
    """A redemption kept still, its member's account locked before it."""
    found = _found(merchant_id, redemption_id)
    ledger.lock(merchant_id, POINTS, [found.home_id])
    return lock(merchant_id, [redemption_id])[0]


def _found(merchant_id: int, redemption_id: int) -> Redemption:
    found = queries.redemption(merchant_id, redemption_id)
    if found is None:
        raise Missing("no_redemption", _("This code does not exist."))
    return found
