"""Importing orders: drop files, look at what was recognised, start, watch, read the report, undo."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.core.files.uploadedfile import UploadedFile
from django.http import HttpResponse, HttpResponseBase, StreamingHttpResponse
from django.utils.translation import gettext as _

from shuke.console import customer_words, import_words
from shuke.console.desk import Desk, page
from shuke.core import downloads, progress
from shuke.core.errors import Missing, Refused
from shuke.core.typed import number
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from shuke.trade import actions as trade
from shuke.trade import queries
from shuke.trade.actions import Preview
from shuke.trade.queries import ImportRow

PASSWORD_CODES = {"password_needed", "password_wrong"}
ASKING_CODES = PASSWORD_CODES | {"unknown_layout"}
FILES_AT_ONCE = 20
HISTORY = 30


@dataclass(frozen=True, slots=True)
class Look:
    """An uploaded file as the preview page shows it: what was found, or what is asked or wrong."""

    row: ImportRow
    preview: Preview | None
    refused: Refused | None

    @property
    def wants_password(self) -> bool:
        """Whether the workbook opens only with a password."""
        return self.refused is not None and self.refused.code in PASSWORD_CODES

    @property
    def wants_mapping(self) -> bool:
        """Whether the file is a table whose columns nobody knows yet."""
        return self.refused is not None and self.refused.code == "unknown_layout"

    @property
    def facts(self) -> list[tuple[str, str]]:
        """What was recognised, in words."""
        return import_words.recognised(self.preview) if self.preview else []

    @property
    def sample(self) -> import_words.Sample | None:
        """The first rows, without anything personal."""
        return import_words.sample(self.preview) if self.preview else None


@page("imports.run")
def list_all(desk: Desk) -> HttpResponse:
    """The drop zone, files that wait to be started, and the history."""
    return _list(desk)


@page("imports.run", methods=("POST",))
def upload(desk: Desk) -> HttpResponse:
    """Keep the files that can be imported and go on to look at them; say of each other one why not."""
    files = desk.request.FILES.getlist("files")
    if not files:
        return _list(desk, [("", _("Choose at least one file."))])
    if len(files) > FILES_AT_ONCE:
        text = _("Please upload at most %(count)d files at once.") % {"count": FILES_AT_ONCE}
        return _list(desk, [("", text)])
    taken: list[int] = []
    problems: list[tuple[str, str]] = []
    for file in files:
        try:
            taken.append(_take(desk, number(desk.post.get("shop", "")) or 0, file))
        except Missing:
            raise
        except Refused as refused:
            problems.append((file.name or "", refused.message))
    if not taken:
        return _list(desk, problems)
    for name, text in problems:
        messages.error(desk.request, _("%(name)s: %(text)s") % {"name": name, "text": text})
    if len(taken) == 1 and _look(desk, _row(desk, taken[0])).wants_mapping:
        return desk.go("console:import_mapping", taken[0])
    return desk.go("console:imports_preview", query={"file": ",".join(map(str, taken))})


@page("imports.run")
def preview(desk: Desk) -> HttpResponse:
    """What the uploaded files are, before anything is taken from them."""
    looks = [_look(desk, row) for row in _chosen(desk, desk.get.get("file", "")) if row.state == "uploaded"]
    if not looks:
        return desk.go("console:imports")
    ready = sorted((look for look in looks if look.preview), key=_lines_last)
    return desk.show(
        "console/imports/preview.html",
        looks=looks,
        ready=",".join(str(look.row.id) for look in ready),
        ready_count=len(ready),
        shops=_shop_names(desk),
        here=desk.request.get_full_path(),
    )


@page("imports.run", methods=("POST",))
def open_with_password(desk: Desk, import_id: int) -> HttpResponse:
    """Try a workbook's password; back to the preview either way."""
    try:
        trade.inspect(desk.merchant_id, import_id, password=desk.post.get("password", "") or None)
    except Missing:
        raise
    except Refused as refused:
        messages.error(desk.request, refused.message)
    files = desk.post.get("file") or str(import_id)
    return desk.go("console:imports_preview", query={"file": ",".join(map(str, _numbers(files)))})


@page("imports.run", methods=("POST",))
def start(desk: Desk) -> HttpResponse:
    """Have the worker import the files, order lists before detail lists; straight to the progress."""
    rows = _chosen(desk, desk.post.get("file", ""))
    for row in rows:
        trade.start(desk.merchant_id, row.id, by=desk.by)
    if len(rows) == 1:
        return desk.go("console:import", rows[0].id)
    return desk.go("console:imports")


@page("imports.run", methods=("POST",))
def discard(desk: Desk, import_id: int) -> HttpResponse:
    """Throw an uploaded file away."""
    trade.discard(desk.merchant_id, import_id)
    others = [other for other in _numbers(desk.post.get("file", "")) if other != import_id]
    if others:
        return desk.go("console:imports_preview", query={"file": ",".join(map(str, others))})
    return desk.go("console:imports", said=_("The file was thrown away. Nothing was imported."))


