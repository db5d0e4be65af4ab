"""`shuke export`: everything of a merchant in one file that other programs can read."""

from __future__ import annotations

import csv
import io
import os
import zipfile
from collections.abc import Iterator
from pathlib import Path

import click
from django.utils.translation import gettext as _

from shuke.analytics.queries.exporting import export_header, export_rows
from shuke.analytics.specs import MemberFilter
from shuke.cli.home import database_open
from shuke.cli.words import fail, good
from shuke.core import clock, jobs, whole
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries


@click.command(
    "export",
    help=_(
        "Put everything of a merchant into a zip: customers as CSV, every table as JSON lines. It is noted in the audit log."
    ),
)
@click.option("--merchant", "merchant_id", type=int, help=_("Id of the merchant; not needed where there is only one."))
@click.option(
    "--to", "path", type=click.Path(dir_okay=False, path_type=Path), default=Path("shuke-export.zip"), show_default=True,
    help=_("File to write."),
)  # fmt: skip
def export_command(merchant_id: int | None, path: Path) -> None:
    """Write the zip under its name when it is whole."""
    with database_open():
        chosen = _merchant(merchant_id)
        partial = path.with_name(f".{path.name}.partial")
        try:
            with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
                count = write(chosen, file)
            with tenant(chosen):
                merchants.audit(
                    chosen, "merchant.exported", by=SYSTEM, object_kind="merchant", object_id=chosen, row_count=count
                )
            partial.replace(path)
        finally:
            partial.unlink(missing_ok=True)
    good(_("%(path)s: %(rows)s rows") % {"path": path, "rows": count})


def write(merchant_id: int, file: io.BufferedWriter) -> int:
    """Stream the merchant's rows of one instant into a zip; how many. Personal fields are sealed and stay here."""
    count = 0
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED, compresslevel=3) as archive, whole.one_instant(merchant_id):
        with archive.open("members.csv", "w", force_zip64=True) as members:
            for piece in _csv(merchant_id):
                members.write(piece)
        for table, columns in whole.tables().items():
            with archive.open(f"tables/{table}.jsonl", "w", force_zip64=True) as lines:
                for line in whole.rows(merchant_id, table, columns):
                    lines.write(f"{line}\n".encode())
                    count += 1
        archive.writestr("about.txt", f"Shuke, merchant {merchant_id}, {clock.now().isoformat()}, {count} rows\n")
    return count


def _csv(merchant_id: int) -> Iterator[bytes]:
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\r\n")
    yield "\ufeff".encode()
    for cells in _rows(merchant_id):
        writer.writerow(cells)
        yield text.getvalue().encode()
        text.seek(0)
        text.truncate()


def _rows(merchant_id: int) -> Iterator[list[str]]:
    yield export_header()
    for _member_id, cells in export_rows(merchant_id, MemberFilter()):
        yield cells


def _merchant(wanted: int | None) -> int:
    known = jobs.merchant_ids()
    if wanted is None and len(known) == 1:
        return known[0]
    if wanted not in known:
        names = []
        for merchant_id in known:
            with tenant(merchant_id):
                found = queries.merchant(merchant_id)
            names.append(f"{merchant_id} {found.name if found else ''}")
        fail(_("Which merchant? Say --merchant with one of: %(names)s") % {"names": ", ".join(names)})
    return int(wanted or 0)
