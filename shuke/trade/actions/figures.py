"""Trade figures of members, recomputed from their orders, and the lifecycle group that follows from them."""

from __future__ import annotations

from collections.abc import Collection
from datetime import timedelta

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from shuke.trade.specs import LifecycleSpec

# The same questions in the same order as rules.lifecycle; a test compares the two.
_LIFECYCLE = """
    CASE
        WHEN last_unpaid_at > %(callback_since)s AND (last_order_at IS NULL OR last_order_at < last_unpaid_at)
            THEN 'callback'
        WHEN last_order_at IS NULL THEN 'other'
        WHEN last_order_at <= %(lapsed_before)s THEN 'lapsed'
        WHEN order_count >= 2 THEN 'loyal'
        WHEN first_order_at > %(new_since)s THEN 'new'
        ELSE 'other'
    END
"""

_BOUGHT = (
    "paid_at IS NOT NULL AND state <> 'closed' OR state IN ('paid', 'part_shipped', 'shipped', 'signed', 'finished')"
)

_MOST = 2**31 - 1
"""No column of the figures holds more; only invented files tell as many pieces."""

_COLUMNS = (
    "order_count, paid_fen, refund_fen, item_count, finished_count, closed_count, unpaid_count, first_order_at,"
    " last_order_at, last_unpaid_at"
)


def refresh_figures(merchant_id: int, member_ids: Collection[int]) -> None:
    """Recompute the figures of members from their orders; exact whatever happened before."""
    if not member_ids:
        return
    names = [name.strip() for name in _COLUMNS.split(",")] + ["average_fen", "lifecycle"]
    sql.run(
        f"""
        INSERT INTO trade_figures AS f (merchant_id, member_id, {", ".join(names)})
        SELECT %(merchant_id)s, m.member_id, sums.*, coalesce(paid_fen / nullif(order_count, 0), 0), {_LIFECYCLE}
        FROM unnest(%(member_ids)s::bigint[]) AS m (member_id)
        CROSS JOIN LATERAL (
            SELECT count(*) FILTER (WHERE {_BOUGHT})::int AS order_count,
                coalesce(sum(paid_fen) FILTER (WHERE {_BOUGHT}), 0)::bigint AS paid_fen,
                coalesce(sum(refund_fen), 0)::bigint AS refund_fen,
                least(coalesce(sum(item_count) FILTER (WHERE {_BOUGHT}), 0), {_MOST})::int AS item_count,
                count(*) FILTER (WHERE state = 'finished')::int AS finished_count,
                count(*) FILTER (WHERE state = 'closed')::int AS closed_count,
                count(*) FILTER (WHERE state = 'unpaid')::int AS unpaid_count,
                min(coalesce(placed_at, paid_at)) FILTER (WHERE {_BOUGHT}) AS first_order_at,
                max(coalesce(placed_at, paid_at)) FILTER (WHERE {_BOUGHT}) AS last_order_at,
                max(placed_at) FILTER (WHERE NOT ({_BOUGHT}) AND paid_at IS NULL) AS last_unpaid_at
            FROM trade_order o
            WHERE o.merchant_id = (SELECT %(merchant_id)s::bigint) AND o.member_id = m.member_id
                AND o.removed_at IS NULL
        ) AS sums
        ON CONFLICT (merchant_id, member_id) DO UPDATE SET ({", ".join(names)}) =
            ({", ".join("excluded." + name for name in names)})
        WHERE ({", ".join("f." + name for name in names)}) IS DISTINCT FROM
            ({", ".join("excluded." + name for name in names)})
        """,
        {"merchant_id": merchant_id, "member_ids": sql.numbers(sorted(set(member_ids))), **_windows(merchant_id)},
    )


def refresh_lifecycle(merchant_id: int) -> int:
    """Move members whose time in a lifecycle group has run out; how many moved."""
    return sql.run(
        f"UPDATE trade_figures SET lifecycle = {_LIFECYCLE}"
        f" WHERE merchant_id = %(merchant_id)s AND lifecycle <> {_LIFECYCLE}",
        {"merchant_id": merchant_id, **_windows(merchant_id)},
    )


def save_lifecycle(merchant_id: int, spec: LifecycleSpec, *, by: Actor) -> int:
    """Keep new windows of the lifecycle groups and apply them; how many members moved."""
    merchants.save_setting(merchant_id, spec, by=by)
    return refresh_lifecycle(merchant_id)


def _windows(merchant_id: int) -> dict[str, object]:
    spec = merchant_queries.setting(merchant_id, LifecycleSpec)
    now = clock.now()
    return {
        "new_since": now - timedelta(days=spec.new_days),
        "lapsed_before": now - timedelta(days=spec.lapsed_days),
        "callback_since": now - timedelta(days=spec.callback_days),
    }
