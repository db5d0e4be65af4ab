"""Taobao's exports become records: every column by its name, every rule on amounts, nothing masked taken for clear."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from shuke.core.tables import Row
from shuke.platforms.kinds.taobao import Taobao
from shuke.platforms.platform import MARK_BYTES, LineRecord, OrderRecord, RefundRecord
from tests.platforms.export_rows import LINE, ORDER, SHANGHAI, read


def order(**changes: str) -> OrderRecord:
    parsed = read("taobao", ORDER | changes)
    assert parsed.rejects == []
    found: OrderRecord = parsed.records[0]
    return found


def line(**changes: str) -> LineRecord:
    parsed = read("taobao", LINE | changes)
    assert parsed.rejects == []
    found: LineRecord = parsed.records[0]
    return found


def rejected(row: dict[str, str]) -> tuple[str, str]:
    parsed = read("taobao", row)
    assert parsed.records == []
    assert str(row) not in parsed.rejects[0].text
    return parsed.rejects[0].code, parsed.rejects[0].column


def test_an_order() -> None:
    record = order()
    assert record._replace(row_hash=b"") == OrderRecord(
        order_no="94932594309008653",
        nick="爱喝茶的甄",
        nick_masked="",
        shown_nick="",
        ouid="",
        open_uid="",
        state="finished",
        placed_at=datetime(2017, 5, 30, 15, 18, 3, tzinfo=UTC),
        paid_at=datetime(2017, 5, 30, 15, 20, tzinfo=UTC),
        shipped_at=None,
        finished_at=None,
        goods_fen=9000,
        post_fen=1000,
        total_fen=10000,
        paid_fen=10000,
        refund_fen=0,
        titles=("龙井绿茶", "茉莉花茶"),
        line_count=2,
        item_count=3,
        name="甄样样",
        name_masked="",
        phone="8613900000004",
        phone_masked="",
        phone_expires_at=None,
        own_phone="",
        landline="",
        address="广东省 广州市 越秀区 文化路1号(510620)",
        address_masked="",
        province="广东省",
        city="广州市",
        district="越秀区",
        postcode="510620",
        alipay="",
        email="",
        message="谢谢",
        remark="客服小叶",
        flag=None,
        close_reason="",
        payment_no="",
        logistic_no="3330622150731",
        logistic_company="中通快递",
        shop_name="山间一盏",
        is_mobile=True,
        doubts=(),
        row_number=2,
        row_hash=b"",
    )
    assert len(record.row_hash) == 8 + MARK_BYTES


def test_a_line() -> None:
    assert line(备注标签="绿旗", 商品ID="600100200300")._replace(row_hash=b"") == LineRecord(
        order_no="94932594309008653",
        line_no="94932594309008654",
        title="龙井绿茶",
        sku="净含量：100g罐装",
        outer_id="LJ-01",
        product_id="600100200300",
        price_fen=5000,
        quantity=2,
        due_fen=9000,
        paid_fen=9000,
        refund_fen=0,
        refund_state="",
        state="finished",
        placed_at=datetime(2022, 5, 30, 15, 18, 3, tzinfo=UTC),
        paid_at=datetime(2022, 5, 30, 15, 20, tzinfo=UTC),
        shipped_at=None,
        flag=3,
        message="",
        remark="",
        payment_no="",
        logistic_no="",
        logistic_company="",
        doubts=(),
        row_number=2,
        row_hash=b"",
    )


def test_a_line_without_a_number_of_its_own() -> None:
    row = {name: text for name, text in LINE.items() if name not in {"子订单编号", "主订单编号"}}
    record = read("taobao", {"订单编号": '="94932594309008653"'} | row).records[0]
    assert (record.order_no, record.line_no) == ("94932594309008653", None)


def test_a_refund() -> None:
    row = {
        "退款编号": "5001",
        "订单编号": "94932594309008653",
        "支付宝交易号": "1",
        "订单付款时间": "2017-05-30 23:20:00",
        "商品编码": "LJ-01",
        "退款完结时间": "2017-06-02 10:00:00",
        "买家实际支付金额": "100.00",
        "宝贝标题": "龙井绿茶",
        "买家退款金额": "30.00",
        "手工退款/系统退款": "手工退款",
        "是否需要退货": "是",
        "退款的申请时间": "2017-06-01 10:00:00",
        "退款状态": "退款成功",
        "货物状态": "买家已收到货",
        "买家退款原因": "口味不合",
        "买家退款说明": "",
        "部分退款/全部退款": "部分退款",
    }
    record = read("taobao", row).records[0]
    assert isinstance(record, RefundRecord)
    assert (record.refund_no, record.order_no, record.refund_fen, record.state) == (
        "5001",
        "94932594309008653",
        3000,
        "refunded",
    )
    assert (record.with_return, record.is_partial, record.reason) == (True, True, "口味不合")
    assert record.asked_at == datetime(2017, 6, 1, 2, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("等待买家付款", "unpaid"),
        ("买家已付款，等待卖家发货", "paid"),
        ("买家已付款,等待卖家发货", "paid"),
        ("卖家部分发货", "part_shipped"),
        ("卖家已发货， 等待买家确认", "shipped"),
        ("卖家已发货,等待买家确认", "shipped"),
        ("买家已签收", "signed"),
        ("交易成功", "finished"),
        ("交易关闭", "closed"),
    ],
)
def test_status_texts(text: str, state: str) -> None:
    assert order(订单状态=text).state == state
    assert line(订单状态=text).state == state


def test_masked_values_are_for_display_only() -> None:
    record = order(
        买家会员名="t**",
        买家会员昵称="tb68898263",
        收货人姓名="郑**",
        联系手机="130****2040",
        **{"收货地址 ": "江苏省 镇江市 丹徒区 ****"},
    )
    assert (record.nick, record.nick_masked) == ("tb68898263", "t**")
    assert (record.name, record.name_masked) == ("", "郑**")
    assert (record.phone, record.phone_masked) == ("", "130****2040")
    assert (record.address, record.address_masked) == ("", "江苏省 镇江市 丹徒区 ****")
    assert (record.province, record.city, record.district) == ("江苏省", "镇江市", "丹徒区")
    assert order(买家会员名="t**").nick == ""


def test_a_lent_number_is_nobodys_identity() -> None:
    record = order(联系手机="18400913965-7576", 虚拟号过期时间="2017-06-30 00:00:00")
    assert (record.phone, record.phone_masked) == ("", "18400913965-7576")
    assert record.phone_expires_at == datetime(2017, 6, 29, 16, tzinfo=UTC)


def test_the_address_changed_later_is_the_right_one() -> None:
    record = order(修改后的收货地址="浙江省 杭州市 西湖区 文三路2号(000000)")
    assert (record.city, record.address) == ("杭州市", "浙江省 杭州市 西湖区 文三路2号(000000)")


def test_everything_in_the_address() -> None:
    row = {
        "订单编号": "94932594309008653",
        "总金额": "34.04",
        "订单状态": "交易成功",
        "收货地址": "褚样样，86-13900000004，上海 上海市 松江区 样例路1号 ，",
        "商品标题": "龙井绿茶",
    }
    record = read("taobao", row).records[0]
    assert (record.name, record.phone, record.district) == ("褚样样", "8613900000004", "松江区")
    assert (record.paid_fen, record.doubts) == (3404, ("paid_from_total",))


def test_nine_picked_columns_suffice() -> None:
    row = {
        "订单编号": "94932594309008653",
        "支付单号": "20170000000000389920096949595129",
        "支付详情": "支付宝:34.04",
        "买家实付金额": "34.04",
        "订单状态": "卖家已发货，等待买家确认",
        "订单付款时间": "2026-05-16 22:38:01",
        "店铺名称": "山间一盏",
        "发货时间": "2026-05-17 16:38:01",
        "确认收货打款金额": "0.00",
    }
    record = read("taobao", row).records[0]
    assert (record.paid_fen, record.total_fen, record.refund_fen, record.item_count) == (3404, None, None, None)
    assert record.shipped_at == datetime(2026, 5, 17, 8, 38, 1, tzinfo=UTC)
    del row["订单状态"]
    assert (read("taobao", row).records[0].state, read("taobao", row).records[0].doubts) == (
        "shipped",
        ("state_from_times",),
    )


@pytest.mark.parametrize(
    ("changes", "doubts"),
    [
        ({}, ()),
        ({"退款金额": "2.98", "买家实际支付金额": "97.02"}, ()),
        ({"退款金额": "2.98"}, ("paid_is_gross",)),
        ({"退款金额": "2.98", "买家实际支付金额": "90.00"}, ("paid_differs",)),
        ({"买家应付邮费": "5.00"}, ("total_differs",)),
        ({"订单状态": "等待买家付款", "订单付款时间 ": "", "买家实际支付金额": "0.00"}, ()),
        ({"联系手机": "不留"}, ("phone_unreadable",)),
    ],
)
def test_contradictions_are_kept_and_marked(changes: dict[str, str], doubts: tuple[str, ...]) -> None:
    assert order(**changes).doubts == doubts


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"订单编号": "9.49326E+16"}, ("id_spoilt", "订单编号")),
        ({"订单编号": '=""'}, ("id_missing", "订单编号")),
        ({"订单编号": "合计"}, ("id_unreadable", "订单编号")),
        ({"总金额": "一百"}, ("money_unreadable", "总金额")),
        ({"总金额": "100.005"}, ("money_decimals", "总金额")),
        ({"退款金额": "-1.00"}, ("money_negative", "退款金额")),
        ({"订单创建时间": "昨天"}, ("time_unreadable", "订单创建时间")),
        ({"订单创建时间": "2017-02-30 00:00:00"}, ("time_unreadable", "订单创建时间")),
        ({"订单付款时间 ": "1999-02-03 00:00:00"}, ("time_range", "订单付款时间")),
        ({"宝贝种类": "二"}, ("count_unreadable", "宝贝种类")),
        ({"订单状态": "未知"}, ("state_unknown", "订单状态")),
        (
            {"订单创建时间": "", "订单付款时间 ": "", "总金额": "", "买家实际支付金额": ""},
            ("nothing_told", ""),
        ),
    ],
)
def test_orders_that_cannot_be_read_are_rejected(changes: dict[str, str], reason: tuple[str, str]) -> None:
    assert rejected(ORDER | changes) == reason


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"购买数量": "0"}, ("quantity_range", "购买数量")),
        ({"购买数量": "1000001"}, ("quantity_range", "购买数量")),
        ({"购买数量": ""}, ("quantity_range", "购买数量")),
        ({"子订单编号": "9.49E+16"}, ("id_spoilt", "子订单编号")),
    ],
)
def test_lines_that_cannot_be_read_are_rejected(changes: dict[str, str], reason: tuple[str, str]) -> None:
    assert rejected(LINE | changes) == reason


def test_a_bad_row_does_not_touch_its_neighbours() -> None:
    parsed = read("taobao", ORDER, ORDER | {"总金额": "?!"}, ORDER | {"买家留言": "二"}, ORDER | {"订单编号": "x"})
    assert [record.row_number for record in parsed.records] == [2, 4]
    assert [(reject.row_number, reject.code) for reject in parsed.rejects] == [
        (3, "money_unreadable"),
        (5, "id_unreadable"),
    ]


def test_cells_with_line_ends_stay_in_their_row() -> None:
    names = ("订单编号", "总金额", "订单创建时间", "宝贝总数量", "联系手机", "收货地址 ", "买家留言", "收货人姓名")
    for name in names:
        parsed = read("taobao", ORDER, ORDER | {name: ORDER[name] + "\n1"}, ORDER)
        assert len(parsed.records) + len(parsed.rejects) == 3
        assert parsed.records[0]._replace(row_number=4) == parsed.records[-1]


def test_a_row_that_the_file_had_broken_is_a_reject() -> None:
    layout = Taobao().recognise(list(ORDER))
    assert layout is not None
    parsed = layout.read([Row(2, [], "…", "undecodable"), Row(3, list(ORDER.values()), "raw")], SHANGHAI)
    assert [record.row_number for record in parsed.records] == [3]
    assert [(reject.row_number, reject.code, reject.raw) for reject in parsed.rejects] == [(2, "undecodable", "…")]
    assert layout.read([], SHANGHAI) == ([], [])


def test_layouts_are_recognised_by_name_and_unknown_columns_told() -> None:
    def layout(*names: str) -> str:
        found = Taobao().recognise(names)
        return f"{found.content} {found.name} {'/'.join(found.columns_unknown)}" if found else ""

    assert layout("订单编号", "总金额", "订单状态") == "orders V1 "
    assert layout("订单编号", "总金额", "发票抬头") == "orders V2 "
    assert layout("订单编号", "总金额", "集分宝抵扣") == "orders V3 "
    assert layout(*ORDER) == "orders V4 "
    assert layout(*ORDER, "直播返现状态") == "orders V8 "
    assert layout("订单编号", "商品标题", "总金额", "新玩法") == "orders V10 新玩法"
    assert layout("订单编号", "标题", "价格", "购买数量") == "lines D1 "
    assert layout(*LINE) == "lines D2 "
    assert layout(*LINE, "商品 ID") == "lines D3 "
    assert layout(*LINE, "商品 ID", "免单金额") == "lines D4 "
    assert layout("退款编号", "订单编号") == "refunds R1 "
    assert layout("发货单号", "订单编号") == ""
    assert layout() == ""
