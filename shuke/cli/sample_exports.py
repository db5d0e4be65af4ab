"""Writes the export files of an invented Taobao shop, byte for byte as the platform writes them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import date, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import IO, Any, Final, Literal

import xlsxwriter

from shuke.cli.sample_shop import USUAL_FATE, Fate, Order, orders_newest_first

OrderLayout = Literal["V4", "V9", "V10"]
LineLayout = Literal["D1", "D2"]
Cells = dict[str, str]


def _names(text: str) -> tuple[str, ...]:
    return tuple(text.split(","))


# Some names end in a blank, as in the real files.
V4: Final = _names(
    "订单编号,买家会员名,买家支付宝账号,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,买家实际支付积分,订单状态,买家留言,"
    "收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类,物流单号 ,物流公司,订单备注,宝贝总数量,"
    "店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,分阶段订单信息,特权订金订单id,是否上传合同照片,是否上传小票,"
    "是否代付,定金排名,修改后的sku,修改后的收货地址,异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,退款金额,预约门店"
)
V9: Final = _names(
    "订单编号,买家会员名,买家会员昵称,支付单号,支付详情,买家应付货款,买家应付邮费,买家支付积分,总金额,返点积分,买家实际支付金额,买家实际支付积分,"
    "订单状态,买家留言,收货人姓名,收货地址 ,运送方式,联系电话 ,联系手机,虚拟号过期时间,订单创建时间,订单付款时间 ,宝贝标题 ,宝贝种类,物流单号 ,"
    "物流公司,订单备注,宝贝总数量,店铺Id,店铺名称,订单关闭原因,卖家服务费,买家服务费,发票抬头,是否手机订单,分阶段订单信息,特权订金订单id,"
    "是否上传合同照片,是否上传小票,是否代付,定金排名,修改后的sku,修改后的收货地址,异常信息,天猫卡券抵扣,集分宝抵扣,是否是O2O交易,新零售交易类型,"
    "新零售导购门店名称,新零售导购门店id,新零售发货门店名称,新零售发货门店id,退款金额,预约门店,确认收货时间,打款商家金额,含应开票给个人的个人红包,"
    "是否信用购,体验期结束时间,前N有礼,配送类型,直播返现状态,返现金额,延迟发货自动赔付金额,新零售成交门店昵称,新零售成交门店id,"
    "新零售成交经销商id,预售订单,发货时间,商家备忘,主订单编号"
)
V10: Final = _names(
    "订单编号,支付单号,支付详情,买家应付货款,买家应付邮费,总金额,买家实付金额,订单状态,买家留言,收货人姓名,收货地址,联系手机,订单创建时间,"
    "订单付款时间,商品标题,物流单号,物流公司,商家备注,宝贝总数量,店铺名称,退款金额,是否主动赔付,主动赔付金额,主动赔付出账时间,发货时间,确认收货时间,"
    "商家编码,商品属性SKU,C2B小额收款,确认收货打款金额,含应开票给个人红包,总金额(旧版)"
)
D1: Final = _names("订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码")
D2: Final = _names(
    "子订单编号,主订单编号,标题,价格,购买数量,外部系统编号,商品属性,套餐信息,备注,订单状态,商家编码,支付单号,买家应付货款,买家实际支付金额,"
    "退款状态,退款金额,订单创建时间,订单付款时间"
)
_HEADERS: Final = {"V4": V4, "V9": V9, "V10": V10, "D1": D1, "D2": D2}
_FORMULAS: Final = frozenset({"订单编号", "特权订金订单id", "支付单号", "主订单编号", "子订单编号"})
_FORMULAS_D2: Final = frozenset({"主订单编号", "子订单编号"})
_UNPAID, _PAID = "等待买家付款", "买家已付款，等待卖家发货"
_SHIPPED, _FINISHED, _CLOSED = "卖家已发货，等待买家确认", "交易成功", "交易关闭"
_PAYING_TIME: Final = timedelta(days=1)
_FIRST_ORDER_NO: Final = 1_000_000_000_000_000_000


def write_exports(
    folder: Path,
    *,
    orders: int = 20_000,
    buyers: int = 8_000,
    months: int = 18,
    until: date = date(2026, 6, 30),
    as_of: datetime | None = None,
    shop: str = "山间一盏茶叶店",
    seed: int = 1,
    layout: OrderLayout = "V4",
    lines: LineLayout | None = "D2",
    fate: Fate = USUAL_FATE,
) -> list[Path]:
    """Write the order export and (unless `lines` is None) the line export of a shop; their paths.

    `as_of` is the local time of the download, three days after `until` unless given. The same arguments with a later
    `as_of` give the same orders further on: paid, shipped, finished, refunded. Memory does not grow with the files.
    """
    day = as_of or datetime.combine(until, datetime.min.time()) + timedelta(days=3)
    span = months * 30
    stream = orders_newest_first(
        orders=orders, buyers=buyers, first_day=until - timedelta(days=span - 1), days=span, seed=seed, fate=fate
    )
    folder.mkdir(parents=True, exist_ok=True)
    suffix = "xlsx" if layout == "V10" else "csv"
    paths = [folder / f"ExportOrderList{day:%Y%m%d%H%M}.{suffix}"]
    if lines:
        paths.append(folder / f"ExportOrderDetailList{day:%Y%m%d%H%M}.csv")
    known = (order for order in stream if order.placed <= day)
    with _Writer(paths[0], layout) as write_orders:
        if lines is None:
            for batch in _batches(known):
                write_orders([order_cells(order, day, shop, layout) for order in batch])
            return paths
        with _Writer(paths[1], lines) as write_lines:
            for batch in _batches(known):
                write_orders([order_cells(order, day, shop, layout) for order in batch])
                write_lines([cells for order in batch for cells in line_cells(order, day)])
    return paths


def order_cells(order: Order, day: datetime, shop: str, layout: OrderLayout) -> Cells:
    """The cells of an order as known on a day, by column name (in the words of all layouts)."""
    state, refund = state_of(order, day)
    number = order_no(order)
    is_paid = order.paid is not None and order.paid <= day
    is_shipped = order.shipped is not None and order.shipped <= day and state != _UNPAID
    cells = {
        "订单编号": number,
        "主订单编号": number,
        "订单状态": state,
        "买家留言": order.message,
        "订单创建时间": str(order.placed),
        "订单付款时间": str(order.paid) if is_paid else "",
        "发货时间": str(order.shipped) if is_shipped else "",
        "确认收货时间": str(order.finished) if state == _FINISHED else "",
        "物流公司": order.agency if is_shipped else "",
        "支付单号": f"2026{order.number:024d}" if is_paid else "",
        "宝贝总数量": str(sum(line.quantity for line in order.lines)),
        "宝贝种类": str(len(order.lines)),
        "店铺名称": shop,
        "订单关闭原因": (order.close_reason or "退款") if state == _CLOSED else "订单未关闭",
        "是否手机订单": "手机订单" if order.is_mobile else "",
    }
    parcel = order.parcel if is_shipped else ""
    titles = "，".join(line.title for line in order.lines)
    if layout == "V10":
        cells |= {"商品标题": titles, "商家备注": order.remark, "物流单号": parcel, "是否主动赔付": "否"}
        cells |= {"商家编码": "，".join(line.outer_id for line in order.lines), "含应开票给个人红包": "0.00"}
    else:
        remark = "'" + order.remark if order.remark else ""
        cells |= _CONSTANT | {"宝贝标题": titles, "商家备忘": order.remark, "订单备注": remark}
        cells |= {"物流单号": f"No:{parcel}" if parcel else ""}
    return cells | _amounts(order, refund, is_paid=is_paid, is_finished=state == _FINISHED) | _person(order, layout)


def _amounts(order: Order, refund: int, *, is_paid: bool, is_finished: bool) -> Cells:
    """Total = goods + postage; paid = total − refund, as in every real export."""
    goods = sum(line.due_fen for line in order.lines)
    total = goods + order.post_fen
    paid = yuan(total - refund if is_paid else 0)
    payout = paid if is_finished else "0.00"
    return {
        "买家应付货款": yuan(goods),
        "买家应付邮费": yuan(order.post_fen),
        "总金额": yuan(total),
        "总金额(旧版)": yuan(total),
        "退款金额": yuan(refund),
        "支付详情": f"支付宝:{yuan(total)}" if is_paid else "",
        "买家实际支付金额": paid,
        "买家实付金额": paid,
        "打款商家金额": payout + "元",
        "确认收货打款金额": payout,
    }


_CONSTANT: Final = dict.fromkeys(("买家支付积分", "返点积分", "买家实际支付积分", "店铺Id", "卖家服务费"), "0") | {
    "买家服务费": "0元",
    "运送方式": "快递",
    "是否上传合同照片": "否",
    "是否上传小票": "否",
    "是否代付": "否",
    "是否信用购": "否",
    "预售订单": "否",
    "含应开票给个人的个人红包": "0.00元",
}


def _person(order: Order, layout: OrderLayout) -> Cells:
    """The buyer: in the clear until 2021, behind stars since."""
    buyer = order.buyer
    if layout == "V4":
        return {
            "买家会员名": buyer.nick,
            "买家支付宝账号": buyer.alipay,
            "收货人姓名": buyer.name,
            "收货地址": buyer.address,
            "联系手机": "'" + buyer.phone,
            "联系电话": f"'0571-8{buyer.number % 10_000_000:07d}" if buyer.number % 25 == 0 else "",
        }
    return {
        "买家会员名": buyer.nick[0] + "**",
        "买家会员昵称": buyer.nick,
        "收货人姓名": buyer.name[0] + "**",
        "收货地址": buyer.address[: buyer.address.rindex(" ")] + " ****",
        "联系手机": f"{buyer.phone[:3]}****{buyer.phone[-4:]}",
    }


def line_cells(order: Order, day: datetime) -> Iterator[Cells]:
    """The cells of the lines of an order as known on a day."""
    state, _refund = state_of(order, day)
    is_paid = order.paid is not None and order.paid <= day
    is_cancelled = order.cancelled is not None and order.cancelled <= day
    number = order_no(order)
    for place, line in enumerate(order.lines):
        is_back = is_cancelled or _is_refunded(order, day, place)
        yield {
            "订单编号": number,
            "主订单编号": number,
            "子订单编号": number if len(order.lines) == 1 else str(int(number) + place + 1),
            "标题": line.title,
            "价格": yuan(line.price_fen),
            "购买数量": str(line.quantity),
            "外部系统编号": line.outer_id,
            "商家编码": line.outer_id,
            "商品属性": line.sku,
            "订单状态": _CLOSED if is_back else state,
            "支付单号": f"2026{order.number:024d}" if is_paid else "",
            "买家应付货款": yuan(line.due_fen),
            "买家实际支付金额": yuan(line.due_fen if is_paid and not is_back else 0),
            "退款状态": "退款成功" if is_back else "没有申请退款",
            "退款金额": yuan(line.due_fen) if is_back else "无退款申请",
            "订单创建时间": str(order.placed),
            "订单付款时间": str(order.paid) if is_paid else "",
        }


def state_of(order: Order, day: datetime) -> tuple[str, int]:
    """The status text of an order on a day, and the fen refunded by then."""
    total = sum(line.due_fen for line in order.lines) + order.post_fen
    if order.paid is None:
        return (_CLOSED if order.placed + _PAYING_TIME <= day else _UNPAID), 0
    if order.paid > day:
        return _UNPAID, 0
    if order.cancelled is not None:
        return (_CLOSED, total) if order.cancelled <= day else (_PAID, 0)
    if _is_refunded(order, day, order.refunded_line):
        if len(order.lines) == 1:
            return _CLOSED, total
        back = order.lines[order.refunded_line].due_fen
        return (_FINISHED if order.finished and order.finished <= day else _SHIPPED), back
    if order.finished and order.finished <= day:
        return _FINISHED, 0
    return (_SHIPPED if order.shipped and order.shipped <= day else _PAID), 0


def _is_refunded(order: Order, day: datetime, place: int) -> bool:
    return order.refunded is not None and order.refunded <= day and place == order.refunded_line


def order_no(order: Order) -> str:
    """Nineteen digits that end with the buyer's, as the platform's do; the lines' numbers follow it."""
    return str(_FIRST_ORDER_NO + order.number * 1_000_000 + order.buyer.number % 10_000 * 100)


