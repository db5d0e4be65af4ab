"""A second merchant on the same installation: a Youzan and a Shopify shop, one buyer in both, points paid with on an order.

Told twice: by files and people's acts, and by a program through the API.
"""

from __future__ import annotations

import csv
from datetime import date, timedelta
from pathlib import Path

import pytest

from shuke.cli.doctor import examine
from shuke.core import facts, progress
from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.members import actions as members
from shuke.merchants import actions as merchants
from shuke.trade import queries as trades
from tests.api.program import Program, program
from tests.conftest import NOW
from tests.make import Place
from tests.platforms.platform_files import SHOPIFY, YOUZAN
from tests.trade.exports import take

pytestmark = pytest.mark.django_db(transaction=True, databases=["default", "owner"])

AT_YOUZAN = {
    **YOUZAN, "全部商品名称": "龙井绿茶(1件)", "商品种类数": "1", "订单实付金额": "60.00", "订单实收金额": "60.00",
}  # fmt: skip
# No phone and another name: only a person can say that the two are one.
AT_SHOPIFY = {
    **SHOPIFY, "Phone": "", "Shipping Phone": "", "Billing Name": "Yu Li", "Shipping Name": "Yu Li",
    "Financial Status": "paid", "Refunded Amount": "0.00", "Subtotal": "80.00", "Total": "86.00", "Lineitem price": "40.00",
}  # fmt: skip
# ¥104.00 was asked; 100 points took ¥2.00 off.
PAID_WITH_POINTS = {
    **AT_SHOPIFY, "Name": "#1002", "Id": "5000000000002", "Created at": "2026-11-22 11:30:00 +0800",
    "Paid at": "2026-11-22 12:10:00 +0800", "Fulfillment Status": "unfulfilled", "Fulfilled at": "", "Subtotal": "96.00",
    "Discount Amount": "2.00", "Total": "102.00", "Lineitem price": "49.00",
}  # fmt: skip


@pytest.fixture
def tea(charlie: Place) -> dict[str, Place]:
    """Charlie's two new shops, with rules for points, levels and paying with points; Alice's shop stands beside."""
    with tenant(charlie.merchant_id):
        shops = {kind: merchants.open_shop(charlie.merchant_id, name, kind, by=charlie.by)
                 for kind, name in (("youzan", "茶小店"), ("shopify", "Tea house"))}  # fmt: skip
        loyalty.save_points_rule(charlie.merchant_id, PointsRuleSpec(start_on=date(2026, 1, 1)), by=charlie.by)
        loyalty.save_level_rule(charlie.merchant_id, LevelRuleSpec(), by=charlie.by)
        loyalty.save_redemption_rule(charlie.merchant_id, RedemptionRuleSpec(is_on=True), by=charlie.by)
        for kind, run in ((loyalty.BACKFILL, loyalty.backfill), (loyalty.REVIEW_ALL, loyalty.review_all)):
            job = progress.latest(charlie.merchant_id, kind)
            assert job is not None
            run(charlie.merchant_id, job.id)
    return {kind: Place(charlie.merchant_id, shop_id, charlie.owner_id, charlie.owner_user_id)
            for kind, shop_id in shops.items()}  # fmt: skip


def tell(place: Place) -> None:
    while facts.drain(place.merchant_id):
        pass
    with tenant(place.merchant_id):
        assert facts.stuck(place.merchant_id) == []


def imported(place: Place, path: Path, row: dict[str, str]) -> None:
    """One order by a file, its story told."""
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, row)
        writer.writeheader()
        writer.writerow(row)
    take(place, path)
    tell(place)


def points(place: Place, member_id: int) -> tuple[int, int]:
    with tenant(place.merchant_id):
        held = ledger.balance(place.merchant_id, "points", member_id)
        return held.active, held.reserved


def member_of(place: Place, order_no: str) -> int:
    with tenant(place.merchant_id):
        [member_id] = trades.members_of_order_no(place.merchant_id, order_no)
    return member_id


