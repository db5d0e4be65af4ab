"""Whole columns of a chunk turned into values: one pattern checks a column, odd cells are looked at singly."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta, tzinfo
from functools import lru_cache, partial
from typing import Any, Final, TypeVar

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from shuke.core.tables import FAULTS, Row, row_hash
from shuke.platforms import rules
from shuke.platforms.platform import Parsed, Record, Reject

Value = TypeVar("Value")

REASONS: Final[dict[str, str | Promise]] = {
    "id_missing": _("“%(column)s” is empty."),
    "id_spoilt": _(
        "“%(column)s” was turned into a rounded number by Excel and cannot be repaired. "
        "Please download the file again and do not save it in Excel before uploading."
    ),
    "id_unreadable": _("“%(column)s” is not a number."),
    "money_unreadable": _("“%(column)s” is not an amount."),
    "money_decimals": _("“%(column)s” has more than two decimals."),
    "money_negative": _("“%(column)s” is negative."),
    "time_unreadable": _("“%(column)s” is not a time."),
    "time_range": _("“%(column)s” is not between 2003 and 2100."),
    "count_unreadable": _("“%(column)s” is not a whole number."),
    "nick_too_long": _("“%(column)s” is longer than 200 characters."),
    "quantity_range": _("“%(column)s” is not between 1 and 1,000,000."),
    "state_unknown": _("“%(column)s” has a status that is not known."),
    "nothing_told": _("The row has neither a time nor an amount."),
    "order_incomplete": _("Another row of this order cannot be read, so none of its rows was taken."),
    "line_unreadable": _("A product of this order has no readable quantity or amount."),
    "currency_foreign": _(
        "“%(column)s” is not yuan (CNY). Shuke counts in yuan; leave orders in other currencies out."
    ),
    "nobody_named": _(
        "The row has no phone, mail address or nick in the clear, so this customer could not be recognised again."
    ),
}

_LONG_IDS = re.compile(r'(?:="[0-9]{4,40}"\n)*+')
_PLAIN_IDS = re.compile(r"(?:[0-9]{4,40}\n)*+")
# What `rules.clean` would change, as it looks between the line ends of a joined column.
_ODD_STARTS: Final = ("\n ", " \n", "\t", "\r", "\u3000", "\xa0", "\ufeff", "\n'", '\n"', "\n=")
_ODD_CELLS: Final = frozenset(
    word for plain in rules.NOTHING for word in (plain, plain.upper(), plain.capitalize(), "NaN")
)
_FORMULAS = re.compile(r'(?:="[^"\n\s\']*"\n)*+')
_AROUND: Final = " \t\r\n\u3000\xa0\ufeff'"
_HIDDEN = re.compile(r"\*|##|\$\$|~~")
_PLACES = re.compile(
    r"^([^ \n]+) ([^ \n]+) ([^ \n]*) [^\n(]*(?:\((?![0-9]{6}\)\n)[^\n(]*)*(?:\(([0-9]{6})\))?\n", re.MULTILINE
)
_AMOUNTS = re.compile(r"(?:[0-9]{1,12}\.[0-9]{2}元?\n)*+")
_TIMES = re.compile(r"(?:(?:20(?:0[3-9]|[1-9][0-9])-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2})?\n)*+")
_COUNTS = re.compile(r"(?:[0-9]{1,11}\n)*+")
_MOBILES = re.compile(r"(?:(?:'?1[3-9][0-9]{9})?\n)*+")


class Chunk:
    """The good rows of a chunk by column, and the rejects collected while columns are read.

    Readers are given the place of a column, or None for a column that the file does not have. They return one value
    a row and never raise; a cell that cannot be read rejects its row.
    """

    def __init__(self, rows: Sequence[Row], header: Sequence[str], zone: tzinfo, mark: bytes) -> None:
        self.rejects = [
            Reject(row.number, row.fault, FAULTS[row.fault], "", row.raw, {}) for row in rows if row.fault is not None
        ]
        self.rows = [row for row in rows if row.fault is None] if self.rejects else rows
        self.header = [name.strip() for name in header]
        self.zone, self.mark = zone, mark
        self.size = len(self.rows)
        self._columns = list(zip(*[row.cells for row in self.rows], strict=True)) or [()] * len(self.header)
        self._bad: dict[int, tuple[str, str]] = {}

    def reject(self, place: int, code: str, column: int | None) -> None:
        """Refuse the row at `place` because of a cell; the first reason stays."""
        self._bad.setdefault(place, (code, "" if column is None else self.header[column]))

    def parsed(self, record: type[Record], values: Mapping[str, Sequence[Any]]) -> Parsed:
        """Records made of one column a field, without the rows that were refused, and all rejects in file order."""
        told = {"row_number": self.numbers(), "row_hash": self.hashes(), **values}
        made = map(partial(tuple.__new__, record), zip(*(told[field] for field in record._fields), strict=True))
        if not self._bad and not self.rejects:
            return Parsed(list(made), [])
        records = [one for place, one in enumerate(made) if place not in self._bad]
        for place, (code, column) in self._bad.items():
            row = self.rows[place]
            self.rejects.append(Reject(row.number, code, REASONS[code], column, row.raw, {"column": column}))
        return Parsed(records, sorted(self.rejects, key=lambda reject: reject.row_number))

    def cells(self, column: int | None) -> Sequence[str]:
        """The raw cells of a column, "" for one that is not there."""
        return self.blank() if column is None else self._columns[column]

    def _joined(self, cells: Sequence[str]) -> str:
        """The cells of a column, each with a line end behind it; "?" when a cell itself holds a line end."""
        joined = "\n".join(cells) + "\n"
        return joined if joined.count("\n") == self.size else "?"

    def blank(self) -> list[str]:
        """A column of nothing."""
        return [""] * self.size

    def nothing(self) -> list[None]:
        """A column that the file does not have."""
        return [None] * self.size

    def numbers(self) -> list[int]:
        """The row numbers."""
        return [row.number for row in self.rows]

    def hashes(self) -> list[bytes]:
        """The hash of each row, with the mark of how it is read."""
        mark = self.mark
        return [row_hash(row.raw) + mark for row in self.rows]

    def texts(self, column: int | None, *, without: str = "") -> Sequence[str]:
        """Text without blanks, `="…"`, apostrophes, words for nothing, and a prefix."""
        cells = self.cells(column)
        joined = "\n" + self._joined(cells)
        if len(joined) == self.size + 1:
            return self.blank()
        if joined.startswith('\n="') and _FORMULAS.fullmatch(joined, 1):
            return [cell[2:-1] for cell in cells]
        for mark in ("'", without):
            if mark and "\n" + mark in joined:
                joined = joined.replace("\n" + mark, "\n")
                cells = joined[1:-1].split("\n")
        is_odd = joined == "\n?" or any(mark in joined for mark in _ODD_STARTS)
        if is_odd or not _ODD_CELLS.isdisjoint(cells):
            return [rules.clean(cell).removeprefix(without) for cell in cells]
        return cells

    def prose(self, column: int | None) -> Sequence[str]:
        """Long text (titles, addresses) without blanks and apostrophes around it."""
        cells = self.cells(column)
        joined = "\n" + self._joined(cells)
        if joined == "\n?" or any(mark in joined for mark in _ODD_STARTS):
            return [cell.strip(_AROUND) for cell in cells]
        return cells

    def masked(self, texts: Sequence[str]) -> tuple[Sequence[str], Sequence[str]]:
        """The clear texts, and the masked ones, each "" where the other has it."""
        stars = list(map(rules.is_masked, texts)) if _HIDDEN.search("\n".join(texts)) else []
        if not any(stars):
            return texts, self.blank()
        clear = ["" if star else text for star, text in zip(stars, texts, strict=True)]
        return clear, [text if star else "" for star, text in zip(stars, texts, strict=True)]

    def ids(self, column: int | None, *, is_required: bool = True) -> list[str]:
        """Numbers of orders and lines as text; a required one that is missing rejects the row."""
        cells = self.cells(column)
        joined = self._joined(cells)
        if _LONG_IDS.fullmatch(joined):
            return [cell[2:-1] for cell in cells]
        if _PLAIN_IDS.fullmatch(joined):
            return list(cells)
        return [self._id(place, cell, column, is_required) for place, cell in enumerate(cells)]

    def _id(self, place: int, cell: str, column: int | None, is_required: bool) -> str:
        if not rules.clean(cell):
            if is_required:
                self.reject(place, "id_missing", column)
            return ""
        try:
            found = rules.identifier(cell)
        except ValueError:
            self.reject(place, "id_unreadable", column)
            return ""
        if found is None:
            self.reject(place, "id_spoilt", column)
        return found or ""

    def money(self, column: int | None, known: Mapping[str, int] | None = None) -> list[int | None]:
        """Fen; negative or broken amounts reject the row. `known` are texts that stand for an amount."""
        if column is None:
            return [None] * self.size
        joined = self._joined(self.cells(column))
        if _AMOUNTS.fullmatch(joined):
            return list(map(int, joined.replace(".", "").replace("元", "").split()))

        def read(cell: str) -> int | None:
            return known[cell] if known and cell in known else rules.money(cell)

        values = self._each(column, read, "money_unreadable", "money_decimals")
        for place, value in enumerate(values):
            if value is not None and value < 0:
                self.reject(place, "money_negative", column)
        return values

    def times(self, column: int | None) -> list[datetime | None]:
        """UTC instants of local times."""
        cells = self.cells(column)
        joined = self._joined(cells)
        if joined.isspace():
            return [None] * self.size
        offset = steady_offset(self.zone)
        if offset is not None and _TIMES.fullmatch(joined):
            read = datetime.fromisoformat
            try:
                return [read(cell + "+00:00") - offset if cell else None for cell in cells]
            except ValueError:
                pass
        return self._each(column, lambda cell: rules.instant(cell, self.zone), "time_unreadable", "time_range")

    def nicks(self, column: int | None) -> Sequence[str]:
        """Names by which a platform knows somebody; what is no name that anybody could bear rejects the row."""
        texts = self.texts(column)
        for place, text in enumerate(texts):
            if len(text) > rules.LONGEST_NICK:
                self.reject(place, "nick_too_long", column)
            elif rules.is_rounded(text):
                self.reject(place, "id_spoilt", column)
        return texts

    def counts(self, column: int | None) -> list[int | None]:
        """How many there are of something, up to 1,000,000."""
        values = self._whole_numbers(column)
        for place, value in enumerate(values):
            if value is not None and value > rules.MOST_PIECES:
                self.reject(place, "quantity_range", column)
        return values

    def _whole_numbers(self, column: int | None) -> list[int | None]:
        if column is None:
            return [None] * self.size
        joined = self._joined(self.cells(column))
        if _COUNTS.fullmatch(joined):
            return list(map(int, joined.split()))
        return self._each(column, rules.count, "count_unreadable", "count_unreadable")

    def quantities(self, column: int | None) -> list[int]:
        """Pieces bought, 1 to 1,000,000."""
        values = self.counts(column)
        for place, value in enumerate(values):
            if value is None or not 0 < value <= rules.MOST_PIECES:
                self.reject(place, "quantity_range", column)
        return [value or 0 for value in values]

    def known(self, column: int | None, meanings: Mapping[str, Value], normal: Callable[[str], str]) -> list[Value]:
        """What each text means; one without a meaning rejects the row."""
        cells = self.cells(column)
        meaning = {cell: meanings.get(normal(cell)) for cell in set(cells)}
        if None in meaning.values():
            for place, cell in enumerate(cells):
                if meaning[cell] is None:
                    self.reject(place, "state_unknown", column)
        return [meaning[cell] for cell in cells]  # type: ignore[misc]  # rows with a None are rejected above

    def places(self, addresses: Sequence[str]) -> Sequence[Sequence[str]]:
        """Four columns of the parts of addresses: province, city, district, postcode."""
        found = _PLACES.findall(self._joined(addresses))
        if len(found) != self.size:
            parts = map(rules.address, addresses)
            found = [(place.province, place.city, place.district, place.postcode) for place in parts]
        if not found:
            return [()] * 4
        provinces, cities, districts, postcodes = zip(*found, strict=True)
        if "000000" in postcodes:
            postcodes = tuple("" if code == "000000" else code for code in postcodes)
        return provinces, cities, districts, postcodes

    def phones(self, texts: Sequence[str]) -> tuple[list[str], list[str], list[bool]]:
        """Numbers in E.164 digits; those that only serve for display (masked, lent); which ones were unreadable."""
        joined = self._joined(texts)
        if _MOBILES.fullmatch(joined):
            return ["86" + text if text else "" for text in texts], self.blank(), [False] * self.size
        clear, shown, unreadable = self.blank(), self.blank(), [False] * self.size
        for place, text in enumerate(texts):
            if rules.is_masked(text) or rules.is_virtual_phone(text):
                shown[place] = text
            elif (number := rules.phone(text)) is None:
                unreadable[place] = True
            else:
                clear[place] = number
        return clear, shown, unreadable

    def _each(
        self, column: int | None, read: Callable[[str], Value | None], unreadable: str, out_of_range: str
    ) -> list[Value | None]:
        """Each different cell read once; `read` raises ValueError or ArithmeticError for cells that it refuses."""
        cells = self.cells(column)
        values: dict[str, Value | None] = {}
        reasons: dict[str, str] = {}
        for cell in set(cells):
            try:
                values[cell] = read(cell)
            except ArithmeticError:
                values[cell], reasons[cell] = None, out_of_range
            except ValueError:
                values[cell], reasons[cell] = None, unreadable
        if reasons:
            for place, cell in enumerate(cells):
                if cell in reasons:
                    self.reject(place, reasons[cell], column)
        return [values[cell] for cell in cells]


@lru_cache(maxsize=16)
def steady_offset(zone: tzinfo) -> timedelta | None:
    """A zone's distance from UTC when it never changes from 2003 to 2100, else None."""
    months = (datetime(year, month, 1, tzinfo=zone) for year in range(2003, 2101) for month in range(1, 13))
    offsets = {month.utcoffset() for month in months}
    return offsets.pop() if len(offsets) == 1 else None
