"""Writes the exports of the invented shop as other platforms write them, and Taobao's refund report, byte for byte."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Final, Literal

from shuke.cli.sample_exports import Cells, yuan
from shuke.cli.sample_headers import HEADERS
from shuke.cli.sample_shop import USUAL_FATE, orders_newest_first
from shuke.cli.sample_told import Told, buyers_of, mail_of, place_of, told_of

PlatformFile = Literal[
    "youzan", "youzan_customers", "jd", "pinduoduo", "douyin", "shopify", "shopify_customers", "woocommerce",
    "taobao_refunds",
]  # fmt: skip


def write_platform(
    folder: Path,
    kind: PlatformFile,
    *,
    orders: int = 200,
    buyers: int = 80,
    months: int = 12,
    until: date = date(2026, 6, 30),
    as_of: datetime | None = None,
    seed: int = 1,
) -> Path:
    """Write one export file as the platform writes it; its path. The same arguments with a later `as_of` give the same
    orders further on.
    """
    day = as_of or datetime.combine(until, datetime.min.time()) + timedelta(days=3)
    span = months * 30
    stream = orders_newest_first(
        orders=orders, buyers=buyers, first_day=until - timedelta(days=span - 1), days=span, seed=seed, fate=USUAL_FATE
    )
    told = [told_of(order, day) for order in stream if order.placed <= day]
    name, rows, encoding = _FILES[kind]
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    names = HEADERS[kind]
    writer.writerow(names)
    writer.writerows([cells.get(name, "") for name in names] for cells in rows(told))
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / name
    path.write_bytes(text.getvalue().encode(encoding))
    return path


def _youzan(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        buyer, lines = told.order.buyer, told.order.lines
        province, city, district, street = place_of(buyer)
        received = told.total_fen - told.refund_fen if told.paid else 0
        yield {
            "订单号": f"E{told.number}",
            "订单状态": ("待付款", "待发货", "已发货", "交易完成", "交易关闭")[told.step],
            "订单创建时间": str(told.order.placed),
            "买家付款时间": told.paid,
            "交易成功时间": told.finished,
            "全部商品名称": ";".join(f"{line.title}({line.quantity}件)" for line in lines),
            "商品种类数": str(len(lines)),
            "订单实付金额": yuan(told.total_fen if told.paid else 0),
            "订单实收金额": yuan(received),
            "买家昵称": buyer.nick,
            "买家是否会员": "是" if buyer.number % 3 == 0 else "否",
            "买家手机号": buyer.phone,
            "收货人/提货人": buyer.name,
            "收货人手机号/提货人手机号": buyer.phone,
            "收货人省份": province,
            "收货人城市": city,
            "收货人地区": district,
            "详细收货地址/提货地址": street,
            "销售渠道": "网店",
            "订单来源": "微信小程序",
        }


def _youzan_customers(orders: list[Told]) -> Iterator[Cells]:
    for buyer, own in buyers_of(orders):
        province, city, _district, _street = place_of(buyer)
        paid = [told.paid for told in own if told.paid]
        yield {
            "客户姓名": buyer.name,
            "客户昵称": buyer.nick,
            "客户手机号": buyer.phone,
            "客户生日": f"19{70 + buyer.number % 30}-{buyer.number % 12 + 1:02d}-{buyer.number % 28 + 1:02d}"
            if buyer.number % 2
            else "—",
            "客户性别": ("女", "男", "?")[buyer.number % 3],
            "标签": "老客,爱喝茶" if buyer.number % 4 == 0 else "",
            "是否会员": "是" if buyer.number % 3 == 0 else "否",
            "成长值": "0",
            "客户储值余额": "0.00",
            "上次消费时间": max(paid, default="—"),
            "来源渠道": "微信小程序",
            "来源方式": "主动授权",
            "成为客户时间": str(min(told.order.placed for told in own)),
            "微信地域": f"中国 {province} {city}",
        }


def _jd(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        buyer = told.order.buyer
        province, city, district, _street = place_of(buyer)
        for line in told.order.lines:
            yield {
                "订单号": f'="{told.number[-12:]}"',
                "商品ID": str(line.product_id),
                "商品名称": line.title,
                "订购数量": str(line.quantity),
                "支付方式": "在线支付",
                "下单时间": str(told.order.placed),
                "京东价": yuan(line.price_fen),
                "订单金额": yuan(told.total_fen),
                "结算金额": f"{yuan(told.total_fen)}（系统计算中，该值仅供参考）",
                "余额支付": "0.00",
                "应付金额": yuan(told.total_fen),
                "订单状态": ("等待付款", "等待出库", "等待确认收货", "完成", "(删除)等待出库")[told.step],
                "订单类型": "SOP",
                "下单帐号": f"jd_{buyer.nick}",
                "客户姓名": buyer.name,
                "客户地址": f"{province}{city}{district}****",
                "联系电话": f"1******{buyer.phone[-4:]}",
                "订单备注": told.order.message,
                "商家备注": told.order.remark,
                "运费金额": yuan(told.order.post_fen),
                "付款确认时间": told.paid,
                "货号": line.outer_id,
                "订单完成时间": told.finished,
                "订单来源": "京东",
            }


def _pinduoduo(orders: list[Told]) -> Iterator[Cells]:
    """One product an order, as Pinduoduo sells: each line of the shop's order is an order of its own."""
    for told in orders:
        buyer = told.order.buyer
        province, city, district, _street = place_of(buyer)
        for place, line in enumerate(told.order.lines):
            is_back = told.step == 4 or (told.refund_fen > 0 and place == told.order.refunded_line)
            state = ("待付款", "待发货", "已发货，待签收", "已收货", "已取消")[told.step]
            yield {
                "商品": line.title,
                "订单号": f"\t{told.order.placed:%y%m%d}-{told.number[-12:]}{place:03d}",
                "订单状态": "已发货，退款成功" if is_back and told.step != 4 else state,
                "商品总价(元)": yuan(line.price_fen * line.quantity),
                "店铺优惠折扣(元)": yuan(line.price_fen * line.quantity - line.due_fen),
                "用户实付金额(元)": yuan(line.due_fen),
                "商家实收金额(元)": yuan(line.due_fen),
                "商品数量(件)": str(line.quantity),
                "收货人": f"{buyer.name[0]}**",
                "手机": f"\t{buyer.phone[:3]}****{buyer.phone[-4:]}",
                "是否异常": "否",
                "省": province,
                "市": city,
                "区": district,
                "支付时间": f"\t{told.paid}",
                "拼单成功时间": f"\t{told.paid}",
                "发货时间": f"\t{told.shipped}",
                "确认收货时间": f"\t{told.finished}",
                "商品id": f"\t{line.product_id}",
                "商品规格": line.sku,
                "商家编码-SKU维度": line.outer_id,
                "快递单号": f"\t{told.order.parcel if told.shipped else ''}",
                "快递公司": told.order.agency if told.shipped else "",
                "商家备注": told.order.remark,
                "售后状态": "退款成功" if is_back and told.paid else "无售后或售后取消",
                "买家留言": told.order.message,
            }