def all_is_well() -> bool:
    return examine(quiet=True, at_rest=True)


def test_by_files_and_by_hand(alice: Place, tea: dict[str, Place], tmp_path: Path) -> None:
    youzan, shopify = tea["youzan"], tea["shopify"]
    merchant_id, by = youzan.merchant_id, youzan.by
    imported(youzan, tmp_path / "youzan.csv", AT_YOUZAN)
    imported(shopify, tmp_path / "shopify.csv", AT_SHOPIFY)
    yu, xiaoyu = member_of(shopify, "1001"), member_of(youzan, YOUZAN["订单号"])
    assert (points(youzan, xiaoyu), points(shopify, yu)) == ((60, 0), (80, 0))

    members.merge(merchant_id, [(yu, xiaoyu)], by=by, key="one person")
    tell(youzan)
    assert points(youzan, xiaoyu) == (140, 0)

    with tenant(merchant_id):
        code = loyalty.reserve_redemption(merchant_id, xiaoyu, 100, key="tea", by=by)
        bound = loyalty.bind_redemption(merchant_id, code.id, "1002", 10400, 600, by=by)
    assert (bound.state, bound.after_fen) == ("bound", 10200)
    assert points(youzan, xiaoyu) == (40, 100)

    imported(shopify, tmp_path / "next.csv", PAID_WITH_POINTS)
    with tenant(merchant_id):
        paid = queries.redemption(merchant_id, code.id)
    assert paid is not None
    assert paid.state == "committed"
    assert points(youzan, xiaoyu) == (40, 0)
    assert all_is_well()
    with tenant(alice.merchant_id):
        assert ledger.totals(alice.merchant_id, "points") == ledger.Totals()


def test_by_a_program(alice: Place, tea: dict[str, Place]) -> None:
    erp = program(tea["youzan"])
    youzan, shopify = tea["youzan"], tea["shopify"]

    xiaoyu = sold(erp, youzan, "900001", 6000, state="finished", own_phone="13900001111")
    yu = sold(erp, shopify, "1001", 8000, state="finished", email="Yu.Li@example.com")
    erp.send("POST", "/members/join", {"member_id": yu, "home_id": xiaoyu})
    tell(youzan)
    assert balance(erp, xiaoyu) == (140, 0)

    code = erp.send("POST", "/redemptions", {"member_id": xiaoyu, "points": 100}).json
    erp.send("POST", f"/redemptions/{code['id']}/bind", {"order_no": "1002", "price_fen": 10400})
    assert balance(erp, xiaoyu) == (40, 100)

    sold(erp, shopify, "1002", 10200, state="paid", email="Yu.Li@example.com")
    assert erp.get(f"/redemptions/{code['id']}").json["state"] == "committed"
    assert balance(erp, xiaoyu) == (40, 0)
    assert all_is_well()
    assert program(alice).get("/members").json["items"] == []


def sold(erp: Program, place: Place, order_no: str, paid_fen: int, *, state: str, **buyer: str) -> int:
    """One order by the API, its story told; its customer."""
    at = (NOW - timedelta(days=30) if state == "finished" else NOW).isoformat()
    order = {"order_no": order_no, "state": state, "placed_at": at, "paid_at": at, "total_fen": paid_fen,
             "goods_fen": paid_fen, "paid_fen": paid_fen, **buyer}  # fmt: skip
    if state == "finished":
        order["finished_at"] = at
    said = erp.send("POST", "/orders", {"shop_id": place.shop_id, "orders": [order]})
    assert [one["outcome"] for one in said.json["orders"]] == ["new"], said.json
    tell(place)
    [kept] = erp.get("/orders", {"order_no": order_no}).json["items"]
    return int(kept["member_id"])


def balance(erp: Program, member_id: int) -> tuple[int, int]:
    told = erp.get(f"/members/{member_id}/points").json
    return told["spendable"], told["reserved"]
