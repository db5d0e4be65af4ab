"""Taking orders as platforms tell them: new ones, changed ones, and none twice."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.members import actions as members
from shuke.platforms.platform import OrderRecord
from shuke.trade import private, rules
from shuke.trade.actions.buyers import seen_buyers
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.news import Taken
from shuke.trade.actions.refunds import settle_refunds
from shuke.trade.actions.rehoming import note_origins
from shuke.trade.actions.retelling import tell_again
from shuke.trade.events import OrderChanged
from shuke.trade.staging import ORDER, WHOLE_LINE


def take_orders(
    merchant_id: int,
    shop_id: int,
    records: Sequence[OrderRecord],
    *,
    import_id: int | None,
    by: Actor,
    seen: Sequence[members.Seen | None] = (),
) -> Taken:
    """Make the shop's orders what the records say; the same record again changes nothing.

    `paid_fen` is kept net of refunds: files of some years tell it in full, which the record's doubts say.
    A record that is behind what is known (its state, or its refund) fills gaps and moves nothing back; masked values
    never replace clear ones. Members are recognised or made, figures follow, and each change is a fact. Needs the
    merchant's scope; batches of one shop wait for each other. `seen` are the records' buyers where they were prepared.
    """
    lock_shop(shop_id)
    seen = seen or seen_buyers(crypto.vault(merchant_id), shop_id, records, clock.now())
    unique = {record.order_no: _net(record) for record in records}
    named = {record.order_no: one for record, one in zip(records, seen, strict=True)}
    stored = {
        order_no: bytes(row_hash or b"")
        for order_no, row_hash in sql.rows(
            "SELECT order_no, CASE WHEN removed_at IS NULL THEN row_hash END FROM trade_order"
            " WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s AND order_no = ANY(string_to_array(%(order_nos)s, chr(31)))",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(unique)},
        )
    }
    fresh = [record for order_no, record in unique.items() if order_no not in stored]
    told = [record for order_no, record in unique.items() if order_no in stored and stored[order_no] != record.row_hash]
    taken = Taken(same=len(records) - len(fresh) - len(told))
    # One call for all: members are recognised at most once in a transaction, so that imports cannot deadlock.
    source = "" if import_id is None else f"import:{import_id}"
    found = _recognised(merchant_id, shop_id, [named[record.order_no] for record in (*fresh, *told)], source, by)
    buyers = [one and one.member_id for one in found]
    if fresh:
        fresh = [private.bare(one) if who and who.is_erased else one for one, who in zip(fresh, found, strict=False)]
        taken = taken.plus(_insert(merchant_id, shop_id, fresh, buyers[: len(fresh)], import_id, by))
    if told:
        taken = taken.plus(tell_again(merchant_id, shop_id, told, buyers[len(fresh) :], import_id, by))
    note_origins(
        merchant_id,
        shop_id,
        {
            one.order_no: who.origin_id
            for one, who in zip([*fresh, *told], found, strict=True)
            if who and who.origin_id != who.member_id
        },
    )
    settle_refunds(merchant_id, shop_id, [record.order_no for record in (*fresh, *told)], by=by)
    return taken


def _net(record: OrderRecord) -> OrderRecord:
    """With the paid amount net of refunds, as most exports tell it, where a file tells it in full (and says so)."""
    if "paid_is_gross" not in record.doubts:
        return record
    return record._replace(paid_fen=max(0, (record.paid_fen or 0) - (record.refund_fen or 0)))


def lock_shop(shop_id: int) -> None:
    """Let one batch of a shop wait for another until the transaction ends."""
    sql.run("SELECT pg_advisory_xact_lock(hashtextextended('trade.shop', %(shop_id)s))", {"shop_id": shop_id})


def _recognised(
    merchant_id: int, shop_id: int, seen: Sequence[members.Seen | None], source: str, by: Actor
) -> list[members.Recognised | None]:
    """The member of each buyer, None of nobody."""
    known = [one for one in seen if one is not None]
    found = iter(members.recognise_seen(merchant_id, shop_id, known, source=source, by=by))
    return [one and next(found) for one in seen]


def _insert(
    merchant_id: int,
    shop_id: int,
    records: Sequence[OrderRecord],
    buyers: Sequence[int | None],
    import_id: int | None,
    by: Actor,
) -> Taken:
    ids = sql.new_ids(len(records))
    sealed = private.seal_records(crypto.vault(merchant_id), merchant_id, ids, records)
    told = _columns(records) | {
        "id": ids, "shop_id": [shop_id] * len(ids), "member_id": buyers, "private_sealed": sealed,
        "first_import_id": [import_id] * len(ids), "last_import_id": [import_id] * len(ids),
    }  # fmt: skip
    sql.stage_columns("staged_order", ORDER | WHOLE_LINE, told)
    params = {"merchant_id": merchant_id, "import_id": import_id}
    names = ", ".join(ORDER)
    sql.run(f"INSERT INTO trade_order (merchant_id, {names}) SELECT %(merchant_id)s, {names} FROM staged_order", params)
    sql.run(
        "INSERT INTO trade_line (merchant_id, order_id, line_key, title, sku, product_id, outer_id, price_fen, quantity,"
        " weight_fen, gross_fen, refund_fen, state, is_vanished, last_import_id)"
        " SELECT %(merchant_id)s, id, '0', title, '', '', '', line_gross_fen, greatest(1, item_count), 1,"
        " line_gross_fen, line_refund_fen, state, false, last_import_id FROM staged_order",
        params,
    )
    refresh_figures(merchant_id, [member_id for member_id in buyers if member_id is not None])
    facts.publish_rows(merchant_id, OrderChanged, _NEWS, {"now": clock.now()}, by=by)
    return Taken(new=len(records))


# `rules.since` of a new order, but never later than now. Orders whose buyer is unknown make no fact until she is known.
_NEWS = """
    SELECT member_id, id AS subject_id, order_no, '' AS before, state, paid_fen, least(%(now)s, coalesce(CASE
        WHEN state = 'finished' THEN coalesce(finished_at, shipped_at, paid_at, placed_at)
        WHEN state IN ('shipped', 'part_shipped', 'signed') THEN coalesce(shipped_at, paid_at, placed_at)
        ELSE coalesce(paid_at, placed_at) END, %(now)s)) AS happened_at
    FROM staged_order WHERE member_id IS NOT NULL
"""


def _columns(records: Sequence[OrderRecord]) -> dict[str, Sequence[Any]]:
    """What records tell of new orders, by column of the stage."""
    told: dict[str, Sequence[Any]] = dict(zip(OrderRecord._fields, zip(*records, strict=True), strict=True))
    whole = {
        name: [value or 0 for value in told[name]]
        for name in ("goods_fen", "post_fen", "total_fen", "paid_fen", "refund_fen", "item_count", "line_count")
    }
    amounts = (whole[name] for name in ("paid_fen", "refund_fen", "post_fen", "total_fen"))
    gross = list(map(rules.goods_gross, told["state"], told["paid_at"], *amounts))
    return told | whole | {
        "title": list(map(rules.short_title, told["titles"])),
        "doubts": list(map(",".join, told["doubts"])),
        "line_gross_fen": gross,
        "line_refund_fen": list(map(min, whole["refund_fen"], gross)),
    }  # fmt: skip
