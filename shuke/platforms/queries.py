"""Questions about files of other systems: how one is read by a mapping, and a sensible guess at such a mapping."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from shuke.core.tables import normal
from shuke.platforms import mapped, rules
from shuke.platforms.platform import Layout
from shuke.platforms.specs import FIELDS_OF, MappingSpec
from shuke.platforms.words import STATE_WORDS

MOST_WORDS: Final = 60


def mapped_layout(content: Mapping[str, Any], header: Sequence[str]) -> Layout | None:
    """The layout that a saved mapping (a MappingSpec as JSON) gives a header; None when a column is missing."""
    return mapped.layout(MappingSpec.model_validate(content), header)


def fingerprint(header: Sequence[str]) -> str:
    """What files with the same column names have in common, whatever the order of the columns."""
    names = sorted(normal(name) for name in header)
    return hashlib.sha256("\n".join(names).encode()).hexdigest()


@dataclass(frozen=True, slots=True)
class Guess:
    """Values of a MappingSpec as a start: the columns by their names, the status words by their usual meaning."""

    values: dict[str, Any]
    unknown_words: list[str]


def guess(header: Sequence[str], rows: Sequence[Sequence[str]], *, label: str) -> Guess:
    """What the columns of a header most likely are; `rows` are some rows below it."""
    names = {normal(name): name.strip() for name in reversed(header)}
    found: dict[str, str] = {}
    for field, aliases in ALIASES.items():
        column = next((names[alias] for alias in aliases if alias in names and names[alias] not in found.values()), "")
        if column:
            found[field] = column
    content = _content(found)
    columns = {field: column for field, column in found.items() if field in FIELDS_OF[content]}
    words = state_words(header, rows, columns.get("state", ""))
    states = [
        {"word": word, "state": STATE_WORDS[rules.status(word)]} for word in words if rules.status(word) in STATE_WORDS
    ]
    unknown = [word for word in words if rules.status(word) not in STATE_WORDS]
    states += [{"word": word, "state": "paid"} for word in unknown]
    return Guess({"label": label, "content": content, **columns, "states": states}, unknown)


def state_words(header: Sequence[str], rows: Sequence[Sequence[str]], column: str) -> list[str]:
    """The different words in a status column."""
    names = [normal(name) for name in header]
    if not column or normal(column) not in names:
        return []
    place = names.index(normal(column))
    return list(dict.fromkeys(word for row in rows if (word := rules.clean(row[place]))))[:MOST_WORDS]


def _content(found: Mapping[str, str]) -> str:
    if "order_no" not in found:
        return "customers"
    return "sales" if "title" in found and {"quantity", "due", "price"} & found.keys() else "orders"


def _names(text: str) -> tuple[str, ...]:
    return tuple(normal(name) for name in text.split("|"))


ALIASES: Final[dict[str, tuple[str, ...]]] = {
    field: _names(names)
    for field, names in {
        "order_no": "订单号|订单编号|单号|订单ID|交易编号|平台单号|原始单号|网店订单号|order no|order number|order id|order_no|order_id",
        "state": "订单状态|状态|交易状态|order status|status|state",
        "placed_at": "下单时间|订单创建时间|创建时间|订单时间|拍下时间|成交时间|下单日期|订单日期|order date|created at|created_at|date",
        "paid_at": "付款时间|支付时间|订单付款时间|买家付款时间|付款日期|paid at|paid_at|payment date",
        "shipped_at": "发货时间|发货日期|shipped at|shipped_at",
        "finished_at": "完成时间|交易完成时间|交易成功时间|确认收货时间|订单完成时间|finished at|completed at",
        "total": "订单金额|订单总金额|总金额|应付金额|订单总额|合计|金额|total|order total|amount",
        "paid": "实付金额|实付|买家实付金额|支付金额|付款金额|已付金额|实收金额|用户实付|paid|paid amount",
        "post": "运费|邮费|快递费|配送费|shipping|postage",
        "refund": "退款金额|已退款金额|退款|refund|refunded|refunded amount",
        "currency": "币种|货币|currency",
        "own_phone": "买家手机号|买家手机|买家电话|会员手机号|会员手机|客户手机号|客户手机|客户电话|手机号|手机号码|手机|phone|mobile|telephone",
        "email": "邮箱|电子邮箱|email|e-mail|customer email",
        "nick": "买家昵称|买家账号|买家ID|会员名|会员昵称|用户名|用户昵称|昵称|买家|客户昵称|账号|nick|username|buyer",
        "name": "收货人|收货人姓名|收件人|客户姓名|会员姓名|姓名|客户名称|name|full name|customer name|receiver",
        "phone": "收货人手机|收货人手机号|收货人电话|收件人手机|收件人电话|联系电话|联系手机|电话|receiver phone",
        "province": "省|省份|收货省份|收货人省份|province",
        "city": "市|城市|收货城市|收货人城市|city",
        "district": "区|区县|区/县|收货地区|district",
        "address": "收货地址|详细地址|收件地址|收货人地址|地址|address",
        "title": "商品名称|商品标题|商品|宝贝标题|货品名称|产品名称|标题|product|product name|item|title",
        "sku": "规格|商品规格|规格名称|商品属性|variant|sku name",
        "outer_id": "商家编码|商品编码|规格编码|货号|货品编号|sku|sku code",
        "product_id": "商品ID|商品编号|product id|item id",
        "quantity": "数量|购买数量|商品数量|件数|qty|quantity",
        "price": "单价|商品单价|售价|价格|price|unit price",
        "due": "商品金额|商品实付|小计|商品总价|行金额|line total|subtotal",
        "message": "买家留言|留言|buyer message",
        "remark": "卖家备注|商家备注|备注|客服备注|remark|note|notes",
        "gender": "性别|客户性别|会员性别|gender|sex",
        "birthday": "生日|出生日期|客户生日|会员生日|birthday|date of birth",
        "tags": "标签|客户标签|会员标签|tags",
        "joined_at": "注册时间|入会时间|成为会员时间|成为客户时间|注册日期|joined at|registered at",
        "bought_at": "最近购买时间|上次消费时间|最后交易时间|最近消费时间|最近下单时间|last order at",
        "order_count": "订单数|购买次数|消费次数|交易次数|成交次数|累计订单数|orders|order count",
    }.items()
}
