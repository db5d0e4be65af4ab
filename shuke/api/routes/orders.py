"""Orders: sent by the shop's own systems, and read back."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

import orjson
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from ninja import Query
from pydantic import Field, ValidationError, ValidatorFunctionWrapHandler, WrapValidator

from shuke.api import paging, problems
from shuke.api.calls import Call
from shuke.api.route import reads, writes
from shuke.api.routes.members import known_shop
from shuke.api.shapes import Fen, Id, Instant, Page, Paged, Sent, Told
from shuke.core.errors import Missing
from shuke.platforms.platform import LineRecord, OrderRecord
from shuke.trade import actions as trade
from shuke.trade import queries

State = Literal["unpaid", "paid", "part_shipped", "shipped", "signed", "finished", "closed"]
Text = Annotated[str, Field(max_length=200)]
OrderNo = Annotated[str, Field(pattern=r"^[0-9A-Za-z_-]{4,40}$", examples=["3021457890123456789"])]


class Line(Sent):
    """One line (子订单); `line_no` names it for good, `paid_fen` is what was paid for the line."""

    line_no: Annotated[str, Field(pattern=r"^([0-9A-Za-z_-]{2,40}|[1-9A-Za-z])$", examples=["3021457890123456790"])]
    title: Annotated[str, Field(min_length=1, max_length=200, examples=["明前龙井 250g"])]
    sku: Text = ""
    product_id: Text = ""
    outer_id: Text = ""
    price_fen: Fen = 0
    quantity: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    paid_fen: Fen | None = None
    refund_fen: Fen = 0
    state: State | None = None


class Order(Sent):
    """An order as it stands now; `paid_fen` is what stayed paid after refunds, without lines the whole order is one.

    The buyer is known by nick, ouid, open_uid, or by her own phone or mail, which name her at every shop; `phone` is the
    receiver's. Name, phones, mail, address, message and remark are kept sealed.
    """

    order_no: OrderNo
    state: State
    nick: Annotated[str, Field(max_length=200, examples=["爱喝茶的小林"])] = ""
    ouid: Text = ""
    open_uid: Text = ""
    own_phone: Annotated[str, Field(pattern=r"^([+0-9()（） -]{7,40})?$", examples=["13900001111"])] = ""
    email: Annotated[str, Field(max_length=120, pattern=r"^([^@\s*]+@[^@\s*]+)?$", examples=["yu@example.com"])] = ""
    placed_at: Instant
    paid_at: Instant | None = None
    shipped_at: Instant | None = None
    finished_at: Instant | None = None
    goods_fen: Fen | None = None
    post_fen: Fen = 0
    total_fen: Fen
    paid_fen: Fen = 0
    refund_fen: Fen = 0
    name: Annotated[str, Field(max_length=60)] = ""
    phone: Annotated[str, Field(max_length=40)] = ""
    address: Annotated[str, Field(max_length=300)] = ""
    province: Annotated[str, Field(max_length=30)] = ""
    city: Annotated[str, Field(max_length=30)] = ""
    district: Annotated[str, Field(max_length=30)] = ""
    message: Annotated[str, Field(max_length=1000)] = ""
    remark: Annotated[str, Field(max_length=1000)] = ""
    flag: Annotated[int | None, Field(ge=0, le=5)] = None
    close_reason: Text = ""
    lines: Annotated[list[Line], Field(max_length=200)] = []


class Unreadable(Sent):
    """An order that could not be read, with what is wrong; the others of the call are taken."""

    order_no: str
    reasons: list[str]


def _readable(value: Any, read: ValidatorFunctionWrapHandler) -> Order | Unreadable:
    try:
        found: Order = read(value)
    except ValidationError as error:
        number = value.get("order_no", "") if isinstance(value, dict) else ""
        reasons = [
            f"{'.'.join(str(step) for step in one['loc'])}: {problems.words(one)}".removeprefix(": ")
            for one in error.errors(include_url=False)[:20]
        ]
        return Unreadable(order_no=number[:40] if isinstance(number, str) else "", reasons=reasons)
    return found


class Orders(Sent):
    """Up to 1,000 orders of one shop."""

    shop_id: Id
    orders: Annotated[list[Annotated[Order, WrapValidator(_readable)]], Field(min_length=1, max_length=1000)]


class Outcome(Told):
    """What became of one order, in the order sent; `reasons` say why it was rejected."""

    order_no: str
    outcome: Literal["new", "changed", "same", "rejected"]
    reasons: list[str] = []


class TakenOrders(Told):
    """What became of the orders, and the import under which they can be undone."""

    import_id: int
    new_count: int
    changed_count: int
    same_count: int
    rejected_count: int
    orders: list[Outcome]


class OrderTold(Told):
    """An order, without what is private."""

    id: int
    shop_id: int
    order_no: str
    member_id: int | None
    state: str
    placed_at: datetime | None
    paid_at: datetime | None
    shipped_at: datetime | None
    finished_at: datetime | None
    total_fen: int
    paid_fen: int
    refund_fen: int
    post_fen: int
    item_count: int
    title: str
    flag: int | None
    close_reason: str
    doubts: str


class LineTold(Told):
    """A line with its share of the order's money."""

    title: str
    sku: str
    quantity: int
    price_fen: int
    gross_fen: int
    refund_fen: int
    state: str


class WholeOrder(OrderTold):
    """An order with its lines."""

    lines: list[LineTold]


