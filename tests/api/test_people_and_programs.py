"""What the console can do for one person, and for other programs, done by a program."""

from __future__ import annotations

from datetime import timedelta

import pytest

from shuke.core import facts, sql
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.actions import Adjustment
from shuke.merchants import actions as merchants
from tests import make
from tests.api.program import Program, program
from tests.conftest import NOW

pytestmark = pytest.mark.django_db(transaction=True)
PLAN = {"name": "年卡", "price_fen": 9900, "days": 30, "bonus_points": 200}


def customer(erp: Program, place: make.Place, nick: str = "小荷", **more: object) -> int:
    people = {"shop_id": place.shop_id, "people": [{"nick": nick, **more}]}
    [member_id] = erp.send("POST", "/members", people).json["member_ids"]
    return int(member_id)


def count_of(place: make.Place, table: str) -> int:
    with tenant(place.merchant_id):
        return int(sql.scalar(f"SELECT count(*) FROM {table} WHERE merchant_id = %(m)s", {"m": place.merchant_id}))


def test_a_membership_is_sold_once_gives_its_points_and_is_taken_back(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice)
    plan_id = erp.send("POST", "/plans", PLAN).json["id"]
    [plan] = erp.get("/plans").json["items"]
    assert (plan["id"], plan["plan"]["price_fen"], plan["retired_at"]) == (plan_id, 9900, None)
    sale = {"member_id": member_id, "plan_id": plan_id, "paid_fen": 8800, "reason": "bank transfer"}
    sold = erp.send("POST", "/memberships", sale, key="sale-1")
    assert sold.status == 201
    assert erp.send("POST", "/memberships", sale, key="sale-1").json == sold.json
    [term] = erp.get("/memberships", {"member_id": member_id}).json["items"]
    assert (term["id"], term["price_fen"], term["days"], term["by"]) == (
        sold.json["id"],
        8800,
        30,
        f"program:{erp.key_id}",
    )
    held = erp.get(f"/members/{member_id}/membership").json
    assert (held["plan_name"], held["until_at"]) == ("年卡", term["ends_at"])
    assert erp.get(f"/members/{member_id}/points").json["spendable"] == 200

    cancelled = erp.send("POST", f"/memberships/{term['id']}/cancel", {"reason": "not paid after all"})
    assert cancelled.status == 200
    assert erp.get(f"/members/{member_id}/membership").json["plan_name"] == ""
    assert erp.get(f"/members/{member_id}/points").json["spendable"] == 0
    erp.send("POST", f"/plans/{plan_id}/retire")
    assert erp.send("POST", "/memberships", sale, key="sale-2").code == "plan_retired"
    assert len(erp.get("/memberships").json["items"]) == 1


def test_a_statement_adds_up(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice)
    for amount in (100, -30, 5):
        erp.send("POST", "/points/adjust", {"member_id": member_id, "amount": amount, "reason": "review"})
    found = erp.get(f"/members/{member_id}/statement", {"from_on": "2026-11-01", "to_on": "2026-11-30"}).json
    assert (found["first_on"], found["last_on"], found["opening"], found["closing"]) == (
        "2026-11-01",
        "2026-11-22",
        0,
        75,
    )
    assert sorted(line["amount"] for line in found["lines"]) == [-30, 5, 100]
    assert found["lines"][-1]["balance"] == 75
    turned = erp.get(f"/members/{member_id}/statement", {"from_on": "2026-12-01", "to_on": "2026-11-01"})
    assert (turned.status, turned.code) == (422, "bad_value")


def test_requests_for_a_second_person_are_listed_and_no_key_can_decide(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice)
    lead = merchants.create_user("lead", "Lead", make.PASSWORD)
    with tenant(alice.merchant_id):
        merchants.employ(alice.merchant_id, lead, "service_lead", by=alice.by)
        asked = loyalty.submit_adjustment(
            alice.merchant_id, [Adjustment(member_id, 6000)], reason="late gift", by=alice.by, key="ask"
        )
    [one] = erp.get("/points/requests", {"state": "waiting"}).json["items"]
    assert (one["id"], one["items"], one["amount"]) == (asked, [{"member_id": member_id, "amount": 6000}], 6000)
    assert erp.get(f"/points/requests/{asked}").json == one
    assert erp.get("/points/requests", {"state": "approved"}).json["items"] == []
    assert erp.send("POST", f"/points/requests/{asked}").status == 405


