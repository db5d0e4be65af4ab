"""The rules of points and levels by programs: saved, read, planned for a day to come, called off."""

from __future__ import annotations

import pytest

from shuke.core.tenancy import tenant
from shuke.loyalty import queries
from tests.api.program import Program
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_points_rule_is_saved_planned_and_called_off(erp: Program, alice: Place) -> None:
    assert erp.get("/rules/points").code == "no_rule"
    assert erp.send("PUT", "/rules/points", {"points_per_yuan": "2"}).json == {"number": 1}
    assert erp.send("PUT", "/rules/points", {"points_per_yuan": "3", "start_on": "2027-01-01"}).json == {"number": 2}
    now = erp.get("/rules/points").json
    assert (now["number"], now["rule"]["points_per_yuan"]) == (1, "2")
    [planned] = erp.get("/rules/points/planned").json["items"]
    assert (planned["number"], planned["valid_from"]) == (2, "2026-12-31T16:00:00Z")
    for _time in range(2):
        assert erp.send("DELETE", f"/rules/points/planned/{planned['id']}").status == 200
        assert erp.get("/rules/points/planned").json == {"items": []}
    holds, missing = (erp.send("DELETE", f"/rules/points/planned/{number}") for number in (now["id"], 9))
    assert [(one.status, one.code) for one in (holds, missing)] == [(409, "rule_holds"), (404, "no_rule")]
    with tenant(alice.merchant_id):
        assert [one.withdrawn_at is None for one in queries.points_rules(alice.merchant_id)] == [False, True]


def test_a_level_rule_is_saved_and_read(erp: Program) -> None:
    assert erp.get("/rules/levels").code == "no_rule"
    assert erp.send("PUT", "/rules/levels", {}).json == {"number": 1}
    found = erp.get("/rules/levels").json
    assert found["number"] == 1
    assert [level["name"] for level in found["rule"]["levels"]] == [
        "店铺客户",
        "普通会员",
        "高级会员",
        "VIP会员",
        "至尊VIP",
    ]
