"""Paid membership (付费会员): plans, what orders buy and refunds take back, sales by hand."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Mapping
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, facts, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Missing, Refused
from shuke.ledger import actions as ledger
from shuke.loyalty.actions.backfilling import start_backfill
from shuke.loyalty.actions.crediting import key_reused
from shuke.loyalty.actions.levels import review_levels
from shuke.loyalty.actions.settling import lock, settle_orders, settle_sources
from shuke.loyalty.events import MembershipChanged
from shuke.loyalty.queries.memberships import SavedPlan, plan, plans
from shuke.loyalty.queries.owned import terms_of
from shuke.loyalty.queries.rulebook import POINTS, gift_lapses_at, level_rule, order_source, zone_of
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.rules.membership import Term, chained
from shuke.loyalty.rules.purchases import purchases
from shuke.loyalty.specs import PlanSpec
from shuke.members.queries import home
from shuke.members.queries import roll as members
from shuke.merchants import actions as merchants
from shuke.trade import queries as trade

MEMBERSHIP = "membership"
MOST = 100
"""More pieces in one order count as so many: what nobody means must not reach beyond the calendar."""


def save_plan(merchant_id: int, spec: PlanSpec, *, plan_id: int | None = None, by: Actor) -> int:
    """Keep a plan, new or changed; its id. What was sold keeps its own days, level, multiplier and points.

    A plan whose orders count from a past day takes them up by a backfill. Missing; Refused `name_taken`, `no_level`,
    `product_taken` (a product buys one plan).
    """
    lock(merchant_id)
    _check_plan(merchant_id, spec, plan_id)
    now = clock.now()
    start = midnight(spec.sold_from_on, zone_of(merchant_id)) if spec.sold_from_on else None
    params = {"merchant_id": merchant_id, "id": plan_id, "spec": spec.model_dump_json(), "start": start, "now": now,
              "by": by.label}  # fmt: skip
    if plan_id is None:
        found = sql.scalar(
            "INSERT INTO loyalty_plan (merchant_id, spec, sold_from_at, saved_at, saved_by) VALUES (%(merchant_id)s,"
            " %(spec)s, coalesce(%(start)s::timestamptz, %(now)s), %(now)s, %(by)s) RETURNING id",
            params,
        )
    else:
        found = sql.scalar(
            "UPDATE loyalty_plan SET spec = %(spec)s, sold_from_at = coalesce(%(start)s::timestamptz, sold_from_at),"
            " saved_at = %(now)s, saved_by = %(by)s WHERE merchant_id = %(merchant_id)s AND id = %(id)s RETURNING id",
            params,
        )
    if found is None:
        raise Missing("no_plan", _("This membership does not exist."))
    merchants.audit(
        merchant_id, "plan.saved", by=by, object_kind="plan", object_id=int(found), name=spec.name,
        spec=spec.model_dump(mode="json"),
    )  # fmt: skip
    if spec.products and start is not None and start < now:
        start_backfill(merchant_id, by=by)
    return int(found)


def retire_plan(merchant_id: int, plan_id: int, *, by: Actor) -> None:
    """Sell a plan no more; who holds it keeps it to its end. Repeating changes nothing. Missing."""
    lock(merchant_id)
    found = plan(merchant_id, plan_id)
    if found is None:
        raise Missing("no_plan", _("This membership does not exist."))
    if sql.run(
        "UPDATE loyalty_plan SET retired_at = %(now)s WHERE merchant_id = %(merchant_id)s AND id = %(id)s"
        " AND retired_at IS NULL",
        {"merchant_id": merchant_id, "id": plan_id, "now": clock.now()},
    ):
        merchants.audit(merchant_id, "plan.retired", by=by, object_kind="plan", object_id=plan_id, name=found.spec.name)


def take_memberships(merchant_id: int, order_ids: Collection[int], *, by: Actor = SYSTEM) -> frozenset[int]:
    """Bring paid memberships to what these orders buy by now; the members for whom something changed.

    A refund, a closing or an undone import takes back what the order had bought, and the terms bought after it move
    up. Repeating, reordering and joining calls makes no difference.
    """
    changed = _bring_by_orders(merchant_id, order_ids, by=by)
    if changed:
        _follow(merchant_id, changed, by=by)
    return frozenset(changed)


def _bring_by_orders(merchant_id: int, order_ids: Collection[int], *, by: Actor) -> set[int]:
    if not order_ids:
        return set()
    lock(merchant_id)
    known = plans(merchant_id)
    if not known:
        return set()
    by_id = {one.id: one for one in known}
    bought = purchases(trade.earning_lines(merchant_id, order_ids), [one.offer for one in known])
    rows = [
        _row(by_id[one.plan_id], one.member_id, order_source(one.order_id), one.quantity, one.paid_fen, one.bought_at)
        for one in bought
    ]
    sources = [order_source(order_id) for order_id in order_ids]
    changed = _take_back(merchant_id, sources, keep={(row["source"], row["plan_id"]) for row in rows}, by=by)
    return changed | _write(merchant_id, rows, by=by)


def sell_membership(
    merchant_id: int, member_id: int, plan_id: int, *, paid_fen: int, reason: str, by: Actor, key: str
) -> int:
    """Sell a membership by hand; the term's id. The same key again changes nothing.

    Refused `reason_missing`, `plan_retired`, `key_reused`; Missing.
    """
    lock(merchant_id)
    member_id = home(merchant_id, member_id)
    found = plan(merchant_id, plan_id)
    if found is None:
        raise Missing("no_plan", _("This membership does not exist."))
    if not members.joined_at(merchant_id, [member_id]):
        raise Missing("no_member", _("This customer does not exist."))
    if not reason.strip():
        raise Refused("reason_missing", _("Please give a reason."))
    source = f"hand:{key}"
    stands = sql.rows(
        "SELECT id, member_id, plan_id, price_fen FROM loyalty_term WHERE merchant_id = %(m)s AND source = %(source)s",
        {"m": merchant_id, "source": source},
    )
    if stands:
        if stands[0][1:] != (member_id, plan_id, paid_fen):
            raise key_reused()
        return int(stands[0][0])
    if found.retired_at is not None:
        raise Refused("plan_retired", _("This membership is sold no more."))
    row = _row(found, member_id, source, 1, paid_fen, clock.now(), note=reason.strip())
    _write(merchant_id, [row], by=by)
    _follow(merchant_id, {member_id}, by=by)
    merchants.audit(
        merchant_id, "membership.sold", by=by, object_kind="member", object_id=member_id, plan=found.spec.name,
        paid_fen=paid_fen, reason=reason.strip(),
    )  # fmt: skip
    return int(sql.scalar(
        "SELECT id FROM loyalty_term WHERE merchant_id = %(m)s AND source = %(source)s",
        {"m": merchant_id, "source": source},
    ))  # fmt: skip


def cancel_membership(merchant_id: int, term_id: int, *, reason: str, by: Actor) -> None:
    """Take back a term that was sold by hand; repeating changes nothing.

    Missing; Refused `reason_missing`, `bought_by_order` (a refund of the order takes that back).
    """
    if not reason.strip():
        raise Refused("reason_missing", _("Please give a reason."))
    lock(merchant_id)
    found = sql.rows(
        "SELECT member_id, source, plan_name FROM loyalty_term WHERE merchant_id = %(m)s AND id = %(id)s",
        {"m": merchant_id, "id": term_id},
    )
    if not found:
        raise Missing("no_term", _("This membership does not exist."))
    member_id, source, name = found[0]
    if not source.startswith("hand:"):
        raise Refused("bought_by_order", _("This was bought by an order; refunding the order takes it back."))
    changed = _take_back(merchant_id, [source], keep=set(), by=by)
    if changed:
        _follow(merchant_id, changed, by=by)
        merchants.audit(
            merchant_id, "membership.cancelled", by=by, object_kind="member", object_id=member_id, plan=name,
            reason=reason.strip(),
        )  # fmt: skip


def rehome_terms(merchant_id: int, homes: Mapping[int, int], order_ids: Collection[int], *, by: Actor = SYSTEM) -> None:
    """Bring the terms of members (member → who stands for her) to where they belong; `order_ids` changed hands.

    Terms of two that are one person follow each other as if she had bought both, so nothing that was paid is lost;
    parted, each has hers again. Levels and orders are left to the caller. Repeating moves nothing.
    """
    found = sql.rows(_REHOME, {"merchant_id": merchant_id, "members": list(homes), "homes": list(homes.values())})
    changed = {member_id for pair in found for member_id in pair}
    changed |= _bring_by_orders(merchant_id, order_ids, by=by)
    _write_chains(merchant_id, changed)
    _settle_bonus(merchant_id, changed, by=by)


def _row(
    sold: SavedPlan, member_id: int, source: str, quantity: int, paid_fen: int, bought_at: datetime, *, note: str = ""
) -> dict[str, Any]:
    spec, quantity = sold.spec, min(quantity, MOST)
    return {
        "member_id": member_id, "plan_id": sold.id, "plan_name": spec.name, "source": source, "quantity": quantity,
        "days": spec.days * quantity, "price_fen": paid_fen, "level_no": spec.level_no, "times": str(spec.multiple),
        "bonus_points": spec.bonus_points * quantity, "bought_at": bought_at.isoformat(), "note": note,
    }  # fmt: skip


def _write(merchant_id: int, rows: list[dict[str, Any]], *, by: Actor) -> set[int]:
    """Write what is bought; of a term that stands only what orders tell changes. The members of those that changed."""
    before = _holders(merchant_id, [row["source"] for row in rows])
    found = sql.rows(
        """
        INSERT INTO loyalty_term AS t (merchant_id, member_id, plan_id, plan_name, source, quantity, days, price_fen,
            level_no, times, bonus_points, bought_at, starts_at, ends_at, note, by)
        SELECT %(merchant_id)s, member_id, plan_id, plan_name, source, quantity, days, price_fen, level_no, times,
            bonus_points, bought_at, bought_at, bought_at + make_interval(days => days), note, %(by)s
        FROM jsonb_to_recordset(%(rows)s::jsonb) AS f (member_id bigint, plan_id bigint, plan_name text, source text,
            quantity int, days int, price_fen bigint, level_no smallint, times text, bonus_points int,
            bought_at timestamptz, note text)
        ON CONFLICT (merchant_id, source, plan_id) DO UPDATE SET member_id = excluded.member_id,
            days = t.days / t.quantity * excluded.quantity,
            bonus_points = t.bonus_points / t.quantity * excluded.quantity, quantity = excluded.quantity,
            price_fen = excluded.price_fen, bought_at = excluded.bought_at, taken_back_at = NULL,
            origin_id = CASE WHEN t.member_id = excluded.member_id THEN t.origin_id END
        WHERE (t.member_id, t.quantity, t.price_fen, t.bought_at) IS DISTINCT FROM
            (excluded.member_id, excluded.quantity, excluded.price_fen, excluded.bought_at)
            OR t.taken_back_at IS NOT NULL
        RETURNING member_id, source, plan_name, xmax = 0
        """,
        {"merchant_id": merchant_id, "by": by.label, "rows": json.dumps(rows)},
    )
    _tell(merchant_id, [(row[0], row[2]) for row in found if row[3]], is_bought=True, by=by)
    return {row[0] for row in found} | {before[row[1]] for row in found if row[1] in before}


def _take_back(merchant_id: int, sources: Collection[str], *, keep: set[tuple[str, int]], by: Actor) -> set[int]:
    kept = [f"{source} {plan_id}" for source, plan_id in keep]
    found = sql.rows(
        "UPDATE loyalty_term SET taken_back_at = %(now)s WHERE merchant_id = %(merchant_id)s"
        " AND source = ANY(%(sources)s) AND taken_back_at IS NULL AND NOT source || ' ' || plan_id = ANY(%(kept)s)"
        " RETURNING member_id, plan_name",
        {"merchant_id": merchant_id, "sources": list(sources), "kept": kept, "now": clock.now()},
    )
    _tell(merchant_id, found, is_bought=False, by=by)
    return {row[0] for row in found}


def _follow(merchant_id: int, member_ids: Collection[int], *, by: Actor) -> None:
    """What follows for members whose terms changed: their ends, the points they give, the levels, the orders between."""
    _write_chains(merchant_id, member_ids)
    _settle_bonus(merchant_id, member_ids, by=by)
    review_levels(merchant_id, member_ids, by=by)
    settle_orders(merchant_id, trade.order_ids_of_members(merchant_id, member_ids), by=by)


def _write_chains(merchant_id: int, member_ids: Collection[int]) -> None:
    zone = zone_of(merchant_id)
    _write_ends(
        merchant_id, (one for terms in terms_of(merchant_id, member_ids).values() for one in chained(terms, zone))
    )


def _write_ends(merchant_id: int, terms: Iterable[Term]) -> None:
    rows = [
        {"id": one.id, "starts_at": one.starts_at.isoformat(), "ends_at": one.ends_at.isoformat()}
        for one in terms
        if one.starts_at is not None and one.ends_at is not None
    ]
    sql.run(
        "UPDATE loyalty_term t SET starts_at = f.starts_at, ends_at = f.ends_at FROM jsonb_to_recordset(%(rows)s::jsonb)"
        " AS f (id bigint, starts_at timestamptz, ends_at timestamptz) WHERE t.merchant_id = %(merchant_id)s"
        " AND t.id = f.id AND (t.starts_at, t.ends_at) IS DISTINCT FROM (f.starts_at, f.ends_at)",
        {"merchant_id": merchant_id, "rows": json.dumps(rows)},
    )


def _settle_bonus(merchant_id: int, member_ids: Collection[int], *, by: Actor) -> None:
    targets = [
        ledger.Target(
            member_id, f"{MEMBERSHIP}:{term_id}", 0 if is_over else points, bought_at,
            gift_lapses_at(merchant_id, bought_at), None, bought_at, {"plan": name},
        )
        for term_id, member_id, name, points, bought_at, is_over in sql.rows(
            "SELECT id, member_id, plan_name, bonus_points, bought_at, taken_back_at IS NOT NULL FROM loyalty_term"
            " WHERE merchant_id = %(m)s AND member_id = ANY(%(ids)s::bigint[]) AND bonus_points > 0",
            {"m": merchant_id, "ids": sql.numbers(member_ids)},
        )
    ]  # fmt: skip
    settle_sources(merchant_id, POINTS, targets, by=by, kind=MEMBERSHIP)


def _holders(merchant_id: int, sources: Collection[str]) -> dict[str, int]:
    return dict(
        sql.rows(
            "SELECT source, member_id FROM loyalty_term WHERE merchant_id = %(m)s AND source = ANY(%(sources)s)",
            {"m": merchant_id, "sources": list(sources)},
        )
    )


def _tell(merchant_id: int, found: Iterable[tuple[int, str]], *, is_bought: bool, by: Actor) -> None:
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            MembershipChanged(member_id=member_id, happened_at=now, plan_name=name, is_bought=is_bought)
            for member_id, name in found
        ],
        by=by,
    )


def _check_plan(merchant_id: int, spec: PlanSpec, plan_id: int | None) -> None:
    others = [one for one in plans(merchant_id, with_retired=False) if one.id != plan_id]
    if any(one.spec.name == spec.name for one in others):
        raise Refused("name_taken", _("There is already a membership called “%(name)s”."), name=spec.name)
    taken = {product for one in others for product in one.spec.products} & set(spec.products)
    if taken:
        raise Refused(
            "product_taken", _("The product %(product)s buys another membership already."), product=min(taken)
        )
    rule = level_rule(merchant_id)
    if spec.level_no is not None and (rule is None or spec.level_no > rule.policy.top):
        raise Refused("no_level", _("There is no level %(no)s."), no=spec.level_no)


_REHOME = """
    UPDATE loyalty_term t SET member_id = w.home_id,
        origin_id = CASE WHEN w.member_id <> w.home_id THEN w.member_id END
    FROM unnest(%(members)s::bigint[], %(homes)s::bigint[]) AS w (member_id, home_id), loyalty_term b
    WHERE t.merchant_id = %(merchant_id)s AND t.member_id = ANY(%(members)s::bigint[]) AND coalesce(t.origin_id, t.member_id) = w.member_id
        AND t.member_id <> w.home_id AND b.merchant_id = t.merchant_id AND b.id = t.id
    RETURNING b.member_id, t.member_id
"""
