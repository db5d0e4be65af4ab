"""Broken, bent and hostile files: a clear refusal or kept rejects, and nothing half done."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable
from pathlib import Path

import pytest

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.trade import actions as trade
from shuke.trade import queries
from tests.core import table_zoo as zoo
from tests.make import Place
from tests.trade.exports import take, written
from tests.trade.test_importing import counts, stand


def upload(place: Place, content: bytes, name: str = "ExportOrderList.csv") -> int:
    with tenant(place.merchant_id):
        return trade.upload(place.merchant_id, place.shop_id, name, [content], by=place.by)


def lines(tmp_path: Path) -> list[bytes]:
    """The lines of a small order list as bytes, its header first."""
    return written(tmp_path, orders=30, buyers=12)[0].read_bytes().split(b"\r\n")


REFUSED = {
    "a picture": (b"\x89PNG\r\n\x1a\n" + b"\0" * 400, "not_a_table"),
    "a web page": (b"<!DOCTYPE html><html><body>login</body></html>", "not_a_table"),
    "only blanks": (b"  \r\n \r\n", "empty"),
    "a header alone": ("订单编号,买家会员名,总金额\r\n".encode("gb18030"), "no_rows"),
    "another table": (b"name,age\r\nAlice,30\r\n", "unknown_layout"),
    "a column twice": ("订单编号,订单编号,总金额\r\n1,2,3\r\n".encode("gb18030"), "header_twice"),
}


@pytest.mark.parametrize(("content", "code"), REFUSED.values(), ids=REFUSED.keys())
def test_what_is_no_order_export_is_refused_with_a_sentence(alice: Place, content: bytes, code: str) -> None:
    import_id = upload(alice, content)
    with tenant(alice.merchant_id):
        with pytest.raises(Refused) as refused:
            trade.inspect(alice.merchant_id, import_id)
        assert refused.value.code == code
        assert any("\u4e00" <= letter <= "\u9fff" for letter in refused.value.message)
        row = queries.import_row(alice.merchant_id, import_id)
        assert row is not None
        assert row.state == "uploaded"
        trade.discard(alice.merchant_id, import_id)
        assert queries.imports(alice.merchant_id) == []


def test_an_empty_file_leaves_nothing(alice: Place) -> None:
    with pytest.raises(Refused) as refused:
        upload(alice, b"")
    assert refused.value.code == "empty"
    with tenant(alice.merchant_id):
        assert queries.imports(alice.merchant_id) == []


def half_a_character(row: bytes) -> bytes:
    return row.replace('"交易'.encode("gb18030"), b'"\xbd\x22', 1)


def with_nul(row: bytes) -> bytes:
    return row.replace(b'="', b'="\0', 1)


def scientific(row: bytes) -> bytes:
    return b'"1.00000E+18"' + row[row.index(b",") :]


def too_short(row: bytes) -> bytes:
    return row[: row.rindex(b",", 0, len(row) // 2)]


def too_long(row: bytes) -> bytes:
    return row + b',"x"'


def huge_cell(row: bytes) -> bytes:
    return row.replace(b'"', b'"' + b"x" * (10 << 20), 1)


@pytest.mark.parametrize("spoil", [half_a_character, with_nul, scientific, too_short, too_long, huge_cell])
def test_a_broken_row_is_kept_with_its_reason_and_the_others_are_taken(
    alice: Place, tmp_path: Path, spoil: Callable[[bytes], bytes]
) -> None:
    header, *rows = lines(tmp_path)
    rows[3] = spoil(rows[3])
    path = tmp_path / "broken.csv"
    path.write_bytes(b"\r\n".join([header, *rows]))
    import_id = take(alice, path)
    assert counts(alice, import_id) == (30, 29, 0, 0, 0, 1)
    with tenant(alice.merchant_id):
        [why] = queries.reject_summary(alice.merchant_id, import_id)
        assert (why.row_count, why.first_row) == (1, 5)
        assert any("\u4e00" <= letter <= "\u9fff" for letter in why.reason)
        report = b"".join(queries.reject_file(alice.merchant_id, import_id)).decode("utf-8-sig")
    header_row, reject = list(csv.reader(io.StringIO(report)))
    assert header_row[:3] == ["行号", "原因", "订单编号"]
    assert reject[:2] == ["5", why.reason]


def test_the_mended_reject_file_can_be_imported(alice: Place, tmp_path: Path) -> None:
    header, *rows = lines(tmp_path)
    whole = rows[3]
    rows[3] = scientific(rows[3])
    path = tmp_path / "broken.csv"
    path.write_bytes(b"\r\n".join([header, *rows]))
    first = take(alice, path)
    with tenant(alice.merchant_id):
        rejects = b"".join(queries.reject_file(alice.merchant_id, first)).decode("utf-8-sig")
    number = whole.split(b",")[0].decode()
    mended = tmp_path / "mended.csv"
    mended.write_text(rejects.replace("1.00000E+18", number.strip('="')), encoding="utf-8-sig")
    assert counts(alice, take(alice, mended)) == (1, 1, 0, 0, 0, 0)
    with tenant(alice.merchant_id):
        assert queries.order_count(alice.merchant_id) == 30


def test_formulas_in_rejected_cells_are_made_harmless(alice: Place, tmp_path: Path) -> None:
    header, *rows = lines(tmp_path)
    rows[0] = scientific(rows[0]).replace(b'"",', b'"=HYPERLINK(1)",', 1)
    path = tmp_path / "formula.csv"
    path.write_bytes(b"\r\n".join([header, *rows]))
    import_id = take(alice, path)
    with tenant(alice.merchant_id):
        report = b"".join(queries.reject_file(alice.merchant_id, import_id)).decode("utf-8-sig")
    cells = list(csv.reader(io.StringIO(report)))[1]
    assert "'=HYPERLINK(1)" in cells
    assert not any(cell.startswith(("=H", "+", "@")) for cell in cells)


def test_utf16_and_utf8_give_the_same_as_gbk(alice: Place, charlie: Place, tmp_path: Path) -> None:
    path = written(tmp_path, orders=30, buyers=12)[0]
    take(alice, path)
    utf16 = tmp_path / "utf16.csv"
    utf16.write_text(path.read_bytes().decode("gb18030"), encoding="utf-16", newline="")
    take(charlie, utf16)
    assert stand(alice) == stand(charlie)


def test_a_row_twice_in_a_file_is_one_order(alice: Place, tmp_path: Path) -> None:
    header, *rows = lines(tmp_path)
    path = tmp_path / "twice.csv"
    path.write_bytes(b"\r\n".join([header, rows[0], *rows]))
    assert counts(alice, take(alice, path)) == (31, 30, 0, 1, 0, 0)


def test_a_file_that_breaks_on_the_way_is_taken_back_whole(
    alice: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from shuke.core.tables import Limits
    from shuke.trade.actions import reading, running

    monkeypatch.setattr(running, "Limits", lambda: Limits(rows=20))
    monkeypatch.setattr(reading, "CHUNK", 10)
    monkeypatch.setattr(reading, "READ", 5)
    import_id = take(alice, written(tmp_path, orders=30, buyers=12)[0])
    with tenant(alice.merchant_id):
        row = queries.import_row(alice.merchant_id, import_id)
        assert row is not None
        assert row.state == "failed"
        assert "20" in row.refusal
        assert sql.scalar("SELECT count(*) FROM trade_order WHERE removed_at IS NULL") == 0
        assert sql.scalar("SELECT count(*) FROM members_member") == 0


def test_the_rejects_of_a_workbook_and_of_tabbed_text_have_their_cells_apart(alice: Place, tmp_path: Path) -> None:
    header = ["订单编号", "买家会员名", "总金额", "订单创建时间", "买家留言", ""]
    row = ["1.23E+18", "小荷", "1.00", "2026-11-01 10:00:00", "好,谢谢;再见", ""]
    tabbed = tmp_path / "orders.csv"
    tabbed.write_text("\n".join("\t".join(cells) for cells in (header, row)), encoding="utf-8")
    for path in (zoo.workbook(tmp_path, {"s": [list(header), list(row)]}), tabbed):
        import_id = take(alice, path)
        with tenant(alice.merchant_id):
            report = b"".join(queries.reject_file(alice.merchant_id, import_id)).decode("utf-8-sig")
        told, reject = list(csv.reader(io.StringIO(report)))
        assert told[2:] == header[:-1]
        assert reject[2:] == row[:-1]
