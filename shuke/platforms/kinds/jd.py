"""JD: the order export, one row a product; the order's amounts stand on each of its rows.

What the buyer pays is 应付金额 with what she takes from her balance (余额支付); no refund is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import nick, receiver
from shuke.platforms.platform import Layout, Platform, SaleRecord, State
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
from shuke.platforms.words import STATE_WORDS


class Jd(Platform):
    """JD shops (京东)."""

    name = "jd"
    label = _("JD")
    reports = _("In 京麦 under 订单管理 press 导出订单.")

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The order export."""
        return ORDERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> SaleRecord:
    """The rows of one order."""
    head = rows[0]
    state = _state(head)
    paid_at = head.time("paid_at")
    total, balance = head.money("due"), head.money("balance")
    if total is None:
        total = head.money("settled") if head.has("settled") else head.money("amount")
    elif balance:
        total += balance
    who = receiver(head)
    money = amounts(state, paid_at, total, post=head.money("post"))
    order = EMPTY_ORDER._replace(
        **{**plainly(head), **who, **nick(head), **money, "doubts": who["doubts"] + money["doubts"]},
        state=state,
        paid_at=paid_at,
        finished_at=head.time("finished_at"),
    )
    lines = [
        EMPTY_LINE._replace(
            title=row.text("title"),
            product_id=row.code("product_id", is_required=False),
            outer_id=row.text("outer_id"),
            price_fen=row.money("price"),
            quantity=row.quantity("quantity"),
            state=state,
        )
        for row in rows
    ]
    return sale(need_something(order), lines, rows)


def _state(cells: Cells) -> State:
    """The status; (锁定) and (删除) stand before what an order was when it was locked or deleted."""
    text = rules.status(cells.raw("state"))
    if text.startswith("(删除)"):
        return "closed"
    return cells.meaning("state", _STATES)


_STATES = STATE_WORDS | {f"(锁定){word}": state for word, state in STATE_WORDS.items()}


_IGNORED: Final = frozenset({
    "支付方式",
    "订单类型",
    "发票类型",
    "发票抬头",
    "发票内容",
    "商家备注等级（等级1-5为由高到低）",
    "增值税发票",
    "订单来源",
    "订单渠道",
    "商家应收",
})  # fmt: skip
ORDERS = Reading(
    platform="jd",
    name="orders",
    label=_("Order export"),
    content="sales",
    columns={
        "order_no": ("订单号", "订单编号"),
        "product_id": ("商品ID",),
        "title": ("商品名称",),
        "quantity": ("订购数量",),
        "placed_at": ("下单时间",),
        "price": ("京东价",),
        "amount": ("订单金额",),
        "settled": ("结算金额",),
        "balance": ("余额支付",),
        "due": ("应付金额",),
        "state": ("订单状态",),
        "nick": ("下单帐号", "下单账号"),
        "name": ("客户姓名",),
        "address": ("客户地址",),
        "phone": ("联系电话",),
        "message": ("订单备注",),
        "remark": ("商家备注",),
        "post": ("运费金额",),
        "paid_at": ("付款确认时间",),
        "outer_id": ("货号",),
        "finished_at": ("订单完成时间",),
    },
    signs=frozenset({"order_no", "nick", "title", "quantity", "state"}),
    make=read_order,
    key="order_no",
    ignored=_IGNORED,
)
