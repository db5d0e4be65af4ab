"""Imports: a file sent, looked at, started, followed, undone."""

from __future__ import annotations

from datetime import datetime
from functools import partial
from typing import Annotated, Any

from django.http import StreamingHttpResponse
from django.utils.translation import gettext_lazy as _
from ninja import Query
from pydantic import Field

from shuke.api import paging
from shuke.api.calls import Call
from shuke.api.parsing import Upload
from shuke.api.route import FILE, reads, writes
from shuke.api.routes.members import known_shop
from shuke.api.shapes import Id, Listing, Made, Nothing, Page, Paged, Sent, Told
from shuke.core import downloads, progress
from shuke.core.errors import Missing
from shuke.merchants import actions as merchants
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.queries import ImportRow


class UploadQuery(Sent):
    """Of which shop the file is, and its name."""

    shop_id: Id
    name: Annotated[str, Field(min_length=1, max_length=200, examples=["ExportOrderList.csv"])]


class Password(Sent):
    """The workbook's password, where it has one."""

    password: Annotated[str, Field(max_length=200)] = ""


class Part(Told):
    """A sheet, or the whole file, as it was recognised."""

    sheet: str | None
    layout: str
    content: str
    row_estimate: int


class Preview(Told):
    """What was found in a file, before anything is taken from it."""

    import_id: int
    name: str
    format: str
    encoding: str
    parts: list[Part]
    imported_before: bool


class Going(Told):
    """How far a job is."""

    state: str
    done_count: int
    total_count: int
    percent: int
    seconds_left: int | None
    message: str


class Import(Told):
    """An import: counts are of rows, and row = new + changed + same + older + rejected; `report` says it in words."""

    id: int
    shop_id: int
    name: str
    size_bytes: int
    state: str
    layout: str
    content: str
    row_count: int
    new_count: int
    changed_count: int
    same_count: int
    older_count: int
    rejected_count: int
    kept_count: int
    by: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None
    report: str
    progress: Going | None = None


class Reject(Told):
    """Why rows were not taken, how many, and the first of them."""

    reason: str
    column: str
    row_count: int
    first_row: int


@writes("POST", "/imports", scope="orders:write", status=201, refuses=("no_shop", "empty"), takes=FILE)
def upload_import(call: Call, query: Annotated[UploadQuery, Query()], upload: Upload) -> Made:
    """Send an order export as the body, CSV or XLSX; it is kept sealed, and nothing is taken from it yet."""
    shop_id = known_shop(call, query.shop_id)
    import_id = trade.upload(call.merchant_id, shop_id, query.name, upload.pieces(), by=call.caller.by)
    return Made(id=import_id)


@writes(
    "POST", "/imports/{int:import_id}/inspect", scope="orders:write",
    refuses=("no_import", "unknown_layout", "password_needed", "password_wrong"),
)  # fmt: skip
def inspect_import(call: Call, import_id: Id, body: Password) -> Preview:
    """Look at a file that was sent: what it is recognised as."""
    _row(call, import_id)
    found = trade.inspect(call.merchant_id, import_id, password=body.password or None)
    parts = [Part(sheet=one.sheet, layout=one.layout.name, content=one.layout.content, row_estimate=one.row_estimate)
             for one in found.parts]  # fmt: skip
    return Preview(import_id=import_id, name=found.name, format=found.format, encoding=found.encoding, parts=parts,
                   imported_before=found.imported_before)  # fmt: skip


@writes("POST", "/imports/{int:import_id}/start", scope="orders:write", refuses=("no_import",))
def start_import(call: Call, import_id: Id) -> Import:
    """Start an import in the background; starting it again changes nothing."""
    _row(call, import_id)
    trade.start(call.merchant_id, import_id, by=call.caller.by)
    return _import(call, _row(call, import_id))


@reads("/imports", scope="orders:read", refuses=("bad_cursor",))
def list_imports(call: Call, query: Annotated[Paged, Query()]) -> Page[Import]:
    """List imports, the latest first."""
    before = paging.opened(call.merchant_id, "imports", query.cursor)
    found = queries.imports(call.merchant_id, limit=query.limit + 1, before_id=before, shop_id=call.caller.key.shop_id)
    return paging.page(call.merchant_id, "imports", found, query.limit, partial(_import, call))


@reads("/imports/{int:import_id}", scope="orders:read", refuses=("no_import",))
def get_import(call: Call, import_id: Id) -> Import:
    """Get an import: its progress while it runs, its report afterwards."""
    return _import(call, _row(call, import_id))


@reads("/imports/{int:import_id}/rejects", scope="orders:read", refuses=("no_import",))
def list_rejects(call: Call, import_id: Id) -> Listing[Reject]:
    """List why rows were not taken."""
    _row(call, import_id)
    return Listing(items=[Reject.of(one) for one in queries.reject_summary(call.merchant_id, import_id)])


@reads("/imports/{int:import_id}/rejects.csv", scope="personal:read", refuses=("no_import",), gives="text/csv")
def download_rejects(call: Call, import_id: Id) -> StreamingHttpResponse:
    """Download the rejected rows, to be mended and sent again; they hold what the file held, so it is logged."""
    _row(call, import_id)
    merchants.audit(
        call.merchant_id, "import.rejects_downloaded", by=call.caller.by, object_kind="import", object_id=import_id
    )
    return downloads.csv_file(call.merchant_id, queries.reject_file(call.merchant_id, import_id), "rejects.csv")


@writes("POST", "/imports/{int:import_id}/undo", scope="orders:write", refuses=("no_import", "not_done"))
def undo_import(call: Call, import_id: Id) -> Import:
    """Undo an import in the background: what it brought goes, what it changed is as before."""
    _row(call, import_id)
    trade.undo(call.merchant_id, import_id, by=call.caller.by)
    return _import(call, _row(call, import_id))


@writes("DELETE", "/imports/{int:import_id}", scope="orders:write", refuses=("no_import", "import_running"))
def discard_import(call: Call, import_id: Id) -> Nothing:
    """Throw away a file that was not started."""
    _row(call, import_id)
    trade.discard(call.merchant_id, import_id)
    return Nothing()


def _row(call: Call, import_id: int) -> ImportRow:
    found = queries.import_row(call.merchant_id, import_id)
    if found is None or call.caller.key.shop_id not in {None, found.shop_id}:
        raise Missing("no_import", _("This import does not exist."))
    return found


def _import(call: Call, row: ImportRow) -> Import:
    going = None
    if row.progress_id is not None and row.state in {"waiting", "running", "undoing"}:
        found = progress.get(call.merchant_id, row.progress_id)
        going = Going.of(found) if found else None
    plain: dict[str, Any] = {name: getattr(row, name) for name in Import.model_fields if name != "progress"}
    return Import(**plain, progress=going)
