"""Points redeemed on an order, two customers joined, a consent written down: all by programs."""

from __future__ import annotations

import pytest

from shuke.core import facts
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import checks
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from tests import make
from tests.api.program import Program, program
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
NO = "3021457890123456789"


@pytest.fixture
def erp(alice: make.Place) -> Program:
    with tenant(alice.merchant_id):
        loyalty.save_redemption_rule(alice.merchant_id, RedemptionRuleSpec(is_on=True), by=alice.by)
    return program(alice)


def customer(erp: Program, place: make.Place, nick: str) -> int:
    people = {"shop_id": place.shop_id, "people": [{"nick": nick}]}
    [member_id] = erp.send("POST", "/members", people).json["member_ids"]
    return int(member_id)


def tell(place: make.Place) -> None:
    """Have every story told."""
    while facts.drain(place.merchant_id):
        pass


def order(place: make.Place, paid_fen: int) -> dict[str, object]:
    one = {"order_no": NO, "state": "paid", "nick": "小荷", "placed_at": NOW.isoformat(), "paid_at": NOW.isoformat(),
           "total_fen": paid_fen, "goods_fen": paid_fen, "paid_fen": paid_fen}  # fmt: skip
    return {"shop_id": place.shop_id, "orders": [one]}


def test_an_order_sent_by_a_program_commits_the_points_it_was_lowered_by(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice, "小荷")
    erp.send("POST", "/points/adjust", {"member_id": member_id, "amount": 250, "reason": "开店礼"})
    made = erp.send("POST", "/redemptions", {"member_id": member_id, "points": 100})
    assert (made.status, made.json["state"], made.json["worth_fen"]) == (201, "reserved", 200)
    at = f"/redemptions/{made.json['id']}"
    assert erp.get(f"/redemptions/code/{made.json['code']}").json == made.json
    bound = erp.send("POST", f"{at}/bind", {"order_no": NO, "price_fen": 12800})
    assert (bound.json["before_fen"], bound.json["after_fen"]) == (12800, 12600)
    assert erp.send("POST", f"{at}/cancel").code == "code_bound"
    erp.send("POST", "/orders", order(alice, 12600))
    tell(alice)
    assert erp.get(at).json["state"] == "committed"
    left = erp.get(f"/members/{member_id}/points").json
    assert (left["spendable"], left["reserved"]) == (150, 0)
    with tenant(alice.merchant_id):
        assert checks.run(alice.merchant_id) == []


def test_joined_customers_share_their_points_until_they_are_parted(erp: Program, alice: make.Place) -> None:
    first, second = customer(erp, alice, "小荷"), customer(erp, alice, "荷小")
    for member_id, amount in ((first, 30), (second, 12)):
        erp.send("POST", "/points/adjust", {"member_id": member_id, "amount": amount, "reason": "开店礼"})
    tell(alice)
    [merge_id] = erp.send("POST", "/members/join", {"member_id": first, "home_id": second}).json["merge_ids"]
    tell(alice)
    assert erp.get(f"/members/{second}/points").json["spendable"] == 42
    assert erp.send("POST", f"/members/joins/{merge_id}/undo").status == 200
    tell(alice)
    assert erp.get(f"/members/{first}/points").json["spendable"] == 30
    assert erp.get(f"/members/{second}/points").json["spendable"] == 12


def test_a_consent_needs_its_proof_and_can_be_taken_back(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice, "小荷")
    at = f"/members/{member_id}/consents"
    assert erp.send("POST", at, {"channel": "sms", "purpose": "marketing"}).status == 422
    said = {"channel": "sms", "purpose": "marketing", "evidence": "小票背面签字，2026-11-20"}
    assert erp.send("POST", at, said).json == {"count": 1}
    assert erp.send("POST", at, said).json == {"count": 0}
    stands = {(one["channel"], one["purpose"]): one["state"] for one in erp.get(at).json["items"]}
    assert stands["sms", "marketing"] == "given"
    assert stands["mail", "marketing"] == "none"
    assert erp.send("POST", f"{at}/withdraw", {"channel": "sms", "purpose": "marketing"}).json == {"count": 1}
    assert {one["state"] for one in erp.get(at).json["items"]} == {"withdrawn", "none"}
    assert erp.send("POST", "/members/suppress", {"member_ids": [member_id], "reason": "来电投诉"}).json == {"count": 1}
