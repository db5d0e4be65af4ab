"""Taobao and Tmall: the order, line and refund exports of all years since 2013, known by their column names.

The names, their changes and the rules on amounts were learnt from exports of 2013 to 2026; a column is found by its
name alone, since sellers pick and reorder columns.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import tzinfo
from functools import partial
from typing import Any, Final

from django.utils.translation import gettext_lazy as _

from shuke.core.tables import Row, normal
from shuke.platforms import rules
from shuke.platforms.columns import Chunk
from shuke.platforms.kinds.taobao.words import (
    FLAG_TEXTS,
    IGNORED,
    LINE_COLUMNS,
    LINE_SIGNS,
    NO_REFUND,
    ORDER_COLUMNS,
    ORDER_SIGNS,
    REFUND_COLUMNS,
    REFUND_SIGNS,
    REFUND_TEXTS,
    STATE_TEXTS,
    Fields,
    Signs,
)
from shuke.platforms.platform import Content, Layout, LineRecord, OrderRecord, Parsed, Platform, RefundRecord, State

Columns = Mapping[str, int]
Values = dict[str, Sequence[Any]]
Reader = Callable[[Sequence[str], Columns, Sequence[Row], tzinfo, bytes], Parsed]


class Taobao(Platform):
    """Taobao and Tmall shops, whose files are the same."""

    name = "taobao"
    label = _("Taobao / Tmall")

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The layout of an order, line or refund export of any year."""
        names = {normal(name): place for place, name in reversed(list(enumerate(header))) if name.strip()}
        kind = _content(names)
        if kind is None:
            return None
        aliases, signs, read = _KINDS[kind]
        columns = {
            field: next(names[normal(alias)] for alias in known if normal(alias) in names)
            for field, known in aliases.items()
            if any(normal(alias) in names for alias in known)
        }
        if kind == "orders" and "买家会员昵称" in names and "买家会员名" in names:
            columns["shown_nick"] = names["买家会员名"]
        era = next(((name, years) for name, years, found in signs if any(sign in names for sign in found)), None)
        if era is None:
            return None
        name, years = era
        known_names = IGNORED | {normal(alias) for known in aliases.values() for alias in known}
        return Layout(
            platform=self.name,
            name=name,
            label=f"{name} ({years})",
            content=kind,
            columns_used=tuple(header[place] for place in sorted(set(columns.values()))),
            columns_unknown=tuple(name for name in header if name.strip() and normal(name) not in known_names),
            reader=partial(read, header, columns),
            # Lines without a number of their own are known by their place in the order.
            key_column=columns["order_no"] if kind == "lines" and "line_no" not in columns else None,
        )


def _content(names: Columns) -> Content | None:
    """Which of the three exports has such columns."""
    if "退款编号" in names and "订单编号" in names:
        return "refunds"
    has_order = "订单编号" in names or "主订单编号" in names
    if has_order and {"标题", "商品标题", "宝贝标题"} & names.keys() and "购买数量" in names:
        return "lines"
    amounts = {"总金额", "买家应付货款", "买家实际支付金额", "买家实付金额"}
    times = {"订单创建时间", "订单付款时间"}
    return "orders" if "订单编号" in names and names.keys() & (amounts | times) else None


def read_orders(header: Sequence[str], columns: Columns, rows: Sequence[Row], zone: tzinfo, mark: bytes) -> Parsed:
    """Order rows as OrderRecord."""
    chunk = Chunk(rows, header, zone, mark)
    values = _order_facts(chunk, columns) | _buyers(chunk, columns) | _goods(chunk, columns)
    states = _states(chunk, columns, values)
    values |= {"state": states} | _amounts(chunk, columns, states)
    _need_something(chunk, values["placed_at"], values["paid_at"], values["total_fen"], values["paid_fen"])
    unreadable = values.pop("phone_unreadable")
    values["doubts"] = _order_doubts(columns, values, unreadable)
    return chunk.parsed(OrderRecord, values)


def read_lines(header: Sequence[str], columns: Columns, rows: Sequence[Row], zone: tzinfo, mark: bytes) -> Parsed:
    """Rows of order lines as LineRecord."""
    chunk, at = Chunk(rows, header, zone, mark), columns.get
    due, paid = chunk.money(at("due")), chunk.money(at("paid"))
    refund = chunk.money(at("refund"), NO_REFUND)
    refund_texts = list(map(rules.status, chunk.cells(at("refund_state"))))
    values: Values = {
        "order_no": chunk.ids(at("order_no")),
        "line_no": chunk.ids(at("line_no")) if "line_no" in columns else chunk.nothing(),
        "title": chunk.prose(at("title")),
        "sku": chunk.texts(at("sku")),
        "outer_id": chunk.texts(at("outer_id")),
        "product_id": chunk.ids(at("product_id"), is_required=False),
        "price_fen": chunk.money(at("price")),
        "quantity": chunk.quantities(at("quantity")),
        "due_fen": due,
        "paid_fen": paid,
        "refund_fen": refund,
        "refund_state": [REFUND_TEXTS.get(text, "asked") for text in refund_texts],
        "placed_at": chunk.times(at("placed")),
        "paid_at": chunk.times(at("paid_at")),
        "shipped_at": chunk.times(at("shipped")),
        "flag": _flags(chunk, columns),
        "message": chunk.texts(at("message")),
        "remark": chunk.texts(at("remark")),
        "payment_no": chunk.texts(at("payment_no")),
        "logistic_no": chunk.texts(at("logistic_no"), without="No:"),
        "logistic_company": chunk.texts(at("logistic_company")),
    }
    values["state"] = _states(chunk, columns, values)
    values["doubts"] = [
        (("paid_is_gross",) if back and money == owed else ())
        + (() if text in REFUND_TEXTS else ("refund_state_unknown",))
        for owed, money, back, text in zip(due, paid, refund, refund_texts, strict=True)
    ]
    return chunk.parsed(LineRecord, values)


