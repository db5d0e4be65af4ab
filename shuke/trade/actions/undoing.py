"""Undoing an import: what it brought is removed, what it changed is as before, later imports' news stay."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, facts, progress, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.merchants import actions as merchants
from shuke.trade.actions import imports
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.lines import reallocate
from shuke.trade.actions.news import News, tell
from shuke.trade.actions.refunds import settle_refunds
from shuke.trade.actions.rehoming import bring_home
from shuke.trade.events import OrderRemoved

BATCH = 5000

_RESTORED = (
    "member_id, state, placed_at, paid_at, shipped_at, finished_at, goods_fen, post_fen, total_fen, paid_fen,"
    " refund_fen, report_refund_fen, item_count, line_count, title, flag, close_reason, doubts, private_sealed, row_hash,"
    " last_import_id, origin_id"
)


def undo(merchant_id: int, import_id: int, *, by: Actor) -> int:
    """Have the worker undo a finished import; the id of its progress. Refused unless it is done and not undone yet."""
    found = imports.uploaded(merchant_id, import_id, lock=True)
    if found["state"] == "undoing":
        return int(found["progress_id"])
    if found["state"] != "done":
        raise Refused("not_done", _("Only an import that is done can be undone."))
    progress_id = progress.begin(merchant_id, "undo_import", subject_id=import_id, by=by)
    imports.note(merchant_id, import_id, state="undoing", progress_id=progress_id)
    merchants.audit(merchant_id, "import.undone", by=by, object_kind="import", object_id=import_id)
    from shuke.trade.jobs import run_undo  # jobs call actions; deferring one is the single step back

    run_undo.configure(lock=f"import:{merchant_id}:{found['shop_id']}").defer(
        merchant_id=merchant_id, import_id=import_id
    )
    return progress_id


def run_undo_to_end(merchant_id: int, import_id: int) -> None:
    """The undoing itself; killed anywhere, it goes on when run again."""
    with tenant(merchant_id):
        found = imports.uploaded(merchant_id, import_id)
    if found["state"] != "undoing":
        return
    kept = take_back(merchant_id, import_id, by=SYSTEM, progress_id=found["progress_id"])
    with tenant(merchant_id):
        imports.note(merchant_id, import_id, state="undone", undone_at=clock.now(), kept_count=kept)
        progress.advance(merchant_id, found["progress_id"], state=progress.DONE)


def take_back(merchant_id: int, import_id: int, *, by: Actor, progress_id: int | None = None) -> int:
    """Remove the orders an import brought and restore those it changed, batch by batch, each in one transaction.

    Orders that a later import changed stay as they are; how many is returned. What comes to light again under this
    import and is of one that was undone before goes as well.
    """
    done = 0
    for batch in (_remove_batch, _restore_batch, _forget_refunds_batch):
        while True:
            with tenant(merchant_id):
                count = batch(merchant_id, import_id, by)
                done += count
                if progress_id is not None:
                    progress.advance(merchant_id, progress_id, done=done)
            if not count:
                break
    params = {"merchant_id": merchant_id, "import_id": import_id}
    with tenant(merchant_id):
        uncovered = sql.rows(_UNCOVERED, params)
    for (earlier_id,) in uncovered:
        kept = take_back(merchant_id, earlier_id, by=by)
        with tenant(merchant_id):
            imports.note(merchant_id, earlier_id, kept_count=kept)
    with tenant(merchant_id):
        members.undo_source(merchant_id, f"import:{import_id}", keep=_members_with_orders(params), by=by)
        return int(sql.scalar(_KEPT, params))


_UNCOVERED = """
    SELECT DISTINCT i.id FROM trade_change c
    JOIN trade_order o ON o.merchant_id = c.merchant_id AND o.id = c.order_id AND o.removed_at IS NULL
    JOIN trade_import i ON i.merchant_id = o.merchant_id AND i.id = o.last_import_id AND i.state IN ('undone', 'failed')
    WHERE c.merchant_id = %(merchant_id)s AND c.import_id = %(import_id)s AND i.id <> %(import_id)s ORDER BY i.id
"""

_KEPT = """
    SELECT count(*) FROM trade_order WHERE merchant_id = %(merchant_id)s AND removed_at IS NULL
      AND (first_import_id = %(import_id)s OR id IN (
          SELECT order_id FROM trade_change WHERE merchant_id = %(merchant_id)s AND import_id = %(import_id)s))
      AND last_import_id IS DISTINCT FROM %(import_id)s