@page("imports.run")
def show(desk: Desk, import_id: int) -> HttpResponse:
    """One import: its progress while it runs, then its report."""
    row = _row(desk, import_id)
    if row.state == "uploaded":
        return desk.go("console:imports_preview", query={"file": row.id})
    return desk.show(
        "console/imports/show.html",
        row=row,
        state=import_words.state(row),
        progress=_progress(desk, row),
        content=import_words.content(row.content),
        counts=import_words.counts(row),
        rejects=queries.reject_summary(desk.merchant_id, import_id) if row.rejected_count else [],
        undo_question=import_words.undo_question(row),
        shop=_shop_names(desk).get(row.shop_id, ""),
        doer=customer_words.doers(desk.merchant_id).get(row.by, _("Shuke")),
    )


@page("imports.run", methods=("POST",), proof=True)
def undo(desk: Desk, import_id: int) -> HttpResponse:
    """Have the worker take a finished import back."""
    trade.undo(desk.merchant_id, import_id, by=desk.by)
    return desk.go("console:import", import_id)


@page("imports.run")
def rejects(desk: Desk, import_id: int) -> HttpResponseBase:
    """The rejected rows as a file to mend and upload again; it holds personal fields, so the audit log says who took it."""
    row = _row(desk, import_id)
    merchants.audit(
        desk.merchant_id, "import.rejects_downloaded", by=desk.by, object_kind="import", object_id=row.id,
        rows=row.rejected_count,
    )  # fmt: skip
    pieces = queries.reject_file(desk.merchant_id, row.id)
    response = StreamingHttpResponse(downloads.within(desk.merchant_id, pieces), content_type="text/csv; charset=utf-8")
    response["Content-Disposition"] = downloads.attachment(_("rejected rows %(id)d") % {"id": row.id} + ".csv")
    return response


def _take(desk: Desk, shop_id: int, file: UploadedFile[Any]) -> int:
    """Keep and recognise one file; refused, nothing of it is left."""
    import_id = trade.upload(desk.merchant_id, shop_id, file.name or "", file.chunks(), by=desk.by)
    try:
        trade.inspect(desk.merchant_id, import_id)
    except Refused as refused:
        if refused.code in ASKING_CODES:
            return import_id
        trade.discard(desk.merchant_id, import_id)
        raise
    except BaseException:
        trade.discard(desk.merchant_id, import_id)
        raise
    return import_id


def _list(desk: Desk, problems: list[tuple[str, str]] | None = None) -> HttpResponse:
    status = 422 if problems else 200
    if problems and desk.is_fragment:
        return desk.show("console/imports/problems.html", status=status, problems=problems)
    before = desk.get.get("before", "")
    found = queries.imports(desk.merchant_id, limit=HISTORY + 1, before_id=(number(before) or 0) if before else None)
    shops, doers = _shop_names(desk), customer_words.doers(desk.merchant_id)
    rows = [
        (row, import_words.state(row), _progress(desk, row), shops.get(row.shop_id, ""), doers.get(row.by, _("Shuke")))
        for row in found[:HISTORY]
    ]
    return desk.show(
        "console/imports/list.html",
        status=status,
        problems=problems or [],
        shops=(places := merchant_queries.shops(desk.merchant_id)),
        reports=import_words.reports([shop.platform for shop in places]),
        rows=[row for row in rows if row[0].state != "uploaded"],
        waiting=[row for row in rows if row[0].state == "uploaded"],
        is_running=any(row[2] is not None for row in rows),
        older=found[HISTORY - 1].id if len(found) > HISTORY else None,
        is_later_page=bool(before),
    )


def _look(desk: Desk, row: ImportRow) -> Look:
    try:
        return Look(row, trade.inspect(desk.merchant_id, row.id), None)
    except Refused as refused:
        return Look(row, None, refused)


def _lines_last(look: Look) -> bool:
    return look.preview is not None and look.preview.parts[0].layout.content not in {"orders", "sales"}


def _progress(desk: Desk, row: ImportRow) -> import_words.Going | None:
    """How far a running import is; None when nothing is going on."""
    if row.state not in {"waiting", "running", "undoing"} or row.progress_id is None:
        return None
    found = progress.get(desk.merchant_id, row.progress_id)
    return import_words.Going(found, row.state) if found else None


def _row(desk: Desk, import_id: int) -> ImportRow:
    row = queries.import_row(desk.merchant_id, import_id)
    if row is None:
        raise Missing("no_import", _("This import does not exist."))
    return row


def _chosen(desk: Desk, text: str) -> list[ImportRow]:
    """The imports named in an address or a form; Missing when one is not this merchant's."""
    return [_row(desk, import_id) for import_id in _numbers(text)]


def _numbers(text: str) -> list[int]:
    """Ids from outside; what is no id is the id of nothing."""
    return [number(part) or 0 for part in text.split(",")[:FILES_AT_ONCE] if part]


def _shop_names(desk: Desk) -> dict[int, str]:
    return {shop.id: shop.name for shop in merchant_queries.shops(desk.merchant_id)}
