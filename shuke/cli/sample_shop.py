"""An invented tea shop: its goods, its buyers and the fate of every order, all following from one seed."""

from __future__ import annotations

import random
from array import array
from bisect import bisect_left
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from itertools import accumulate
from typing import Final, NamedTuple

GOODS: Final[tuple[tuple[str, str, int, int, tuple[str, ...]], ...]] = (
    ("明前龙井绿茶2026新茶散装罐装", "LJ", 8800, 30, ("净含量：100g罐装", "净含量：250g罐装")),
    ("茉莉花茶浓香型飘雪四川特级", "ML", 4900, 45, ("净含量：125g", "净含量：250g", "净含量：500g")),
    ("正山小种红茶小包装办公室口粮茶", "ZS", 5900, 40, ("包装：罐装;净含量：200g", "包装：袋装;净含量：250g")),
    ("安溪铁观音清香型兰花香乌龙茶", "TG", 6900, 35, ("香型：清香", "香型：浓香")),
    ("云南普洱熟茶饼七子饼357g", "PE", 12800, 18, ("年份：2019", "年份：2021", "年份：2023")),
    ("福鼎白茶寿眉老白茶小饼干茶", "BC", 7900, 26, ("规格：10片", "规格：30片")),
    ("小青柑陈皮普洱8年宫廷熟茶礼盒", "XG", 9900, 22, ("规格：8粒", "规格：20粒礼盒")),
    ("蜜桃乌龙三角茶包冷泡果茶女生", "MT", 2990, 60, ("规格：12包", "规格：30包")),
    ("菊花枸杞决明子茶养生组合花草茶", "JH", 2680, 55, ()),
    ("大麦茶苦荞茶回甘饭店专用袋泡", "DM", 1990, 50, ("口味：大麦", "口味：苦荞")),
    ("凤凰单丛鸭屎香潮州乌龙茶", "DC", 13800, 12, ("净含量：125g", "净含量：250g")),
    ("武夷岩茶大红袍肉桂小泡袋", "DH", 10800, 15, ("规格：12泡", "规格：30泡")),
    ("玻璃茶壶耐高温泡茶壶家用带滤网", "GH", 4500, 14, ("容量：500ml", "容量：800ml")),
    ("便携旅行茶具一壶二杯快客杯", "KK", 6800, 12, ("颜色分类：竹青", "颜色分类：月白", "颜色分类：墨")),
    ("手绘主人杯品茗杯单杯陶瓷", "ZB", 3900, 10, ("图案：锦鲤", "图案：荷花")),
    ("竹制茶盘小型家用简约储水", "CP", 15800, 5, ()),
    ("茶叶罐密封罐陶瓷便携小号", "GZ", 3200, 9, ("颜色分类：青", "颜色分类：白")),
    ("试喝装五款口粮茶尝鲜包邮", "SH", 990, 48, ()),
    ("中秋茶礼盒送长辈高档礼品茶", "LH", 26800, 4, ("款式：团圆", "款式：清欢")),
    ("桂花九曲红梅杭州红茶新茶", "JQ", 8600, 8, ()),
)
REGIONS: Final = (
    ("浙江省", "杭州市", "西湖区", "310000"),
    ("浙江省", "宁波市", "鄞州区", "315000"),
    ("浙江省", "温州市", "乐清市", "325600"),
    ("广东省", "广州市", "天河区", "510000"),
    ("广东省", "深圳市", "南山区", "518000"),
    ("广东省", "东莞市", "", "523000"),
    ("江苏省", "苏州市", "昆山市", "215300"),
    ("江苏省", "南京市", "鼓楼区", "210000"),
    ("上海", "上海市", "浦东新区", "200000"),
    ("北京", "北京市", "朝阳区", "100000"),
    ("山东省", "青岛市", "市南区", "266000"),
    ("山东省", "济南市", "历下区", "250000"),
    ("四川省", "成都市", "武侯区", "610000"),
    ("重庆", "重庆市", "渝中区", "400000"),
    ("福建省", "厦门市", "思明区", "361000"),
    ("湖北省", "武汉市", "江汉区", "430000"),
    ("湖南省", "长沙市", "岳麓区", "410000"),
    ("河南省", "郑州市", "金水区", "450000"),
    ("河北省", "石家庄市", "其它区", "050000"),
    ("陕西省", "西安市", "雁塔区", "710000"),
    ("辽宁省", "沈阳市", "和平区", "110000"),
    ("黑龙江省", "哈尔滨市", "南岗区", "150000"),
    ("云南省", "昆明市", "五华区", "650000"),
    ("广西壮族自治区", "南宁市", "青秀区", "530000"),
    ("新疆维吾尔自治区", "乌鲁木齐市", "天山区", "830000"),
)
SURNAMES: Final = "甄贾虞茅柳梅乔简陶阮盛叶方安苏温夏秋白舒"
GIVEN: Final = ("样样", "小茶", "有味", "知夏", "不语", "清欢", "见山", "听雨", "小满", "一盏", "青青", "团团")
NICK_WORDS: Final = ("爱喝茶的", "半盏", "山月", "小城故事", "云上", "橘子", "慢生活", "阿布", "晚风", "七分甜")
MESSAGES: Final = ("麻烦发顺丰，谢谢", "请用纸箱包好", "送人的，不要放发货单", "要日期新一点的", "下午送货", "谢谢掌柜")
REMARKS: Final = ("客服小叶", "客服阿青", "客服小叶 送试喝装", "老客户，多送两包", "客服阿青 改地址", "发顺丰")
NEVER_PAID: Final = ("我不想买了", "信息填写错误，重新拍", "未及时付款", "同城见面交易")
AGENCIES: Final = ("中通快递", "圆通速递", "顺丰速运", "申通快递", "邮政快递包裹")
_HOURS: Final = (4, 2, 1, 1, 1, 2, 4, 8, 14, 20, 24, 20, 18, 20, 22, 22, 20, 18, 18, 24, 30, 32, 24, 12)
_WEEKDAYS: Final = (1.12, 1.08, 1.05, 1.02, 1.0, 0.85, 0.88)
_FEASTS: Final = {(11, 11): 12.0, (11, 10): 2.0, (11, 1): 4.0, (6, 18): 6.0, (12, 12): 3.0, (3, 8): 1.8, (2, 1): 0.3}
_HOUR_SUMS: Final = list(accumulate(_HOURS))
_GOODS_SUMS: Final = list(accumulate(goods[3] for goods in GOODS))
_MASK: Final = (1 << 64) - 1


