"""Taking orders that come with their lines, and customers, as files of other platforms tell them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence

from shuke.core import clock, sql
from shuke.core.actors import Actor
from shuke.members import actions as members
from shuke.platforms.platform import CustomerRecord, SaleRecord
from shuke.trade.actions.details import take_lines
from shuke.trade.actions.news import Taken
from shuke.trade.actions.orders import lock_shop, take_orders


def take_sales(
    merchant_id: int, shop_id: int, records: Sequence[SaleRecord], *, import_id: int | None, by: Actor
) -> Taken:
    """Make the shop's orders and their lines what the records say; counts are of the file's rows.

    It is `take_orders` and then `take_lines`, so a record that is behind what is known moves nothing back.
    """
    lock_shop(shop_id)
    order_nos = [record.order.order_no for record in records]
    before = _hashes(merchant_id, shop_id, order_nos)
    take_orders(merchant_id, shop_id, [record.order for record in records], import_id=import_id, by=by)
    after = _hashes(merchant_id, shop_id, order_nos)
    # An older telling of an order knows nothing newer of its lines.
    current = [record for record in records if after[record.order.order_no] == record.order.row_hash]
    lines = [line for record in current for line in record.lines]
    if lines:
        take_lines(merchant_id, shop_id, lines, import_id=import_id, by=by, are_all=True)
    counted = Counter[str]()
    for record in records:
        number, told = record.order.order_no, record.order.row_hash
        known = before.get(number, b"")
        became = "new" if not known else "same" if known == told else "changed" if after[number] == told else "older"
        counted[became] += len(record.row_numbers)
    return Taken(counted["new"], counted["changed"], counted["same"], counted["older"])


def _hashes(merchant_id: int, shop_id: int, order_nos: Iterable[str]) -> dict[str, bytes]:
    """The hash of what each known order was told with last; b"" while no order list told it."""
    return {
        order_no: bytes(row_hash or b"")
        for order_no, row_hash in sql.rows(
            "SELECT order_no, row_hash FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
            " AND removed_at IS NULL AND order_no = ANY(string_to_array(%(order_nos)s, chr(31)))",
            {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(order_nos)},
        )
    }


def take_customers(
    merchant_id: int, shop_id: int, records: Sequence[CustomerRecord], *, import_id: int | None, by: Actor
) -> Taken:
    """Make members of a customer file's rows, or fill in what is new of known ones; counts are of rows."""
    now = clock.now()
    welcomed = members.take_customers(
        merchant_id,
        shop_id,
        [
            members.Customer(
                members.Sighting(
                    seen_at=min(record.bought_at or record.joined_at or now, now),
                    traded=record.has_bought,
                    nick=record.nick,
                    shown_nick=record.shown_nick,
                    open_uid=record.open_uid,
                    phone=record.phone,
                    phone_is_own=True,
                    phone_masked=record.phone_masked,
                    email=record.email,
                    email_is_own=True,
                    name=record.name,
                    name_masked=record.name_masked,
                    address=record.address,
                    province=record.province,
                    city=record.city,
                    district=record.district,
                    birthday=record.birthday,
                ),
                record.gender,
                record.tags,
                is_undated=record.bought_at is None and record.joined_at is None,
            )
            for record in records
        ],
        source="" if import_id is None else f"import:{import_id}",
        by=by,
    )
    return Taken(welcomed.new, welcomed.changed, welcomed.same)
