"""Douyin: the order export, one row a sub-order; numbers and times begin with a tab, `-` stands for nothing.

The receiver is ciphertext and no buyer is named, so its orders have a buyer who is not known. Each row tells what is to
be paid for it; whether freight is in it the platform does not say, it is taken to be.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import receiver
from shuke.platforms.platform import Layout, LineRecord, Platform, SaleRecord, least
from shuke.platforms.sheets import (
    EMPTY_LINE,
    EMPTY_ORDER,
    Cells,
    Reading,
    need_something,
    plainly,
    sale,
)
from shuke.platforms.words import REFUNDED_WORDS, STATE_WORDS


class Douyin(Platform):
    """Douyin shops (抖店)."""

    name = "douyin"
    label = _("Douyin")
    reports = _(
        "In 抖店后台 under 订单管理 press 导出. Buyers are not named in it; they claim their orders themselves."
    )

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The order export."""
        return ORDERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> SaleRecord:
    """The rows of one order; its state and amounts follow from its sub-orders."""
    head = rows[0]
    # Files put together from two downloads repeat rows; of one sub-order the last row counts.
    lines = list({line.line_no: line for line in map(_line, rows)}.values())
    counted = [line for line in lines if line.state != "closed" or line.paid_at is not None] or lines
    total = sum(line.due_fen or 0 for line in counted)
    refund = sum(line.refund_fen or 0 for line in lines)
    paid = sum(line.paid_fen or 0 for line in lines)
    post = min(max(row.money("post") or 0 for row in rows), total)
    finished = [row.time("finished_at") for row in rows]
    who = receiver(head)
    order = EMPTY_ORDER._replace(
        **{
            **plainly(head),
            **who,
            "logistic_no": lines[0].logistic_no,
            "logistic_company": lines[0].logistic_company,
            "doubts": who["doubts"] + tuple(dict.fromkeys(doubt for line in lines for doubt in line.doubts)),
        },
        state=least([line.state for line in lines]),
        paid_at=min((line.paid_at for line in lines if line.paid_at), default=None),
        shipped_at=min((line.shipped_at for line in lines if line.shipped_at), default=None),
        finished_at=max((at for at in finished if at), default=None),
        goods_fen=total - post,
        post_fen=post,
        total_fen=total,
        paid_fen=paid,
        refund_fen=refund,
    )
    return sale(need_something(order), lines, rows)


def _line(row: Cells) -> LineRecord:
    state, paid_at = row.meaning("state", STATE_WORDS), row.time("paid_at")
    due = row.money("due") or 0
    was_paid = paid_at is not None or state not in {"unpaid", "closed"}
    aftersale = rules.status(row.raw("aftersale"))
    is_back = was_paid and (state == "closed" or any(word in aftersale for word in REFUNDED_WORDS))
    parcel, _dash, company = row.text("parcel").rpartition("-")
    return EMPTY_LINE._replace(
        line_no=row.code("line_no"),
        title=row.text("title"),
        sku=row.text("sku"),
        product_id=row.code("product_id", is_required=False),
        outer_id=row.text("outer_id"),
        price_fen=row.money("price"),
        quantity=row.quantity("quantity"),
        due_fen=due,
        paid_fen=due if was_paid and not is_back else 0,
        refund_fen=due if is_back else 0,
        refund_state="refunded" if is_back else "asked" if "中" in aftersale else "",
        state="closed" if is_back else state,
        paid_at=paid_at,
        shipped_at=row.time("shipped_at"),
        logistic_no=parcel,
        logistic_company=company,
        doubts=("refund_in_full",) if is_back and state != "closed" else ("closed_is_refunded",) if is_back else (),
    )


_IGNORED: Final = frozenset({
    "街道",
    "平台实际承担优惠金额",
    "商家实际承担优惠金额",
    "达人实际承担优惠金额",
    "达人ID",
    "达人昵称",
    "支付方式",
})  # fmt: skip
ORDERS = Reading(
    platform="douyin",
    name="orders",
    label=_("Order export"),
    content="sales",
    columns={
        "order_no": ("主订单编号",),
        "line_no": ("子订单编号",),
        "title": ("选购商品",),
        "sku": ("商品规格",),
        "quantity": ("商品数量",),
        "product_id": ("商品ID",),
        "outer_id": ("商家编码",),
        "price": ("商品单价",),
        "due": ("订单应付金额",),
        "post": ("运费",),
        "name": ("收件人",),
        "phone": ("收件人手机号",),
        "province": ("省",),
        "city": ("市",),
        "district": ("区",),
        "address": ("详细地址",),
        "placed_at": ("订单提交时间",),
        "paid_at": ("支付完成时间",),
        "remark": ("商家备注",),
        "finished_at": ("订单完成时间",),
        "state": ("订单状态",),
        "aftersale": ("售后状态",),
        "close_reason": ("取消原因",),
        "shipped_at": ("发货时间",),
        "parcel": ("快递信息",),
    },
    signs=frozenset({"order_no", "line_no", "title", "due", "state"}),
    make=read_order,
    key="order_no",
    ignored=_IGNORED,
)
