"""Files that are read row by row: cells by field, the rows of one order together, and a reason for each row refused."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, tzinfo
from functools import partial
from typing import Any, Final

from django.utils.functional import Promise

from shuke.core.tables import FAULTS, Row, normal, row_hash
from shuke.platforms import rules
from shuke.platforms.columns import REASONS
from shuke.platforms.platform import (
    MARK_BYTES,
    Content,
    CustomerRecord,
    Layout,
    LineRecord,
    OrderRecord,
    Parsed,
    Reject,
    SaleRecord,
    State,
)

Made = OrderRecord | SaleRecord | CustomerRecord

EMPTY_ORDER: Final = OrderRecord(
    order_no="", nick="", nick_masked="", shown_nick="", ouid="", open_uid="", state="unpaid", placed_at=None,
    paid_at=None, shipped_at=None, finished_at=None, goods_fen=None, post_fen=None, total_fen=None, paid_fen=None,
    refund_fen=None, titles=(), line_count=None, item_count=None, name="", name_masked="", phone="", phone_masked="",
    phone_expires_at=None, own_phone="", landline="", address="", address_masked="", province="", city="", district="",
    postcode="", alipay="", email="", message="", remark="", flag=None, close_reason="", payment_no="", logistic_no="",
    logistic_company="", shop_name="", is_mobile=None, doubts=(), row_number=0, row_hash=b"",
)  # fmt: skip
EMPTY_LINE: Final = LineRecord(
    order_no="", line_no=None, title="", sku="", outer_id="", product_id="", price_fen=None, quantity=1, due_fen=None,
    paid_fen=None, refund_fen=None, refund_state="", state="unpaid", placed_at=None, paid_at=None, shipped_at=None,
    flag=None, message="", remark="", payment_no="", logistic_no="", logistic_company="", doubts=(), row_number=0,
    row_hash=b"",
)  # fmt: skip
EMPTY_CUSTOMER: Final = CustomerRecord(
    nick="", shown_nick="", open_uid="", phone="", phone_masked="", email="", name="", name_masked="", address="",
    province="", city="", district="", birthday="", gender="", tags=(), joined_at=None, bought_at=None, has_bought=False,
    doubts=(), row_number=0, row_hash=b"",
)  # fmt: skip

_CODE = re.compile(r"[0-9A-Za-z][0-9A-Za-z#._/-]{0,63}")
_CIPHER = re.compile(r"(##|\$\$|~~|~|\$|#).{4,}\1", re.DOTALL)
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")
_BETWEEN_CELLS = re.compile(r"[,;\t]")
_MOST_FEN: Final = 10**15
_YUAN = frozenset({"CNY", "RMB", "CNH", "人民币", "元", "¥", "￥"})


class Fault(Exception):
    """A cell that cannot be read: `code` is a key of columns.REASONS, `column` the name of its column."""

    def __init__(self, code: str, column: str = "", number: int = 0) -> None:
        super().__init__(code)
        self.code, self.column, self.number = code, column, number


@dataclass(frozen=True, slots=True)
class Sheet:
    """A header with the place of each field in it."""

    header: Sequence[str]
    columns: Mapping[str, int]
    zone: tzinfo
    names: Mapping[str, int]
    mark: bytes
    dates: str = "ymd"
    unit: str = "yuan"


class Cells:
    """The cells of one row by field. A field that the file does not have is as empty; a cell that cannot be read raises
    Fault, which refuses all rows of its order.
    """

    def __init__(self, sheet: Sheet, row: Row) -> None:
        self.sheet, self.row = sheet, row

    def has(self, name: str) -> bool:
        """Whether the file has this field."""
        return name in self.sheet.columns

    def fault(self, code: str, name: str) -> Fault:
        """The reason that a field refuses its row."""
        place = self.sheet.columns.get(name)
        return Fault(code, "" if place is None else self.sheet.header[place].strip(), self.row.number)

    def raw(self, name: str) -> str:
        """The cell as it is written."""
        place = self.sheet.columns.get(name)
        return "" if place is None else self.row.cells[place]

    def named(self, name: str) -> str:
        """The text under a normalised column name, for columns that come in any number."""
        place = self.sheet.names.get(name)
        return "" if place is None else _plain(self.row.cells[place])

    def text(self, name: str) -> str:
        """Text without blanks, marks, words for nothing, and ciphers."""
        return _plain(self.raw(name))

    def code(self, name: str, *, is_required: bool = True) -> str:
        """A number that may hold letters; Excel's rounded numbers refuse the row."""
        text = self.text(name).lstrip("#")
        if not text and not is_required:
            return ""
        if not text:
            raise self.fault("id_missing", name)
        text = text[:-2] if text.endswith(".0") and text[:-2].isdecimal() else text
        if rules.is_spoilt(text):
            raise self.fault("id_spoilt", name)
        if not _CODE.fullmatch(text):
            raise self.fault("id_unreadable", name)
        return text

    def nick(self, name: str) -> str:
        """A name by which somebody may be known; what nobody could bear refuses the row."""
        text = self.text(name)
        if len(text) > rules.LONGEST_NICK:
            raise self.fault("nick_too_long", name)
        if rules.is_rounded(text):
            raise self.fault("id_spoilt", name)
        return text

    def money(self, name: str) -> int | None:
        """Fen, None when the cell is empty."""
        try:
            fen = rules.money(self.raw(name)) if self.sheet.unit == "yuan" else rules.count(self.raw(name))
        except ArithmeticError:
            raise self.fault("money_decimals", name) from None
        except ValueError:
            raise self.fault("money_unreadable", name) from None
        if fen is not None and fen < 0:
            raise self.fault("money_negative", name)
        return fen

    def time(self, name: str) -> datetime | None:
        """A UTC instant."""
        try:
            return rules.instant(self.text(name), self.sheet.zone, dates=self.sheet.dates)
        except ArithmeticError:
            raise self.fault("time_range", name) from None
        except ValueError:
            raise self.fault("time_unreadable", name) from None

    def count(self, name: str) -> int | None:
        """How many there are of something, up to 1,000,000."""
        try:
            found = rules.count(self.raw(name))
        except ValueError:
            raise self.fault("count_unreadable", name) from None
        if found is not None and found > rules.MOST_PIECES:
            raise self.fault("quantity_range", name)
        return found

    def quantity(self, name: str) -> int:
        """Pieces bought, 1 to 1,000,000; one where the file has no such column."""
        if not self.has(name):
            return 1
        found = self.count(name)
        if not found:
            raise self.fault("quantity_range", name)
        return found

    def meaning(self, name: str, words: Mapping[str, State]) -> State:
        """What a status text means."""
        found = words.get(rules.status(self.raw(name)))
        if found is None:
            raise self.fault("state_unknown", name)
        return found

    def yuan(self, name: str) -> tuple[str, ...]:
        """Doubts about the currency; any other than yuan refuses the row, since Shuke counts in yuan alone."""
        text = self.text(name).upper()
        if not text:
            return ("currency_unknown",)
        if text not in _YUAN:
            raise self.fault("currency_foreign", name)
        return ()