class OrderQuery(Paged):
    """Which orders; days are the merchant's and both counted in."""

    shop_id: Id | None = None
    member_id: Id | None = None
    state: State | None = None
    order_no: Annotated[str, Field(max_length=40)] = ""
    placed_from_on: date | None = None
    placed_to_on: date | None = None


@writes("POST", "/orders", scope="orders:write", refuses=("no_shop",))
def send_orders(call: Call, body: Orders) -> TakenOrders:
    """Send orders: new ones and changed ones alike.

    Sending an order again changes nothing; a telling that is behind what is known moves nothing back. Each order is
    answered for itself. Members are recognised, figures, points and levels follow in the background, as after an
    import. What one key sends to a shop in one day is one import, and can be undone.
    """
    shop_id = known_shop(call, body.shop_id)
    seen: set[str] = set()
    rejected: dict[int, list[str]] = {}
    for place, one in enumerate(body.orders):
        if isinstance(one, Unreadable):
            rejected[place] = one.reasons
        elif one.order_no in seen:
            rejected[place] = [_("This order stands twice in this call.")]
        else:
            seen.add(one.order_no)
    told = [_told(one, place) for place, one in enumerate(body.orders) if place not in rejected]
    import_id, outcomes = trade.take_told(call.merchant_id, shop_id, told, name=call.caller.key.name, by=call.caller.by)
    answers = [
        Outcome(order_no=one.order_no, outcome="rejected", reasons=rejected[place]) if place in rejected
        else Outcome.model_validate({"order_no": one.order_no, "outcome": outcomes[one.order_no]})
        for place, one in enumerate(body.orders)
    ]  # fmt: skip
    counts = {
        f"{name}_count": sum(one.outcome == name for one in answers) for name in ("new", "changed", "same", "rejected")
    }
    return TakenOrders(import_id=import_id, orders=answers, **counts)


@reads("/orders", scope="orders:read", refuses=("bad_cursor", "no_shop"))
def list_orders(call: Call, query: Annotated[OrderQuery, Query()]) -> Page[OrderTold]:
    """List orders, the latest told first."""
    shop_id = query.shop_id or call.caller.key.shop_id
    if shop_id is not None:
        known_shop(call, shop_id)
    found = queries.orders(
        call.merchant_id, shop_id=shop_id, member_id=query.member_id, state=query.state or "", order_no=query.order_no,
        placed_from=call.midnight(query.placed_from_on), placed_to=call.midnight(query.placed_to_on, days=1),
        before_id=paging.opened(call.merchant_id, "orders", query.cursor), limit=query.limit + 1,
    )  # fmt: skip
    return paging.page(call.merchant_id, "orders", found, query.limit, OrderTold.of)


@reads("/orders/{int:order_id}", scope="orders:read", refuses=("no_order",))
def get_order(call: Call, order_id: Id) -> WholeOrder:
    """Get an order with its lines."""
    found = queries.order(call.merchant_id, order_id)
    if found is None or call.caller.key.shop_id not in {None, found.shop_id}:
        raise Missing("no_order", gettext_lazy("This order does not exist."))
    lines = queries.lines_of(call.merchant_id, [order_id]).get(order_id, [])
    return WholeOrder(**OrderTold.of(found).model_dump(), lines=[LineTold.of(one) for one in lines])


def _told(one: Order | Unreadable, place: int) -> trade.ToldOrder:
    if isinstance(one, Unreadable):
        raise TypeError("an order that was not read")
    content = one.model_dump(mode="json", exclude={"lines"})
    titles = tuple(line.title for line in one.lines)
    record = OrderRecord(
        order_no=one.order_no, nick=one.nick, nick_masked="", shown_nick="", own_phone=one.own_phone,
        ouid=one.ouid, open_uid=one.open_uid, state=one.state,
        placed_at=one.placed_at, paid_at=one.paid_at, shipped_at=one.shipped_at, finished_at=one.finished_at,
        goods_fen=one.goods_fen, post_fen=one.post_fen, total_fen=one.total_fen, paid_fen=one.paid_fen,
        refund_fen=one.refund_fen, titles=titles, line_count=len(one.lines) or None,
        item_count=sum(line.quantity for line in one.lines) or None, name=one.name, name_masked="", phone=one.phone,
        phone_masked="", phone_expires_at=None, landline="", address=one.address, address_masked="",
        province=one.province, city=one.city, district=one.district, postcode="", alipay="", email=one.email,
        message=one.message, remark=one.remark, flag=one.flag, close_reason=one.close_reason, payment_no="",
        logistic_no="", logistic_company="", shop_name="", is_mobile=None, doubts=(), row_number=place + 1,
        row_hash=_hash({**content, "titles": titles}),
    )  # fmt: skip
    return trade.ToldOrder(record, _lines(one))


def _lines(one: Order) -> Sequence[LineRecord]:
    return [
        LineRecord(
            order_no=one.order_no, line_no=line.line_no, title=line.title, sku=line.sku, outer_id=line.outer_id,
            product_id=line.product_id, price_fen=line.price_fen, quantity=line.quantity, due_fen=None,
            paid_fen=line.paid_fen, refund_fen=line.refund_fen, refund_state="refunded" if line.refund_fen else "",
            state=line.state or one.state, placed_at=one.placed_at, paid_at=one.paid_at, shipped_at=one.shipped_at,
            flag=None, message="", remark="", payment_no="", logistic_no="", logistic_company="", doubts=(),
            row_number=place, row_hash=_hash({**line.model_dump(), "state": line.state or one.state}),
        )
        for place, line in enumerate(one.lines, 1)
    ]  # fmt: skip


def _hash(content: dict[str, Any]) -> bytes:
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()[:16]
