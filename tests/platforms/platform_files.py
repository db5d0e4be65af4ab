"""Rows of every platform's files, by column name: one invented order or customer each."""

from __future__ import annotations

YOUZAN = {
    "订单号": "E20261101100000000000001", "订单状态": "交易完成", "订单创建时间": "2026-11-01 10:00:00",
    "买家付款时间": "2026-11-01 10:05:00", "交易成功时间": "2026-11-09 09:00:00",
    "全部商品名称": "龙井绿茶(2件);竹制茶盘(1件)", "商品种类数": "2", "订单实付金额": "120.00", "订单实收金额": "100.00",
    "买家昵称": "小雨", "买家是否会员": "是", "买家手机号": "13900001111", "收货人/提货人": "李小雨",
    "收货人手机号/提货人手机号": "13700002222", "收货人省份": "浙江省", "收货人城市": "杭州市", "收货人地区": "西湖区",
    "详细收货地址/提货地址": "文三路90号", "优惠券码名称": "", "分销员": "", "销售渠道": "网店", "订单来源": "微信小程序",
}  # fmt: skip
YOUZAN_CUSTOMER = {
    "客户姓名": "李小雨", "客户昵称": "小雨", "客户手机号": "13900001111", "客户生日": "1992-05-17", "客户性别": "女",
    "标签": "老客,爱喝茶", "是否会员": "是", "成长值": "20", "客户储值余额": "0.00", "上次消费时间": "2026-11-01 10:05:00",
    "来源渠道": "微信小程序", "来源方式": "主动授权", "成为客户时间": "2026-01-02 08:00:00", "微信地域": "中国 浙江 杭州",
}  # fmt: skip
JD = {
    "订单号": '="201000000001"', "商品ID": "10000000001", "商品名称": "龙井绿茶", "订购数量": "2", "支付方式": "在线支付",
    "下单时间": "2026-11-01 10:00:00", "京东价": "50.00", "订单金额": "106.00", "结算金额": "106.00（系统计算中，该值仅供参考）",
    "余额支付": "6.00", "应付金额": "100.00", "订单状态": "完成", "订单类型": "SOP", "下单帐号": "jd_小雨", "客户姓名": "李小雨",
    "客户地址": "浙江杭州市西湖区****", "联系电话": "1******1111", "订单备注": "谢谢", "发票类型": "", "发票抬头": "",
    "发票内容": "", "商家备注": "老客", "商家备注等级（等级1-5为由高到低）": "", "运费金额": "6.00",
    "付款确认时间": "2026-11-01 10:05:00", "增值税发票": "", "货号": "LJ-1", "订单完成时间": "2026-11-09 09:00:00",
    "订单来源": "京东", "订单渠道": "",
}  # fmt: skip
PINDUODUO = {
    "商品": "龙井绿茶", "订单号": "\t261101-100000000000001", "订单状态": "已发货，待签收", "商品总价(元)": "100.00",
    "店铺优惠折扣(元)": "10.00", "平台优惠折扣(元)": "", "邮费(元)": "6.00", "上门安装费(元)": "", "送货入户费(元)": "",
    "送货入户并安装费(元)": "", "用户实付金额(元)": "96.00", "商家实收金额(元)": "96.00", "商品数量(件)": "2", "身份证姓名": "",
    "身份证号码": "", "收货人": "李**", "手机": "\t139****1111", "是否异常": "否", "省": "浙江省", "市": "杭州市", "区": "西湖区",
    "街道": "", "支付时间": "\t2026-11-01 10:05", "拼单成功时间": "\t2026-11-01 10:06:00", "订单确认时间": "", "承诺发货时间": "",
    "发货时间": "\t2026-11-02 08:00:00", "确认收货时间": "\t", "商品id": "\t20001", "商品规格": "100g罐装", "用户购买手机号": "",
    "样式ID": "", "商家编码-SKU维度": "LJ-1", "商家编码-商品维度": "LJ", "快递单号": "\t7700001", "快递公司": "中通快递",
    "支付方式": "", "是否抽奖或0元试用": "", "商家备注": "", "售后状态": "无售后或售后取消", "买家留言": "",
    "多多支付立减金额(元)": "",
}  # fmt: skip
DOUYIN = {
    "主订单编号": "\t6900000000000000001", "子订单编号": "\t6900000000000000011", "选购商品": "龙井绿茶", "商品规格": "-",
    "商品数量": "2", "商品ID": "\t3700000000000000001", "商家编码": "LJ-1", "商品单价": "50.00", "订单应付金额": "96.00",
    "运费": "6.00", "收件人": "##kQx8mZ0aVt2p##", "收件人手机号": "$$mB7rL1sYc9w4KdE2$$", "省": "浙江省", "市": "杭州市",
    "区": "西湖区", "街道": "-", "详细地址": "##aH5uT3oJq6nR8vXe1zGf##", "订单提交时间": "\t2026-11-01 10:00:00",
    "支付完成时间": "\t2026-11-01 10:05:00", "商家备注": "", "订单完成时间": "\t-", "订单状态": "已发货", "售后状态": "-",
    "取消原因": "-", "发货时间": "\t2026-11-02 08:00:00", "平台实际承担优惠金额": "", "商家实际承担优惠金额": "",
    "达人实际承担优惠金额": "", "达人ID": "-", "达人昵称": "-", "支付方式": "支付宝", "快递信息": "7700001-中通快递",
}  # fmt: skip
SHOPIFY = {
    "Name": "#1001", "Email": "Yu.Li@example.com", "Financial Status": "partially_refunded",
    "Paid at": "2026-11-01 10:05:00 +0800", "Fulfillment Status": "fulfilled", "Fulfilled at": "2026-11-01 18:00:00 -0700",
    "Accepts Marketing": "yes", "Currency": "CNY", "Subtotal": "100.00", "Shipping": "6.00", "Taxes": "0.00", "Total": "106.00",
    "Discount Code": "", "Discount Amount": "0.00", "Shipping Method": "", "Created at": "2026-11-01 10:00:00 +0800",
    "Lineitem quantity": "2", "Lineitem name": "龙井绿茶 - 100g", "Lineitem price": "50.00", "Lineitem sku": "LJ-1",
    "Lineitem discount": "0.00", "Billing Name": "李小雨", "Billing Phone": "", "Shipping Name": "李小雨",
    "Shipping Street": "文三路90号", "Shipping City": "杭州市", "Shipping Zip": "'310000", "Shipping Province": "浙江省",
    "Shipping Country": "CN", "Shipping Phone": "'+8613900001111", "Notes": "谢谢", "Cancelled at": "",
    "Refunded Amount": "20.00", "Vendor": "茶叶店", "Id": "5000000000001", "Phone": "'+8613900001111",
    "Shipping Province Name": "", "Payment ID": "r1",
}  # fmt: skip
SHOPIFY_CUSTOMER = {
    "First Name": "小雨", "Last Name": "李", "Email": "Yu.Li@example.com", "Accepts Email Marketing": "yes", "Company": "",
    "Address1": "文三路90号", "Address2": "", "City": "杭州市", "Province": "浙江省", "Province Code": "ZJ", "Country": "China",
    "Country Code": "CN", "Zip": "'310000", "Phone": "'+8613900001111", "Accepts SMS Marketing": "no",
    "Total Spent": "86.00", "Total Orders": "1", "Tags": "VIP, 老客", "Note": "", "Tax Exempt": "no",
}  # fmt: skip
WOOCOMMERCE = {
    "order_id": "5000", "order_number": "5000", "order_date": "2026-11-01 10:00:00", "paid_date": "2026-11-01 10:05:00",
    "status": "completed", "shipping_total": "6.00", "order_total": "106.00", "order_subtotal": "100.00",
    "order_currency": "CNY", "customer_id": "7", "customer_email": "yu.li@example.com", "billing_first_name": "小雨",
    "billing_last_name": "李", "billing_phone": "13900001111", "billing_address_1": "文三路90号", "billing_city": "杭州市",
    "billing_state": "浙江省", "billing_country": "CN", "shipping_city": "", "shipping_state": "",
    "shipping_address_1": "", "customer_note": "谢谢", "refund_items": "amount:-20.00|reason:退款|date:2026-11-05",
    "line_item_1": "name:龙井绿茶|product_id:12|sku:LJ-1|quantity:2|total:100.00|sub_total:110.00",
}  # fmt: skip

EXAMPLES: dict[str, list[dict[str, str]]] = {
    "youzan": [YOUZAN, YOUZAN_CUSTOMER],
    "jd": [JD],
    "pinduoduo": [PINDUODUO],
    "douyin": [DOUYIN],
    "shopify": [SHOPIFY, SHOPIFY_CUSTOMER],
    "woocommerce": [WOOCOMMERCE],
}
