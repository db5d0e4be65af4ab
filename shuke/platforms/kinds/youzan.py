"""Youzan: the order export, one row an order, and the customer export.

A buyer is known by her phone. Her nick is her WeChat nick, which others may bear too: it names her only where the export
hides the phone. What was received less than was paid was refunded.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from django.utils.translation import gettext_lazy as _

from shuke.platforms import rules
from shuke.platforms.people import buyer, customer, phones, receiver
from shuke.platforms.platform import CustomerRecord, Layout, OrderRecord, Platform
from shuke.platforms.sheets import (
    EMPTY_ORDER,
    Cells,
    Reading,
    amounts,
    need_something,
    plainly,
    stamp,
)
from shuke.platforms.words import STATE_WORDS

_GOODS = re.compile(r"(.*?)[(（]([0-9]{1,7})件[)）]", re.DOTALL)


class Youzan(Platform):
    """Youzan shops (有赞)."""

    name = "youzan"
    label = _("Youzan")
    reports = _(
        "In 有赞后台 under 订单 → 订单查询 press 导出; customers under 客户 → 客户管理 → 导出. Let somebody export who may see phone numbers."
    )

    def recognise(self, header: Sequence[str]) -> Layout | None:
        """The order export or the customer export."""
        return ORDERS.recognise(header) or CUSTOMERS.recognise(header)


def read_order(rows: Sequence[Cells]) -> OrderRecord:
    """One order. Its goods are told as `name(2件);name(1件)`, without prices."""
    [row] = rows
    state, paid_at = row.meaning("state", STATE_WORDS), row.time("paid_at")
    total, received = row.money("paid"), row.money("received")
    goods = [_GOODS.fullmatch(part.strip()) or part.strip() for part in row.text("goods").split(";") if part.strip()]
    was_paid = paid_at is not None or state not in {"unpaid", "closed"}
    less = was_paid and state != "closed" and total is not None and received is not None and received < total
    money = amounts(
        state, paid_at, total, post=row.money("post"), refund=(total or 0) - (received or 0) if less else None
    )
    item_count = sum(1 if isinstance(found, str) else int(found[2]) for found in goods)
    if item_count > rules.MOST_PIECES:
        raise row.fault("quantity_range", "goods")
    who, own = receiver(row), phones(row.text("own_phone"))
    order = EMPTY_ORDER._replace(
        **{**plainly(row), **who, **buyer(row, own[0]), **money, **stamp(rows)},
        state=state,
        paid_at=paid_at,
        finished_at=row.time("finished_at"),
        titles=tuple(found if isinstance(found, str) else found[1] for found in goods),
        line_count=row.count("line_count"),
        item_count=item_count or None,
    )
    doubts = who["doubts"] + own[2] + money["doubts"] + (("refund_from_received",) if less else ())
    return need_something(order._replace(doubts=tuple(dict.fromkeys(doubts))))


def read_customer(rows: Sequence[Cells]) -> CustomerRecord:
    """One customer; who was ever seen to buy counts as a buyer."""
    [row] = rows
    found = customer(rows)
    bought_at = row.time("bought_at")
    return found._replace(bought_at=bought_at, has_bought=bought_at is not None)


ORDERS = Reading(
    platform="youzan",
    name="orders",
    label=_("Order export"),
    content="orders",
    columns={
        "order_no": ("订单号",),
        "state": ("订单状态",),
        "placed_at": ("订单创建时间",),
        "paid_at": ("买家付款时间",),
        "finished_at": ("交易成功时间",),
        "goods": ("全部商品名称",),
        "line_count": ("商品种类数",),
        "paid": ("订单实付金额",),
        "received": ("订单实收金额",),
        "post": ("运费", "邮费"),
        "nick": ("买家昵称",),
        "own_phone": ("买家手机号",),
        "name": ("收货人/提货人", "收货人"),
        "phone": ("收货人手机号/提货人手机号", "收货人手机号"),
        "province": ("收货人省份",),
        "city": ("收货人城市",),
        "district": ("收货人地区",),
        "address": ("详细收货地址/提货地址", "详细收货地址"),
        "message": ("买家备注", "买家留言"),
        "remark": ("商家订单备注", "商家备注"),
    },
    signs=frozenset({"order_no", "state", "goods", "paid"}),
    make=read_order,
    ignored=frozenset({"买家是否会员", "优惠券码名称", "分销员", "销售渠道", "订单来源"}),
)
CUSTOMERS = Reading(
    platform="youzan",
    name="customers",
    label=_("Customer export"),
    content="customers",
    columns={
        "name": ("客户姓名",),
        "nick": ("客户昵称",),
        "own_phone": ("客户手机号",),
        "birthday": ("客户生日",),
        "gender": ("客户性别",),
        "tags": ("标签",),
        "bought_at": ("上次消费时间",),
        "joined_at": ("成为客户时间",),
        "place": ("微信地域",),
    },
    signs=frozenset({"own_phone", "nick"}),
    make=read_customer,
    ignored=frozenset({"是否会员", "成长值", "客户储值余额", "来源渠道", "来源方式"}),
)
