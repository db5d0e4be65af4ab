"""The words of Taobao's exports: column names of all years, status texts, and the signs by which a layout is known."""

from __future__ import annotations

from typing import Final

from shuke.core.tables import normal
from shuke.platforms.platform import RefundState, State

Fields = dict[str, tuple[str, ...]]
Signs = tuple[tuple[str, str, tuple[str, ...]], ...]

STATE_TEXTS: Final[dict[str, State]] = {
    "等待买家付款": "unpaid",
    "付款确认中": "unpaid",
    "买家已付款,等待卖家发货": "paid",
    "买家已付款": "paid",
    "等待卖家发货": "paid",
    "退款中的订单": "paid",
    "卖家部分发货": "part_shipped",
    "卖家已发货,等待买家确认": "shipped",
    "卖家已发货": "shipped",
    "等待买家确认收货": "shipped",
    "买家已签收": "signed",
    "交易成功": "finished",
    "交易关闭": "closed",
}
REFUND_TEXTS: Final[dict[str, RefundState]] = {
    "": "",
    "没有申请退款": "",
    "无退款申请": "",
    "买家已经申请退款,等待卖家同意": "asked",
    "等待卖家同意": "asked",
    "退款中": "asked",
    "卖家已经同意退款,等待买家退货": "returning",
    "买家已经退货,等待卖家确认收货": "returning",
    "卖家拒绝退款": "refused",
    "退款关闭": "closed",
    "退款成功": "refunded",
}
FLAG_TEXTS: Final = {"灰": 0, "红": 1, "黄": 2, "绿": 3, "蓝": 4, "紫": 5, "粉": 5}
NO_REFUND: Final = {"无退款申请": 0, "没有申请退款": 0}

ORDER_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "order_no": ("订单编号", "主订单编号"),
    "nick": ("买家会员昵称", "买家会员名", "买家昵称"),
    "alipay": ("买家支付宝账号",),
    "payment_no": ("支付单号",),
    "goods": ("买家应付货款",),
    "post": ("买家应付邮费",),
    "total": ("总金额",),
    "paid": ("买家实付金额", "买家实际支付金额"),
    "state": ("订单状态",),
    "message": ("买家留言",),
    "name": ("收货人姓名",),
    "address": ("收货地址",),
    "new_address": ("修改后的收货地址",),
    "landline": ("联系电话",),
    "phone": ("联系手机",),
    "phone_expires": ("虚拟号过期时间",),
    "placed": ("订单创建时间",),
    "paid_at": ("订单付款时间",),
    "shipped": ("发货时间",),
    "finished": ("确认收货时间",),
    "titles": ("商品标题", "宝贝标题"),
    "line_count": ("宝贝种类",),
    "item_count": ("宝贝总数量",),
    "logistic_no": ("物流单号",),
    "logistic_company": ("物流公司",),
    "remark": ("商家备忘", "商家备注", "订单备注"),
    "flag": ("备注标签",),
    "shop": ("店铺名称",),
    "close_reason": ("订单关闭原因",),
    "mobile": ("是否手机订单",),
    "refund": ("退款金额",),
    "ouid": ("ouid", "买家ouid"),
    "open_uid": ("open_uid", "买家open_uid"),
}
LINE_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "order_no": ("主订单编号", "订单编号"),
    "line_no": ("子订单编号",),
    "title": ("商品标题", "标题", "宝贝标题"),
    "price": ("商品价格", "价格"),
    "quantity": ("购买数量",),
    "outer_id": ("商家编码", "外部系统编号"),
    "sku": ("商品属性", "商品属性sku"),
    "product_id": ("商品id",),
    "state": ("订单状态",),
    "payment_no": ("支付单号",),
    "due": ("买家应付货款",),
    "paid": ("买家实付金额", "买家实际支付金额"),
    "refund_state": ("退款状态",),
    "refund": ("退款金额",),
    "placed": ("订单创建时间", "创建时间"),
    "paid_at": ("订单付款时间",),
    "shipped": ("发货时间",),
    "flag": ("备注标签",),
    "message": ("主订单买家留言",),
    "remark": ("商家备注", "备注"),
    "logistic_no": ("物流单号",),
    "logistic_company": ("物流公司",),
}
REFUND_COLUMNS: Final[dict[str, tuple[str, ...]]] = {
    "refund_no": ("退款编号",),
    "order_no": ("订单编号",),
    "title": ("宝贝标题", "商品标题"),
    "outer_id": ("商品编码",),
    "paid": ("买家实际支付金额", "买家实付金额"),
    "refund": ("买家退款金额",),
    "state": ("退款状态",),
    "reason": ("买家退款原因",),
    "explanation": ("买家退款说明",),
    "goods_state": ("货物状态",),
    "with_return": ("是否需要退货",),
    "partial": ("部分退款/全部退款",),
    "paid_at": ("订单付款时间",),
    "asked": ("退款的申请时间",),
    "finished": ("退款完结时间",),
}