def read_refunds(header: Sequence[str], columns: Columns, rows: Sequence[Row], zone: tzinfo, mark: bytes) -> Parsed:
    """Rows of refunds as RefundRecord."""
    chunk, at = Chunk(rows, header, zone, mark), columns.get
    texts = list(map(rules.status, chunk.cells(at("state"))))
    amounts = chunk.money(at("refund"), NO_REFUND)
    values: Values = {
        "refund_no": chunk.ids(at("refund_no")),
        "order_no": chunk.ids(at("order_no")),
        "title": chunk.prose(at("title")),
        "outer_id": chunk.texts(at("outer_id")),
        "paid_fen": chunk.money(at("paid")),
        "refund_fen": [amount or 0 for amount in amounts],
        "state": [REFUND_TEXTS.get(text, "asked") for text in texts],
        "reason": chunk.texts(at("reason")),
        "explanation": chunk.texts(at("explanation")),
        "goods_state": chunk.texts(at("goods_state")),
        "with_return": _yes(chunk, at("with_return"), "是", "需要", "需要退货"),
        "is_partial": _yes(chunk, at("partial"), "部分退款"),
        "paid_at": chunk.times(at("paid_at")),
        "asked_at": chunk.times(at("asked")),
        "finished_at": chunk.times(at("finished")),
        "doubts": [() if text in REFUND_TEXTS else ("refund_state_unknown",) for text in texts],
    }
    return chunk.parsed(RefundRecord, values)


def _order_facts(chunk: Chunk, columns: Columns) -> Values:
    at = columns.get
    closed = chunk.texts(at("close_reason"))
    shops = chunk.texts(at("shop"))
    return {
        "order_no": chunk.ids(at("order_no")),
        "placed_at": chunk.times(at("placed")),
        "paid_at": chunk.times(at("paid_at")),
        "shipped_at": chunk.times(at("shipped")),
        "finished_at": chunk.times(at("finished")),
        "message": chunk.texts(at("message")),
        "remark": chunk.texts(at("remark")),
        "flag": _flags(chunk, columns),
        "close_reason": ["" if text == "订单未关闭" else text for text in closed],
        "payment_no": chunk.texts(at("payment_no")),
        "logistic_no": chunk.texts(at("logistic_no"), without="No:"),
        "logistic_company": chunk.texts(at("logistic_company")),
        "shop_name": ["" if text == "0" else text for text in shops],
        "is_mobile": [bool(text) for text in chunk.texts(at("mobile"))] if "mobile" in columns else chunk.nothing(),
    }


def _buyers(chunk: Chunk, columns: Columns) -> Values:
    at = columns.get
    nicks, nicks_masked = chunk.masked(chunk.nicks(at("nick")))
    if "shown_nick" in columns:
        shown = chunk.masked(chunk.texts(at("shown_nick")))[1]
        nicks_masked = [masked or other for masked, other in zip(nicks_masked, shown, strict=True)]
    names, phones, addresses = _receivers(chunk, columns)
    clear_names, masked_names = chunk.masked(names)
    clear_phones, shown_phones, unreadable = chunk.phones(phones)
    clear, masked = chunk.masked(addresses)
    provinces, cities, districts, postcodes = chunk.places(addresses)
    return {
        "nick": nicks,
        "nick_masked": nicks_masked,
        "shown_nick": chunk.blank(),
        "ouid": chunk.nicks(at("ouid")),
        "open_uid": chunk.nicks(at("open_uid")),
        "name": clear_names,
        "name_masked": masked_names,
        "phone": clear_phones,
        "phone_masked": shown_phones,
        "phone_unreadable": unreadable,
        "own_phone": chunk.blank(),
        "phone_expires_at": chunk.times(at("phone_expires")),
        "landline": chunk.masked(chunk.texts(at("landline")))[0],
        "address": clear,
        "address_masked": masked,
        "province": provinces,
        "city": cities,
        "district": districts,
        "postcode": postcodes,
        "alipay": chunk.masked(chunk.texts(at("alipay")))[0],
        "email": chunk.blank(),
    }


