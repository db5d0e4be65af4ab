"""Another merchant's ids open nothing: every operation of the document, with its own example. New ones are in it by themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from shuke.api.document import document, operation
from shuke.api.route import FILE, PREFIX, Route, routes
from shuke.core import sql
from shuke.core.tenancy import tenant
from shuke.members.queries import roll
from tests import make
from tests.api.program import Program, program
from tests.architecture.doors import ids_of, state_of
from tests.architecture.test_doors import arrange, import_orders

OWN_ID = {"shop_id", "member_id", "member_ids", "home_id", "attribute_id", "tag_id", "group_id", "plan_id"}
TABLES = {"attribute": "members_attribute", "reservation": "ledger_reservation", "import": "trade_import",
          "order": "trade_order", "tag": "members_tag", "group": "members_group", "member": "members_member",
          "shop": "merchants_shop", "home": "members_member", "merge": "members_merge",
          "redemption": "loyalty_redemption", "plan": "loyalty_plan", "term": "loyalty_term",
          "request": "loyalty_adjustmentrequest", "rule": "loyalty_pointsrule", "endpoint": "webhooks_endpoint"}  # fmt: skip


@pytest.fixture
def neighbours(alice: make.Place, charlie: make.Place, tmp_path: Path) -> tuple[Program, make.Place, make.Place]:
    """Alice's program; her shop and Charlie's, each with orders, members and points."""
    for place, seed in ((alice, 1), (charlie, 2)):
        import_orders(place, seed, tmp_path)
        arrange(place)
        own = program(place)
        member_id = ids_of(place.merchant_id)["members_member"]
        own.send("POST", "/points/adjust", {"member_id": member_id, "amount": 50, "reason": "补发活动积分"})
        own.send("POST", "/points/reservations", {"member_id": member_id, "amount": 5})
        sale = {"member_id": member_id, "plan_id": ids_of(place.merchant_id)["loyalty_plan"], "paid_fen": 9900}
        own.send("POST", "/memberships", {**sale, "reason": "线下转账"})
        own.send("POST", "/members/join", {"member_id": two_members(place)[0], "home_id": two_members(place)[1]})
    return program(alice), alice, charlie


def two_members(place: make.Place) -> list[int]:
    """The first two members of a merchant."""
    with tenant(place.merchant_id):
        return roll.member_ids(place.merchant_id)[:2]


def call(visitor: Program, route: Route, ids: dict[str, int]) -> Any:
    """Call a route with its example, every id in it replaced by one of `ids`."""
    told = operation(document(), route)
    path = route.path
    for one in told["parameters"]:
        if one["in"] == "path":
            value = _id(one["name"], ids) if one["schema"].get("type") == "integer" else one["example"]
            name = one["name"]
            path = path.replace(f"{{int:{name}}}", str(value)).replace(f"{{{name}}}", str(value))
    query = {one["name"]: _replaced(one["name"], one.get("example"), ids) for one in told["parameters"]
             if one["in"] == "query" and (one.get("required") or one["name"] in OWN_ID)}  # fmt: skip
    if route.method == "GET":
        return visitor.get(path, query)
    address = path + ("?" + "&".join(f"{name}={value}" for name, value in query.items()) if query else "")
    if route.takes == FILE:
        return visitor.raw(route.method, address, b"a,b\n1,2\n", FILE)
    body = told.get("requestBody", {}).get("content", {}).get("application/json", {}).get("example")
    return visitor.send(route.method, address, None if body is None else _replaced("", body, ids))


def _replaced(name: str, value: Any, ids: dict[str, int]) -> Any:
    if isinstance(value, dict):
        return {inner: _replaced(inner, one, ids) for inner, one in value.items()}
    if name == "member_ids":
        return [_id("member_id", ids)]
    if isinstance(value, list):
        return [_replaced(name, one, ids) for one in value]
    return _id(name, ids) if name in OWN_ID else value


def _id(name: str, ids: dict[str, int]) -> int:
    return ids[TABLES[name.removesuffix("_id")]]


def names_an_id(route: Route) -> bool:
    """Whether its path or example says whose something is."""
    told = operation(document(), route)
    in_path = any(one["in"] == "path" and one["schema"].get("type") == "integer" for one in told["parameters"])
    body = json.dumps(told.get("requestBody", {}))
    return in_path or any(f'"{name}"' in body for name in OWN_ID)


@pytest.mark.django_db
def test_another_merchants_ids_open_nothing(neighbours: tuple[Program, make.Place, make.Place]) -> None:
    erp, alice, charlie = neighbours
    strange, before = ids_of(charlie.merchant_id), state_of(charlie.merchant_id)
    mine = state_of(alice.merchant_id)
    wrong = []
    for route in routes():
        said = call(erp, route, strange)
        allowed = {404} if names_an_id(route) else {200, 201, 404, 409, 422}
        if said.status not in allowed or any(mark in said.body.decode() for mark in ("Charlie", "shop2")):
            wrong.append(f"{route.method} {route.path}: {said.status} {said.body[:200]!r}")
    assert wrong == []
    assert state_of(charlie.merchant_id) == before
    after = state_of(alice.merchant_id)
    assert {table for table in mine if mine[table] != after[table]} <= {
        "merchants_apianswer", "merchants_apikey", "merchants_auditentry", "merchants_setting", "merchants_shop",
        "members_group", "members_attribute", "loyalty_pointsrule", "loyalty_levelrule", "core_progress",
        "loyalty_plan", "webhooks_endpoint",
        "analytics_mark", "analytics_memberrow",  # the list brings its own rows up to date when it is read
    }  # fmt: skip


@pytest.mark.django_db
def test_the_same_calls_open_with_ones_own_ids(neighbours: tuple[Program, make.Place, make.Place]) -> None:
    """Else the walk above would prove nothing."""
    erp, alice, _charlie = neighbours
    shut = []
    for route in sorted(routes(), key=lambda one: one.method == "DELETE"):
        said = call(erp, route, ids_of(alice.merchant_id))
        if (
            names_an_id(route)
            and said.status == 404
            and said.code not in {"no_levels", "no_rule", "no_spending", "no_code"}
        ):
            shut.append(f"{route.method} {route.path}: {said.body!r}")
    assert shut == []


@pytest.mark.django_db
def test_every_table_of_a_merchant_that_a_route_names_is_known_here() -> None:
    named = {one["name"].removesuffix("_id") for route in routes() for one in operation(document(), route)["parameters"]
             if one["in"] == "path" and one["schema"].get("type") == "integer"}  # fmt: skip
    assert named <= set(TABLES)
    assert all(sql.scalar("SELECT to_regclass(%(table)s)", {"table": table}) for table in TABLES.values())
    assert {f"/{path.lstrip('/')}".startswith(PREFIX) for path in document()["paths"]} == {True}
