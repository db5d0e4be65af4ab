"""What each platform's rows become: exact orders, lines and customers, and what is refused."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest

from shuke.platforms.platform import Parsed, recognise
from tests.platforms import platform_files as files
from tests.platforms.export_rows import SHANGHAI, numbered

PLACED, PAID = datetime(2026, 11, 1, 2, tzinfo=UTC), datetime(2026, 11, 1, 2, 5, tzinfo=UTC)
Cells = dict[str, str]


def read(*rows: Cells) -> Parsed:
    header = list(rows[0])
    layout = recognise(header)
    assert layout is not None
    return layout.read(numbered([[row[name] for name in header] for row in rows]), SHANGHAI)


def one(*rows: Cells) -> Any:
    parsed = read(*rows)
    assert parsed.rejects == []
    [record] = parsed.records
    return record


def refused(*rows: Cells) -> list[tuple[int, str, str]]:
    parsed = read(*rows)
    assert parsed.records == []
    return [(reject.row_number, reject.code, reject.column) for reject in parsed.rejects]


def told(record: Any, names: str) -> tuple[Any, ...]:
    return tuple(getattr(record, name) for name in names.split())


MONEY = "total_fen goods_fen post_fen paid_fen refund_fen"
WHO = "nick shown_nick own_phone email open_uid"


def test_youzan() -> None:
    order = one(files.YOUZAN)
    assert told(order, "order_no state placed_at paid_at titles line_count item_count") == (
        "E20261101100000000000001", "finished", PLACED, PAID, ("龙井绿茶", "竹制茶盘"), 2, 3,
    )  # fmt: skip
    assert told(order, MONEY) == (12000, 12000, None, 10000, 2000)
    assert told(order, WHO) == ("", "小雨", "8613900001111", "", "")
    assert told(order, "name phone province city district address") == (
        "李小雨", "8613700002222", "浙江省", "杭州市", "西湖区", "浙江省 杭州市 西湖区 文三路90号",
    )  # fmt: skip
    assert order.doubts == ("refund_from_received",)
    hidden = one(files.YOUZAN | {"买家手机号": "139****1111"})
    assert told(hidden, WHO) == ("小雨", "", "", "", "")
    closed = one(files.YOUZAN | {"订单状态": "交易关闭", "订单实收金额": "120.00"})
    assert told(closed, MONEY) == (12000, 12000, None, 0, 12000)
    assert refused(files.YOUZAN | {"订单状态": "没见过"}) == [(2, "state_unknown", "订单状态")]


def test_youzan_customers() -> None:
    customer = one(files.YOUZAN_CUSTOMER)
    assert told(customer, "name phone nick shown_nick birthday gender tags province city has_bought") == (
        "李小雨", "8613900001111", "", "小雨", "1992-05-17", "female", ("老客", "爱喝茶"), "浙江", "杭州", True,
    )  # fmt: skip
    empty = one(files.YOUZAN_CUSTOMER | {"客户生日": "—", "客户性别": "?", "上次消费时间": "N/A", "标签": "——"})
    assert told(empty, "birthday gender has_bought tags") == ("", "", False, ())
    nobody = files.YOUZAN_CUSTOMER | {"客户手机号": "139****1111", "客户昵称": "—"}
    assert refused(nobody) == [(2, "nobody_named", "客户手机号")]


def test_jd_joins_the_rows_of_an_order() -> None:
    second = files.JD | {"商品ID": "10000000002", "商品名称": "茶盘", "订购数量": "1", "京东价": "6.00", "货号": "CP"}
    sale = one(files.JD, second)
    assert told(sale.order, "order_no state placed_at paid_at line_count item_count nick phone_masked") == (
        "201000000001", "finished", PLACED, PAID, 2, 3, "jd_小雨", "1******1111",
    )  # fmt: skip
    assert told(sale.order, MONEY) == (10600, 10000, 600, 10600, None)
    assert told(sale.order, "address address_masked province city district") == (
        "", "浙江杭州市西湖区****", "", "", "",
    )  # fmt: skip
    assert [told(line, "title outer_id price_fen quantity state order_no") for line in sale.lines] == [
        ("龙井绿茶", "LJ-1", 5000, 2, "finished", "201000000001"),
        ("茶盘", "CP", 600, 1, "finished", "201000000001"),
    ]
    assert sale.row_numbers == (2, 3)
    assert one(files.JD | {"订单状态": "(删除)等待出库"}).order.state == "closed"
    assert one(files.JD | {"订单状态": "(锁定)等待出库"}).order.state == "paid"


def test_one_bad_row_refuses_its_whole_order_and_no_other() -> None:
    bad = files.JD | {"订购数量": "两件"}
    other = files.JD | {"订单号": '="201000000002"'}
    parsed = read(files.JD, bad, other)
    assert [record.order.order_no for record in parsed.records] == ["201000000002"]
    assert [(reject.row_number, reject.code, reject.column) for reject in parsed.rejects] == [
        (2, "order_incomplete", ""),
        (3, "count_unreadable", "订购数量"),
    ]


def test_pinduoduo_names_nobody() -> None:
    sale = one(files.PINDUODUO)
    assert told(sale.order, "order_no state placed_at paid_at name_masked phone_masked") == (
        "261101-100000000000001", "shipped", None, PAID, "李**", "139****1111",
    )  # fmt: skip
    assert told(sale.order, WHO) == ("", "", "", "", "")
    assert told(sale.order, MONEY) == (9600, 9000, 600, 9600, None)
    assert [told(line, "title sku outer_id price_fen quantity due_fen") for line in sale.lines] == [
        ("龙井绿茶", "100g罐装", "LJ-1", 5000, 2, 9000)
    ]
    back = one(files.PINDUODUO | {"售后状态": "退款成功"}).order
    assert (told(back, MONEY), back.doubts) == ((9600, 9000, 600, 0, 9600), ("refund_in_full",))
    closed = one(files.PINDUODUO | {"订单状态": "未发货，退款成功"}).order
    assert (closed.state, closed.refund_fen) == ("closed", 9600)
    unpaid = one(
        files.PINDUODUO | {"订单状态": "待付款", "支付时间": "\t", "拼单成功时间": "\t", "发货时间": "\t"}
    ).order
    assert told(unpaid, MONEY) == (9600, 9000, 600, 0, 0)


def test_douyin_sums_its_sub_orders_and_reads_no_cipher() -> None:
    closed = files.DOUYIN | {"子订单编号": "\t6900000000000000012", "订单应付金额": "40.00", "运费": "0.00",
                             "订单状态": "已关闭", "商品数量": "1"}  # fmt: skip
    sale = one(files.DOUYIN, closed)
    assert told(sale.order, "order_no state placed_at paid_at name phone address province logistic_no logistic_company") == (
        "6900000000000000001", "shipped", PLACED, PAID, "", "", "", "浙江省", "7700001", "中通快递",
    )  # fmt: skip
    assert told(sale.order, MONEY) == (13600, 13000, 600, 9600, 4000)
    assert [told(line, "line_no state due_fen refund_fen sku") for line in sale.lines] == [
        ("6900000000000000011", "shipped", 9600, 0, ""),
        ("6900000000000000012", "closed", 4000, 4000, ""),
    ]
    never = one(files.DOUYIN | {"订单状态": "已关闭", "支付完成时间": "\t-"}).order
    assert told(never, MONEY) == (9600, 9000, 600, 0, 0)


def test_shopify_takes_the_order_from_its_first_row() -> None:
    blank = dict.fromkeys(files.SHOPIFY, "")
    second = blank | {"Name": "#1001", "Email": "Yu.Li@example.com", "Created at": "2026-11-01 10:00:00 +0800",
                      "Lineitem quantity": "1", "Lineitem name": "茶盘", "Lineitem price": "10.00",
                      "Lineitem discount": "10.00", "Lineitem sku": "CP"}  # fmt: skip
    sale = one(files.SHOPIFY, second)
    assert told(sale.order, "order_no state placed_at paid_at finished_at") == (
        "1001", "finished", PLACED, PAID, datetime(2026, 11, 2, 1, tzinfo=UTC),
    )  # fmt: skip
    assert told(sale.order, MONEY) == (10600, 10000, 600, 8600, 2000)
    assert told(sale.order, WHO) == ("", "", "8613900001111", "Yu.Li@example.com", "")
    assert [told(line, "title outer_id quantity due_fen") for line in sale.lines] == [
        ("龙井绿茶 - 100g", "LJ-1", 2, 10000),
        ("茶盘", "CP", 1, 0),
    ]
    assert refused(second) == [(2, "id_missing", "Total")]
    assert refused(files.SHOPIFY | {"Currency": "USD"}) == [(2, "currency_foreign", "Currency")]
    assert one(files.SHOPIFY | {"Currency": ""}).order.doubts == ("currency_unknown",)
    assert one(files.SHOPIFY | {"Financial Status": "pending", "Paid at": ""}).order.state == "unpaid"


def test_shopify_customers() -> None:
    customer = one(files.SHOPIFY_CUSTOMER)
    assert told(customer, "name phone email tags city has_bought") == (
        "李小雨", "8613900001111", "Yu.Li@example.com", ("VIP", "老客"), "杭州市", True,
    )  # fmt: skip


def test_woocommerce_reads_products_from_either_kind_of_column() -> None:
    sale = one(files.WOOCOMMERCE)
    assert told(sale.order, "order_no state placed_at paid_at name city") == (
        "5000", "finished", PLACED, PAID, "李小雨", "杭州市",
    )  # fmt: skip
    assert told(sale.order, MONEY) == (10600, 10000, 600, 8600, 2000)
    assert told(sale.order, WHO) == ("", "", "8613900001111", "yu.li@example.com", "7")
    expected = [("龙井绿茶", "LJ-1", "12", 5500, 2, 10000)]
    names = "title outer_id product_id price_fen quantity due_fen"
    assert [told(line, names) for line in sale.lines] == expected
    columns = {"Product Item 1 Name": "龙井绿茶", "Product Item 1 id": "12", "Product Item 1 SKU": "LJ-1",
               "Product Item 1 Quantity": "2", "Product Item 1 Total": "100", "Product Item 1 Subtotal": "110"}  # fmt: skip
    assert [told(line, names) for line in one(files.WOOCOMMERCE | {"line_item_1": ""} | columns).lines] == expected
    assert one(files.WOOCOMMERCE | {"customer_id": "0"}).order.open_uid == ""
    assert refused(files.WOOCOMMERCE | {"order_currency": "EUR"}) == [(2, "currency_foreign", "order_currency")]
    assert refused(files.WOOCOMMERCE | {"line_item_1": "name:茶|quantity:many"}) == [(2, "line_unreadable", "")]


@pytest.mark.parametrize(
    ("row", "column"), [(files.YOUZAN, "订单号"), (files.DOUYIN, "主订单编号"), (files.PINDUODUO, "订单号")]
)
def test_numbers_that_excel_rounded_are_refused(row: Cells, column: str) -> None:
    assert refused(row | {column: "6.9E+18"}) == [(2, "id_spoilt", column)]
