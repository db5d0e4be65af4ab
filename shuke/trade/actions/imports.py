"""Importing a file: kept, looked at, started, and run chunk by chunk so that it may be killed anywhere."""

from __future__ import annotations

import hashlib
import json
import secrets
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from django.conf import settings
from django.utils.translation import gettext_lazy as _

from shuke.core import clock, crypto, progress, sealed_files, sql
from shuke.core.actors import Actor
from shuke.core.errors import Missing, Refused
from shuke.core.tables import Limits, Row, Table, open_table
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from shuke.platforms import platform as platforms
from shuke.platforms import queries as mappings
from shuke.platforms.platform import Content, Layout

CHUNK = 5000
READ = 500  # rows are read in small pieces, which stay in the processor's cache, and taken in large ones
SAMPLE = 10
FOLDER_DAYS = 2
_TURNS: tuple[Content, ...] = ("orders", "sales", "lines", "refunds", "customers")


@dataclass(frozen=True, slots=True)
class Part:
    """One sheet (or the whole file) with what it was recognised as."""

    sheet: str | None
    layout: Layout
    row_estimate: int


@dataclass(frozen=True, slots=True)
class Preview:
    """What was found in a file, before anything is taken from it."""

    import_id: int
    name: str
    format: str
    encoding: str
    parts: list[Part]
    sample: list[Any]
    sample_rejects: int
    imported_before: bool


def upload(merchant_id: int, shop_id: int, name: str, chunks: Iterable[bytes], *, by: Actor) -> int:
    """Keep a file, sealed, for a look and an import; the import's id. Refused `too_large`, `empty`; Missing shop."""
    if merchant_queries.shop(merchant_id, shop_id) is None:
        raise Missing("no_shop", _("This shop does not exist."))
    digest = hashlib.sha256()
    limit = settings.SHUKE_UPLOAD_LIMIT_MB << 20
    vault = crypto.vault(merchant_id)
    kept, size = sealed_files.keep(
        merchant_id, secrets.token_hex(16), _digested(chunks, digest), vault, limit_bytes=limit
    )
    if size == 0:
        sealed_files.drop(kept)
        raise Refused("empty", _("The file is empty."))
    return int(
        sql.scalar(
            "INSERT INTO trade_import (merchant_id, shop_id, name, size_bytes, sha256, file, state, layout, content,"
            " header, row_count, new_count, changed_count, same_count, rejected_count, older_count, kept_count, refusal,"
            " by, created_at) VALUES (%(merchant_id)s, %(shop_id)s, %(name)s, %(size)s, %(sha256)s, %(file)s, 'uploaded',"
            " '', '', '', 0, 0, 0, 0, 0, 0, 0, '', %(by)s, %(now)s) RETURNING id",
            {"merchant_id": merchant_id, "shop_id": shop_id, "name": name[-200:], "size": size,
             "sha256": digest.digest(), "file": kept, "by": by.label, "now": clock.now()},
        )
    )  # fmt: skip


def inspect(merchant_id: int, import_id: int, *, password: str | None = None) -> Preview:
    """Look at an uploaded file. Refused with a sentence for the shopkeeper when it cannot be imported; `password_needed`
    and `password_wrong` ask for the workbook's password, which is kept sealed until the import is done. Refused
    `import_running` once it was started: a running import keeps what it began with.
    """
    found = uploaded(merchant_id, import_id)
    vault = crypto.vault(merchant_id)
    with opened(merchant_id, found, password=password) as table:
        mapping = saved_mapping(merchant_id, table.header)
        parts = recognised(table, mapping)
        rows = next(table.chunks(SAMPLE, sheet=parts[0].sheet), [])
        parsed = parts[0].layout.read(rows, zone_of(merchant_id))
        header = table.header_of(parts[0].sheet)
    if uploaded(merchant_id, import_id, lock=True)["state"] != "uploaded":
        raise _started()
    if password:
        sealed = vault.seal(password, row=_password_row(merchant_id, import_id))
        note(merchant_id, import_id, password_sealed=sealed)
    note(
        merchant_id,
        import_id,
        mapping=None if mapping is None else json.dumps(mapping),
        layout=parts[0].layout.name,
        content="+".join(part.layout.content for part in parts),
        header="\t".join(" ".join(name.split()) for name in header),
    )
    before = sql.scalar(
        "SELECT EXISTS (SELECT FROM trade_import WHERE merchant_id = %(merchant_id)s AND shop_id = %(shop_id)s"
        " AND sha256 = %(sha256)s AND state = 'done')",
        {"merchant_id": merchant_id, "shop_id": found["shop_id"], "sha256": found["sha256"]},
    )
    return Preview(
        import_id, found["name"], table.format, table.encoding, parts, parsed.records, len(parsed.rejects), bool(before)
    )


@contextmanager
def opened(merchant_id: int, found: dict[str, Any], *, password: str | None = None) -> Iterator[Table]:
    """The table in a file that was uploaded and not started; Refused when it is none."""
    if found["state"] != "uploaded":
        raise _started()
    with sealed_files.in_clear(found["file"], found["size_bytes"], crypto.vault(merchant_id)) as clear:
        yield open_table(clear, password=password or kept_password(merchant_id, found), limits=Limits())


def saved_mapping(merchant_id: int, header: Sequence[str]) -> dict[str, Any] | None:
    """How the merchant has said that files of this header are read."""
    found = sql.scalar(
        "SELECT content FROM trade_mapping WHERE merchant_id = %(merchant_id)s AND fingerprint = %(fingerprint)s",
        {"merchant_id": merchant_id, "fingerprint": mappings.fingerprint(header)},
    )
    return None if found is None else dict(sql.loads(found))


