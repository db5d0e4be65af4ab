"""Status words of Chinese and foreign shops, as exports write them, with the state each one means."""

from __future__ import annotations

from typing import Final

from shuke.platforms.platform import State

_BY_STATE: Final[dict[State, str]] = {
    "unpaid": "待付款 待支付 未付款 等待付款 等待买家付款 付款确认中 待确认付款 pending on-hold authorized partially_paid"
    " pending-payment pendingpayment onhold unpaid",
    "paid": "待发货 备货中 待接单 待成团 已付款 已支付 已付款待发货 待出库 等待出库 等待发货 等待打印 买家已付款 等待卖家发货"
    " 买家已付款,等待卖家发货 付款成功 处理中 暂停 锁定 paid processing unfulfilled",
    "part_shipped": "部分发货 卖家部分发货 partial partially_fulfilled partiallyfulfilled",
    "shipped": "已发货 待收货 待签收 已出库 等待收货 等待确认收货 已发货,待签收 已发货,待收货 卖家已发货 运输中 配送中"
    " 卖家已发货,等待买家确认 等待买家确认收货 shipped intransit",
    "signed": "已签收 买家已签收 已送达 妥投 delivered",
    "finished": "已完成 完成 已收货 交易成功 交易完成 订单完成 已结束 completed complete fulfilled finished done",
    "closed": "已取消 取消 已关闭 交易关闭 订单关闭 已退款 退款成功 退款完成 未发货,退款成功 已发货,退款成功 已收货,退款成功"
    " 已签收,退款成功 已全额退款 已作废 已删除 cancelled canceled refunded voided failed expired trash closed",
}
STATE_WORDS: Final[dict[str, State]] = {word: state for state, words in _BY_STATE.items() for word in words.split()}

REFUNDED_WORDS: Final = ("退款成功", "退款完成", "已退款", "全额退款", "售后成功", "售后完成")
GENDER_WORDS: Final = {
    "男": "male", "男性": "male", "先生": "male", "male": "male", "m": "male",
    "女": "female", "女性": "female", "女士": "female", "female": "female", "f": "female",
}  # fmt: skip
