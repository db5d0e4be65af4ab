"""Another merchant's ids open no door: every address × method × role. A new address is in it by itself."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from django.test import Client
from django.urls import reverse

from shuke.cli.sample_exports import write_exports
from shuke.core import clock, facts, sql
from shuke.core.actors import staff
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty.specs import PlanSpec, PointsRuleSpec
from shuke.loyalty.specs.redemption import RedemptionRuleSpec
from shuke.members import actions as members
from shuke.members.queries import links, roll
from shuke.members.specs import AttributeSpec, GroupSpec
from shuke.merchants import actions as merchants
from shuke.merchants import rules
from shuke.merchants.specs import ApiKeySpec
from shuke.platforms.specs import MappingSpec
from shuke.trade import actions as trade
from shuke.webhooks import actions as webhooks
from shuke.webhooks.specs import EndpointSpec
from tests import make
from tests.architecture.doors import Door, doors, ids_of, state_of, strange_values

FIELDS = ("member_id", "member_ids", "members", "ids", "id", "order_id", "shop_id", "shop", "import_id", "staff_id", "group_id",
          "tag_id", "user_id", "target", "other", "into")  # fmt: skip
ERP = "单号,日期,金额\n8801,2026-10-01,58\n"
CLOSED = {301, 302, 303, 400, 401, 403, 404, 405, 409, 415, 422, 429}


@pytest.fixture
def strangers(alice: make.Place, charlie: make.Place, tmp_path: Path) -> tuple[make.Place, make.Place]:
    """Alice's and Charlie's shops, each with orders, members and points."""
    for place, seed in ((alice, 1), (charlie, 2)):
        import_orders(place, seed, tmp_path)
        arrange(place)
    return alice, charlie


def import_orders(place: make.Place, seed: int, tmp_path: Path) -> None:
    """Give the place orders, members and what follows from them, and before that a format of its own."""
    with tenant(place.merchant_id):
        import_id = trade.upload(place.merchant_id, place.shop_id, "erp.csv", [ERP.encode()], by=place.by)
        columns = MappingSpec(label="ERP订单", order_no="单号", placed_at="日期", total="金额")
        trade.save_mapping(place.merchant_id, import_id, columns, by=place.by)
    files = write_exports(
        tmp_path / str(seed), orders=12, buyers=5, months=3, until=date(2026, 11, 1), seed=seed, shop=f"shop{seed}"
    )
    for path in files:
        with tenant(place.merchant_id):
            import_id = trade.upload(place.merchant_id, place.shop_id, path.name, [path.read_bytes()], by=place.by)
            trade.inspect(place.merchant_id, import_id)
            trade.start(place.merchant_id, import_id, by=place.by)
        trade.run(place.merchant_id, import_id)
    while facts.drain(place.merchant_id):
        pass


def arrange(place: make.Place) -> None:
    """Give the place a row of every table whose ids stand in addresses, so that the walk need not try all the others'."""
    with tenant(place.merchant_id):
        _organise(place)
        _reward(place)
        _let_in(place)


def _organise(place: make.Place) -> None:
    someone = roll.member_ids(place.merchant_id)[:1]
    members.tag(place.merchant_id, someone, ["茶友"], by=place.by)
    group_id = members.create_group(place.merchant_id, GroupSpec(name="老客"), by=place.by)
    members.add_to_group(place.merchant_id, group_id, someone, by=place.by)
    members.create_attribute(place.merchant_id, AttributeSpec(name="口味"), by=place.by)
    members.suppress(place.merchant_id, ["13900001111"], reason="来电要求", by=place.by)
    *_others, loser, survivor, _last = roll.member_ids(place.merchant_id)
    members.merge(place.merchant_id, [(loser, survivor)], by=place.by, key="arranged")


def _let_in(place: make.Place) -> None:
    merchants.create_key(place.merchant_id, ApiKeySpec(name="ERP", scopes=["orders:read"]), by=place.by)
    endpoint_id, _secret = webhooks.create_endpoint(
        place.merchant_id, EndpointSpec(url="https://erp.example.com/"), by=place.by
    )
    webhooks.send_test(place.merchant_id, endpoint_id, by=place.by)