def yuan(fen: int) -> str:
    """`1234` → "12.34"."""
    return f"{fen // 100}.{fen % 100:02d}"


def _batches(orders: Iterator[Order]) -> Iterator[list[Order]]:
    return iter(lambda: list(islice(orders, 1000)), [])


class _Writer:
    """Opens an export file of a layout and gives a function that writes rows to it."""

    def __init__(self, path: Path, layout: str) -> None:
        self._path, self._header = path, _HEADERS[layout]
        self._names = [name.strip() for name in self._header]
        self._ends_in_comma = layout == "D1"
        self._formulas = _FORMULAS_D2 if layout == "D2" else _FORMULAS

    def __enter__(self) -> Callable[[Iterable[Cells]], None]:
        if self._path.suffix == ".xlsx":
            return self._open_workbook()
        self._file: IO[bytes] = self._path.open("wb")
        self._file.write(('"' + '","'.join(self._header) + '"\r\n').encode("gbk"))
        return self._write_text

    def __exit__(self, *failure: object) -> None:
        if self._path.suffix == ".xlsx":
            self._book.close()
        else:
            self._file.close()

    def _write_text(self, rows: Iterable[Cells]) -> None:
        marks = ["=" if name in self._formulas else "" for name in self._names]
        form = ",".join(mark + '"%s"' for mark in marks) + (",\r\n" if self._ends_in_comma else "\r\n")
        names = self._names
        text = "".join([form % tuple([cells.get(name, "") for name in names]) for cells in rows])
        self._file.write(text.encode("gbk"))

    def _open_workbook(self) -> Callable[[Iterable[Cells]], None]:
        self._book = xlsxwriter.Workbook(str(self._path), {"constant_memory": True, "strings_to_numbers": False})
        sheet: Any = self._book.add_worksheet("export")
        sheet.write_row(0, 0, self._header)
        self._next = 1

        def write(rows: Iterable[Cells]) -> None:
            for cells in rows:
                for column, name in enumerate(self._names):
                    if text := cells.get(name):
                        sheet.write_string(self._next, column, text)
                self._next += 1

        return write