"""


def _remove_batch(merchant_id: int, import_id: int, by: Actor) -> int:
    now = clock.now()
    params: dict[str, Any] = {"merchant_id": merchant_id, "import_id": import_id, "now": now, "limit": BATCH}
    removed = sql.rows(
        """
        UPDATE trade_order SET removed_at = %(now)s, private_sealed = NULL, row_hash = NULL
        WHERE merchant_id = %(merchant_id)s AND id IN (
            SELECT id FROM trade_order WHERE merchant_id = %(merchant_id)s AND first_import_id = %(import_id)s
            AND last_import_id = %(import_id)s AND removed_at IS NULL ORDER BY id LIMIT %(limit)s FOR UPDATE)
        RETURNING id, member_id, order_no
        """,
        params,
    )
    sql.run(
        "UPDATE trade_line SET is_vanished = true, gross_fen = 0, refund_fen = 0"
        " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s)",
        {**params, "order_ids": [row[0] for row in removed]},
    )
    refresh_figures(merchant_id, [row[1] for row in removed if row[1] is not None])
    _tell_removed(merchant_id, removed, by)
    return len(removed)


def _tell_removed(merchant_id: int, rows: Sequence[tuple[Any, ...]], by: Actor) -> None:
    """Tell of orders (id, buyer, number) that they are gone from their buyers."""
    now = clock.now()
    facts.publish(
        merchant_id,
        [
            OrderRemoved(member_id=member_id, subject_id=order_id, order_no=order_no, happened_at=now)
            for order_id, member_id, order_no in rows
            if member_id is not None
        ],
        by=by,
    )


def _restore_batch(merchant_id: int, import_id: int, by: Actor) -> int:
    params: dict[str, Any] = {"merchant_id": merchant_id, "import_id": import_id, "limit": BATCH}
    touched = sql.rows(
        """
        SELECT o.id, o.member_id, o.order_no, o.state, c.before->>'state', (c.before->>'paid_fen')::bigint,
               (c.before->>'member_id')::bigint, o.shop_id
        FROM trade_change c JOIN trade_order o ON o.merchant_id = c.merchant_id AND o.id = c.order_id
        WHERE c.merchant_id = %(merchant_id)s AND c.import_id = %(import_id)s AND o.last_import_id = %(import_id)s
          AND o.removed_at IS NULL
        ORDER BY o.id LIMIT %(limit)s FOR UPDATE OF o
        """,
        params,
    )
    if not touched:
        return 0
    params["order_ids"] = [row[0] for row in touched]
    values = ", ".join(f"b.{name.strip()}" for name in _RESTORED.split(","))
    sql.run(
        f"""
        UPDATE trade_order o SET ({_RESTORED}) = (SELECT {values} FROM jsonb_populate_record(o, c.before) b)
        FROM trade_change c WHERE c.merchant_id = %(merchant_id)s AND c.import_id = %(import_id)s
          AND o.merchant_id = c.merchant_id AND o.id = c.order_id AND o.id = ANY(%(order_ids)s)
        """,
        params,
    )
    bring_home(merchant_id, params["order_ids"])
    _restore_lines(params)
    reallocate(merchant_id, params["order_ids"])
    members_touched = {member_id for row in touched for member_id in (row[1], row[6]) if member_id is not None}
    refresh_figures(merchant_id, members_touched)
    tell(merchant_id, [News(row[0], row[6], row[2], row[3], row[4], row[5], None) for row in touched], by=by)
    _tell_removed(merchant_id, [row[:3] for row in touched if row[6] is None], by)
    for shop_id in {row[7] for row in touched}:
        settle_refunds(merchant_id, shop_id, {row[2] for row in touched if row[7] == shop_id}, by=by)
    return len(touched)


def _forget_refunds_batch(merchant_id: int, import_id: int, by: Actor) -> int:
    params = {"merchant_id": merchant_id, "import_id": import_id, "limit": BATCH}
    forgotten = sql.rows(
        """
        DELETE FROM trade_refund WHERE merchant_id = %(merchant_id)s AND id IN (
            SELECT id FROM trade_refund WHERE merchant_id = %(merchant_id)s AND import_id = %(import_id)s
            ORDER BY id LIMIT %(limit)s FOR UPDATE)
        RETURNING shop_id, order_no
        """,
        params,
    )
    for shop_id in {row[0] for row in forgotten}:
        settle_refunds(merchant_id, shop_id, {row[1] for row in forgotten if row[0] == shop_id}, by=by)
    return len(forgotten)


def _restore_lines(params: dict[str, Any]) -> None:
    sql.run(
        "UPDATE trade_line SET is_vanished = true, gross_fen = 0, refund_fen = 0"
        " WHERE merchant_id = %(merchant_id)s AND order_id = ANY(%(order_ids)s)",
        params,
    )
    sql.run(
        """
        UPDATE trade_line l SET (title, sku, product_id, outer_id, price_fen, quantity, weight_fen, told_refund_fen,
            gross_fen, refund_fen, state, is_vanished, row_hash, last_import_id) =
            (b.title, b.sku, b.product_id, b.outer_id, b.price_fen, b.quantity, b.weight_fen, b.told_refund_fen,
            b.gross_fen, b.refund_fen, b.state, false, b.row_hash, b.last_import_id)
        FROM trade_change c CROSS JOIN LATERAL jsonb_populate_recordset(NULL::trade_line, c.lines_before) b
        WHERE c.merchant_id = %(merchant_id)s AND c.import_id = %(import_id)s AND c.order_id = ANY(%(order_ids)s)
          AND l.merchant_id = c.merchant_id AND l.id = b.id
        """,
        params,
    )


def _members_with_orders(params: dict[str, Any]) -> list[int]:
    """Members that the import's orders named and that have orders left."""
    return [
        row[0]
        for row in sql.rows(
            """
            SELECT DISTINCT o.member_id FROM trade_order o
            WHERE o.merchant_id = %(merchant_id)s AND o.removed_at IS NULL AND o.member_id IN (
                SELECT member_id FROM trade_order WHERE merchant_id = %(merchant_id)s
                AND first_import_id = %(import_id)s)
            """,
            params,
        )
    ]
