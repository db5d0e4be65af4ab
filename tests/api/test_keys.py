"""Keys: how they look, whom they let in, what they may do, how they end."""

from __future__ import annotations

import re
from datetime import timedelta

import pytest

from shuke.api.route import routes
from shuke.core import clock, sql
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.merchants import actions as merchants
from shuke.merchants import queries, rules
from shuke.merchants.specs import ApiKeySpec
from tests import make
from tests.api.program import SCOPES, Program, program
from tests.conftest import NOW

pytestmark = pytest.mark.django_db


def test_a_key_is_shown_once_and_kept_only_as_a_keyed_hash(alice: make.Place) -> None:
    with tenant(alice.merchant_id):
        key_id, text = merchants.create_key(
            alice.merchant_id, ApiKeySpec(name="ERP", scopes=["orders:write"]), by=alice.by
        )
        assert re.fullmatch(rf"shk_{alice.merchant_id}_[0-9A-Za-z]{{46}}", text)
        row = sql.rows("SELECT k::text FROM merchants_apikey k WHERE id = %(id)s", {"id": key_id})[0][0]
        assert text not in row
        assert text.rpartition("_")[2][8:40] not in row
        assert queries.api_key(alice.merchant_id, key_id) == queries.ApiKey(
            key_id, "ERP", text.rpartition("_")[2][:8], frozenset({"orders:write"}), (), None, 6000, NOW,
            alice.by.label, None, None, None,
        )  # fmt: skip


def test_a_mistyped_key_is_known_by_its_checksum() -> None:
    text = rules.key_text(7, "A" * 8 + "b" * 32)
    assert rules.key_parts(text) == (7, "AAAAAAAA")
    for place in range(len(text)):
        changed = text[:place] + ("x" if text[place] != "x" else "y") + text[place + 1 :]
        assert rules.key_parts(changed) is None


def test_no_key_another_key_and_a_revoked_key_open_nothing(alice: make.Place, erp: Program) -> None:
    assert erp.get("/me").json["name"] == "Alice的小店"
    for text in ("", "shk_1_abc", rules.key_text(alice.merchant_id, "A" * 40), rules.key_text(999_999, "A" * 40)):
        said = Program(text).get("/me")
        assert (said.status, said.code) == (401, "unauthorized")
        assert said.headers["WWW-Authenticate"] == 'Bearer realm="shuke"'
    with tenant(alice.merchant_id):
        merchants.revoke_key(alice.merchant_id, erp.key_id, by=alice.by)
        merchants.revoke_key(alice.merchant_id, erp.key_id, by=alice.by)
        assert [line.act for line in queries.audit_lines(alice.merchant_id, act="key.")] == [
            "key.revoked",
            "key.created",
        ]
    assert erp.get("/me").status == 401
    said = erp.send("POST", "/points/adjust", {"member_id": 1, "amount": 5, "reason": "试试"})
    assert said.status == 429  # the fifth failure of this address


def test_the_right_mark_with_another_secret_opens_nothing(alice: make.Place, erp: Program) -> None:
    mark = erp.text.rpartition("_")[2][:8]
    assert Program(rules.key_text(alice.merchant_id, mark + "A" * 32)).get("/me").status == 401


def test_a_key_ends_on_its_day(alice: make.Place) -> None:
    visitor = program(alice, expires_days=2)
    with clock.frozen(NOW + timedelta(days=2, seconds=-1)):
        assert visitor.get("/me").status == 200
    with clock.frozen(NOW + timedelta(days=2)):
        assert visitor.get("/me").status == 401


def test_a_key_is_used_only_from_its_networks(alice: make.Place) -> None:
    assert program(alice, networks=["127.0.0.0/8"]).get("/me").status == 200
    said = program(alice, networks=["203.0.113.7"]).get("/me")
    assert (said.status, said.code) == (403, "wrong_address")


def test_failed_tries_are_throttled_by_address(alice: make.Place) -> None:
    wrong = Program(rules.key_text(alice.merchant_id, "A" * 40))
    statuses = [wrong.get("/me").status for _try in range(6)]
    assert statuses == [401, 401, 401, 401, 401, 429]
    assert int(wrong.get("/me").headers["Retry-After"]) == 30


@pytest.mark.parametrize("scope", SCOPES)
def test_a_key_opens_the_routes_of_its_scopes_and_no_others(alice: make.Place, scope: str) -> None:
    visitor = program(alice, [scope])
    wrong = []
    for route in routes():
        path = re.sub(r"\{[^}]*\}", "1", route.path)
        said = visitor.get(path) if route.method == "GET" else visitor.send(route.method, path)
        is_shut = said.status == 403 and said.code == "scope_missing"
        if is_shut != (route.scope not in {"", scope}):
            wrong.append((route.method, route.path, said.status))
    assert wrong == []


def test_a_key_of_one_shop_knows_no_other(alice: make.Place) -> None:
    with tenant(alice.merchant_id):
        other = merchants.open_shop(alice.merchant_id, "Alice的茶铺", "taobao", by=alice.by)
    visitor = program(alice, ["orders:read", "orders:write"], shop_id=alice.shop_id)
    assert [one["id"] for one in visitor.get("/shops").json["items"]] == [alice.shop_id]
    assert visitor.get("/orders", {"shop_id": other}).status == 404
    assert visitor.send("POST", "/orders", {"shop_id": other, "orders": [{}]}).status == 404
    with tenant(alice.merchant_id):
        spec = ApiKeySpec(name="ERP", scopes=["members:read"], shop_id=alice.shop_id)
        with pytest.raises(Refused, match="scope_of_all_shops"):
            merchants.create_key(alice.merchant_id, spec, by=alice.by)
        with pytest.raises(Missing, match="no_shop"):
            merchants.create_key(
                alice.merchant_id, ApiKeySpec(name="ERP", scopes=["orders:read"], shop_id=12345), by=alice.by
            )
        assert len(queries.api_keys(alice.merchant_id)) == 1


def test_calls_of_a_key_are_limited_and_grow_back(alice: make.Place) -> None:
    visitor = program(alice, per_minute=3)
    found = [visitor.get("/me") for _call in range(4)]
    assert [one.status for one in found] == [200, 200, 200, 429]
    assert [one.headers["RateLimit"] for one in found] == [
        '"key";r=2;t=20', '"key";r=1;t=40', '"key";r=0;t=60', '"key";r=0;t=60',
    ]  # fmt: skip
    assert found[3].headers["RateLimit-Policy"] == '"key";q=3;w=60'
    assert found[3].headers["Retry-After"] == "20"
    with clock.frozen(NOW + timedelta(seconds=20)):
        assert [visitor.get("/me").status for _call in range(2)] == [200, 429]
