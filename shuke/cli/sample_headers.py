"""The column names of the files that sample_platforms writes, in the order of each platform."""

from __future__ import annotations

from typing import Final


def _names(text: str) -> tuple[str, ...]:
    return tuple(name.strip() for name in text.replace("\n", "").split("|"))


HEADERS: Final[dict[str, tuple[str, ...]]] = {
    "youzan": _names(
        """
订单号|订单状态|订单创建时间|买家付款时间|交易成功时间|全部商品名称|商品种类数|订单实付金额|
订单实收金额|买家昵称|买家是否会员|买家手机号|收货人/提货人|收货人手机号/提货人手机号|收货人省份|
收货人城市|收货人地区|详细收货地址/提货地址|优惠券码名称|分销员|销售渠道|订单来源
"""
    ),
    "youzan_customers": _names(
        """
客户姓名|客户昵称|客户手机号|客户生日|客户性别|标签|是否会员|成长值|客户储值余额|上次消费时间|来源渠道|
来源方式|成为客户时间|微信地域
"""
    ),
    "jd": _names(
        """
订单号|商品ID|商品名称|订购数量|支付方式|下单时间|京东价|订单金额|结算金额|余额支付|应付金额|订单状态|
订单类型|下单帐号|客户姓名|客户地址|联系电话|订单备注|发票类型|发票抬头|发票内容|商家备注|
商家备注等级（等级1-5为由高到低）|运费金额|付款确认时间|增值税发票|货号|订单完成时间|订单来源|订单渠道
"""
    ),
    "pinduoduo": _names(
        """
商品|订单号|订单状态|商品总价(元)|店铺优惠折扣(元)|平台优惠折扣(元)|邮费(元)|上门安装费(元)|
送货入户费(元)|送货入户并安装费(元)|用户实付金额(元)|商家实收金额(元)|商品数量(件)|身份证姓名|
身份证号码|收货人|手机|是否异常|省|市|区|街道|支付时间|拼单成功时间|订单确认时间|承诺发货时间|发货时间|
确认收货时间|商品id|商品规格|用户购买手机号|样式ID|商家编码-SKU维度|商家编码-商品维度|快递单号|快递公司|
支付方式|是否抽奖或0元试用|商家备注|售后状态|买家留言|多多支付立减金额(元)
"""
    ),
    "douyin": _names(
        """
主订单编号|子订单编号|选购商品|商品规格|商品数量|商品ID|商家编码|商品单价|订单应付金额|运费|收件人|
收件人手机号|省|市|区|街道|详细地址|订单提交时间|支付完成时间|商家备注|订单完成时间|订单状态|售后状态|
取消原因|发货时间|平台实际承担优惠金额|商家实际承担优惠金额|达人实际承担优惠金额|达人ID|达人昵称|
支付方式|快递信息
"""
    ),
    "shopify": _names(
        """
Name|Email|Financial Status|Paid at|Fulfillment Status|Fulfilled at|Accepts Marketing|Currency|Subtotal|
Shipping|Taxes|Total|Discount Code|Discount Amount|Shipping Method|Created at|Lineitem quantity|
Lineitem name|Lineitem price|Lineitem compare at price|Lineitem sku|Lineitem requires shipping|
Lineitem taxable|Lineitem fulfillment status|Billing Name|Billing Street|Billing Address1|
Billing Address2|Billing Company|Billing City|Billing Zip|Billing Province|Billing Country|
Billing Phone|Shipping Name|Shipping Street|Shipping Address1|Shipping Address2|Shipping Company|
Shipping City|Shipping Zip|Shipping Province|Shipping Country|Shipping Phone|Notes|Note Attributes|
Cancelled at|Payment Method|Payment Reference|Refunded Amount|Vendor|Outstanding Balance|Employee|
Location|Device ID|Id|Tags|Risk Level|Source|Lineitem discount|Tax 1 Name|Tax 1 Value|Tax 2 Name|
Tax 2 Value|Tax 3 Name|Tax 3 Value|Tax 4 Name|Tax 4 Value|Tax 5 Name|Tax 5 Value|Phone|Receipt Number|
Duties|Billing Province Name|Shipping Province Name|Payment ID|Payment Terms Name|Next Payment Due At|
Payment References
"""
    ),
    "shopify_customers": _names(
        """
First Name|Last Name|Email|Accepts Email Marketing|Company|Address1|Address2|City|Province|
Province Code|Country|Country Code|Zip|Phone|Accepts SMS Marketing|Total Spent|Total Orders|Tags|Note|
Tax Exempt
"""
    ),
    "woocommerce": _names(
        """
order_id|order_number|order_date|paid_date|status|shipping_total|shipping_tax_total|fee_total|
fee_tax_total|tax_total|cart_discount|order_discount|discount_total|order_total|order_subtotal|
order_currency|payment_method|payment_method_title|transaction_id|customer_ip_address|
customer_user_agent|shipping_method|customer_id|customer_user|customer_email|billing_first_name|
billing_last_name|billing_company|billing_email|billing_phone|billing_address_1|billing_address_2|
billing_postcode|billing_city|billing_state|billing_country|shipping_first_name|shipping_last_name|
shipping_company|shipping_phone|shipping_address_1|shipping_address_2|shipping_postcode|shipping_city|
shipping_state|shipping_country|customer_note|wt_import_key|shipping_items|fee_items|tax_items|
coupon_items|refund_items|order_notes|download_permissions|Product Item 1 Name|Product Item 1 id|
Product Item 1 SKU|Product Item 1 Quantity|Product Item 1 Total|Product Item 1 Subtotal|
Product Item 2 Name|Product Item 2 id|Product Item 2 SKU|Product Item 2 Quantity|Product Item 2 Total|
Product Item 2 Subtotal|Product Item 3 Name|Product Item 3 id|Product Item 3 SKU|
Product Item 3 Quantity|Product Item 3 Total|Product Item 3 Subtotal|Product Item 4 Name|
Product Item 4 id|Product Item 4 SKU|Product Item 4 Quantity|Product Item 4 Total|
Product Item 4 Subtotal|Product Item 5 Name|Product Item 5 id|Product Item 5 SKU|
Product Item 5 Quantity|Product Item 5 Total|Product Item 5 Subtotal|Product Item 6 Name|
Product Item 6 id|Product Item 6 SKU|Product Item 6 Quantity|Product Item 6 Total|
Product Item 6 Subtotal|Product Item 7 Name|Product Item 7 id|Product Item 7 SKU|
Product Item 7 Quantity|Product Item 7 Total|Product Item 7 Subtotal|Product Item 8 Name|
Product Item 8 id|Product Item 8 SKU|Product Item 8 Quantity|Product Item 8 Total|
Product Item 8 Subtotal
"""
    ),
    "taobao_refunds": _names(
        """
退款编号|订单编号|支付宝交易号|订单付款时间|商品编码|退款完结时间|买家实际支付金额|宝贝标题|
买家退款金额|手工退款/系统退款|是否需要退货|退款的申请时间|退款状态|货物状态|发货物流信息|客服介入状态|
卖家真实姓名|买家退款原因|买家退款说明|部分退款/全部退款
"""
    ),
}
