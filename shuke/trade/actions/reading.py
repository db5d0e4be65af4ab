"""Reading a file ahead of the database: rows in chunks, parsed already, or left as they are where most are known.

What is known is told by order number and hash of the row with the mark of how it is read, and asked at two levels. Where
whole blocks of lines are known, as when the same file comes again, the lines are not even cut into cells. Else rows are cut
and compared one by one.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from queue import Queue
from threading import Thread
from typing import Any, Final
from zoneinfo import ZoneInfo

from django.db import connection

from shuke.core import clock, sql
from shuke.core.crypto import Vault
from shuke.core.tables import Answer, Row, Table, line_hashes, normal, row_hash
from shuke.core.tenancy import gathered_tenant
from shuke.platforms.platform import OrderRecord, Parsed
from shuke.trade.actions.imports import CHUNK, READ, Part, whole_orders
from shuke.trade.actions.preparing import Prepared, prepare

_ORDER_COLUMNS = {"订单编号", "主订单编号", "订单号"}
_LINE_NUMBER: Final = re.compile(r'"?=?"{0,2}([0-9]{4,40})"{0,3}[,;\t]')
_FORMULAS: Final = re.compile(r'="[0-9]{4,40}"(?:\n="[0-9]{4,40}")*+')
_NUMBER: Final = re.compile(r'(?:=")?([0-9]{4,40})"?')


@dataclass(slots=True)
class Chunk:
    """Some rows of a part; `last_row` is the number of the last one, `row_count` how many there were.

    `known_count` of them were known as lines. The others are either parsed, and those of order lists prepared, or kept
    `raw` with order number ("" where none can be told) and hash of each.
    """

    part: int
    last_row: int
    row_count: int = 0
    known_count: int = 0
    parsed: Parsed = field(default_factory=lambda: Parsed([], []))
    prepared: Prepared = field(default_factory=lambda: Prepared([], [], []))
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
    merchant_id: int
    shop_id: int
    vault: Vault
    import_id: int
    sieves: bool = False
    now: datetime = field(default_factory=clock.now)
    _asks: bool = True
    _mark: str = ""
    _queue: Queue[Any] = field(default_factory=lambda: Queue(maxsize=1))

    def chunks(self, checkpoint: dict[str, Any]) -> Iterator[Chunk]:
        """All chunks after the checkpoint, each read while the one before is taken."""
        for item in _ahead(self._chunks(checkpoint), self._queue):
            if isinstance(item, _Question):
                self._answer(item)
            else:
                yield item

    def _answer(self, question: _Question) -> None:
        is_known = False
        try:
            with gathered_tenant(self.merchant_id):  # one way to the database less
                is_known = question.rows <= _known(self.merchant_id, self.shop_id, question.numbers)
        finally:
            question.answer.put(is_known)  # whoever waits would wait for ever

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
            numbers = _number_column(self.table, part)
            self._mark = part.layout.mark(self.zone).hex()
            held, column = Chunk(place, after), numbers if self.sieves else None
            for some in self._rows(part, numbers, after):
                if isinstance(some, range):
                    held.known_count += len(some)
                    held.row_count += len(some)
                    held.last_row = some[-1]
                else:
                    self._add(held, part, some, column)
                if held.row_count >= CHUNK:
                    yield held
                    held, column, self._asks = Chunk(place, held.last_row), numbers if self.sieves else None, True
            if held.row_count:
                yield held

    def _rows(self, part: Part, numbers: int | None, after: int) -> Iterator[list[Row] | range]:
        if numbers == 0:
            return self.table.sifted(READ, self._ask, sheet=part.sheet, after=after)
        rows = self.table.chunks(READ, sheet=part.sheet, after=after)
        return whole_orders(rows, part.layout.key_column)

    def _ask(self, lines: list[str]) -> Answer:
        """Whether all lines are rows that were taken and still hold; once it was not so, asked again in the next chunk."""
        if self.sieves and self._asks:
            numbers = [found[1] for found in map(_LINE_NUMBER.match, lines) if found]
            if len(numbers) == len(lines) == len(set(numbers)):
                mark = self._mark
                rows = {number + told + mark for number, told in zip(numbers, line_hashes(lines), strict=True)}
                question = _Question(numbers, rows)
                self._queue.put(question)
                return partial(self._hear, question)
            self._asks = False
        return lambda: False

    def _hear(self, question: _Question) -> bool:
        self._asks = question.answer.get()
        return self._asks

    def _add(self, chunk: Chunk, part: Part, rows: list[Row], column: int | None) -> None:
        if column is None:
            more = part.layout.read(rows, self.zone)
            chunk.parsed.records.extend(more.records)
            chunk.parsed.rejects.extend(more.rejects)
            if part.layout.content == "orders":
                chunk.prepared.add(self._prepared(more.records))
        else:
            chunk.raw += rows
            chunk.numbers += _numbers(rows, column)
            chunk.hashes += [row_hash(row.raw).hex() + self._mark for row in rows]
        chunk.row_count += len(rows)
        chunk.last_row = rows[-1].number

    def _prepared(self, records: Sequence[OrderRecord]) -> Prepared:
        ids = sql.new_ids(len(records))  # over a connection of this thread's own; what is not used is no loss
        return prepare(self.vault, self.merchant_id, self.shop_id, records, ids, import_id=self.import_id, now=self.now)


def news_of(merchant_id: int, shop_id: int, chunk: Chunk) -> list[Row]:
    """The raw rows that do not say of an order exactly what was last taken of it.

    An order told more than once in the chunk is news: which of its rows counts is for the parsed records to say.
    """
    if not chunk.raw:
        return []
    times = Counter(chunk.numbers)
    same = _known(merchant_id, shop_id, times)
    return [
        row
        for row, number, told in zip(chunk.raw, chunk.numbers, chunk.hashes, strict=True)
        if not number or times[number] > 1 or number + told not in same
    ]


def _known(merchant_id: int, shop_id: int, numbers: Iterable[str]) -> set[str]:
    """Of those of the orders that are known, number and hash of the row that was last taken."""
    found = sql.scalar(
        "SELECT string_agg(order_no || encode(row_hash, 'hex'), chr(31)) FROM trade_order"
        " WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s AND removed_at IS NULL"
        " AND order_no = ANY((SELECT string_to_array(%(numbers)s, chr(31)))::text[])",
        {"merchant_id": merchant_id, "shop_id": shop_id, "numbers": sql.texts(numbers)},
    )
    return set(found.split("\x1f")) if found else set()


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


@dataclass(slots=True)
class _Question:
    """What the reading thread asks the one that has the database: whether all these rows (number and hash) are known."""

    numbers: list[str]
    rows: set[str]
    answer: Queue[bool] = field(default_factory=lambda: Queue(maxsize=1))


def _ahead(items: Iterator[Chunk], queue: Queue[Any]) -> Iterator[Chunk | _Question]:
    """Make the next item while this one is used; what else is put on the queue comes with them."""
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
        finally:
            connection.close()

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
            if not queue.empty() and isinstance(left := queue.get(), _Question):
                left.answer.put(False)
            thread.join(0.01)