def _douyin(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        province, city, district, _street = place_of(told.order.buyer)
        for place, line in enumerate(told.order.lines):
            is_back = told.refund_fen > 0 and (told.step == 4 or place == told.order.refunded_line)
            due = line.due_fen + (told.order.post_fen if place == 0 else 0)
            yield {
                "主订单编号": f"\t{told.number}",
                "子订单编号": f"\t{int(told.number) + place}",
                "选购商品": line.title,
                "商品规格": line.sku or "-",
                "商品数量": str(line.quantity),
                "商品ID": f"\t{line.product_id}",
                "商家编码": line.outer_id,
                "商品单价": yuan(line.price_fen),
                "订单应付金额": yuan(due),
                "运费": yuan(told.order.post_fen),
                "收件人": "##kQx8mZ0aVt2p##",
                "收件人手机号": "$$mB7rL1sYc9w4KdE2$$",
                "省": province,
                "市": city,
                "区": district or "-",
                "街道": "-",
                "详细地址": "##aH5uT3oJq6nR8vXe1zGf##",
                "订单提交时间": f"\t{told.order.placed}",
                "支付完成时间": f"\t{told.paid or '-'}",
                "商家备注": told.order.remark,
                "订单完成时间": f"\t{told.finished or '-'}",
                "订单状态": "已关闭" if is_back else ("待支付", "备货中", "已发货", "已完成", "已关闭")[told.step],
                "售后状态": "退款成功" if is_back else "-",
                "取消原因": told.order.close_reason or "-",
                "发货时间": f"\t{told.shipped or '-'}",
                "达人ID": "-",
                "达人昵称": "-",
                "支付方式": "支付宝",
                "快递信息": f"{told.order.parcel}-{told.order.agency}" if told.shipped else "-",
            }


def _shopify(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        buyer, placed = told.order.buyer, f"{told.order.placed} +0800"
        province, city, district, street = place_of(buyer)
        paying = "paid" if told.paid else "voided" if told.step == 4 else "pending"
        if told.refund_fen:
            paying = "refunded" if told.step == 4 else "partially_refunded"
        head = {
            "Financial Status": paying,
            "Paid at": f"{told.paid} +0800" if told.paid else "",
            "Fulfillment Status": "fulfilled" if told.shipped else "unfulfilled",
            "Fulfilled at": f"{told.shipped} +0800" if told.shipped else "",
            "Accepts Marketing": "no",
            "Currency": "CNY",
            "Subtotal": yuan(told.total_fen - told.order.post_fen),
            "Shipping": yuan(told.order.post_fen),
            "Taxes": "0.00",
            "Total": yuan(told.total_fen),
            "Discount Amount": yuan(sum(line.price_fen * line.quantity - line.due_fen for line in told.order.lines)),
            "Shipping Name": buyer.name,
            "Shipping Street": f"{district} {street}",
            "Shipping City": city,
            "Shipping Zip": "'510000",
            "Shipping Province": province,
            "Shipping Country": "CN",
            "Shipping Phone": f"'+86{buyer.phone}",
            "Notes": told.order.message,
            "Refunded Amount": yuan(told.refund_fen),
            "Id": str(5_000_000_000_000 + told.order.number),
            "Phone": f"'+86{buyer.phone}",
        }
        for place, line in enumerate(told.order.lines):
            yield (head if place == 0 else {}) | {
                "Name": f"#{1001 + told.order.number}",
                "Email": mail_of(buyer),
                "Created at": placed,
                "Lineitem quantity": str(line.quantity),
                "Lineitem name": line.title,
                "Lineitem price": yuan(line.price_fen),
                "Lineitem sku": line.outer_id,
                "Lineitem discount": yuan(line.price_fen * line.quantity - line.due_fen),
                "Vendor": "山间一盏茶叶店",
            }


def _shopify_customers(orders: list[Told]) -> Iterator[Cells]:
    for buyer, own in buyers_of(orders):
        province, city, _district, street = place_of(buyer)
        bought = [told for told in own if told.paid]
        yield {
            "First Name": buyer.name[1:],
            "Last Name": buyer.name[0],
            "Email": mail_of(buyer),
            "Accepts Email Marketing": "no",
            "Address1": street,
            "City": city,
            "Province": province,
            "Country": "China",
            "Country Code": "CN",
            "Phone": f"'+86{buyer.phone}",
            "Total Spent": yuan(sum(told.total_fen - told.refund_fen for told in bought)),
            "Total Orders": str(len(bought)),
            "Tags": "VIP, 老客" if buyer.number % 4 == 0 else "",
            "Tax Exempt": "no",
        }


def _woocommerce(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        buyer = told.order.buyer
        province, city, _district, street = place_of(buyer)
        cells = {
            "order_id": str(5000 + told.order.number),
            "order_number": str(5000 + told.order.number),
            "order_date": str(told.order.placed),
            "paid_date": told.paid,
            "status": "refunded" if told.step == 4 and told.paid else
            ("pending", "processing", "processing", "completed", "cancelled")[told.step],
            "shipping_total": yuan(told.order.post_fen),
            "order_total": yuan(told.total_fen),
            "order_subtotal": yuan(told.total_fen - told.order.post_fen),
            "order_currency": "CNY",
            "customer_id": str(buyer.number + 1),
            "customer_email": mail_of(buyer),
            "billing_first_name": buyer.name[1:],
            "billing_last_name": buyer.name[0],
            "billing_phone": buyer.phone,
            "billing_address_1": street,
            "billing_city": city,
            "billing_state": province,
            "billing_country": "CN",
            "customer_note": told.order.message,
            "refund_items": f"amount:-{yuan(told.refund_fen)}|reason:退款|date:{told.order.refunded}"
            if told.refund_fen
            else "",
        }  # fmt: skip
        for place, line in enumerate(told.order.lines, start=1):
            cells |= {
                f"Product Item {place} Name": line.title,
                f"Product Item {place} id": str(line.product_id),
                f"Product Item {place} SKU": line.outer_id,
                f"Product Item {place} Quantity": str(line.quantity),
                f"Product Item {place} Total": yuan(line.due_fen),
                f"Product Item {place} Subtotal": yuan(line.price_fen * line.quantity),
            }
        yield cells


def _taobao_refunds(orders: list[Told]) -> Iterator[Cells]:
    for told in orders:
        if not told.refund_fen:
            continue
        line = told.order.lines[told.order.refunded_line]
        yield {
            "退款编号": f'="{int(told.number) * 10 + 7}"',
            "订单编号": f'="{told.number}"',
            "支付宝交易号": f'="2026{told.order.number:024d}"',
            "订单付款时间": told.paid,
            "商品编码": line.outer_id,
            "退款完结时间": str(told.order.refunded or told.order.cancelled),
            "买家实际支付金额": yuan(told.total_fen),
            "宝贝标题": line.title,
            "买家退款金额": yuan(told.refund_fen),
            "手工退款/系统退款": "系统退款",
            "是否需要退货": "不需要退货",
            "退款的申请时间": str(told.order.refunded or told.order.cancelled),
            "退款状态": "退款成功",
            "货物状态": "买家已收到货" if told.shipped else "买家未收到货",
            "客服介入状态": "不需要客服介入",
            "买家退款原因": "不喜欢/不想要",
            "买家退款说明": told.order.message,
            "部分退款/全部退款": "全部退款" if told.step == 4 else "部分退款",
        }


_Rows = Callable[[list[Told]], Iterator[Cells]]
_FILES: Final[dict[PlatformFile, tuple[str, _Rows, str]]] = {
    "youzan": ("有赞订单.csv", _youzan, "utf-8-sig"),
    "youzan_customers": ("有赞客户.csv", _youzan_customers, "utf-8-sig"),
    "jd": ("京东订单.csv", _jd, "gb18030"),
    "pinduoduo": ("拼多多订单.csv", _pinduoduo, "utf-8-sig"),
    "douyin": ("抖店订单.csv", _douyin, "utf-8-sig"),
    "shopify": ("orders_export.csv", _shopify, "utf-8"),
    "shopify_customers": ("customers_export.csv", _shopify_customers, "utf-8"),
    "woocommerce": ("order_export.csv", _woocommerce, "utf-8"),
    "taobao_refunds": ("ExportRefundList.csv", _taobao_refunds, "gb18030"),
}
