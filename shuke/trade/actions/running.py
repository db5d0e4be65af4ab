"""Running a started import: each chunk is one transaction with its checkpoint, so it may be killed anywhere."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from queue import Queue
from threading import Thread
from typing import Any, NamedTuple
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, progress, sealed_files, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.crypto import Unreadable
from shuke.core.errors import Refused
from shuke.core.tables import Limits, Row, Table, open_table
from shuke.core.tenancy import tenant
from shuke.platforms.platform import Content, Parsed
from shuke.trade.actions import imports
from shuke.trade.actions.details import take_lines
from shuke.trade.actions.imports import CHUNK, READ, Part
from shuke.trade.actions.news import Taken
from shuke.trade.actions.orders import take_orders
from shuke.trade.actions.refund_reports import take_refunds
from shuke.trade.actions.sales import take_customers, take_sales
from shuke.trade.actions.undoing import take_back
from shuke.trade.events import ImportFinished

_TAKES: dict[Content, Callable[..., Taken]] = {
    "orders": take_orders,
    "sales": take_sales,
    "lines": take_lines,
    "refunds": take_refunds,
    "customers": take_customers,
}


class Chunk(NamedTuple):
    """Some rows of a part, parsed; `last_row` is the number of the last one, `row_count` how many there were."""

    part: int
    last_row: int
    row_count: int
    parsed: Parsed

    def plus(self, rows: Sequence[Row], parsed: Parsed) -> Chunk:
        """The chunk and the rows after it, as one."""
        both = Parsed(self.parsed.records + parsed.records, self.parsed.rejects + parsed.rejects)
        return Chunk(self.part, rows[-1].number, self.row_count + len(rows), both)


class Overtaken(Exception):
    """Another worker has taken this import up; this one leaves it alone."""


def run(merchant_id: int, import_id: int) -> None:
    """Import a started file to its end, from wherever an earlier run came to.

    A file that turns out to be unreadable on the way is refused as a whole: what was taken of it is taken back.
    """
    with tenant(merchant_id):
        found = imports.uploaded(merchant_id, import_id)
        if found["state"] not in {"waiting", "running"}:
            return
        imports.note(merchant_id, import_id, state="running")
        password = imports.kept_password(merchant_id, found)
        vault = crypto.vault(merchant_id)
        zone = imports.zone_of(merchant_id)
    try:
        with sealed_files.in_clear(found["file"], found["size_bytes"], vault) as clear:
            _run_file(merchant_id, found, clear, password, zone)
    except Overtaken:
        return
    except (Refused, Unreadable, FileNotFoundError) as error:
        broken = Refused("file_lost", _("The uploaded file cannot be read any more. Please upload it again."))
        _refuse(merchant_id, found, error if isinstance(error, Refused) else broken)
        return
    _finish(merchant_id, found)


def _run_file(merchant_id: int, found: dict[str, Any], clear: Path, password: str | None, zone: ZoneInfo) -> None:
    table = open_table(clear, password=password, limits=Limits())
    parts = imports.recognised(table, found["mapping"])
    total = sum(part.row_estimate for part in parts)
    with tenant(merchant_id):
        state = progress.get(merchant_id, found["progress_id"])
        checkpoint = state.checkpoint if state else {}
        progress.advance(merchant_id, found["progress_id"], total=total)
    done = int(checkpoint.get("done", 0))
    for chunk in _ahead(_chunks(table, parts, checkpoint, zone)):
        with tenant(merchant_id):
            _expect(merchant_id, found["progress_id"], checkpoint)
            taken = _take(merchant_id, found, parts[chunk.part], chunk)
            _count(merchant_id, found["id"], chunk, taken)
            done += chunk.row_count
            checkpoint = {"part": chunk.part, "row": chunk.last_row, "done": done}
            progress.advance(
                merchant_id, found["progress_id"], done=done, total=max(total, done), checkpoint=checkpoint
            )


def _chunks(table: Table, parts: list[Part], checkpoint: dict[str, Any], zone: ZoneInfo) -> Iterator[Chunk]:
    for place, part in enumerate(parts):
        if place < checkpoint.get("part", 0):
            continue
        after = checkpoint.get("row", 0) if place == checkpoint.get("part") else 0
        rows = table.chunks(READ, sheet=part.sheet, after=after)
        held = Chunk(place, after, 0, Parsed([], []))
        for chunk in imports.whole_orders(rows, part.layout.key_column):
            held = held.plus(chunk, part.layout.read(chunk, zone))
            if held.row_count >= CHUNK:
                yield held
                held = Chunk(place, held.last_row, 0, Parsed([], []))
        if held.row_count:
            yield held


def _ahead(chunks: Iterator[Chunk]) -> Iterator[Chunk]:
    """Parse the next chunk while the database takes this one."""
    queue: Queue[Chunk | BaseException | None] = Queue(maxsize=1)
    stopped = False

    def read() -> None:
        try:
            for chunk in chunks:
                queue.put(chunk)
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


def _expect(merchant_id: int, progress_id: int, checkpoint: dict[str, Any]) -> None:
    """Overtaken unless the checkpoint is where this run left it."""
    found = sql.rows(
        "SELECT checkpoint, state FROM core_progress WHERE merchant_id = %(merchant_id)s AND id = %(id)s FOR UPDATE",
        {"merchant_id": merchant_id, "id": progress_id},
    )
    if not found or sql.loads(found[0][0]) != checkpoint or found[0][1] not in {"waiting", "running"}:
        raise Overtaken


def _take(merchant_id: int, found: dict[str, Any], part: Part, chunk: Chunk) -> Taken:
    taken = _TAKES[part.layout.content](
        merchant_id, found["shop_id"], chunk.parsed.records, import_id=found["id"], by=SYSTEM
    )
    _keep_rejects(merchant_id, found["id"], part, chunk.parsed)
    return taken


def _keep_rejects(merchant_id: int, import_id: int, part: Part, parsed: Parsed) -> None:
    if not parsed.rejects:
        return
    vault = crypto.vault(merchant_id)
    row = f"trade_reject|raw|{merchant_id}|{import_id}"
    sql.run(
        """
        INSERT INTO trade_reject (merchant_id, import_id, sheet, row_number, code, "column", reason, raw_sealed)
        SELECT %(merchant_id)s, %(import_id)s, %(sheet)s, row_number, code, col, reason, raw
        FROM unnest(%(numbers)s::int[], %(codes)s::text[], %(columns)s::text[], %(reasons)s::text[], %(raws)s::bytea[])
            AS r (row_number, code, col, reason, raw)
        """,
        {
            "merchant_id": merchant_id,
            "import_id": import_id,
            "sheet": part.sheet or "",
            "numbers": [reject.row_number for reject in parsed.rejects],
            "codes": [reject.code for reject in parsed.rejects],
            "columns": [reject.column for reject in parsed.rejects],
            "reasons": [reject.text for reject in parsed.rejects],
            "raws": [vault.seal(reject.raw, row=row) for reject in parsed.rejects],
        },
    )


def _count(merchant_id: int, import_id: int, chunk: Chunk, taken: Taken) -> None:
    sql.run(
        """
        UPDATE trade_import SET row_count = row_count + %(rows)s, new_count = new_count + %(new)s,
            changed_count = changed_count + %(changed)s, same_count = same_count + %(same)s,
            older_count = older_count + %(older)s, rejected_count = rejected_count + %(rejected)s
        WHERE merchant_id = %(merchant_id)s AND id = %(id)s
        """,
        {"merchant_id": merchant_id, "id": import_id, "rows": chunk.row_count,
         "rejected": len(chunk.parsed.rejects), **taken._asdict()},
    )  # fmt: skip


def _finish(merchant_id: int, found: dict[str, Any]) -> None:
    with tenant(merchant_id):
        now = clock.now()
        imports.note(merchant_id, found["id"], state="done", finished_at=now, password_sealed=None, file="")
        progress.advance(merchant_id, found["progress_id"], state=progress.DONE)
        counts = sql.rows(
            "SELECT new_count, changed_count, same_count, rejected_count FROM trade_import"
            " WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
            {"merchant_id": merchant_id, "id": found["id"]},
        )[0]
        facts.publish(
            merchant_id,
            [
                ImportFinished(
                    subject_id=found["id"],
                    happened_at=now,
                    new_count=counts[0],
                    changed_count=counts[1],
                    same_count=counts[2],
                    rejected_count=counts[3],
                )
            ],
        )
    sealed_files.drop(found["file"])


def _refuse(merchant_id: int, found: dict[str, Any], refused: Refused, *, by: Actor = SYSTEM) -> None:
    take_back(merchant_id, found["id"], by=by)
    with tenant(merchant_id):
        imports.note(
            merchant_id,
            found["id"],
            state="failed",
            refusal=refused.message,
            finished_at=clock.now(),
            password_sealed=None,
            file="",
        )
        progress.advance(merchant_id, found["progress_id"], state=progress.FAILED, message=refused.message)
    sealed_files.drop(found["file"])