def _receivers(chunk: Chunk, columns: Columns) -> tuple[Sequence[str], Sequence[str], Sequence[str]]:
    """Names, phones and addresses.

    An address changed later goes before the first one; where an export has put everything into the address it is
    taken apart.
    """
    names, phones = chunk.texts(columns.get("name")), chunk.texts(columns.get("phone"))
    addresses = chunk.prose(columns.get("address"))
    changed = chunk.texts(columns.get("new_address"))
    if any(changed):
        addresses = [new or old for new, old in zip(changed, addresses, strict=True)]
    if "name" not in columns and "phone" not in columns:
        names, phones, addresses = list(names), list(phones), list(addresses)
        for place, text in enumerate(addresses):
            if parts := rules.composite(text):
                names[place], phones[place], addresses[place] = parts
    return names, phones, addresses


def _goods(chunk: Chunk, columns: Columns) -> Values:
    counts = chunk.counts(columns.get("line_count"))
    titles = chunk.prose(columns.get("titles"))
    return {
        # A title may hold the comma that joins titles; the count of lines tells when there is only one.
        "titles": [
            (text,) if count == 1 else tuple(text.split("，")) if text else ()
            for text, count in zip(titles, counts, strict=True)
        ],
        "line_count": counts,
        "item_count": chunk.counts(columns.get("item_count")),
    }


def _amounts(chunk: Chunk, columns: Columns, states: Sequence[State]) -> Values:
    """The amounts as exported.

    Without a paid amount, an order that was paid for and is not closed counts with its total minus the refund.
    """
    at = columns.get
    total, refund = chunk.money(at("total")), chunk.money(at("refund"), NO_REFUND)
    paid = chunk.money(at("paid"))
    if "paid" not in columns and "total" in columns:
        paid = [
            0 if state in ("unpaid", "closed") else None if sum_ is None else max(0, sum_ - (back or 0))
            for state, sum_, back in zip(states, total, refund, strict=True)
        ]
    return {
        "goods_fen": chunk.money(at("goods")),
        "post_fen": chunk.money(at("post")),
        "total_fen": total,
        "paid_fen": paid,
        "refund_fen": refund,
    }


def _states(chunk: Chunk, columns: Columns, values: Values) -> Sequence[State]:
    """The status column, or what the times tell when the seller did not pick it."""
    if "state" in columns:
        return chunk.known(columns["state"], STATE_TEXTS, rules.status)
    times = zip(values["paid_at"], values["shipped_at"], values.get("finished_at", chunk.nothing()), strict=True)
    return [
        "finished" if finished else "shipped" if shipped else "paid" if paid else "unpaid"
        for paid, shipped, finished in times
    ]


def _order_doubts(columns: Columns, values: Values, unreadable: Sequence[bool]) -> list[tuple[str, ...]]:
    """What the amounts of each order contradict.

    The rules were measured on 3,989 real orders: the total is goods plus postage, and the paid amount is the total
    minus the refund.
    """
    always: tuple[str, ...] = () if "state" in columns else ("state_from_times",)
    always += () if "paid" in columns or "total" not in columns else ("paid_from_total",)
    doubts: list[tuple[str, ...]] = [always] * len(unreadable)
    amounts = (values[name] for name in ("goods_fen", "post_fen", "total_fen", "paid_fen", "refund_fen", "paid_at"))
    for place, (goods, post, total, paid, refund, paid_at) in enumerate(zip(*amounts, strict=True)):
        if total is None:
            continue
        if goods is not None and post is not None and goods + post != total:
            doubts[place] += ("total_differs",)
        if paid_at and paid is not None and paid + (refund or 0) != total:
            doubts[place] += ("paid_is_gross" if paid == total else "paid_differs",)
    for place, is_unreadable in enumerate(unreadable):
        if is_unreadable:
            doubts[place] += ("phone_unreadable",)
    return doubts


def _need_something(chunk: Chunk, *columns: Sequence[object]) -> None:
    """Refuse rows that tell neither a time nor an amount."""
    if any(None not in column for column in columns):
        return
    for place, told in enumerate(zip(*columns, strict=True)):
        if told.count(None) == len(told):
            chunk.reject(place, "nothing_told", None)


def _flags(chunk: Chunk, columns: Columns) -> Sequence[int | None]:
    """Flag colours as the platform numbers them: 0 grey, 1 red, 2 yellow, 3 green, 4 blue, 5 purple."""
    if "flag" not in columns:
        return chunk.nothing()
    return [FLAG_TEXTS.get(text[:1], 0) for text in chunk.texts(columns["flag"])]


def _yes(chunk: Chunk, column: int | None, *yes: str) -> Sequence[bool | None]:
    return [None if not text else text in yes for text in chunk.texts(column)]


_KINDS: Final[dict[Content, tuple[Fields, Signs, Reader]]] = {
    "orders": (ORDER_COLUMNS, ORDER_SIGNS, read_orders),
    "lines": (LINE_COLUMNS, LINE_SIGNS, read_lines),
    "refunds": (REFUND_COLUMNS, REFUND_SIGNS, read_refunds),
}
