"""Points over the API: exact balances, refusals that change nothing, one effect a key."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from shuke.core import clock
from shuke.core.actors import SYSTEM
from shuke.core.tenancy import tenant
from shuke.ledger import checks
from shuke.ledger import queries as ledger
from shuke.members import actions as members
from shuke.merchants import queries as merchants
from tests import make
from tests.api.program import Program
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def someone(place: make.Place, nick: str = "爱喝茶的小林") -> int:
    """A member of the place."""
    with tenant(place.merchant_id):
        sighting = members.Sighting(seen_at=NOW, nick=nick)
        return members.recognise(place.merchant_id, place.shop_id, [sighting], source="", by=SYSTEM)[0]


def balance(member_id: int, active: int = 0, **more: int) -> dict[str, Any]:
    """What a route tells of her balance."""
    told = {"member_id": member_id, "active": active, "pending": 0, "reserved": 0, "debt": 0, **more}
    return {"spendable": 0 if told["debt"] else active, **told}


def test_points_are_given_spent_given_back_and_explained(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    said = erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 300, "reason": "补发活动积分"})
    assert (said.status, said.json) == (200, balance(lin, 300))
    said = erp.send("POST", "/points/spend", {"member_id": lin, "amount": 120, "source": "mall:7"}, key="cup")
    assert said.json == {**balance(lin, 180), "spending": f"api:{erp.key_id}:cup"}
    back = {"spending": said.json["spending"], "amount": 20}
    assert (erp.send("POST", "/points/give-back", back).status, _active(alice, lin)) == (200, 200)
    assert erp.send("POST", "/points/adjust", {"member_id": lin, "amount": -50, "reason": "多给了"}).json == balance(
        lin, 150
    )
    lines = erp.get("/points/lines", {"member_id": lin}).json["items"]
    assert [(one["kind"], one["amount"], one["by"]) for one in lines] == [
        ("adjusted", -50, f"program:{erp.key_id}"), ("given_back", 20, f"program:{erp.key_id}"),
        ("spent", -120, f"program:{erp.key_id}"), ("adjusted", 300, f"program:{erp.key_id}"),
    ]  # fmt: skip
    assert "补发活动积分" in lines[3]["sentence"]
    summary = erp.get(f"/members/{lin}/points").json
    assert (summary["left"], summary["adjusted"], summary["spent"]) == (150, 250, 100)
    with tenant(alice.merchant_id):
        assert [line.act for line in merchants.audit_lines(alice.merchant_id, act="points.")] == ["points.adjusted"] * 2
        assert checks.run(alice.merchant_id) == []


def _active(place: make.Place, member_id: int) -> int:
    with tenant(place.merchant_id):
        return ledger.balance(place.merchant_id, "points", member_id).active


@pytest.mark.parametrize(
    ("path", "body", "status", "code"),
    [
        ("/points/spend", {"amount": 101}, 409, "not_enough"),
        ("/points/adjust", {"amount": -101, "reason": "多给了"}, 409, "not_enough"),
        ("/points/adjust", {"amount": 0, "reason": "多给了"}, 422, "invalid"),
        ("/points/adjust", {"amount": 5, "reason": ""}, 422, "invalid"),
        ("/points/adjust", {"amount": 5, "reason": "多给了", "note": "x"}, 422, "invalid"),
        ("/points/spend", {"amount": 1, "member_id": 987_654_321}, 404, "no_member"),
        ("/points/spend", {"amount": 10**30}, 422, "invalid"),
        ("/points/reservations", {"amount": 101}, 409, "not_enough"),
        ("/points/give-back", {"spending": "nothing", "amount": 1, "member_id": None}, 422, "invalid"),
    ],
)
def test_a_refused_posting_changes_nothing(
    alice: make.Place, erp: Program, path: str, body: dict[str, Any], status: int, code: str
) -> None:
    lin = someone(alice)
    erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 100, "reason": "补发活动积分"})
    said = erp.send("POST", path, {"member_id": lin, **body})
    assert (said.status, said.code) == (status, code)
    assert said.headers["Content-Type"] == "application/problem+json"
    assert _active(alice, lin) == 100
    assert len(erp.get("/points/lines", {"member_id": lin}).json["items"]) == 1


def test_points_are_set_aside_committed_released_and_come_back_by_themselves(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 100, "reason": "补发活动积分"})
    first = erp.send("POST", "/points/reservations", {"member_id": lin, "amount": 30, "minutes": 10}, key="one")
    assert first.status == 201
    assert first.json == {
        **balance(lin, 70, reserved=30), "reservation_id": first.json["reservation_id"],
        "spending": f"api:{erp.key_id}:one", "until_at": "2026-11-22T04:10:00Z",
    }  # fmt: skip
    assert (
        erp.send("POST", "/points/reservations", {"member_id": lin, "amount": 30, "minutes": 10}, key="one").json
        == first.json
    )
    second = erp.send("POST", "/points/reservations", {"member_id": lin, "amount": 20}).json["reservation_id"]
    third = erp.send("POST", "/points/reservations", {"member_id": lin, "amount": 5}).json["reservation_id"]
    open_now = erp.get(f"/members/{lin}/reservations").json["items"]
    assert sorted(one["amount"] for one in open_now) == [5, 20, 30]
    assert erp.send("POST", f"/points/reservations/{first.json['reservation_id']}/commit").status == 200
    assert erp.send("POST", f"/points/reservations/{second}/release").status == 200
    with clock.frozen(NOW + timedelta(minutes=31)):
        said = erp.send("POST", f"/points/reservations/{third}/commit")
        assert (said.status, said.code) == (409, "reservation_over")
        assert _active(alice, lin) == 70
        assert erp.send("POST", "/points/give-back", {"spending": first.json["spending"], "amount": 30}).status == 200
        assert _active(alice, lin) == 100


def test_lines_are_paged_by_a_cursor_that_later_lines_do_not_move(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    for amount in range(1, 6):
        erp.send("POST", "/points/adjust", {"member_id": lin, "amount": amount, "reason": "补发活动积分"})
    page = erp.get("/points/lines", {"member_id": lin, "limit": 2}).json
    seen = [one["amount"] for one in page["items"]]
    erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 99, "reason": "补发活动积分"})
    while page["next"]:
        page = erp.get("/points/lines", {"member_id": lin, "limit": 2, "cursor": page["next"]}).json
        seen += [one["amount"] for one in page["items"]]
    assert seen == [5, 4, 3, 2, 1]
    said = erp.get("/audit", {"cursor": erp.get("/points/lines", {"limit": 1}).json["next"]})
    assert (said.status, said.code) == (422, "bad_cursor")
    assert erp.get("/points/lines", {"limit": 201}).status == 422