class Buyer(NamedTuple):
    """One invented buyer."""

    number: int
    nick: str
    alipay: str
    name: str
    phone: str
    address: str


class Line(NamedTuple):
    """A line as ordered; `due_fen` is its part of the goods amount after the order's discount."""

    title: str
    sku: str
    outer_id: str
    product_id: int
    price_fen: int
    quantity: int
    due_fen: int


class Order(NamedTuple):
    """An order and all that will ever happen to it; instants are local, None for what never happens."""

    number: int
    buyer: Buyer
    placed: datetime
    paid: datetime | None
    cancelled: datetime | None
    shipped: datetime | None
    finished: datetime | None
    refunded: datetime | None
    refunded_line: int
    lines: tuple[Line, ...]
    post_fen: int
    message: str
    remark: str
    close_reason: str
    agency: str
    parcel: str
    is_mobile: bool


class Fate(NamedTuple):
    """Shares of orders that are never paid, cancelled after payment, refunded in part or whole after shipping."""

    unpaid: float = 0.08
    closed: float = 0.03
    refunded: float = 0.04


USUAL_FATE: Final = Fate()


def orders_newest_first(
    *, orders: int, buyers: int, first_day: date, days: int, seed: int, fate: Fate
) -> Iterator[Order]:
    """Every order of the shop, newest first as exports have them. The same arguments give the same orders.

    Memory holds four bytes an order and two a buyer.
    """
    rng = random.Random(seed)
    calendar = _calendar(rng, orders=orders, buyers=min(buyers, orders), first_day=first_day, days=days)
    number = orders
    for offset in range(days - 1, -1, -1):
        midnight = datetime.combine(first_day, datetime.min.time()) + timedelta(days=offset)
        moments = sorted(((_second_of_day(rng), buyer) for buyer in calendar[offset]), reverse=True)
        for second, buyer in moments:
            yield _order(rng, number, buyer_of(buyer, seed), midnight + timedelta(seconds=second), fate)
            number -= 1
        calendar[offset] = array("I")


def buyer_of(number: int, seed: int) -> Buyer:
    """The buyer of a number. Names are invented and numbers lie in one unlikely block."""
    mixed = ((number + 1) * 0x9E3779B97F4A7C15 + seed * 0xBF58476D1CE4E5B9) & _MASK
    mixed ^= mixed >> 29
    name = SURNAMES[mixed % 20] + GIVEN[(mixed >> 8) % 12]
    if mixed & 3 == 0:
        nick = f"{NICK_WORDS[(mixed >> 4) % 10]}{number:05d}"
    else:
        nick = f"tb{10_000_000 + number * 7 % 89_999_999:08d}"
    phone = f"1990{number % 10_000_000:07d}"
    province, city, district, postcode = REGIONS[min((mixed >> 16) % 40, (mixed >> 24) % 25) % 25]
    street = f"样例路{(mixed >> 32) % 300 + 1}号{(mixed >> 40) % 20 + 1}栋{(mixed >> 46) % 30 + 1}0{mixed % 4 + 1}室"
    alipay = phone if mixed & 4 else f"user{number}@example.com"
    return Buyer(number, nick, alipay, name, phone, f"{province} {city} {district} {street}({postcode})")