def test_a_deletion_waits_can_be_called_off_and_asked_again(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice)
    at = f"/members/{member_id}/erasure"
    assert erp.get(at).json == {"member_id": member_id, "due_at": None}
    started = erp.send("POST", at).json
    assert started["due_at"] > (NOW + timedelta(days=1)).isoformat()
    assert erp.send("POST", at).json == started == erp.get(at).json
    assert erp.send("DELETE", at).status == 200
    assert erp.send("DELETE", at).code == "nothing_waiting"
    assert erp.get(at).json["due_at"] is None


def test_all_that_is_kept_of_her_is_handed_out_and_the_audit_log_tells(erp: Program, alice: make.Place) -> None:
    member_id = customer(erp, alice, phone="13800138000", phone_is_own=True)
    erp.send("POST", "/points/adjust", {"member_id": member_id, "amount": 100, "reason": "review"})
    content = erp.send("POST", f"/members/{member_id}/my-data").json["content"]
    assert [one["value"] for one in content["personal"]] == ["13800138000"]
    assert [one["amount"] for one in content["points"]] == [100]
    [line] = erp.get("/audit", {"act": "member.data_handed_out"}).json["items"]
    assert (line["object_id"], line["by"]) == (member_id, f"program:{erp.key_id}")
    assert "13800138000" not in str(line)


def test_an_endpoint_is_made_its_secret_told_and_what_was_given_up_sent_again(erp: Program, alice: make.Place) -> None:
    made = erp.send("POST", "/webhooks", {"url": "https://erp.example.com/shuke"}, key="hook")
    assert (made.status, made.json["secret"][:6]) == (201, "whsec_")
    assert erp.send("POST", "/webhooks", {"url": "https://erp.example.com/shuke"}, key="hook").json == made.json
    at = f"/webhooks/{made.json['id']}"
    sent = erp.send("POST", f"{at}/test").json
    assert (sent["kind"], sent["state"]) == ("webhooks.test", "new")
    with tenant(alice.merchant_id):
        sql.run("UPDATE webhooks_delivery SET state = 'dead' WHERE merchant_id = %(m)s", {"m": alice.merchant_id})
    [dead] = erp.get(f"{at}/deliveries", {"state": "dead"}).json["items"]
    assert (dead["id"], erp.get(at).json["dead_count"]) == (sent["id"], 1)
    assert erp.send("POST", f"{at}/replay", {}).json == {"count": 1}
    assert erp.send("POST", "/webhooks/deliveries/replay", {"delivery_ids": [sent["id"]]}).json == {"count": 1}
    assert erp.get(f"{at}/deliveries", {"state": "new"}).json["items"][0]["id"] == sent["id"]

    changed = erp.send("PUT", at, {"url": "https://erp.example.com/other", "is_active": False}).json
    assert (changed["url"], changed["is_active"]) == ("https://erp.example.com/other", False)
    assert erp.send("POST", f"{at}/secret").json["secret"] != made.json["secret"]
    refused = erp.send("PUT", at, {"url": "https://127.0.0.1/inside"})
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "url")
    assert erp.send("DELETE", at).status == 200
    assert (count_of(alice, "webhooks_endpoint"), count_of(alice, "webhooks_delivery")) == (0, 0)
    assert erp.get(at).code == "no_endpoint"


@pytest.mark.parametrize(
    ("method", "path"),
    [("POST", "/plans"), ("POST", "/memberships"), ("POST", "/members/1/erasure"), ("POST", "/members/1/my-data"),
     ("GET", "/members/1/erasure"), ("GET", "/webhooks"), ("POST", "/webhooks"), ("POST", "/webhooks/1/secret")],
)  # fmt: skip
def test_reading_keys_may_none_of_it(alice: make.Place, method: str, path: str) -> None:
    reader = program(alice, ["members:read", "points:read", "personal:read", "facts:read"])
    found = reader.get(path) if method == "GET" else reader.send(method, path, {})
    assert (found.status, found.code) == (403, "scope_missing")
    assert facts.pending_count(alice.merchant_id) == 0
    assert count_of(alice, "webhooks_endpoint") == 0