Make = Callable[[Sequence[Cells]], Made]


@dataclass(frozen=True, slots=True)
class Reading:
    """A layout in words: which column is which field (names by rank), by which fields it is recognised, and how the rows
    of one order (neighbours with the same `key`, else each row) become a record.
    """

    platform: str
    name: str
    label: str | Promise
    content: Content
    columns: Mapping[str, tuple[str, ...]]
    signs: frozenset[str]
    make: Make
    key: str = ""
    ignored: frozenset[str] = frozenset()
    pattern: re.Pattern[str] = field(default=re.compile(r"(?!)"))
    dates: str = "ymd"
    unit: str = "yuan"
    terms: str = ""

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The layout of a file with this header, or None when a sign is missing."""
        names = {normal(name): place for place, name in reversed(list(enumerate(header))) if name.strip()}
        columns = {
            name: next(names[normal(alias)] for alias in known if normal(alias) in names)
            for name, known in self.columns.items()
            if any(normal(alias) in names for alias in known)
        }
        if not self.signs <= columns.keys():
            return None
        known_names = {normal(name) for name in self.ignored}
        known_names |= {normal(alias) for known in self.columns.values() for alias in known}
        used = set(columns.values()) | {place for name, place in names.items() if self.pattern.fullmatch(name)}
        return Layout(
            platform=self.platform,
            name=self.name,
            label=self.label,
            content=self.content,
            columns_used=tuple(header[place] for place in sorted(used)),
            columns_unknown=tuple(
                name
                for place, name in enumerate(header)
                if name.strip() and normal(name) not in known_names and place not in used
            ),
            reader=partial(_read, self, tuple(header), columns, names),
            key_column=columns.get(self.key),
            terms=self.terms,
        )


def _read(
    reading: Reading,
    header: Sequence[str],
    columns: Mapping[str, int],
    names: Mapping[str, int],
    rows: Sequence[Row],
    zone: tzinfo,
    mark: bytes,
) -> Parsed:
    sheet = Sheet(header, columns, zone, names, mark, reading.dates, reading.unit)
    rejects = [
        Reject(row.number, row.fault, FAULTS[row.fault], "", row.raw, {}) for row in rows if row.fault is not None
    ]
    records = []
    place = columns.get(reading.key)
    torn = _words_of_broken(rows) if place is not None and rejects else frozenset()
    for group in _groups(rows, place):
        try:
            if place is not None and _plain(group[0].cells[place]) in torn:
                raise Fault("order_incomplete")
            records.append(reading.make([Cells(sheet, row) for row in group]))
        except Fault as fault:
            rejects += [_reject(row, fault) for row in group]
    return Parsed(records, sorted(rejects, key=lambda reject: reject.row_number))


def _groups(rows: Sequence[Row], place: int | None) -> list[list[Row]]:
    """The whole rows, those of one order together, in the order of the first ones."""
    whole = [row for row in rows if row.fault is None]
    if place is None:
        return [[row] for row in whole]
    groups: dict[object, list[Row]] = {}
    for row in whole:
        groups.setdefault(_plain(row.cells[place]) or row.number, []).append(row)
    return list(groups.values())


def _words_of_broken(rows: Sequence[Row]) -> frozenset[str]:
    """What may be cells of rows that cannot be cut into cells: by it their order is known, which is then no whole one."""
    cells = [cell for row in rows if row.fault is not None for cell in _BETWEEN_CELLS.split(row.raw)]
    return frozenset(word for cell in cells for word in (_plain(cell), _plain(cell.strip('"'))) if word)


def _reject(row: Row, fault: Fault) -> Reject:
    code = fault.code if fault.number in {0, row.number} else "order_incomplete"
    column = fault.column if code == fault.code else ""
    return Reject(row.number, code, REASONS[code], column, row.raw, {"column": column})


def _plain(cell: str) -> str:
    text = rules.clean(cell)
    if not text or _CIPHER.fullmatch(text):
        return ""
    return _CONTROL.sub("\ufffd", text)  # taken out, they would leave a shorter number behind


def stamp(rows: Sequence[Cells]) -> dict[str, Any]:
    """Number of the rows that a record is made of, and their hash with the mark of how they are read."""
    raw = "\n".join(one.row.raw for one in rows)
    return {"row_number": rows[0].row.number, "row_hash": row_hash(raw) + rows[0].sheet.mark}


def sale(order: OrderRecord, lines: Sequence[LineRecord], rows: Sequence[Cells]) -> SaleRecord:
    """An order with its lines; each line's hash follows the whole order, since its state does."""
    titles = tuple(line.title for line in lines if line.title) or order.titles
    if (
        any((line.due_fen or 0) > _MOST_FEN for line in lines)
        or sum(line.quantity for line in lines) > rules.MOST_PIECES
    ):
        raise Fault("line_unreadable")
    stamped = order._replace(
        **stamp(rows),
        titles=titles,
        line_count=len(lines) or order.line_count,
        item_count=sum(line.quantity for line in lines) or order.item_count,
    )
    told_as, mark = stamped.row_hash[:-MARK_BYTES], rows[0].sheet.mark
    told = tuple(
        line._replace(
            order_no=order.order_no,
            placed_at=order.placed_at,
            paid_at=line.paid_at or order.paid_at,
            row_number=stamped.row_number,
            row_hash=row_hash(f"{told_as.hex()}{place}") + mark,
        )
        for place, line in enumerate(lines)
    )
    return SaleRecord(stamped, told, tuple(one.row.number for one in rows))


