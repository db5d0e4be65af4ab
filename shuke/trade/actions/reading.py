"""Reading a file ahead of the database: rows in chunks, parsed already, or left as they are where most are known."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from queue import Queue
from threading import Thread
from typing import Any, Final, TypeVar
from zoneinfo import ZoneInfo

from shuke.core import clock, sql
from shuke.core.crypto import Vault
from shuke.core.tables import Row, Table, normal, row_hash
from shuke.members import actions as members
from shuke.platforms.platform import Parsed
from shuke.trade.actions.buyers import seen_buyers
from shuke.trade.actions.imports import CHUNK, READ, Part, whole_orders

_ORDER_COLUMNS = {"订单编号", "主订单编号", "订单号"}
_FORMULAS: Final = re.compile(r'="[0-9]{4,40}"(?:\n="[0-9]{4,40}")*+')
_NUMBER: Final = re.compile(r'(?:=")?([0-9]{4,40})"?')

T = TypeVar("T")


@dataclass(slots=True)
class Chunk:
    """Some rows of a part; `last_row` is the number of the last one, `row_count` how many there were.

    The rows are either parsed, with the buyers of order lists `seen`, or kept `raw` with order number ("" where none
    can be told) and hash of each.
    """

    part: int
    last_row: int
    row_count: int = 0
    parsed: Parsed = field(default_factory=lambda: Parsed([], []))
    seen: list[members.Seen | None] = field(default_factory=list)
    raw: list[Row] = field(default_factory=list)
    numbers: list[str] = field(default_factory=list)
    hashes: list[str] = field(default_factory=list)


@dataclass(slots=True)
class Reader:
    """Reads a file from its checkpoint on; `sieves` may be switched at any time and holds for the chunks begun after it.

    Parsing is most of the work. Where a shop's orders are known already (the same file again, or one that overlaps the
    last), rows are better compared with them by their hashes first, and only news is parsed.
    """

    table: Table
    parts: Sequence[Part]
    zone: ZoneInfo
    vault: Vault
    shop_id: int
    sieves: bool = False
    now: datetime = field(default_factory=clock.now)

    def chunks(self, checkpoint: dict[str, Any]) -> Iterator[Chunk]:
        """All chunks after the checkpoint, each read while the one before is taken."""
        return _ahead(self._chunks(checkpoint))

    def parse(self, chunk: Chunk, rows: Sequence[Row]) -> Parsed:
        """Records and rejects of some of the chunk's raw rows."""
        found = Parsed([], [])
        for start in range(0, len(rows), READ):
            more = self.parts[chunk.part].layout.read(rows[start : start + READ], self.zone)
            found.records.extend(more.records)
            found.rejects.extend(more.rejects)
        return found

    def _chunks(self, checkpoint: dict[str, Any]) -> Iterator[Chunk]:
        for place, part in enumerate(self.parts):
            if place < checkpoint.get("part", 0):
                continue
            after = checkpoint.get("row", 0) if place == checkpoint.get("part") else 0
            rows = self.table.chunks(READ, sheet=part.sheet, after=after)
            numbers = _number_column(self.table, part)
            held, column = Chunk(place, after), numbers if self.sieves else None
            for some in whole_orders(rows, part.layout.key_column):
                self._add(held, part, some, column)
                if held.row_count >= CHUNK:
                    yield held
                    held, column = Chunk(place, held.last_row), numbers if self.sieves else None
            if held.row_count:
                yield held

    def _add(self, chunk: Chunk, part: Part, rows: list[Row], column: int | None) -> None:
        if column is None:
            more = part.layout.read(rows, self.zone)
            chunk.parsed.records.extend(more.records)
            chunk.parsed.rejects.extend(more.rejects)
            if part.layout.content == "orders":
                chunk.seen += seen_buyers(self.vault, self.shop_id, more.records, self.now)
        else:
            chunk.raw += rows
            chunk.numbers += _numbers(rows, column)
            chunk.hashes += [row_hash(row.raw).hex() for row in rows]
        chunk.row_count += len(rows)
        chunk.last_row = rows[-1].number


def news_of(merchant_id: int, shop_id: int, chunk: Chunk) -> list[Row]:
    """The raw rows that do not say of an order exactly what was last taken of it.

    An order told more than once in the chunk is news: which of its rows counts is for the parsed records to say.
    """
    if not chunk.raw:
        return []
    times = Counter(chunk.numbers)
    known = sql.scalar(
        "SELECT string_agg(order_no || encode(row_hash, 'hex'), chr(31)) FROM trade_order"
        " WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s AND removed_at IS NULL"
        " AND order_no = ANY((SELECT string_to_array(%(numbers)s, chr(31)))::text[])",
        {"merchant_id": merchant_id, "shop_id": shop_id, "numbers": sql.texts(times)},
    )
    same = set(known.split("\x1f")) if known else set()
    return [
        row
        for row, number, told in zip(chunk.raw, chunk.numbers, chunk.hashes, strict=True)
        if not number or times[number] > 1 or number + told not in same
    ]


def _numbers(rows: Sequence[Row], column: int) -> list[str]:
    """The order number of each row, "" where there is none to be read as it stands."""
    cells = [row.cells[column] if row.fault is None else "" for row in rows]
    if _FORMULAS.fullmatch("\n".join(cells)):
        return [cell[2:-1] for cell in cells]
    return [found[1] if (found := _NUMBER.fullmatch(cell)) else "" for cell in cells]


def _number_column(table: Table, part: Part) -> int | None:
    """Where an order list of one row an order has its order numbers."""
    if part.layout.content != "orders" or part.layout.key_column is not None:
        return None
    header = [normal(name) for name in table.header_of(part.sheet)]
    return next((place for place, name in enumerate(header) if name in _ORDER_COLUMNS), None)


def _ahead(items: Iterator[T]) -> Iterator[T]:
    """Make the next item while this one is used."""
    queue: Queue[T | BaseException | None] = Queue(maxsize=1)
    stopped = False

    def read() -> None:
        try:
            for item in items:
                queue.put(item)
                if stopped:
                    return
        except BaseException as error:  # handed to the consumer, who raises it
            queue.put(error)
        else:
            queue.put(None)

    thread = Thread(target=read, daemon=True)
    thread.start()
    try:
        while (item := queue.get()) is not None:
            if isinstance(item, BaseException):
                raise item
            yield item
    finally:
        stopped = True
        while thread.is_alive():
            if not queue.empty():
                queue.get()
            thread.join(0.01)
