"""Rows of exports for tests: one good row of every layout, changed cell by cell."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from shuke.core.tables import Row
from shuke.platforms.platform import Layout, Parsed, platforms

SHANGHAI = ZoneInfo("Asia/Shanghai")
UNTIL = date(2026, 6, 30)
DOWNLOADED = datetime(2026, 7, 3)  # noqa: DTZ001 - the shop's own clock

ORDER = {
    "订单编号": '="94932594309008653"',
    "买家会员名": "爱喝茶的甄",
    "买家应付货款": "90.00",
    "买家应付邮费": "10.00",
    "总金额": "100.00",
    "买家实际支付金额": "100.00",
    "订单状态": "交易成功",
    "买家留言": "谢谢",
    "收货人姓名": "甄样样",
    "收货地址 ": "广东省 广州市 越秀区 文化路1号(510620)",
    "联系电话 ": "",
    "联系手机": "'13900000004",
    "订单创建时间": "2017-05-30 23:18:03",
    "订单付款时间 ": "2017-05-30 23:20:00",
    "宝贝标题 ": "龙井绿茶，茉莉花茶",
    "宝贝种类": "2",
    "物流单号 ": "No:3330622150731",
    "物流公司": "中通快递",
    "订单备注": "'客服小叶",
    "宝贝总数量": "3",
    "店铺名称": "山间一盏",
    "订单关闭原因": "订单未关闭",
    "是否手机订单": "手机订单",
    "修改后的收货地址": "",
    "退款金额": "0.00",
}
LINE = {
    "子订单编号": '="94932594309008654"',
    "主订单编号": '="94932594309008653"',
    "标题": "龙井绿茶",
    "价格": "50.00",
    "购买数量": "2",
    "外部系统编号": "LJ-01",
    "商品属性": "净含量：100g罐装",
    "订单状态": "交易成功",
    "商家编码": "LJ-01",
    "买家应付货款": "90.00",
    "买家实际支付金额": "90.00",
    "退款状态": "没有申请退款",
    "退款金额": "无退款申请",
    "订单创建时间": "2022-05-30 23:18:03",
    "订单付款时间": "2022-05-30 23:20:00",
}


def read(platform: str, *rows: Mapping[str, str]) -> Parsed:
    """What a platform makes of rows that all have the columns of the first."""
    header = list(rows[0])
    layout = platforms()[platform].recognise(header)
    assert layout is not None
    return layout.read(numbered([[row[name] for name in header] for row in rows]), SHANGHAI)


def numbered(rows: list[list[str]]) -> list[Row]:
    """Rows as they come out of a file with one header row."""
    return [Row(number, cells, "\t".join(cells)) for number, cells in enumerate(rows, start=2)]


def read_file(path: Path, layout_name: str) -> tuple[Layout, Parsed]:
    """Everything in a file, and the layout it was recognised as."""
    from shuke.core.tables import open_table
    from shuke.platforms.platform import recognise

    table = open_table(path)
    layout = recognise(table.header)
    assert layout is not None
    assert layout.name == layout_name
    assert layout.columns_unknown == ()
    records, rejects = [], []
    for chunk in table.chunks(500):
        parsed = layout.read(chunk, SHANGHAI)
        assert len(parsed.records) + len(parsed.rejects) == len(chunk)
        records += parsed.records
        rejects += parsed.rejects
    return layout, Parsed(records, rejects)
