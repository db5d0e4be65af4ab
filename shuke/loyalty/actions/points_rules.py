"""Saving the points rule, withdrawing one that is planned, and computing past orders again (补算)."""

from __future__ import annotations

from django.utils.translation import gettext as _

from shuke.core import clock, progress, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.loyalty.actions.backfilling import start_backfill
from shuke.loyalty.actions.levels import review_levels
from shuke.loyalty.actions.memberships import take_memberships
from shuke.loyalty.actions.settling import lock, settle_orders
from shuke.loyalty.queries.rulebook import spec_value, zone_of
from shuke.loyalty.rules.levels import midnight
from shuke.loyalty.specs import PointsRuleSpec
from shuke.merchants import actions as merchants
from shuke.trade import queries as trade

CHUNK = 5000


def save_points_rule(merchant_id: int, spec: PointsRuleSpec, *, by: Actor) -> int:
    """Keep a new version of the points rule; its number.

    It holds from the day the spec names, else from now on. A version that holds from before now is applied to the
    orders since then by a backfill, which is started here.
    """
    lock(merchant_id)
    now = clock.now()  # under the lock: what was settled before it by the older rules counted before this instant
    valid_from = midnight(spec.start_on, zone_of(merchant_id)) if spec.start_on else now
    number = int(
        sql.scalar(
            "INSERT INTO loyalty_pointsrule (merchant_id, number, valid_from, spec, saved_at, saved_by)"
            " SELECT %(merchant_id)s, coalesce(max(number), 0) + 1, %(valid_from)s, %(spec)s, %(now)s, %(by)s"
            " FROM loyalty_pointsrule WHERE merchant_id = %(merchant_id)s RETURNING number",
            {"merchant_id": merchant_id, "valid_from": valid_from, "spec": spec_value(spec), "now": now,
             "by": by.label},
        )
    )  # fmt: skip
    merchants.audit(
        merchant_id, "points_rule.saved", by=by, object_kind="points_rule", number=number,
        valid_from=valid_from.isoformat(), spec=spec.model_dump(mode="json"),
    )  # fmt: skip
    if valid_from < now:
        start_backfill(merchant_id, by=by)
    return number


def withdraw_points_rule(merchant_id: int, rule_id: int, *, by: Actor) -> None:
    """Have a version for a day to come never hold, nor those it replaced for the same day; what is in force goes on.

    Once more changes nothing. Refused `rule_holds` when its day has come already; Missing when there is no such version.
    """
    lock(merchant_id)
    params = {"merchant_id": merchant_id, "id": rule_id, "now": clock.now()}
    found = sql.rows(
        "SELECT number, valid_from <= %(now)s, withdrawn_at IS NOT NULL FROM loyalty_pointsrule"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        params,
    )
    if not found:
        raise Missing("no_rule", _("There is no such version of the rule."))
    [(number, holds, is_withdrawn)] = found
    if is_withdrawn:
        return
    if holds:
        raise Refused("rule_holds", _("This version holds already. Please save another one to replace it."))
    sql.run(
        "UPDATE loyalty_pointsrule r SET withdrawn_at = %(now)s FROM loyalty_pointsrule one"
        " WHERE one.merchant_id = %(merchant_id)s AND one.id = %(id)s AND r.merchant_id = one.merchant_id"
        " AND r.number <= one.number AND r.valid_from = one.valid_from AND r.withdrawn_at IS NULL",
        params,
    )
    merchants.audit(merchant_id, "points_rule.withdrawn", by=by, object_kind="points_rule", number=number)


def backfill(merchant_id: int, progress_id: int) -> None:
    """Take up the memberships that orders buy, settle all orders and review their members' levels, chunk by chunk.

    A chunk, its levels and the checkpoint are one transaction: killed anywhere, it goes on after the last chunk.
    """
    while _backfill_chunk(merchant_id, progress_id):
        pass


def _backfill_chunk(merchant_id: int, progress_id: int) -> bool:
    with tenant(merchant_id):
        job = progress.get(merchant_id, progress_id)
        if job is None or job.state == progress.DONE:
            return False
        order_ids = trade.order_ids(merchant_id, after_id=job.checkpoint.get("after_id", 0), limit=CHUNK)
        if not order_ids:
            progress.advance(merchant_id, progress_id, state=progress.DONE, message=_("All orders are computed."))
            return False
        take_memberships(merchant_id, order_ids)
        settled = settle_orders(merchant_id, order_ids)
        review_levels(merchant_id, settled.member_ids)
        done = job.done_count + len(order_ids)
        progress.advance(
            merchant_id, progress_id, done=done, total=max(done, job.total_count),
            message=_("%(count)s orders computed") % {"count": done}, checkpoint={"after_id": order_ids[-1]},
        )  # fmt: skip
        return True
