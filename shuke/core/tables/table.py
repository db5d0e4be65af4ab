"""The face of an opened table file: its header and its rows in a stream."""

from __future__ import annotations

import time
import unicodedata
from abc import ABC, abstractmethod
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Literal, TypeVar

from django.utils.translation import gettext_lazy as _

from shuke.core.errors import Refused
from shuke.core.tables.limits import Limits
from shuke.core.tables.row import Row

Format = Literal["csv", "xlsx"]
Batch = TypeVar("Batch", list[Row], list[Row] | range)
Heard = TypeVar("Heard")
Answer = Callable[[], bool]
Ask = Callable[[list[str]], Answer]
"""Begins to ask whether all of some lines are known; what it gives waits for the answer."""


class Table(ABC):
    """An opened table file. Reading keeps a bounded part of it in memory, whatever its size."""

    format: Format
    encoding: str
    sheet_names: tuple[str, ...]

    def __init__(self, path: Path, limits: Limits) -> None:
        self.path = path
        self.limits = limits

    @property
    def header(self) -> tuple[str, ...]:
        """The raw header of the first sheet."""
        return self.header_of(None)

    def rows(self, *, sheet: str | None = None, after: int = 0) -> Iterator[Row]:
        """The rows below the header whose number is greater than `after`, in the order of the file.

        Blank rows are left out. Raises Refused when the file outgrows the limits or turns out to be broken on the way.
        """
        for rows in self.chunks(1000, sheet=sheet, after=after):
            yield from rows

    def chunks(self, size: int, *, sheet: str | None = None, after: int = 0) -> Iterator[list[Row]]:
        """The same rows in lists of `size` (the last one may be shorter)."""
        waiting: list[Row] = []
        for batch in self._limited(self._read(sheet, after)):
            waiting = waiting + batch if waiting else batch
            whole = len(waiting) - len(waiting) % size
            for start in range(0, whole, size):
                yield waiting[start : start + size]
            waiting = waiting[whole:]
        if waiting:
            yield waiting

    def sifted(self, size: int, ask: Ask, *, sheet: str | None = None, after: int = 0) -> Iterator[list[Row] | range]:
        """The same rows in lists of at most `size`, but for stretches of whole lines of which who is asked says that all
        of them are rows that were taken before: of these the numbers.

        Such lines need not be parsed: what was one whole row is one again. The next stretch is read and asked for before
        an answer is waited for. Where the format has no lines, or a stretch may begin inside a row, nobody is asked, or
        the answer is not heard.
        """
        waited = 0.0

        def timed(waiting: Callable[[], Heard]) -> Heard:
            nonlocal waited
            began = time.monotonic()
            heard = waiting()
            waited += time.monotonic() - began
            return heard

        def ask_timed(lines: list[str]) -> Answer:
            answer = timed(lambda: ask(lines))
            return lambda: timed(answer)

        for batch in self._limited(self._sift(sheet, after, ask_timed), lambda: waited):
            if isinstance(batch, range):
                yield batch
            else:
                yield from (batch[start : start + size] for start in range(0, len(batch), size))

    def _limited(self, batches: Iterator[Batch], waited: Callable[[], float] = float) -> Iterator[Batch]:
        """The same batches until there are too many rows or reading (not what is done in between, nor the seconds that
        somebody was `waited` for) takes too long.
        """
        count, spent = 0, 0.0
        while True:
            began = time.monotonic()
            batch = next(batches, None)
            spent += time.monotonic() - began
            if batch is None:
                return
            count += len(batch)
            if count > self.limits.rows:
                raise Refused("too_many_rows", _("The file has more than %(rows)d rows."), rows=self.limits.rows)
            if spent - waited() > self.limits.seconds:
                raise Refused("too_slow", _("Reading the file takes too long. Please split it."))
            yield batch

    @abstractmethod
    def header_of(self, sheet: str | None) -> tuple[str, ...]:
        """The raw header of a sheet (None: the first); () when the sheet is empty."""

    @abstractmethod
    def row_estimate(self, sheet: str | None = None) -> int:
        """About how many rows the file has, for a progress bar."""

    @abstractmethod
    def _read(self, sheet: str | None, after: int) -> Iterator[list[Row]]:
        """All rows with a number greater than `after`, in lists of moderate length."""

    def _sift(
        self,
        sheet: str | None,
        after: int,
        ask: Ask,  # noqa: ARG002 - for who has lines
    ) -> Iterator[list[Row] | range]:
        """As `_read`; see `sifted`."""
        yield from self._read(sheet, after)


def checked_header(cells: Iterable[str], limits: Limits) -> tuple[str, ...]:
    """The header without empty cells at its end; Refused when a name is missing or there twice, or it is too wide."""
    header = list(cells)
    while header and not header[-1].strip():
        header.pop()
    if len(header) > limits.columns:
        raise Refused("too_many_columns", _("The file has more than %(columns)d columns."), columns=limits.columns)
    plain = [normal(name) for name in header]
    missing = [column_letters(place) for place, name in enumerate(plain) if not name]
    if missing:
        raise Refused(
            "header_missing", _("These columns have no name in the first row: %(columns)s."), columns=", ".join(missing)
        )
    twice = [name for name, count in Counter(plain).items() if count > 1]
    if twice:
        names = ", ".join(name[:40] for name in twice[:10])
        raise Refused("header_twice", _("These columns are there more than once: %(columns)s."), columns=names)
    return tuple(header)


def normal(name: str) -> str:
    """A column name by which it is recognised: full-width folded, no blanks, no marks around it, lower case."""
    folded = unicodedata.normalize("NFKC", name).replace("\ufeff", "")
    return "".join(folded.split()).strip("'\"").casefold()


def column_letters(place: int) -> str:
    """The letters Excel shows over the column at `place` (0 → A, 26 → AA)."""
    letters = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
