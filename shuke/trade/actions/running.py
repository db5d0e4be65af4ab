"""Running a started import: each chunk is one transaction with its checkpoint, so it may be killed anywhere."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, facts, progress, sealed_files, sql
from shuke.core.actors import SYSTEM, Actor
from shuke.core.crypto import Unreadable
from shuke.core.errors import Refused
from shuke.core.jobs import DATABASE_LOST
from shuke.core.tables import Limits, open_table
from shuke.core.tenancy import tenant
from shuke.platforms.platform import Content, Parsed
from shuke.trade.actions import imports
from shuke.trade.actions.details import take_lines
from shuke.trade.actions.imports import Part
from shuke.trade.actions.news import Taken
from shuke.trade.actions.orders import lock_shop, take_orders
from shuke.trade.actions.reading import Chunk, Reader, news_of
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


_BROKEN = _(
    "Shuke failed at this file, and nothing of it was kept. Try once more; if it fails again, the worker's log tells why."
)


class Overtaken(Exception):
    """Another worker has taken this import up; this one leaves it alone."""


def run(merchant_id: int, import_id: int) -> None:
    """Import a started file to its end, from wherever an earlier run came to.

    A file that turns out to be unreadable on the way, or at which Shuke itself fails, is refused as a whole: what was taken
    of it is taken back.
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
    except DATABASE_LOST:
        raise  # the job is tried again and goes on from its checkpoint
    except Exception:
        _refuse(merchant_id, found, Refused("import_broken", _BROKEN))
        raise
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
    shop_id, vault = found["shop_id"], crypto.vault(merchant_id)
    sieves = _has_orders(merchant_id, shop_id)
    reader = Reader(table, parts, zone, merchant_id, shop_id, vault, found["id"], sieves=sieves)
    for chunk in reader.chunks(checkpoint):
        with tenant(merchant_id):
            sql.run("SET LOCAL synchronous_commit = off")  # decision 0021: what is lost with it is its own checkpoint
            _expect(merchant_id, found["progress_id"], checkpoint)
            taken = _take(merchant_id, found, reader, chunk)
            _count(merchant_id, found["id"], chunk, taken)
            done += chunk.row_count
            checkpoint = {"part": chunk.part, "row": chunk.last_row, "done": done}
            progress.advance(
                merchant_id, found["progress_id"], done=done, total=max(total, done), checkpoint=checkpoint
            )
        reader.sieves = taken.same * 2 > chunk.row_count
        if taken.new:
            with tenant(merchant_id):
                sql.refresh_grown_statistics()


def _has_orders(merchant_id: int, shop_id: int) -> bool:
    with tenant(merchant_id):
        return bool(
            sql.scalar(
                "SELECT EXISTS (SELECT FROM trade_order WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s)",
                {"merchant_id": merchant_id, "shop_id": shop_id},
            )
        )


def _expect(merchant_id: int, progress_id: int, checkpoint: dict[str, Any]) -> None:
    """Overtaken unless the checkpoint is where this run left it."""
    found = sql.rows(
        "SELECT checkpoint, state FROM core_progress WHERE merchant_id = %(merchant_id)s AND id = %(id)s FOR UPDATE",
        {"merchant_id": merchant_id, "id": progress_id},
    )
    if not found or sql.loads(found[0][0]) != checkpoint or found[0][1] not in {"waiting", "running"}:
        raise Overtaken


def _take(merchant_id: int, found: dict[str, Any], reader: Reader, chunk: Chunk) -> Taken:
    part, same = reader.parts[chunk.part], chunk.known_count
    if chunk.raw:
        lock_shop(found["shop_id"])  # what is the same now must be so until the end
        news = news_of(merchant_id, found["shop_id"], chunk)
        same += len(chunk.raw) - len(news)
        chunk.parsed = reader.parse(chunk, news)
    if chunk.known_count == chunk.row_count:
        return Taken(same=same)
    prepared = {"prepared": chunk.prepared} if chunk.prepared.rows else {}
    taken = _TAKES[part.layout.content](
        merchant_id, found["shop_id"], chunk.parsed.records, import_id=found["id"], by=SYSTEM, **prepared
    )
    _keep_rejects(merchant_id, found["id"], part, chunk.parsed)
    return taken.plus(Taken(same=same))


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
