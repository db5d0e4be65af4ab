"""Orders told again: what is news moves forward, with the order as it was kept beside it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from shuke.core import clock, crypto, sql
from shuke.core.actors import Actor
from shuke.core.crypto import Vault
from shuke.members import queries as members
from shuke.platforms.platform import MARK_BYTES, OrderRecord, is_read_anew
from shuke.trade import private, rules
from shuke.trade.actions.figures import refresh_figures
from shuke.trade.actions.lines import reallocate
from shuke.trade.actions.news import News, Taken, tell
from shuke.trade.staging import ORDER

_PLAIN = (
    "member_id", "state", "placed_at", "paid_at", "shipped_at", "finished_at", "goods_fen", "post_fen", "total_fen",
    "paid_fen", "refund_fen", "item_count", "line_count", "title", "flag", "close_reason", "doubts",
)  # fmt: skip


class Merged(NamedTuple):
    """An order before and after it was told again."""

    before: dict[str, Any]
    after: dict[str, Any]
    private: dict[str, str]

    @property
    def is_news(self) -> bool:
        """Whether anything differs that is worth keeping a trace of."""
        return self.before["is_removed"] or any(self.before[name] != self.after[name] for name in (*_PLAIN, "private"))


def tell_again(
    merchant_id: int,
    shop_id: int,
    records: Sequence[OrderRecord],
    buyers: Sequence[int | None],
    import_id: int | None,
    by: Actor,
) -> Taken:
    """Merge records into the stored orders of the same numbers, which are all there.

    A row that is read in another way than when it was taken, and is all that was ever told of its order, replaces what it
    said before, whatever that was.
    """
    vault = crypto.vault(merchant_id)
    stored = _stored(merchant_id, shop_id, [record.order_no for record in records], vault)
    whose = {row["member_id"] for row in stored.values()} | set(buyers)
    erased = members.erased(merchant_id, {one for one in whose if one is not None})
    anew = _only_told_by(
        merchant_id,
        [(row["id"], row["row_hash"]) for record in records if (row := stored[record.order_no])["row_hash"] is not None
         and is_read_anew(record.row_hash, bytes(row["row_hash"]))],
    )  # fmt: skip
    merged, hashes, older_count = [], [], 0
    for record, buyer in zip(records, buyers, strict=True):
        before = stored[record.order_no]
        record = private.bare(record) if {before["member_id"], buyer} & erased else record  # noqa: PLW2901 - from here on
        is_told = before["row_hash"] is not None and not before["is_removed"]
        is_anew = before["id"] in anew
        older = (
            is_told
            and not is_anew
            and rules.is_older(record.state, record.refund_fen, before["state"], before["refund_fen"])
        )
        one = _merge(before, record, buyer, older=older, replaces=is_anew)
        older_count += older and not one.is_news
        if not older:
            hashes.append((before["id"], record.row_hash))
        if one.is_news:
            merged.append(one)
    keep_before(merchant_id, [one.before["id"] for one in merged], import_id)
    _write(merchant_id, shop_id, merged, import_id, vault)
    _write_hashes(merchant_id, hashes)
    _follow(merchant_id, merged, by)
    # To the shopkeeper an order is new that only a detail file, or an import that was undone, had told before.
    new_count = sum(one.before["row_hash"] is None for one in merged)
    return Taken(new_count, len(merged) - new_count, len(records) - len(merged) - older_count, older_count)


def keep_before(merchant_id: int, order_ids: Sequence[int], import_id: int | None) -> None:
    """Keep orders and their lines as they are, under the import that is about to change them; the first keeping
    of an import stands.
    """
    if not order_ids:
        return
    sql.run(
        """
        INSERT INTO trade_change (merchant_id, import_id, order_id, before, lines_before, at)
        SELECT o.merchant_id, %(import_id)s, o.id, to_jsonb(o), coalesce(l.lines, '[]'), %(now)s
        FROM trade_order o
        LEFT JOIN LATERAL (SELECT jsonb_agg(to_jsonb(t)) AS lines FROM trade_line t
                           WHERE t.merchant_id = o.merchant_id AND t.order_id = o.id AND NOT t.is_vanished) l ON true
        WHERE o.merchant_id = %(merchant_id)s AND o.id = ANY(%(order_ids)s)
          AND o.first_import_id IS DISTINCT FROM %(import_id)s
        ON CONFLICT (merchant_id, import_id, order_id) DO NOTHING
        """,
        {"merchant_id": merchant_id, "import_id": import_id or 0, "order_ids": order_ids, "now": clock.now()},
    )


def _stored(merchant_id: int, shop_id: int, order_nos: list[str], vault: Vault) -> dict[str, dict[str, Any]]:
    found = sql.dicts(
        f"SELECT id, order_no, first_import_id, removed_at IS NOT NULL AS is_removed, report_refund_fen, private_sealed, row_hash, {', '.join(_PLAIN)}"
        " FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
        " AND order_no = ANY(string_to_array(%(order_nos)s, chr(31))) FOR UPDATE",
        {"merchant_id": merchant_id, "shop_id": shop_id, "order_nos": sql.texts(order_nos)},
    )
    for row in found:
        # Order lists are compared with order lists; what refund reports told beyond them is settled anew afterwards.
        row["refund_fen"] -= row["report_refund_fen"]
        row["paid_fen"] += row["report_refund_fen"]
        row["private"] = private.unseal(vault, merchant_id, row["id"], row["private_sealed"])
    return {row["order_no"]: row for row in found}


def _only_told_by(merchant_id: int, rows: Sequence[tuple[int, bytes]]) -> set[int]:
    """Of orders (id, hash of the row taken last) those of which no other row, file or program has told anything."""
    if not rows:
        return set()
    found = sql.rows(
        """
        SELECT o.id FROM unnest(%(ids)s::bigint[], %(rows)s::bytea[]) AS w (id, told)
        JOIN trade_order o ON o.merchant_id = %(merchant_id)s AND o.id = w.id
        WHERE NOT EXISTS (
            SELECT FROM trade_change c LEFT JOIN trade_import i ON i.merchant_id = c.merchant_id AND i.id = c.import_id
            WHERE c.merchant_id = o.merchant_id AND c.order_id = o.id AND NOT coalesce(
                i.content IN ('orders', 'sales') AND starts_with(c.before->>'row_hash', w.told::text), false))
        """,
        {
            "merchant_id": merchant_id,
            "ids": [row[0] for row in rows],
            "rows": [bytes(row[1])[:-MARK_BYTES] for row in rows],
        },
    )
    return {row[0] for row in found}


def _merge(
    before: dict[str, Any], record: OrderRecord, buyer: int | None, *, older: bool, replaces: bool = False
) -> Merged:
    told = {
        "member_id": buyer,
        "state": record.state,
        "placed_at": record.placed_at,
        "paid_at": record.paid_at,
        "shipped_at": record.shipped_at,
        "finished_at": record.finished_at,
        "goods_fen": record.goods_fen,
        "post_fen": record.post_fen,
        "total_fen": record.total_fen,
        "paid_fen": record.paid_fen,
        "refund_fen": record.refund_fen,
        "item_count": record.item_count,
        "line_count": record.line_count,
        "title": rules.short_title(record.titles),
        "flag": record.flag,
        "close_reason": record.close_reason,
        "doubts": ",".join(record.doubts),
    }
    if older and before["refund_fen"]:
        told["paid_fen"] = None  # 0 is what stayed paid then, and no gap
    base = {**before, **dict.fromkeys(_PLAIN)} if before["is_removed"] or replaces else before
    after = rules.merge({name: base[name] for name in _PLAIN}, told, older=older)
    if before["member_id"] is not None and not before["is_removed"]:
        after["member_id"] = before["member_id"]  # an order changes hands only by joining members
    for name in ("goods_fen", "post_fen", "total_fen", "paid_fen", "refund_fen", "item_count", "line_count"):
        after[name] = after[name] or 0
    after["title"], after["close_reason"], after["doubts"] = (
        after["title"] or "", after["close_reason"] or "", told["doubts"] if not older else before["doubts"],
    )  # fmt: skip
    after["private"] = rules.merge(before["private"], private.of(record), older=older)
    return Merged(before, after, after["private"])


def _write(merchant_id: int, shop_id: int, merged: Sequence[Merged], import_id: int | None, vault: Vault) -> None:
    if not merged:
        return
    rows = []
    for before, after, fields in merged:
        sealed = before["private_sealed"]
        if fields != before["private"]:
            sealed = private.seal(vault, merchant_id, before["id"], fields)
        values = {**after, "id": before["id"], "shop_id": shop_id, "order_no": before["order_no"],
                  "private_sealed": sealed, "row_hash": None, "first_import_id": before["first_import_id"],
                  "last_import_id": import_id}  # fmt: skip
        if before["is_removed"]:
            values["first_import_id"] = import_id
        rows.append([values[name] for name in ORDER])
    sql.stage("retold_order", ORDER, rows)
    names = [name for name in ORDER if name not in {"id", "row_hash"}]
    sql.run(
        f"UPDATE trade_order o SET ({', '.join(names)}, report_refund_fen, removed_at) ="
        f" ({', '.join('s.' + name for name in names)}, 0, NULL)"
        " FROM retold_order s WHERE o.merchant_id = %(merchant_id)s AND o.id = s.id",
        {"merchant_id": merchant_id},
    )


def _write_hashes(merchant_id: int, hashes: Sequence[tuple[int, bytes]]) -> None:
    sql.run(
        "UPDATE trade_order o SET row_hash = h.row_hash"
        " FROM unnest(%(ids)s::bigint[], %(hashes)s::bytea[]) AS h (id, row_hash)"
        " WHERE o.merchant_id = %(merchant_id)s AND o.id = h.id",
        {"merchant_id": merchant_id, "ids": [one[0] for one in hashes], "hashes": [one[1] for one in hashes]},
    )


def _follow(merchant_id: int, merged: Sequence[Merged], by: Actor) -> None:
    """Lines, figures and facts after orders changed."""
    if not merged:
        return
    reallocate(merchant_id, [one.before["id"] for one in merged])
    touched = {member_id for one in merged for member_id in (one.before["member_id"], one.after["member_id"])}
    refresh_figures(merchant_id, [member_id for member_id in touched if member_id is not None])
    tell(
        merchant_id,
        [
            News(
                one.before["id"],
                one.after["member_id"],
                one.before["order_no"],
                "" if one.before["is_removed"] else one.before["state"],
                one.after["state"],
                one.after["paid_fen"],
                _since(one.after),
            )
            for one in merged
        ],
        by=by,
    )


class _Times(NamedTuple):
    state: str
    placed_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    finished_at: datetime | None


def _since(after: dict[str, Any]) -> datetime | None:
    return rules.since(_Times(*(after[name] for name in _Times._fields)))
