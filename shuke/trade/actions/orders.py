"""Taking orders as platforms tell them: new ones, changed ones, and none twice."""

from __future__ import annotations

from collections.abc import Sequence

from shuke.core import clock, crypto, facts, sql
from shuke.core.actors import Actor
from shuke.members import actions as members
from shuke.platforms.platform import OrderRecord
from shuke.trade import private
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.news import Taken
from shuke.trade.actions.preparing import ROW, Prepared, net, rows_of, seen_buyers
from shuke.trade.actions.refunds import settle_refunds
from shuke.trade.actions.rehoming import note_origins
from shuke.trade.actions.retelling import tell_again
from shuke.trade.events import OrderChanged
from shuke.trade.staging import ORDER


def take_orders(
    merchant_id: int,
    shop_id: int,
    records: Sequence[OrderRecord],
    *,
    import_id: int | None,
    by: Actor,
    prepared: Prepared | None = None,
) -> Taken:
    """Make the shop's orders what the records say; the same record again changes nothing.

    `paid_fen` is kept net of refunds: files of some years tell it in full, which the record's doubts say.
    A record that is behind what is known (its state, or its refund) fills gaps and moves nothing back; masked values
    never replace clear ones. Members are recognised or made, figures follow, and each change is a fact. Needs the
    merchant's scope; batches of one shop wait for each other. `prepared` is of these records, where a thread did it ahead.
    """
    lock_shop(shop_id)
    places = {record.order_no: place for place, record in enumerate(records)}  # of several tellings the last counts
    stored = {
        order_no: bytes(row_hash or b"")
        for order_no, row_hash in sql.rows(
            "SELECT order_no, CASE WHEN removed_at IS NULL THEN row_hash END FROM trade_order"
            " WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s AND order_no = ANY(string_to_array(%(order_nos)s, chr(31)))",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(places)},
        )
    }
    fresh = [place for order_no, place in places.items() if order_no not in stored]
    told = [
        place
        for order_no, place in places.items()
        if order_no in stored and stored[order_no] != records[place].row_hash
    ]
    news = [*fresh, *told]
    seen = prepared.seen if prepared else seen_buyers(crypto.vault(merchant_id), shop_id, records, clock.now())
    # One call for all: members are recognised at most once in a transaction, so that imports cannot deadlock.
    source = "" if import_id is None else f"import:{import_id}"
    found = _recognised(merchant_id, shop_id, [seen[place] for place in news], source, by)
    buyers = [one and one.member_id for one in found]
    taken = Taken(same=len(records) - len(news))
    if fresh:
        rows = _rows(merchant_id, shop_id, records, fresh, found, import_id, prepared)
        taken = taken.plus(_insert(merchant_id, rows, buyers[: len(fresh)], by))
    if told:
        changed = [net(records[place]) for place in told]
        taken = taken.plus(tell_again(merchant_id, shop_id, changed, buyers[len(fresh) :], import_id, by))
    origins = {
        records[place].order_no: who.origin_id
        for place, who in zip(news, found, strict=True)
        if who and who.origin_id != who.member_id
    }
    note_origins(merchant_id, shop_id, origins)
    settle_refunds(merchant_id, shop_id, [records[place].order_no for place in news], by=by)
    return taken


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


def _rows(
    merchant_id: int,
    shop_id: int,
    records: Sequence[OrderRecord],
    fresh: Sequence[int],
    found: Sequence[members.Recognised | None],
    import_id: int | None,
    prepared: Prepared | None,
) -> list[str]:
    """The rows of the new orders; one of an erased buyer tells nothing private."""
    vault = crypto.vault(merchant_id)
    erased = {place for place, who in zip(fresh, found, strict=False) if who and who.is_erased}
    if prepared is None:
        bare = [private.bare(records[place]) if place in erased else records[place] for place in fresh]
        return rows_of(vault, merchant_id, shop_id, bare, sql.new_ids(len(fresh)), import_id)
    for place in erased:
        bare = [private.bare(records[place])]
        [prepared.rows[place]] = rows_of(vault, merchant_id, shop_id, bare, [prepared.ids[place]], import_id)
    return [prepared.rows[place] for place in fresh]


def _insert(merchant_id: int, rows: Sequence[str], buyers: Sequence[int | None], by: Actor) -> Taken:
    lines = [f"{row}\t{sql.NULL if buyer is None else buyer}" for row, buyer in zip(rows, buyers, strict=True)]
    sql.stage_lines("staged_order", ROW | {"member_id": ORDER["member_id"]}, lines)
    params = {"merchant_id": merchant_id}
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
    return Taken(new=len(rows))


# `rules.since` of a new order, but never later than now. Orders whose buyer is unknown make no fact until she is known.
_NEWS = """
    SELECT member_id, id AS subject_id, order_no, '' AS before, state, paid_fen, least(%(now)s, coalesce(CASE
        WHEN state = 'finished' THEN coalesce(finished_at, shipped_at, paid_at, placed_at)
        WHEN state IN ('shipped', 'part_shipped', 'signed') THEN coalesce(shipped_at, paid_at, placed_at)
        ELSE coalesce(paid_at, placed_at) END, %(now)s)) AS happened_at
    FROM staged_order WHERE member_id IS NOT NULL
"""
