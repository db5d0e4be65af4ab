"""Export files bent at random: whatever happens to a file, each row is taken as it stands or refused with a reason.

    python -m tests.load.bent_files [--files 100000] [--seed 1] [--processes 2]

Prints one line; exit code 1 when a file crashed the reader, a row was lost, or a value changed without a word.
"""

from __future__ import annotations

import argparse
import os
import random
import re
import sys
import time
import unicodedata
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
ROWS = 9
SHARE = 500


@dataclass(frozen=True, slots=True)
class Base:
    """A whole file and what it says: records by the raw text of the rows they were made of."""

    name: str
    suffix: str
    encoding: str
    content: bytes
    header: tuple[str, ...]
    records: dict[tuple[str, ...], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a bent file: rows taken, rows refused, and what is wrong ("" when nothing is)."""

    taken: int = 0
    refused: int = 0
    is_refused_whole: bool = False
    violation: str = ""


def bases(folder: Path) -> list[Base]:
    """A few rows of every file the generator writes, as text files and as workbooks."""
    from typing import get_args

    from shuke.cli.sample_exports import write_exports
    from shuke.cli.sample_platforms import PlatformFile, write_platform

    paths: list[Path] = []
    for layout, lines in (("V4", "D1"), ("V9", "D2"), ("V10", None)):
        paths += write_exports(folder / layout, orders=ROWS, buyers=5, months=2, until=date(2026, 6, 30),
                               layout=layout, lines=lines)  # type: ignore[arg-type]  # fmt: skip
    for kind in get_args(PlatformFile):
        (folder / kind).mkdir()
        orders = ROWS if kind != "taobao_refunds" else 20 * ROWS  # one order in twenty is sent back
        paths.append(write_platform(folder / kind, kind, orders=orders, buyers=5, months=2))
    return [base_of(path.name, path.suffix, path.read_bytes(), folder) for path in paths]


def base_of(name: str, suffix: str, content: bytes, folder: Path) -> Base:
    """Read a file that is whole."""
    path = folder / f"whole{suffix}"
    path.write_bytes(content)
    encoding, header, told = read(path)
    return Base(name, suffix, encoding, content, header,
                {raws_of(record, told): record for _row, record, _reject in told if record is not None})  # fmt: skip


def read(path: Path) -> tuple[str, tuple[str, ...], list[tuple[Any, Any, Any]]]:
    """Encoding, header, and every row with its record or its reject. Raises Refused when the whole file is refused."""
    from shuke.core.tables import open_table
    from shuke.trade.actions.imports import recognised, whole_orders

    table = open_table(path)
    told = []
    parts = recognised(table)
    for part in parts:
        for rows in whole_orders(table.chunks(500, sheet=part.sheet), part.layout.key_column):
            parsed = part.layout.read(rows, SHANGHAI)
            numbers = [number for one in parsed.records for number in rows_of(one)]
            numbers += [one.row_number for one in parsed.rejects]
            if sorted(numbers) != [row.number for row in rows]:
                raise AssertionError("a row is neither taken nor refused, or both")
            taken = {number: one for one in parsed.records for number in rows_of(one)}
            refused = {one.row_number: one for one in parsed.rejects}
            told += [(row, taken.get(row.number), refused.get(row.number)) for row in rows]
    return table.encoding, table.header_of(parts[0].sheet), told


def rows_of(record: Any) -> tuple[int, ...]:
    """The numbers of the rows a record was made of."""
    numbers: tuple[int, ...] = record.row_numbers if hasattr(record, "row_numbers") else (record.row_number,)
    return numbers


def raws_of(record: Any, told: Sequence[tuple[Any, Any, Any]]) -> tuple[str, ...]:
    """The raw texts of the rows a record was made of."""
    numbers = set(rows_of(record))
    return tuple(row.raw for row, _record, _reject in told if row.number in numbers)


def bare(record: Any) -> Any:
    """A record without the places it was found at."""
    if hasattr(record, "row_numbers"):
        return bare(record.order), [bare(line) for line in record.lines]
    return record._replace(row_number=0)


def examine(base: Base, bent: bytes, path: Path) -> Outcome:
    """Read a bent file and compare it with the whole one."""
    from shuke.core.errors import Refused

    path.write_bytes(bent)
    try:
        _encoding, header, told = read(path)
    except Refused as refused:
        is_clear = any("\u4e00" <= letter <= "\u9fff" for letter in refused.message)
        return Outcome(
            is_refused_whole=True, violation="" if is_clear else f"refused without a sentence: {refused.code}"
        )
    except AssertionError as error:
        return Outcome(violation=str(error))
    except Exception as error:  # any of them is what is looked for
        return Outcome(violation=f"crash: {type(error).__name__}: {error}")
    taken = [(row, record) for row, record, reject in told if reject is None]
    rejects = [reject for _row, _record, reject in told if reject is not None]
    violation = (
        next((found for row, one in taken if (found := changed(base, header, row, one, raws_of(one, told)))), "")
        or next((f"refused without a reason: {one.code}" for one in rejects if not one.text), "")
        or lost(base, bent, told)
    )
    return Outcome(len(taken), len(rejects), violation=violation)


def changed(base: Base, header: Sequence[str], row: Any, record: Any, raws: tuple[str, ...]) -> str:
    """What a taken row says that its cells do not, or "".

    An untouched row under an untouched header must give the very same record, under another header the same amounts
    and times or none, unless a doubt says so. In any other row they must be what an independent reading of the cell
    under the column's name gives.
    """
    before = base.records.get(raws)
    if before is not None and tuple(header) == base.header:
        return "" if bare(before) == bare(record) else f"an untouched row became {record}"
    if before is not None:
        for field in _COLUMNS:
            was, became = getattr(before, field, None), getattr(record, field, None)
            if became is not None and became != was and not record.doubts:
                return f"{field} of an untouched row was {was!r} and became {became!r} under another header"
    cells = {plain(name): cell for name, cell in zip(header, row.cells, strict=False)}
    for field, names in _COLUMNS.items():
        value = getattr(record, field, None)
        told = [cells[name] for name in names if name in cells]
        if value is None or not told:
            continue
        if not any(_READERS[field[-3:]](cell) == value for cell in told):
            return f"{field} {value!r} out of {told!r}"
    return ""


def lost(base: Base, bent: bytes, told: Sequence[tuple[Any, Any, Any]]) -> str:
    """A line that is whole in the bent file, and neither taken nor kept among the refused, or ""."""
    if base.suffix != ".csv" or bent[:2] in {b"\xff\xfe", b"\xfe\xff"}:
        return ""
    kept = "\n".join(row.raw for row, _record, _reject in told) + "\n".join(
        reject.raw for _row, _record, reject in told if reject is not None
    )
    present = set(bent.split(b"\r\n"))
    for raw in (raw for raws in base.records for raw in raws):
        if raw.encode(base.encoding) in present and raw not in kept:
            return f"lost: {raw[:60]}"
    return ""


def plain(name: str) -> str:
    """A column's name without blanks and width."""
    return "".join(unicodedata.normalize("NFKC", name).split()).strip("'\"")


def amount(cell: str) -> int | None:
    """Yuan as whole fen, read without the product's code."""
    text = unicodedata.normalize("NFKC", unwrapped(cell)).replace(",", "").replace("¥", "").removesuffix("元").strip()
    return int(Decimal(text) * 100) if re.fullmatch(r"[+-]?\d+(\.(\d{1,2}0*)?)?", text, re.ASCII) else None


def instant(cell: str) -> datetime | None:
    """A time of day in Shanghai, read without the product's code."""
    text = (
        unicodedata.normalize("NFKC", unwrapped(cell)).strip().replace("/", "-").replace(".", "-", 2).replace("T", " ")
    )
    for pattern in ("%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M", "%Y-%m-%d"):
        try:
            return datetime.strptime(text, pattern).replace(tzinfo=SHANGHAI)
        except ValueError:
            continue
    return None


def unwrapped(cell: str) -> str:
    """The text within ="…" and leading apostrophes."""
    text = cell.strip()
    found = re.fullmatch(r'="?(.*?)"?', text)
    return (found[1] if found else text).strip().strip('"').lstrip("'").strip()


_COLUMNS = {
    "total_fen": ("总金额",),
    "goods_fen": ("买家应付货款",),
    "post_fen": ("买家应付邮费",),
    "paid_fen": ("买家实际支付金额", "买家实付金额"),
    "price_fen": ("价格", "商品价格"),
    "placed_at": ("订单创建时间", "创建时间"),
    "paid_at": ("订单付款时间",),
}
_READERS: dict[str, Callable[[str], Any]] = {"fen": amount, "_at": instant}

_CELLS = (
    b"", b"0", b"-1", b"1.00E+18", b"9.4359E+16", b"***", b"null", b"NULL", b"1,234.50", b"12.345", b"99999999999999",
    b"2026-02-30 10:00:00", b"2026/6/1 8:05", b"45000.5", "１２．５０".encode("gb18030"), "张**".encode("gb18030"),
    b"138****0000", "无".encode("gb18030"), b"\xff", b"\x81", b"\0", b"x" * 40_000, b"=1+1", b"'", b"\t", b" 7 ",
)  # fmt: skip


def bend(draw: random.Random, content: bytes) -> bytes:
    """The same file with one to three things wrong."""
    for _ in range(draw.choice((1, 1, 1, 2, 3))):
        content = draw.choice(_BENDS)(draw, content)
    return content


def _flip(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(max(1, len(content)))
    return content[:place] + bytes([draw.randrange(256)]) + content[place + 1 :]


def _cut(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(max(1, len(content)))
    return content[:place] + content[place + draw.choice((1, 1, 2, 7, 60)) :]


def _insert(draw: random.Random, content: bytes) -> bytes:
    place = draw.randrange(len(content) + 1)
    return (
        content[:place]
        + draw.choice((b",", b'"', b"\r\n", b"\n", b"\r", b"\0", b"\xa1", b'","', b"  "))
        + content[place:]
    )


def _truncate(draw: random.Random, content: bytes) -> bytes:
    return content[: draw.randrange(len(content) + 1)]


def _lines(content: bytes) -> list[bytes]:
    return content.split(b"\r\n")


def _repeat(draw: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    lines.insert(draw.randrange(len(lines)), draw.choice(lines))
    return b"\r\n".join(lines)


def _swap(draw: random.Random, content: bytes) -> bytes:
    lines = _lines(content)
    first, second = draw.randrange(len(lines)), draw.randrange(len(lines))
    lines[first], lines[second] = lines[second], lines[first]
    return b"\r\n".join(lines)


def _cell(draw: random.Random, content: bytes) -> bytes:
    """One cell replaced, in the header too now and then."""
    lines = _lines(content)
    place = draw.randrange(len(lines))
    cells = lines[place].split(b",")
    quote = b'"' if draw.random() < 0.8 else b""
    cells[draw.randrange(len(cells))] = quote + draw.choice(_CELLS) + quote
    return b"\r\n".join([*lines[:place], b",".join(cells), *lines[place + 1 :]])


def _column(draw: random.Random, content: bytes) -> bytes:
    """One column gone, or moved, in every row."""
    rows = [line.split(b",") for line in _lines(content)]
    place, to = draw.randrange(len(rows[0])), draw.randrange(len(rows[0]))
    is_moved = draw.random() < 0.5
    for row in rows:
        if place < len(row):
            cell = row.pop(place)
            if is_moved:
                row.insert(to, cell)
    return b"\r\n".join(b",".join(row) for row in rows)


def _encoding(draw: random.Random, content: bytes) -> bytes:
    text = content.decode("gb18030", "replace")
    return text.encode(draw.choice(("utf-8", "utf-8-sig", "utf-16", "gb18030")), "replace")


def _ends(draw: random.Random, content: bytes) -> bytes:
    return content.replace(b"\r\n", draw.choice((b"\n", b"\r", b"\r\r\n")))


_BENDS: tuple[Callable[[random.Random, bytes], bytes], ...] = (
    _flip, _flip, _cut, _insert, _insert, _truncate, _repeat, _swap, _cell, _cell, _cell, _column, _encoding, _ends,
)  # fmt: skip


def storm(seed: int, start: int, count: int) -> tuple[Counter[str], list[str]]:
    """Bend and read `count` files from number `start` on; sums, and what went wrong with the number to repeat it."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "shuke.settings")
    import django
    from django.utils import translation

    django.setup()
    translation.activate("zh-hans")
    sums: Counter[str] = Counter()
    wrong: list[str] = []
    with TemporaryDirectory(prefix="bent-") as folder:
        whole = bases(Path(folder))
        for number in range(start, start + count):
            draw = random.Random(f"{seed}:{number}")
            base = draw.choice(whole)
            found = examine(base, bend(draw, base.content), Path(folder) / f"bent{base.suffix}")
            sums.update(files=1, taken=found.taken, refused=found.refused, whole=found.is_refused_whole)
            if found.violation:
                wrong.append(f"file {number} ({base.name}): {found.violation[:300]}")
    return sums, wrong


def main(arguments: Sequence[str] | None = None) -> int:
    """Share the files among processes and print the sums."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--files", type=int, default=100_000)
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--start", type=int, default=0)
    options.add_argument("--processes", type=int, default=os.cpu_count())
    given = options.parse_args(arguments)
    began = time.monotonic()
    sums: Counter[str] = Counter()
    wrong: list[str] = []
    with ProcessPoolExecutor(given.processes) as pool:
        for some, bad in pool.map(storm, *zip(*shares(given.seed, given.start, given.files), strict=True)):
            sums.update(some)
            wrong += bad
    for line in wrong[:20]:
        print(line)
    print(
        f"bent-files files={sums['files']} wrong={len(wrong)} rows_taken={sums['taken']} rows_refused={sums['refused']}"
        f" files_refused={sums['whole']} seconds={time.monotonic() - began:.0f}"
    )
    return int(bool(wrong))


def shares(seed: int, start: int, files: int) -> Iterator[tuple[int, int, int]]:
    """(seed, first number, how many) of each share."""
    for first in range(start, start + files, SHARE):
        yield seed, first, min(SHARE, start + files - first)


if __name__ == "__main__":
    sys.exit(main())
