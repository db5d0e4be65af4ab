"""Merchants, shops, staff: opening, refusing, and the walls around them."""

from __future__ import annotations

import pytest

from shuke.core import sql
from shuke.core.errors import Refused
from shuke.core.tenancy import NoScope, tenant
from shuke.merchants import actions, queries
from shuke.merchants.models import Shop
from tests.make import Place


def test_alice_sees_her_shop_and_her_people(shop: Place) -> None:
    assert [one.name for one in queries.shops(shop.merchant_id)] == ["Alice旗舰店"]
    assert [(one.display_name, one.role) for one in queries.people(shop.merchant_id)] == [
        ("Alice", "owner"),
        ("Bob", "agent"),
    ]


def test_a_second_shop_of_the_same_name_is_refused(shop: Place) -> None:
    with pytest.raises(Refused) as refused:
        actions.open_shop(shop.merchant_id, "Alice旗舰店", "taobao", by=shop.by)
    assert refused.value.code == "name_taken"
    assert len(queries.shops(shop.merchant_id)) == 1


def test_the_last_owner_stays(shop: Place) -> None:
    with pytest.raises(Refused) as refused:
        actions.set_role(shop.merchant_id, shop.owner_id, "viewer", by=shop.by)
    assert refused.value.code == "last_owner"
    assert queries.people(shop.merchant_id)[0].role == "owner"


def test_the_first_wall_gives_no_rows_without_a_scope(alice: Place) -> None:
    with pytest.raises(NoScope):
        Shop.objects.count()


def test_the_second_wall_holds_when_the_first_is_forgotten(alice: Place, charlie: Place) -> None:
    with tenant(charlie.merchant_id):
        assert sql.rows("SELECT id FROM merchants_shop WHERE merchant_id = %(m)s", {"m": alice.merchant_id}) == []
        assert sql.rows("SELECT count(*) FROM merchants_shop") == [(1,)]
    assert sql.rows("SELECT count(*) FROM merchants_shop") == [(0,)]


def test_a_user_finds_her_workplaces_without_a_scope(alice: Place) -> None:
    assert alice.agent_user_id is not None
    found = queries.workplaces(alice.agent_user_id)
    assert [(merchant.id, person.role) for merchant, person in found] == [(alice.merchant_id, "agent")]
