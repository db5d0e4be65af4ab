"""Questions about imports: the list, the report in numbers, the rejected rows as a file to mend."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from django.utils.translation import gettext as _

from shuke.core import crypto, sql

_BATCH = 1000
_EXCEL_TEXT = re.compile(r'="[0-9A-Za-z]*"')
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True, slots=True)
class ImportRow:
    """One import as pages show it; counts are of rows, and row_count = new + changed + same + older + rejected."""

    id: int
    shop_id: int
    name: str
    size_bytes: int
    state: str
    layout: str
    content: str
    progress_id: int | None
    row_count: int
    new_count: int
    changed_count: int
    same_count: int
    older_count: int
    rejected_count: int
    kept_count: int
    refusal: str
    by: str
    created_at: datetime
    finished_at: datetime | None
    undone_at: datetime | None

    @property
    def report(self) -> str:
        """What became of the file, in one sentence of the active language."""
        if self.state == "failed":
            return self.refusal
        if self.state == "undone":
            if self.kept_count:
                return _("Undone. %(kept)d orders were changed by a later import and stay.") % {"kept": self.kept_count}
            return _("Undone: everything is as it was before.")
        told = [_("%(rows)d rows: %(new)d new, %(changed)d changed, %(same)d unchanged")]
        if self.older_count:
            told.append(_("%(older)d older than what is known"))
        if self.rejected_count:
            told.append(_("%(rejected)d rejected"))
        return (_(", ").join(told) + _(".")) % {
            "rows": self.row_count,
            "new": self.new_count,
            "changed": self.changed_count,
            "same": self.same_count,
            "older": self.older_count,
            "rejected": self.rejected_count,
        }


@dataclass(frozen=True, slots=True)
class RejectRow:
    """Why rows were not taken: one reason with how many rows it met and the first of them."""

    reason: str
    column: str
    row_count: int
    first_row: int


_COLUMNS = ", ".join(ImportRow.__dataclass_fields__)


def imports(
    merchant_id: int, *, limit: int = 30, before_id: int | None = None, shop_id: int | None = None
) -> list[ImportRow]:
    """The merchant's imports, of one shop or of all, the latest first."""
    return [
        ImportRow(*row)
        for row in sql.rows(
            f"SELECT {_COLUMNS} FROM trade_import WHERE merchant_id = %(merchant_id)s"
            " AND (%(before_id)s::bigint IS NULL OR id < %(before_id)s)"
            " AND (%(shop_id)s::bigint IS NULL OR shop_id = %(shop_id)s)"
            " ORDER BY created_at DESC, id DESC LIMIT %(limit)s",
            {"merchant_id": merchant_id, "before_id": before_id, "shop_id": shop_id, "limit": limit},
        )
    ]


def import_row(merchant_id: int, import_id: int) -> ImportRow | None:
    """One import."""
    found = sql.rows(
        f"SELECT {_COLUMNS} FROM trade_import WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": import_id},
    )
    return ImportRow(*found[0]) if found else None


def reject_summary(merchant_id: int, import_id: int) -> list[RejectRow]:
    """The reasons for rejecting rows, the most frequent first."""
    return [
        RejectRow(*row)
        for row in sql.rows(
            'SELECT min(reason), min("column"), count(*), min(row_number) FROM trade_reject'
            " WHERE merchant_id = %(merchant_id)s AND import_id = %(import_id)s"
            ' GROUP BY code, "column" ORDER BY count(*) DESC, min(row_number)',
            {"merchant_id": merchant_id, "import_id": import_id},
        )
    ]


def reject_file(merchant_id: int, import_id: int) -> Iterator[bytes]:
    """The rejected rows as CSV (UTF-8 with mark) with row number and reason in front, to be mended and imported.

    Cells that a spreadsheet would run as a formula get an apostrophe in front, which the importer takes off again;
    order numbers written as ="123" stay text as they are.
    """
    header = sql.scalar(
        "SELECT header FROM trade_import WHERE merchant_id = %(merchant_id)s AND id = %(id)s",
        {"merchant_id": merchant_id, "id": import_id},
    )
    vault = crypto.vault(merchant_id)
    names = (header or "").split("\t")
    yield b"\xef\xbb\xbf" + _csv([["行号", "原因", *names]])
    after = (0, 0)
    while True:
        found = sql.rows(
            "SELECT id, row_number, reason, raw_sealed, sheet FROM trade_reject"
            " WHERE merchant_id = %(merchant_id)s AND import_id = %(import_id)s AND (row_number, id) > (%(row)s, %(id)s)"
            " ORDER BY row_number, id LIMIT %(limit)s",
            {"merchant_id": merchant_id, "import_id": import_id, "row": after[0], "id": after[1], "limit": _BATCH},
        )
        if not found:
            return
        row = f"trade_reject|raw|{merchant_id}|{import_id}"
        yield _csv(
            [str(number), reason, *map(_harmless, _cells(vault.open(sealed, row=row), len(names), sheet))]
            for _reject_id, number, reason, sealed, sheet in found
        )
        after = (found[-1][1], found[-1][0])


def _cells(raw: str, width: int, sheet: str) -> list[str]:
    """The cells of a row: those of a workbook's sheet have tabs between them, in text files it is what cuts out `width` of them."""
    line = raw.replace("\0", "").replace("\n", " ").replace("\r", " ")
    if sheet:
        return line.split("\t")
    cut = [next(csv.reader([line], delimiter=separator), []) for separator in ",\t;"]
    return next((cells[:width] for cells in cut if len(cells) >= width and not any(cells[width:])), max(cut, key=len))


def _harmless(cell: str) -> str:
    return f"'{cell}" if cell.startswith(_FORMULA_STARTS) and not _EXCEL_TEXT.fullmatch(cell) else cell


def _csv(rows: Iterable[list[str]]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\r\n").writerows(rows)
    return text.getvalue().encode()
