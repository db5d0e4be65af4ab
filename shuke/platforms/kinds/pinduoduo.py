"""Pinduoduo: the order export, one row an order of one product, cells padded with tabs.

The file names no buyer: names and phones are starred, so its orders have a buyer who is not known. It tells no time of
ordering, and of a refund only that there was one.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import phones, receiver
from shuke.platforms.platform import Layout, Platform, SaleRecord
from shuke.platforms.sheets import (
    EMPTY_LINE,
    EMPTY_ORDER,
    Cells,
    Reading,
    amounts,
    need_something,
    plainly,
    sale,
)
from shuke.platforms.words import REFUNDED_WORDS, STATE_WORDS


class Pinduoduo(Platform):
    """Pinduoduo shops (拼多多)."""

    name = "pinduoduo"
    label = _("Pinduoduo")
    reports = _(
        "In 商家后台 under 订单查询 press 批量导出. Buyers are not named in it; they claim their orders themselves."
    )

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The order export."""
        return ORDERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> SaleRecord:
    """One order and its one line."""
    [row] = rows
    state = row.meaning("state", _STATES)
    paid_at = row.time("paid_at") or row.time("grouped_at")
    total = row.money("paid")
    aftersale = rules.status(row.raw("aftersale"))
    is_refunded = any(word in aftersale for word in REFUNDED_WORDS)
    who, own = receiver(row), phones(row.text("own_phone"))
    money = amounts(state, paid_at, total, post=row.money("post"), refund=total if is_refunded else None)
    doubts = ("refund_in_full",) if is_refunded and state != "closed" else ()
    order = EMPTY_ORDER._replace(
        **{**plainly(row), **who, **money, "doubts": who["doubts"] + money["doubts"] + doubts},
        own_phone=own[0],
        state=state,
        paid_at=paid_at,
        shipped_at=row.time("shipped_at"),
        finished_at=row.time("finished_at") if state == "finished" else None,
    )
    quantity = row.quantity("quantity")
    line = EMPTY_LINE._replace(
        title=row.text("title"),
        sku=row.text("sku"),
        product_id=row.code("product_id", is_required=False),
        outer_id=row.text("outer_id") or row.text("product_outer_id"),
        price_fen=(row.money("goods") or 0) // quantity if row.has("goods") else None,
        quantity=quantity,
        due_fen=money["goods_fen"],
        paid_fen=money["paid_fen"],
        refund_fen=money["refund_fen"],
        refund_state="refunded" if money["refund_fen"] else "",
        state=state,
        shipped_at=order.shipped_at,
    )
    return sale(need_something(order), [line], rows)


_STATES = STATE_WORDS | {
    f"{before},{going}": state
    for before, state in list(STATE_WORDS.items())
    for going in ("退款中", "退款处理中", "售后处理中", "待商家处理")
    if "," not in before and state != "closed"
}

_IGNORED: Final = frozenset({
    "店铺优惠折扣(元)",
    "平台优惠折扣(元)",
    "上门安装费(元)",
    "送货入户费(元)",
    "送货入户并安装费(元)",
    "商家实收金额(元)",
    "身份证姓名",
    "身份证号码",
    "是否异常",
    "订单确认时间",
    "承诺发货时间",
    "样式ID",
    "支付方式",
    "是否抽奖或0元试用",
    "多多支付立减金额(元)",
})  # fmt: skip
ORDERS = Reading(
    platform="pinduoduo",
    name="orders",
    label=_("Order export"),
    content="sales",
    columns={
        "title": ("商品", "商品名称"),
        "order_no": ("订单号",),
        "state": ("订单状态",),
        "goods": ("商品总价(元)",),
        "post": ("邮费(元)",),
        "paid": ("用户实付金额(元)",),
        "quantity": ("商品数量(件)",),
        "name": ("收货人",),
        "phone": ("手机",),
        "own_phone": ("用户购买手机号",),
        "province": ("省",),
        "city": ("市",),
        "district": ("区",),
        "address": ("街道", "收货地址"),
        "placed_at": ("订单成交时间", "下单时间"),
        "paid_at": ("支付时间",),
        "grouped_at": ("拼单成功时间",),
        "shipped_at": ("发货时间",),
        "finished_at": ("确认收货时间",),
        "product_id": ("商品id",),
        "sku": ("商品规格",),
        "outer_id": ("商家编码-SKU维度",),
        "product_outer_id": ("商家编码-商品维度",),
        "logistic_no": ("快递单号",),
        "logistic_company": ("快递公司",),
        "remark": ("商家备注",),
        "aftersale": ("售后状态",),
        "message": ("买家留言",),
    },
    signs=frozenset({"order_no", "title", "state", "paid", "quantity"}),
    make=read_order,
    ignored=_IGNORED,
)