def recognised(table: Table, mapping: Any = None) -> list[Part]:
    """The sheets that can be imported, orders first; a header that no platform writes is read by the merchant's own
    `mapping` of it. Refused `unknown_layout` when there is none.
    """
    content = sql.loads(mapping)
    found = []
    for sheet in table.sheet_names or (None,):
        header = table.header_of(sheet)
        layout = platforms.recognise(header) if header else None
        if layout is None and header and content is not None:
            layout = mappings.mapped_layout(content, header)
        if layout is not None:
            found.append(Part(sheet, layout, table.row_estimate(sheet)))
    if not found:
        names = "、".join(name.strip() for name in table.header[:12])
        raise Refused(
            "unknown_layout",
            _(
                "This is not an export that Shuke knows; it begins with: %(names)s. If it is from another system, say once"
                " which column is what. If not, please download the report again and leave its columns as they are."
            ),
            names=names[:200],
        )
    return sorted(found, key=lambda part: _TURNS.index(part.layout.content))


def start(merchant_id: int, import_id: int, *, by: Actor) -> int:
    """Have the worker import the file; the id of its progress. Starting again returns the same progress."""
    found = uploaded(merchant_id, import_id, lock=True)
    if found["progress_id"] is not None:
        return int(found["progress_id"])
    progress_id = progress.begin(merchant_id, "import", subject_id=import_id, by=by)
    note(merchant_id, import_id, state="waiting", progress_id=progress_id)
    merchants.audit(
        merchant_id, "import.started", by=by, object_kind="import", object_id=import_id, size=found["size_bytes"]
    )
    from shuke.trade.jobs import run_import  # jobs call actions; deferring one is the single step back

    run_import.configure(lock=f"import:{merchant_id}:{found['shop_id']}").defer(
        merchant_id=merchant_id, import_id=import_id
    )
    return progress_id


def discard(merchant_id: int, import_id: int) -> None:
    """Throw away a file that was looked at and not imported."""
    found = uploaded(merchant_id, import_id, lock=True)
    if found["state"] != "uploaded":
        raise _started()
    sealed_files.drop(found["file"])
    sql.run(
        "DELETE FROM trade_import WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": import_id},
    )


def discard_forgotten(merchant_id: int) -> int:
    """Throw away files that nobody started within two days; how many."""
    found = sql.rows(
        "DELETE FROM trade_import WHERE merchant_id = %(merchant_id)s AND state = 'uploaded' AND created_at < %(before)s"
        " RETURNING file",
        {"merchant_id": merchant_id, "before": clock.now() - timedelta(days=FOLDER_DAYS)},
    )
    for (kept,) in found:
        sealed_files.drop(kept)
    return len(found)


def whole_orders(chunks: Iterable[list[Row]], place: int | None) -> Iterator[list[Row]]:
    """Cut chunks so that neighbouring rows of one order (cell `place`) stay together; None leaves them as they are."""
    if place is None:
        yield from chunks
        return
    held: list[Row] = []
    for chunk in chunks:
        rows = held + chunk
        # A broken row tells no order: it stays with the rows around it.
        last = next((row.cells[place] for row in reversed(rows) if row.fault is None), "")
        cut = len(rows)
        while cut > 0 and (rows[cut - 1].fault is not None or rows[cut - 1].cells[place] == last):
            cut -= 1
        if cut == 0 and len(rows) < CHUNK:
            held = rows
            continue
        cut = cut or len(rows)
        held = rows[cut:]
        yield rows[:cut]
    if held:
        yield held


def uploaded(merchant_id: int, import_id: int, *, lock: bool = False) -> dict[str, Any]:
    """An import's row; Missing when there is none."""
    found = sql.dicts(
        "SELECT id, shop_id, name, size_bytes, sha256, file, password_sealed, state, mapping, progress_id FROM trade_import"
        " WHERE merchant_id = %(merchant_id)s AND id = %(id)s" + (" FOR UPDATE" if lock else ""),
        {"merchant_id": merchant_id, "id": import_id},
    )
    if not found:
        raise Missing("no_import", _("This import does not exist."))
    return found[0]


def _started() -> Refused:
    return Refused("import_running", _("This import has been started; undo it when it is done."))


def kept_password(merchant_id: int, found: dict[str, Any]) -> str | None:
    """The password of the workbook, while its import is not done."""
    sealed = found["password_sealed"]
    if sealed is None:
        return None
    return crypto.vault(merchant_id).open(sealed, row=_password_row(merchant_id, found["id"]))


def _password_row(merchant_id: int, import_id: object) -> str:
    return f"trade_import|password|{merchant_id}|{import_id}"


def note(merchant_id: int, import_id: int, **values: object) -> None:
    """Change columns of an import's row."""
    names = ", ".join(f"{name} = %({name})s" for name in values)
    sql.run(
        f"UPDATE trade_import SET {names} WHERE merchant_id = %(merchant_id)s AND id = %(import_id)s",
        {"merchant_id": merchant_id, "import_id": import_id, **values},
    )


def zone_of(merchant_id: int) -> ZoneInfo:
    """The zone in which the merchant's files write their times."""
    merchant = merchant_queries.merchant(merchant_id)
    return ZoneInfo(merchant.zone if merchant else settings.TIME_ZONE)


def _digested(chunks: Iterable[bytes], digest: hashlib._Hash) -> Iterator[bytes]:
    for chunk in chunks:
        digest.update(chunk)
        yield chunk