def _normals(text: str) -> frozenset[str]:
    return frozenset(map(normal, text.split()))


# Columns that exports are known to have and that say nothing Shuke needs.
IGNORED: Final = _normals(
    "买家支付积分 返点积分 买家实际支付积分 支付详情 运送方式 店铺Id 卖家服务费 买家服务费 发票抬头 分阶段订单信息 特权订金订单id "
    "是否上传合同照片 是否上传小票 是否代付 定金排名 修改后的sku 异常信息 天猫卡券抵扣 集分宝抵扣 是否是O2O交易 预约门店 "
    "新零售交易类型 新零售导购门店名称 新零售导购门店id 新零售发货门店名称 新零售发货门店id 打款商家金额 含应开票给个人的个人红包 "
    "是否信用购 体验期结束时间 前N有礼 配送类型 主订单编号 满返红包金额 直播返现状态 返现金额 新零售成交门店昵称 新零售成交门店id "
    "新零售成交经销商id 延迟发货自动赔付金额 预售订单 是否村淘订单 是否主动赔付 主动赔付金额 主动赔付出账时间 商家编码 商品属性SKU "
    "C2B小额收款 确认收货打款金额 含应开票给个人红包 总金额(旧版) 外部系统编号 套餐信息 联系方式备注 淘鲜达渠道 分阶段信息 应发货时间 "
    "飞猪购订单信息 免单资格 免单金额 百亿补贴超链订单信息 超链半托管订单信息 支付宝交易号 手工退款/系统退款 发货物流信息 "
    "客服介入状态 卖家真实姓名"
)
# The newest sign decides; each year added columns and seldom took one away.
ORDER_SIGNS: Final = (
    ("V10", "2023–2026", ("买家实付金额", "商品标题", "确认收货打款金额", "商家备注", "总金额(旧版)")),
    ("V9", "2022", ("买家会员昵称", "商家备忘")),
    ("V8", "2020–2021", ("直播返现状态", "满返红包金额")),
    ("V7", "2019–2020", ("是否信用购", "前n有礼")),
    ("V6", "2018", ("支付单号", "支付详情")),
    ("V5", "2018", ("新零售交易类型", "确认收货时间", "打款商家金额")),
    ("V4", "2017", ("退款金额", "预约门店", "是否代付")),
    ("V3", "2015–2016", ("集分宝抵扣", "天猫卡券抵扣", "特权订金订单id")),
    ("V2", "2014–2015", ("发票抬头", "是否手机订单", "修改后的收货地址")),
    ("V1", "2013", ("订单编号",)),
)
LINE_SIGNS: Final = (
    ("D4", "2026", ("发货时间", "应发货时间", "免单资格", "免单金额", "飞猪购订单信息", "百亿补贴超链订单信息")),
    ("D3", "2024–2025", ("商品标题", "商品价格", "商品id", "备注标签")),
    ("D2", "2020–2022", ("子订单编号",)),
    ("D1", "2013–2018", ("订单编号",)),
)
REFUND_SIGNS: Final = (("R1", "2017", ("退款编号",)),)