def amounts(
    state: State, paid_at: datetime | None, total: int | None, *, post: int | None, refund: int | None = None
) -> dict[str, Any]:
    """An order's amounts by what it came to: nothing is paid before payment, and what was closed after it was refunded.

    `total` is all that the buyer was to pay, postage in it. Gives goods_fen, post_fen, total_fen, paid_fen (net of
    refunds), refund_fen and doubts.
    """
    doubts: tuple[str, ...] = ()
    was_paid = paid_at is not None or state not in {"unpaid", "closed"}
    if not was_paid:
        refund = 0
    elif state == "closed" and total is not None and not refund:
        refund, doubts = total, ("closed_is_refunded",)
    paid = None if total is None else max(0, total - (refund or 0)) if was_paid else 0
    if total is not None and refund is not None and refund > total:
        refund, doubts = total, ("refund_too_large",)
    goods = None if total is None else max(0, total - (post or 0))
    if total is not None and post is not None and post > total:
        post = total
    return {
        "goods_fen": goods,
        "post_fen": post,
        "total_fen": total,
        "paid_fen": paid,
        "refund_fen": refund,
        "doubts": doubts,
    }


def plainly(cells: Cells) -> dict[str, Any]:
    """What an order's cells tell as they stand, where the file has them: number, time of placing, texts, parcel."""
    return {
        "order_no": cells.code("order_no"),
        "placed_at": cells.time("placed_at"),
        **{name: cells.text(name) for name in _TEXTS},
    }


_TEXTS: Final = ("message", "remark", "close_reason", "payment_no", "logistic_no", "logistic_company")


def need_something(order: OrderRecord) -> OrderRecord:
    """The order, unless it tells neither a time nor an amount."""
    if order.placed_at is None and order.paid_at is None and order.total_fen is None:
        raise Fault("nothing_told")
    return order
