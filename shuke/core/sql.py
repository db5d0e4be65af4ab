"""Set-wise SQL: one statement for many rows, named parameters, plain tuples or dicts back."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from datetime import date, datetime
from itertools import islice
from typing import Any, Generic, TypeVar

import orjson
from django.db import IntegrityError, connection, transaction
from psycopg.errors import UniqueViolation

from shuke.core.errors import Refused

R = TypeVar("R")
Statement = tuple[str, Mapping[str, Any] | None]
_waiting: ContextVar[list[Statement] | None] = ContextVar("waiting", default=None)


def run(statement: str, params: Mapping[str, Any] | None = None) -> int:
    """Execute; the number of rows it touched."""
    if _waiting.get():
        return at_once((statement, params))[0][0]
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        touched: int = cursor.rowcount
        return touched


def rows(statement: str, params: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
    """Execute; all rows as tuples."""
    if _waiting.get():
        return at_once((statement, params))[0][1]
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        found: list[tuple[Any, ...]] = cursor.fetchall()
        return found


def dicts(statement: str, params: Mapping[str, Any] | None = None) -> list[dict[str, Any]]:
    """Execute; all rows as dicts by column name."""
    with connection.cursor() as cursor:
        cursor.execute(statement, params)
        names = [column[0] for column in cursor.description or ()]
        return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]


def scalar(statement: str, params: Mapping[str, Any] | None = None) -> Any:
    """Execute; the first column of the first row, or None."""
    found = rows(statement, params)
    return found[0][0] if found else None


def at_once(*statements: Statement) -> list[tuple[int, list[tuple[Any, ...]]]]:
    """Execute several in one way to the database and back, in their order; the rows each touched, and those it found."""
    waiting = _taken()
    with connection.cursor() as cursor:
        own = cursor.cursor  # psycopg's, without Django's layers around every look at it
        cursor.execute(";\n".join(own.mogrify(statement, params) for statement, params in [*waiting, *statements]))
        found = []
        while True:
            found.append((own.rowcount, own.fetchall() if own.pgresult.nfields else []))
            if not own.nextset():
                return found[len(waiting) :]


@dataclass(frozen=True, slots=True)
class Question(Generic[R]):
    """A statement, and what the rows it gives mean; for what is to be asked together with other modules' questions."""

    statement: str
    params: Mapping[str, Any]
    read: Callable[[list[tuple[Any, ...]]], R]


def ask(question: Question[R]) -> R:
    """Execute; what the rows mean."""
    return question.read(rows(question.statement, question.params))


def ask_all(*questions: Question[Any]) -> list[Any]:
    """As `ask`, several in one way to the database and back."""
    found = at_once(*((one.statement, one.params) for one in questions))
    return [one.read(some) for one, (_touched, some) in zip(questions, found, strict=True)]


def write(statement: str, params: Mapping[str, Any]) -> None:
    """Execute; of what is `gathered`, together with the statement that comes next."""
    waiting = _waiting.get()
    if waiting is None:
        run(statement, params)
    else:
        waiting.append((statement, params))


@contextmanager
def gathered() -> Iterator[None]:
    """What is only written within, by `write`, goes one way to the database with the next statement, or all in the end.

    Nothing overtakes it but a commit, so that the block has to lie within the transaction. Left by an error it is forgotten:
    the transaction must be undone then.
    """
    token = _waiting.set([])
    try:
        with connection.execute_wrapper(_behind_those_waiting):
            yield
            _send_waiting()
    finally:
        _waiting.reset(token)


def all_or_nothing() -> AbstractContextManager[None]:
    """What fails within is undone, and the transaction around it goes on; of what is `gathered` all is undone, which saves
    two ways to the database.
    """
    return transaction.atomic(savepoint=_waiting.get() is None)


def _behind_those_waiting(execute: Callable[..., Any], *arguments: Any) -> Any:
    _send_waiting()
    return execute(*arguments)


def _send_waiting() -> None:
    if waiting := _taken():
        at_once(*waiting)


def _taken() -> list[Statement]:
    waiting = _waiting.get()
    if not waiting:
        return []
    taken = waiting.copy()
    waiting.clear()
    return taken


@contextmanager
def unless_taken(refused: Refused) -> Iterator[None]:
    """A write of what only one row may have, such as a name: where another has it the write is undone and `refused` raised."""
    try:
        with transaction.atomic():
            yield
    except IntegrityError as error:
        if not isinstance(error.__cause__, UniqueViolation):
            raise
        raise refused from error


def let_go() -> None:
    """Give a connection that threads share back, and one that broke up; within a transaction it stays."""
    if not connection.in_atomic_block:
        connection.close_if_unusable_or_obsolete()


def refresh_statistics(*tables: str) -> None:
    """Have PostgreSQL look at tables that were just filled, the present transaction's rows included.

    Until it has looked at a new table, it takes it for nearly empty and reads all of a merchant's rows where an index
    would give one. A table that somebody else is looking at is left out.
    """
    run("SELECT core_refresh_statistics(%(tables)s)", {"tables": list(tables)})