def _calendar(rng: random.Random, *, orders: int, buyers: int, first_day: date, days: int) -> list[array[int]]:
    """The buyers of each day.

    Everybody buys once; the rest of the orders goes to few buyers more than to many, within the months in which each
    is still interested, and rather on a feast than on other days.
    """
    weights = [_weight(first_day + timedelta(days=offset), offset / days) for offset in range(days)]
    sums = list(accumulate(weights))
    feasts = [offset for offset in range(days) if _day_key(first_day, offset) in ((11, 11), (6, 18))]
    calendar: list[array[int]] = [array("I") for _ in range(days)]
    firsts = array("H")
    draw = rng.random
    for buyer in range(buyers):
        day = bisect_left(sums, draw() * sums[-1])
        firsts.append(day)
        calendar[day].append(buyer)
    for _ in range(orders - buyers):
        buyer = int(buyers * draw() ** 1.6)
        first = firsts[buyer]
        interest = 30 + (buyer * 2654435761 % 1000) * 0.4
        day = first + 1 + int(min(rng.expovariate(1 / interest), interest * 2.5))
        near = [feast for feast in feasts if first < feast <= day]
        if near and draw() < 0.15:
            day = near[-1]
        if day >= days:
            day = first + int((days - first) * draw())
        calendar[day].append(buyer)
    return calendar


def _day_key(first_day: date, offset: int) -> tuple[int, int]:
    day = first_day + timedelta(days=offset)
    return day.month, day.day


def _weight(day: date, progress: float) -> float:
    return _WEEKDAYS[day.weekday()] * _FEASTS.get((day.month, day.day), 1.0) * (0.7 + 0.6 * progress)


def _second_of_day(rng: random.Random) -> int:
    hour = bisect_left(_HOUR_SUMS, rng.random() * _HOUR_SUMS[-1])
    return hour * 3600 + int(rng.random() * 3600)


def _order(rng: random.Random, number: int, buyer: Buyer, placed: datetime, fate: Fate) -> Order:
    draw = rng.random
    lines, goods = _lines(rng)
    kind = draw()
    paid = cancelled = shipped = finished = refunded = None
    reason = ""
    if kind < fate.unpaid:
        reason = NEVER_PAID[int(draw() * 4)]
    else:
        paid = placed + timedelta(seconds=5 + int(min(rng.expovariate(1 / 240), 80_000)))
        if kind < fate.unpaid + fate.closed:
            cancelled = paid + timedelta(seconds=600 + int(draw() * 7200))
            reason = "退款"
        else:
            shipped = paid + timedelta(seconds=int(7200 + draw() * 150_000))
            finished = shipped + timedelta(seconds=int((2 + draw() * 9) * 86_400))
            if kind < fate.unpaid + fate.closed + fate.refunded:
                refunded = shipped + timedelta(seconds=int((1 + draw() * 14) * 86_400))
    return Order(
        number=number,
        buyer=buyer,
        placed=placed,
        paid=paid,
        cancelled=cancelled,
        shipped=shipped,
        finished=finished,
        refunded=refunded,
        refunded_line=int(draw() * len(lines)),
        lines=lines,
        post_fen=0 if goods >= 6800 else 800,
        message=MESSAGES[int(draw() * 6)] if draw() < 0.06 else "",
        remark=REMARKS[int(draw() * 6)] if draw() < 0.15 else "",
        close_reason=reason,
        agency=AGENCIES[int(draw() ** 2 * 5)],
        parcel=f"{int(draw() * 10**13):013d}",
        is_mobile=draw() < 0.93,
    )


def _lines(rng: random.Random) -> tuple[tuple[Line, ...], int]:
    """Lines and their sum after the discount (10 yuan off 99, 30 off 199), which is spread over them to the fen."""
    draw = rng.random
    count = 1
    while count < 6 and draw() < 0.36:
        count += 1
    chosen: dict[tuple[int, int], int] = {}
    for _ in range(count):
        place = bisect_left(_GOODS_SUMS, draw() * _GOODS_SUMS[-1])
        sku = int(draw() * max(1, len(GOODS[place][4])))
        chosen[place, sku] = chosen.get((place, sku), 0) + (1 if draw() < 0.8 else 1 + int(draw() * 4))
    listed = [GOODS[place][2] * (10 + 6 * sku) // 10 * pieces for (place, sku), pieces in chosen.items()]
    full = sum(listed)
    goods = full - (3000 if full >= 19900 else 1000 if full >= 9900 else 0)
    lines, so_far, given = [], 0, 0
    for ((place, sku), pieces), amount in zip(chosen.items(), listed, strict=True):
        title, code, price, _share, skus = GOODS[place]
        so_far += amount
        due = goods * so_far // full - given
        given += due
        sku_text = skus[sku] if skus else ""
        unit = price * (10 + 6 * sku) // 10
        lines.append(Line(title, sku_text, f"{code}-{sku + 1:02d}", 600_100_200_300 + place, unit, pieces, due))
    return tuple(lines), goods
