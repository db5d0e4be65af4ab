"""Taking refunds as a refund report tells them, before or after the orders they belong to."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core import clock, crypto, sql
from shuke.core.actors import Actor
from shuke.members.queries import marks
from shuke.platforms.platform import RefundRecord
from shuke.trade import private, rules
from shuke.trade.actions.news import Taken
from shuke.trade.actions.orders import lock_shop
from shuke.trade.actions.refunds import settle_refunds

LONGEST_REASON = 200


def take_refunds(
    merchant_id: int, shop_id: int, records: Sequence[RefundRecord], *, import_id: int | None, by: Actor
) -> Taken:
    """Keep each refund as it is told last, and have the orders and lines it belongs to follow; counts are of refunds.

    A refund of an order that is not known yet waits for it. One told in an earlier state than is known changes nothing.
    """
    lock_shop(shop_id)
    unique = {record.refund_no: record for record in records}
    known = {
        refund_no: (bytes(row_hash), state)
        for refund_no, row_hash, state in sql.rows(
            "SELECT DISTINCT ON (refund_no) refund_no, row_hash, state FROM trade_refund"
            " WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
            " AND refund_no = ANY(string_to_array(%(refund_nos)s, chr(31))) ORDER BY refund_no, id DESC",
            {"merchant_id": merchant_id, "shop_id": shop_id, "refund_nos": sql.texts(unique)},
        )
    }
    new = [record for refund_no, record in unique.items() if refund_no not in known]
    told = [
        record for refund_no, record in unique.items() if refund_no in known and known[refund_no][0] != record.row_hash
    ]
    changed = [record for record in told if not rules.is_older_refund(record.state, known[record.refund_no][1])]
    _keep(merchant_id, shop_id, [*new, *changed], import_id)
    settle_refunds(merchant_id, shop_id, {record.order_no for record in (*new, *changed)}, by=by)
    older = len(told) - len(changed)
    return Taken(len(new), len(changed), len(records) - len(new) - len(told), older)


def _keep(merchant_id: int, shop_id: int, records: Sequence[RefundRecord], import_id: int | None) -> None:
    vault, now = crypto.vault(merchant_id), clock.now()
    sql.run(
        """
        INSERT INTO trade_refund (merchant_id, id, shop_id, order_no, refund_no, title, outer_id, refund_fen, state, reason,
            explanation_sealed, goods_state, with_return, is_partial, asked_at, finished_at, row_hash, import_id, told_at)
        SELECT %(merchant_id)s, x.*, %(import_id)s, %(now)s FROM unnest(%(id)s::bigint[], %(shop_id)s::bigint[],
            %(order_no)s::text[], %(refund_no)s::text[], %(title)s::text[], %(outer_id)s::text[], %(refund_fen)s::bigint[],
            %(state)s::text[], %(reason)s::text[], %(sealed)s::bytea[], %(goods_state)s::text[], %(with_return)s::bool[],
            %(is_partial)s::bool[], %(asked_at)s::timestamptz[], %(finished_at)s::timestamptz[], %(row_hash)s::bytea[]) AS x
        ON CONFLICT (merchant_id, shop_id, refund_no, row_hash) DO UPDATE SET id = excluded.id,
            explanation_sealed = excluded.explanation_sealed, import_id = excluded.import_id, told_at = excluded.told_at
        """,
        {
            "merchant_id": merchant_id,
            "import_id": import_id,
            "now": now,
            "id": (ids := sql.new_ids(len(records))),
            "shop_id": [shop_id] * len(records),
            "reason": [marks.masked_words(record.reason)[:LONGEST_REASON] for record in records],
            "sealed": [
                private.seal_explanation(vault, merchant_id, refund_id, record.explanation)
                for refund_id, record in zip(ids, records, strict=True)
            ],
            **{
                name: [getattr(record, name) for record in records]
                for name in ("order_no", "refund_no", "title", "outer_id", "refund_fen", "state", "goods_state",
                             "with_return", "is_partial", "asked_at", "finished_at", "row_hash")
            },
        },
    )  # fmt: skip