def refresh_grown_statistics() -> None:
    """As `refresh_statistics`, of all tables that have grown fourfold since they were last looked at, or that are taken to
    have next to no rows of the merchant in scope while she has many; for long bulk work.

    PostgreSQL itself looks once a minute at most, by when a first import has asked a hundred thousand times.
    """
    run("SELECT core_refresh_grown_statistics()")


def loads(value: Any) -> Any:
    """A jsonb value as Python; Django's connections hand it over as text."""
    return orjson.loads(value) if isinstance(value, str) else value


def numbers(values: Iterable[int]) -> str:
    """Many whole numbers as one parameter for `%(…)s::bigint[]`, a tenth of the cost of an array of numbers."""
    return f"{{{','.join(map(str, values))}}}"


def texts(values: Iterable[str]) -> str:
    """Many texts without control characters as one parameter for `string_to_array(%(…)s, chr(31))`, as `numbers`."""
    return "\x1f".join(values)


def stage(table: str, columns: Mapping[str, str], records: Iterable[Sequence[Any]]) -> str:
    """Fill a temporary table (made if missing, emptied before and at the commit) whose columns are name → type; the
    names as a list for SQL. Rows go this way because COPY may not write where there is row-level security, and
    because what is temporary is not logged. All names come from code.
    """
    _empty_stage(table, columns)
    copy_into(table, list(columns), records)
    return ", ".join(columns)


def stage_lines(table: str, columns: Mapping[str, str], lines: Sequence[str]) -> None:
    """As `stage`, from rows that are COPY's text already (`lines_of`), their cells in the order of the columns."""
    _empty_stage(table, columns)
    _copy(table, list(columns), (lines[start : start + _COPY_BATCH] for start in range(0, len(lines), _COPY_BATCH)))


def lines_of(columns: Iterable[Sequence[Any]]) -> list[str]:
    """Rows, given by their columns, as COPY's text; needs no database, so that a thread may do it ahead of another."""
    return list(map("\t".join, zip(*map(_column, columns), strict=True)))


def _empty_stage(table: str, columns: Mapping[str, str]) -> None:
    kinds = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    run(f"CREATE TEMP TABLE IF NOT EXISTS {table} ({kinds}) ON COMMIT DELETE ROWS")
    run(f"DELETE FROM {table}")  # nearly always there is nothing; TRUNCATE would make a new file each time


NEW_IDS = "SELECT nextval('shuke_ids') FROM generate_series(1, %(n)s)"


def new_ids(count: int) -> list[int]:
    """That many fresh ids."""
    return [row[0] for row in rows(NEW_IDS, {"n": count})]


def copy_into(table: str, columns: Sequence[str], records: Iterable[Sequence[Any]]) -> None:
    """COPY records (None = NULL) into a table of ours, usually a temporary one. Names come from code, never from input.

    Cells may be None, text, whole numbers, booleans, bytes, aware datetimes and dates. They are written as COPY's text
    here, column by column, because that takes a tenth of the time of psycopg's general adaptation.
    """
    rows_left = iter(records)
    batches = iter(lambda: list(islice(rows_left, _COPY_BATCH)), [])
    _copy(table, columns, (lines_of(zip(*batch, strict=True)) for batch in batches))


def _copy(table: str, columns: Sequence[str], batches: Iterable[Sequence[str]]) -> None:
    _send_waiting()
    with connection.cursor() as cursor, cursor.copy(f"COPY {table} ({', '.join(columns)}) FROM STDIN") as copy:
        for lines in batches:
            copy.write("\n".join([*lines, ""]))


NULL = "\\N"
"""No value, in COPY's text."""
_COPY_BATCH = 1000


def _column(cells: Sequence[Any]) -> Iterable[str]:
    """The cells of a column as COPY's text; most columns are of one type and have nothing to escape."""
    kinds = set(map(type, cells))
    if kinds == {str}:
        return map(_text, cells) if _SPECIAL.search("".join(cells)) else cells
    if len(kinds) == 1:
        return map(_CELL[kinds.pop()], cells)
    if len(kinds) == 2 and _NONE in kinds:
        [kind] = kinds - {_NONE}
        write = _CELL[kind]
        return [NULL if cell is None else write(cell) for cell in cells]
    return [_CELL[type(cell)](cell) for cell in cells]


_NONE = type(None)
_SPECIAL = re.compile(r"[\\\t\n\r]")
_ESCAPED = {"\\": "\\\\", "\t": "\\t", "\n": "\\n", "\r": "\\r"}


def _text(cell: str) -> str:
    return _SPECIAL.sub(lambda found: _ESCAPED[found[0]], cell) if _SPECIAL.search(cell) else cell


_CELL: dict[type, Callable[[Any], str]] = {
    _NONE: lambda _none: NULL,
    str: _text,
    int: str,
    bool: lambda cell: "t" if cell else "f",
    bytes: lambda cell: "\\\\x" + cell.hex(),
    memoryview: lambda cell: "\\\\x" + cell.hex(),
    datetime: datetime.isoformat,
    date: date.isoformat,
}