def _reward(place: make.Place) -> None:
    someone = roll.member_ids(place.merchant_id)[:1]
    loyalty.adjust(
        place.merchant_id, [loyalty.Adjustment(someone[0], 500)], reason="开店礼", by=place.by, key="arranged"
    )
    loyalty.save_points_rule(place.merchant_id, PointsRuleSpec(start_on=date(2027, 1, 1)), by=place.by)
    loyalty.save_redemption_rule(place.merchant_id, RedemptionRuleSpec(is_on=True), by=place.by)
    loyalty.reserve_redemption(place.merchant_id, someone[0], 100, key="arranged", by=place.by)
    plan = PlanSpec(name="年卡", price_fen=9900, benefits="每月一份新茶")
    plan_id = loyalty.save_plan(place.merchant_id, plan, by=place.by)
    loyalty.sell_membership(
        place.merchant_id, someone[0], plan_id, paid_fen=9900, reason="线下转账", by=place.by, key="arranged"
    )
    # With a second person beside her, an owner's large adjustment waits.
    lead = merchants.create_user(f"lead-{place.merchant_id}", "Lead", make.PASSWORD)
    merchants.employ(place.merchant_id, lead, "service_lead", by=place.by)
    large = [loyalty.Adjustment(someone[0], 6000)]
    assert loyalty.submit_adjustment(place.merchant_id, large, reason="周年庆", by=place.by, key="large")


def give_passkey(user_id: int) -> int:
    """A passkey of hers, which belongs to no merchant; its id."""
    return int(sql.scalar(
        "INSERT INTO merchants_passkey (user_id, credential_id, credential, sign_count, name, created_at)"
        " VALUES (%(user_id)s, 'key', 'key', 0, '手机', %(now)s) RETURNING id", {"user_id": user_id, "now": clock.now()}
    ))  # fmt: skip


def visitors(place: make.Place, chosen: int) -> Iterator[tuple[str, Client]]:
    """One signed-in person of Alice's for every role, each pretending to have chosen Charlie's merchant; and nobody."""
    yield "nobody", Client(raise_request_exception=False)
    buyer = Client(raise_request_exception=False)
    with tenant(place.merchant_id):
        member_id = ids_of(place.merchant_id)["members_member"]
        buyer.cookies["buyer"] = links.seal(links.VISIT, place.merchant_id, member_id, timedelta(days=1))
        assert buyer.get(reverse("portal:home")).status_code == 200
    yield "buyer", buyer
    for role in rules.ROLES:
        user_id = place.owner_user_id
        if role != "owner":
            user_id = merchants.create_user(f"a-{role}", f"A {role}", make.PASSWORD)
            with tenant(place.merchant_id):
                merchants.employ(place.merchant_id, user_id, role, by=staff(place.owner_id))
        client = Client(raise_request_exception=False)
        client.post(
            reverse("console:sign_in"),
            {"username": f"a-{role}" if role != "owner" else "alice", "password": make.PASSWORD},
        )
        session = client.session
        session["merchant_id"] = chosen
        session.save()
        yield role, client


@pytest.mark.django_db
def test_the_same_doors_open_to_the_owners_own_ids(strangers: tuple[make.Place, make.Place]) -> None:
    """Else the walk below would prove nothing."""
    alice, _ = strangers
    own = ids_of(alice.merchant_id)
    client = dict(visitors(alice, alice.merchant_id))["owner"]
    assert client.get(reverse("console:home")).status_code == 200
    shut = [
        door.route
        for door in doors()
        if [kind for kind, _ in door.places] == ["int"]
        and all(client.get(door.path(values)).status_code == 404 for values in strange_values(door, own))
    ]
    assert shut == []


def knock(
    client: Client, door: Door, values: dict[str, str], strange: dict[str, int]
) -> Iterator[tuple[str, int, bytes]]:
    """GET with strange ids in the address and after the question mark, POST with strange ids in the form."""
    fields = {name: str(next((number for table, number in strange.items() if table.endswith(f"_{name.removesuffix('s').removesuffix('_id')}")), 0))
              for name in FIELDS}  # fmt: skip
    path = door.path(values)
    for method, response in (("GET", client.get(path, fields)), ("POST", client.post(path, fields))):
        body = b"".join(response) if response.streaming else response.content
        yield method, response.status_code, body


@pytest.mark.django_db
def test_no_door_opens_to_another_merchants_ids(strangers: tuple[make.Place, make.Place]) -> None:
    alice, charlie = strangers
    strange, before = ids_of(charlie.merchant_id), state_of(charlie.merchant_id)
    strange["merchants_passkey"] = give_passkey(charlie.owner_user_id)
    marks = [mark.encode() for mark in ("Charlie的小店", "Charlie旗舰店")]
    wrong = []
    for role, client in visitors(alice, charlie.merchant_id):
        for door in doors():
            if door.name in {"console:sign_out", "console:language"}:
                continue  # they end or change the visitor's own session, and know no ids
            for values in strange_values(door, strange):
                for method, status, body in knock(client, door, values, strange):
                    opened = bool(door.places) and status not in CLOSED
                    if opened or status >= 500 or any(mark in body for mark in marks):
                        wrong.append(f"{role} {method} {door.path(values)}: {status}")
        assert state_of(charlie.merchant_id) == before, role
        assert sql.rows("SELECT name FROM merchants_passkey") == [("手机",)], role
    assert wrong == []


def test_the_walk_finds_all_surfaces() -> None:
    assert {door.route.partition("/")[0] for door in doors()} >= {"console", "b", "api"}
