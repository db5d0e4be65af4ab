"""Buyers with a history, and phones that open their pages."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal

from django.test import Client

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty.actions import Adjustment
from shuke.loyalty.specs import LevelRuleSpec, LevelSpec, PointsRuleSpec
from shuke.members.queries.links import buyer_link
from shuke.platforms.platform import OrderRecord
from tests.loyalty.make_trade import DAY, NOON, member, record, take
from tests.make import Place

LADDER = LevelRuleSpec(
    levels=(
        LevelSpec(name="店铺客户"),
        LevelSpec(name="银杏会员", threshold=Decimal(100), discount_permille=980, benefits="生日月双倍积分"),
        LevelSpec(name="金桂会员", threshold=Decimal(500), discount_permille=950, benefits="新茶先尝\n每季一份小礼"),
        LevelSpec(name="牡丹会员", threshold=Decimal(2000), discount_permille=900),
    )
)
POINTS = PointsRuleSpec(start_on=date(2026, 1, 1), signup_points=20, signup_condition="none", expiry="months")


def programme(place: Place) -> None:
    """Levels and points, in force since January."""
    with tenant(place.merchant_id), clock.frozen(NOON - 100 * DAY):
        loyalty.save_level_rule(place.merchant_id, LADDER, by=place.by)
        loyalty.save_points_rule(place.merchant_id, POINTS, by=place.by)


def regular(place: Place, nick: str = "小荷") -> int:
    """A member with 300 earned, of them 40 taken back by a refund; 88 pending; 20 given; 200 more, of which 150 are spent.

    What is left: 300 − 40 + 88 + 20 + 200 − 150 = 418, of it 88 pending and 330 usable, and 50 of these lapse in nine days.
    The second order, of ¥88.00, was placed on level 1 (9.8折); no file tells its list price.
    """
    with tenant(place.merchant_id):
        with clock.frozen(NOON - 60 * DAY):
            _settle(place, record("3900000000000001001", nick, 300, placed_at=NOON - 80 * DAY))
            member_id = member(place, nick)
            loyalty.adjust(
                place.merchant_id, [Adjustment(member_id, 20)], reason="晒图好评", by=place.by, key=f"a{nick}"
            )
            soon = ledger.Posting(member_id=member_id, amount=200, kind="bonus", key=f"b{nick}", source="bonus",
                                  expires_at=NOON + 9 * DAY)  # fmt: skip
            ledger.post(place.merchant_id, "points", [soon], by=place.by)
            loyalty.review_levels(place.merchant_id, [member_id])
        with clock.frozen(NOON - 50 * DAY):
            refunded = record("3900000000000001001", nick, 300, placed_at=NOON - 80 * DAY, refund_fen=4000)
            _settle(place, refunded)
        with clock.frozen(NOON - 5 * DAY):
            _settle(place, record("3900000000000001002", nick, 88, placed_at=NOON - 13 * DAY))
            ledger.spend(place.merchant_id, "points", [ledger.Spend(member_id=member_id, amount=150, key=f"s{nick}")],
                         by=place.by)  # fmt: skip
    return member_id


def phone(place: Place, member_id: int) -> Client:
    """A phone on which the member opened her link."""
    client = Client()
    with tenant(place.merchant_id):
        link = buyer_link(place.merchant_id, member_id)
    answer = client.get(path_of(link))
    assert (answer.status_code, answer["Location"]) == (302, "/b/")
    return client


def fresh_link(place: Place, member_id: int) -> str:
    """The path of a link that opens now, whatever instant the clock is held at."""
    with tenant(place.merchant_id), clock.frozen(datetime.now(UTC)):
        return path_of(buyer_link(place.merchant_id, member_id))


def path_of(link: str) -> str:
    """The path of an address of ours."""
    return "/" + link.split("/", 3)[3]


def _settle(place: Place, *records: OrderRecord) -> None:
    loyalty.settle_orders(place.merchant_id, take(place, *records))
