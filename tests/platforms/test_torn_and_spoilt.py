"""Rows that are torn, repeated, spoilt or beyond all measure: refused with their order, or counted once, never guessed."""

from __future__ import annotations

import time

import pytest

from shuke.core.tables import Row
from shuke.platforms import rules
from shuke.platforms.platform import Parsed, recognise
from tests.platforms import platform_files as files
from tests.platforms.export_rows import SHANGHAI, numbered
from tests.platforms.test_other_platforms import Cells, one, read, refused


def with_torn(first: Cells, second: Cells, *, separator: str = ",") -> Parsed:
    """Two rows, the second cut off in the middle."""
    header = list(first)
    layout = recognise(header)
    assert layout is not None
    [good, bad] = numbered([[row[name] for name in header] for row in (first, second)])
    torn = Row(bad.number, [], separator.join(bad.cells[: len(header) // 2]), "too_short")
    return layout.read([good, torn], SHANGHAI)


def codes(parsed: Parsed) -> list[tuple[int, str]]:
    return [(reject.row_number, reject.code) for reject in parsed.rejects]


@pytest.mark.parametrize("row", [files.JD, files.DOUYIN, files.SHOPIFY], ids=["jd", "douyin", "shopify"])
@pytest.mark.parametrize("separator", [",", "\t", ";"])
def test_an_order_with_a_torn_row_is_not_taken_in_part(row: Cells, separator: str) -> None:
    parsed = with_torn(row, row, separator=separator)
    assert parsed.records == []
    assert codes(parsed) == [(2, "order_incomplete"), (3, "too_short")]


def test_a_torn_row_of_another_order_harms_nobody_else() -> None:
    other = files.DOUYIN | {"主订单编号": "\t6900000000000000002", "子订单编号": "\t6900000000000000021"}
    parsed = with_torn(files.DOUYIN, other)
    assert [sale.order.order_no for sale in parsed.records] == ["6900000000000000001"]
    assert codes(parsed) == [(3, "too_short")]


def test_a_sub_order_told_twice_counts_once() -> None:
    sale = one(files.DOUYIN, files.DOUYIN)
    assert (sale.order.total_fen, len(sale.lines), sale.row_numbers) == (9600, 1, (2, 3))


def test_customers_whose_numbers_excel_rounded_are_not_one_person() -> None:
    numbered_customer = files.SHOPIFY_CUSTOMER | {"Customer ID": "'6983410000001"}
    assert one(numbered_customer).open_uid == "6983410000001"
    assert refused(numbered_customer | {"Customer ID": "6.98341E+12"}) == [(2, "id_spoilt", "Customer ID")]


@pytest.mark.parametrize(("nick", "code"), [("1.38E+14", "id_spoilt"), ("长" * 201, "nick_too_long")])
def test_what_nobody_can_be_called_names_nobody(nick: str, code: str) -> None:
    assert refused(files.JD | {"下单帐号": nick}) == [(2, code, "下单帐号")]
    assert one(files.JD | {"下单帐号": "1e5"}).order.nick == "1e5"


def test_counts_and_amounts_beyond_all_measure_are_refused() -> None:
    assert refused(files.YOUZAN | {"商品种类数": "99999999999"}) == [(2, "quantity_range", "商品种类数")]
    assert refused(files.YOUZAN | {"全部商品名称": "茶(9999999件)"}) == [(2, "quantity_range", "全部商品名称")]
    dear = {"Lineitem price": "999999999999.99", "Lineitem quantity": "1000000"}
    assert refused(files.SHOPIFY | dear) == [(2, "line_unreadable", "")]
    assert refused(*[files.SHOPIFY | {"Lineitem quantity": "1000000"}] * 2) == [
        (2, "line_unreadable", ""), (3, "line_unreadable", ""),
    ]  # fmt: skip
    assert len(read(files.YOUZAN).records) == 1


def test_an_endless_cell_is_no_amount_and_takes_no_time() -> None:
    began = time.process_time()
    with pytest.raises(ValueError, match="no amount"):
        rules.money("1" + " " * 32_000 + "x")
    assert rules.composite("张三，13900001111，" + "， " * 16_000 + "x") is not None
    assert time.process_time() - began < 1
