"""Orders over the API: new, changed, same, rejected, older, undone; and what follows from them."""

from __future__ import annotations

from typing import Any

import pytest

from shuke.core import facts
from shuke.core.tenancy import tenant
from shuke.ledger import checks
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import PointsRuleSpec
from shuke.trade.actions.undoing import run_undo_to_end
from tests import make
from tests.api.program import Program

pytestmark = pytest.mark.django_db

ORDER: dict[str, Any] = {
    "order_no": "3021457890123456789", "state": "paid", "nick": "爱喝茶的小林", "placed_at": "2026-11-20T12:00:00+08:00",
    "paid_at": "2026-11-20T12:01:00+08:00", "total_fen": 12800, "paid_fen": 12800, "phone": "13912345678",
    "lines": [
        {"line_no": "3021457890123456790", "title": "明前龙井", "price_fen": 10000, "quantity": 1, "paid_fen": 10000},
        {"line_no": "3021457890123456791", "title": "茶杯", "price_fen": 2800, "quantity": 1, "paid_fen": 2800},
    ],
}  # fmt: skip


def send(erp: Program, place: make.Place, *orders: dict[str, Any]) -> dict[str, Any]:
    """What became of orders."""
    said = erp.send("POST", "/orders", {"shop_id": place.shop_id, "orders": list(orders)})
    assert said.status == 200, said.body
    told: dict[str, Any] = said.json
    return told


def outcomes(told: dict[str, Any]) -> list[str]:
    return [one["outcome"] for one in told["orders"]]


def test_an_order_is_new_then_the_same_then_changed(alice: make.Place, erp: Program) -> None:
    assert outcomes(send(erp, alice, ORDER)) == ["new"]
    assert outcomes(send(erp, alice, ORDER)) == ["same"]
    finished = {**ORDER, "state": "finished", "finished_at": "2026-11-22T09:00:00+08:00"}
    told = send(erp, alice, finished)
    assert outcomes(told) == ["changed"]
    assert outcomes(send(erp, alice, ORDER)) == ["same"]  # behind what is known: nothing moves back
    [order] = erp.get("/orders").json["items"]
    assert (order["order_no"], order["state"], order["paid_fen"]) == ("3021457890123456789", "finished", 12800)
    whole = erp.get(f"/orders/{order['id']}").json
    assert [(line["title"], line["gross_fen"]) for line in whole["lines"]] == [("明前龙井", 10000), ("茶杯", 2800)]
    assert "13912345678" not in erp.get(f"/orders/{order['id']}").body.decode()
    [kept] = erp.get("/imports").json["items"]
    assert (kept["id"], kept["row_count"], kept["new_count"], kept["changed_count"], kept["same_count"]) == (
        told["import_id"], 4, 1, 1, 2,
    )  # fmt: skip


def test_what_cannot_be_taken_is_rejected_with_its_reason_and_stops_nothing_else(
    alice: make.Place, erp: Program
) -> None:
    told = send(erp, alice, {**ORDER, "order_no": "1"}, ORDER, ORDER, {**ORDER, "colour": "red", "order_no": "5555"})
    assert outcomes(told) == ["rejected", "new", "rejected", "rejected"]
    assert [one["reasons"] for one in told["orders"]] == [
        ["order_no: This is not valid."], [], ["This order stands twice in this call."], ["colour: This field is not known."],
    ]  # fmt: skip
    assert (told["new_count"], told["rejected_count"]) == (1, 3)
    assert len(erp.get("/orders").json["items"]) == 1
    with tenant(alice.merchant_id):
        assert checks.run(alice.merchant_id) == []


@pytest.mark.django_db(transaction=True)
def test_points_follow_and_go_again_when_the_days_orders_are_undone(alice: make.Place, erp: Program) -> None:
    with tenant(alice.merchant_id):
        loyalty.save_points_rule(
            alice.merchant_id, PointsRuleSpec.model_validate({"start_on": "2026-11-01"}), by=alice.by
        )
    finished = {**ORDER, "state": "finished", "finished_at": "2026-11-22T09:00:00+08:00"}
    told = send(erp, alice, finished)
    while facts.drain(alice.merchant_id):
        pass
    member_id = erp.get("/orders").json["items"][0]["member_id"]
    earned = erp.get(f"/members/{member_id}/points").json
    assert earned["earned"] > 0
    assert erp.send("POST", f"/imports/{told['import_id']}/undo").json["state"] == "undoing"
    run_undo_to_end(alice.merchant_id, told["import_id"])
    while facts.drain(alice.merchant_id):
        pass
    assert erp.get("/orders").json["items"] == []
    assert outcomes(send(erp, alice, finished)) == ["new"]


def test_a_thousand_orders_in_one_call(alice: make.Place, erp: Program) -> None:
    many = [
        {**ORDER, "order_no": f"9{number:08d}", "nick": f"客人{number % 50}", "lines": []} for number in range(1000)
    ]
    assert send(erp, alice, *many)["new_count"] == 1000
    seen, cursor = 0, ""
    while cursor is not None:
        page = erp.get("/orders", {"limit": 200, "cursor": cursor}).json
        seen, cursor = seen + len(page["items"]), page["next"]
    assert seen == 1000
    assert erp.send("POST", "/orders", {"shop_id": alice.shop_id, "orders": [*many, ORDER]}).status == 422


def test_her_own_phone_or_mail_names_a_buyer_and_stars_do_not(alice: make.Place, erp: Program) -> None:
    known = {"nick": "", "own_phone": "+86 139-1234-5678", "email": "Yu.Li@example.com"}
    assert outcomes(send(erp, alice, {**ORDER, **known})) == ["new"]
    [order] = erp.get("/orders").json["items"]
    for kind, value in (("phone", "13912345678"), ("email", "yu.li@example.com")):
        assert erp.get("/members/by-identity", {"kind": kind, "value": value}).json["id"] == order["member_id"]
    people = {"shop_id": alice.shop_id, "people": [{"email": "yu.li@example.com", "email_is_own": True}]}
    assert erp.send("POST", "/members", people).json == {"member_ids": [order["member_id"]]}
    for masked in ({"own_phone": "139****5678"}, {"email": "y***@example.com"}):
        assert outcomes(send(erp, alice, {**ORDER, "order_no": "3021457890123456799", **masked})) == ["rejected"]
    assert len(erp.get("/orders").json["items"]) == 1
