"""Every file that Shuke writes for a spreadsheet is harmless there, and named by us."""

from __future__ import annotations

import ast
import contextlib
import csv
import io
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.test import Client

from shuke.analytics.queries.exporting import harmless
from shuke.core.downloads import attachment, csv_pieces
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.trade import actions as trade
from tests.architecture import source
from tests.console import make_customers
from tests.make import Place

FORMULAS = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "=cmd|' /C calc'!A0"]


def writers() -> dict[str, set[str]]:
    """Files of surfaces that send downloads, and what they call."""
    found = {}
    for path in source.python_files("shuke"):
        calls = {
            ast.unparse(node.func).rpartition(".")[2]
            for node in ast.walk(source.tree(path))
            if isinstance(node, ast.Call)
        }
        if calls & {"csv_pieces", "writer", "Workbook"}:
            found[source.where(path)] = calls
    return found


def test_every_writer_of_tables_is_known_here() -> None:
    """A new one has to be looked at: its cells must be harmless."""
    makes_harmless = {
        "shuke/core/downloads.py",  # writes what it is given
        "shuke/console/pages/customers.py",  # export_rows makes cells harmless
        "shuke/console/pages/points_ledger.py",
        "shuke/console/pages/customer_statement.py",
        "shuke/console/pages/levels_taobao.py",  # taobao_rows
        "shuke/console/pages/points_liability.py",
        "shuke/console/pages/redemption_day.py",
        "shuke/api/routes/exports.py",  # export_rows, and harmless for each cell of the ledger
        "shuke/trade/queries/imports.py",
        "shuke/cli/export.py",  # export_rows
    }
    samples = {path for path in writers() if "/cli/sample_" in path}
    assert set(writers()) - samples - makes_harmless == set()


@pytest.mark.parametrize("cell", FORMULAS)
def test_a_cell_that_a_spreadsheet_would_calculate_is_text(cell: str) -> None:
    assert harmless(cell) == f"'{cell}"


def test_quotes_and_lines_do_not_break_out_of_a_cell() -> None:
    rows = [['a"b', "c\r\nd", "e,f"], ["", "客", "="]]
    text = b"".join(csv_pieces(rows)).decode("utf-8-sig")
    assert list(csv.reader(io.StringIO(text, newline=""))) == rows


def test_the_exported_customers_hold_no_formula(alice: Place, owner: Client, tmp_path: Path) -> None:
    ids = make_customers.three(alice, tmp_path)
    with tenant(alice.merchant_id):
        members.tag(alice.merchant_id, [ids["沈青"]], ["=1+1"], by=alice.by)
        members.tag(alice.merchant_id, [ids["苏叶"]], ["@SUM(A1)"], by=alice.by)
    answer: Any = owner.post("/console/members/export/", {"everybody": "1", "query": ""})
    assert answer.headers["Content-Disposition"].startswith("attachment; filename*=UTF-8''")
    text = b"".join(answer.streaming_content).decode("utf-8-sig")
    cells = [cell for row in csv.reader(io.StringIO(text, newline="")) for cell in row]
    assert {"'=1+1", "'@SUM(A1)"} <= set(cells)
    assert [cell for cell in cells if cell.startswith(("=", "+", "-", "@", "\t", "\r"))] == []


def test_a_hostile_file_name_stays_a_name(alice: Place) -> None:
    home = Path(settings.SHUKE_HOME)
    before = set(home.rglob("*.sealed"))
    for name in ("../../../../elsewhere/x.csv", "/etc/passwd", "..\\..\\x.csv", "客户" * 200 + ".csv"):
        with tenant(alice.merchant_id), contextlib.suppress(Refused):
            trade.upload(alice.merchant_id, alice.shop_id, name, [b"a,b"], by=alice.by)
    made = set(home.rglob("*.sealed")) - before
    assert made
    assert {path.parent for path in made} == {home / "uploads" / str(alice.merchant_id)}
    assert not any("passwd" in path.name or "x.csv" in path.name for path in made)


@pytest.mark.parametrize("name", ['a"; x="', "a\r\nSet-Cookie: x=1", "../../etc/passwd", "客户.csv", "a/b\\c"])
def test_a_name_cannot_leave_its_header(name: str) -> None:
    header = attachment(name)
    assert header.isascii()
    assert not set(header.removeprefix("attachment; filename*=UTF-8''")) & set('"\r\n;\\ ')
