"""Whoever was erased is written nothing about any more, by nobody and whatever comes in between."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from shuke.core import clock, sql
from shuke.core.actors import SYSTEM, buyer
from shuke.core.errors import Missing
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members import checks
from shuke.members.actions import AttributeSetting, Customer
from shuke.members.specs import AttributeSpec, GroupSpec, ProfileSpec
from tests.make import Place
from tests.members.people import see, told, wang


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHUKE_HOME", tmp_path)


def edit(place: Place, member_id: int) -> object:
    return members.edit_profile(place.merchant_id, member_id, ProfileSpec(name="王小美", city="杭州"), by=place.by)


def note(place: Place, member_id: int) -> object:
    return members.write_note(place.merchant_id, member_id, "王小美喜欢素色", by=place.by)


def tag(place: Place, member_id: int) -> object:
    return members.tag(place.merchant_id, [member_id], ["小美"], by=place.by)


def group(place: Place, member_id: int) -> object:
    group_id = members.create_group(place.merchant_id, GroupSpec(name="老客"), by=place.by)
    return members.add_to_group(place.merchant_id, group_id, [member_id], by=place.by)


def blacklist(place: Place, member_id: int) -> object:
    return members.blacklist(place.merchant_id, [member_id], "王小美恶意退货", by=place.by)


def attribute(place: Place, member_id: int) -> object:
    spec = AttributeSpec(name="孩子生日", kind="date", is_personal=True)
    attribute_id = members.create_attribute(place.merchant_id, spec, by=place.by)
    setting = AttributeSetting(member_id, attribute_id, "2020-01-02")
    return members.set_attributes(place.merchant_id, [setting], by=place.by)


@pytest.mark.parametrize("write", [edit, note, tag, group, blacklist, attribute])
def test_nothing_is_written_about_an_erased_member(alice: Place, write: Callable[[Place, int], object]) -> None:
    with tenant(alice.merchant_id):
        [member_id] = see(alice.merchant_id, alice.shop_id, wang())
    members.erase(alice.merchant_id, member_id, by=alice.by)
    with tenant(alice.merchant_id):
        facts = sql.scalar("SELECT count(*) FROM core_fact")
        with contextlib.suppress(Missing):
            assert write(alice, member_id) == 0
        assert checks.run(alice.merchant_id) == []
        assert sql.scalar("SELECT count(*) FROM core_fact") == facts


def test_a_customer_file_of_before_tells_nothing_of_her(alice: Place) -> None:
    m = alice.merchant_id
    customer = Customer(
        told(phone="13812341234", phone_is_own=True, name="王小美", birthday="1992-05-17"), "female", ("老客",)
    )
    with tenant(m):
        members.take_customers(m, alice.shop_id, [customer], source="import:1", by=SYSTEM)
        member_id = sql.scalar("SELECT id FROM members_member")
    members.erase(m, member_id, by=alice.by)
    with tenant(m):
        again = members.take_customers(m, alice.shop_id, [customer], source="import:2", by=SYSTEM)
        assert again == (0, 0, 1)
        assert checks.run(m) == []
        assert sql.scalar("SELECT count(*) FROM members_member") == 1


def test_two_who_asked_and_were_joined_are_erased_and_so_are_all_others(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        first, second, third = see(m, alice.shop_id, wang("甲"), told("乙"), told("丙"))
    for one in (first, second, third):
        members.request_erasure(m, one, by=buyer(one))
    members.merge(m, [(first, second)], by=alice.by, key="k")
    with clock.frozen(clock.now() + timedelta(days=30)):
        members.erase_due(m)
        with tenant(m):
            assert sql.scalar("SELECT count(*) FROM members_member WHERE erased_at IS NULL") == 0
            assert sql.rows("SELECT DISTINCT state FROM members_erasurerequest") == [("done",)]
        assert members.erase_due(m) == 0


def test_a_request_of_who_is_gone_holds_up_nobody(alice: Place) -> None:
    m = alice.merchant_id
    with tenant(m):
        [gone] = see(m, alice.shop_id, wang("甲"), source="import:1")
        [stays] = see(m, alice.shop_id, told("乙"), source="import:2")
    for one in (gone, stays):
        members.request_erasure(m, one, by=buyer(one))
    with tenant(m):
        assert members.undo_source(m, "import:1") == [gone]
    with clock.frozen(clock.now() + timedelta(days=30)):
        members.erase_due(m)
        with tenant(m):
            assert sql.scalar("SELECT count(*) FROM members_member WHERE erased_at IS NULL") == 0
        assert members.erase_due(m) == 0


def test_a_file_without_dates_does_not_bring_her_back_but_tells_of_who_came_back(alice: Place) -> None:
    m = alice.merchant_id
    sighting = told(phone="13812341234", phone_is_own=True, name="王小美")
    customer = Customer(sighting._replace(seen_at=clock.now() + timedelta(days=1)), "female", is_undated=True)
    with tenant(m):
        [member_id] = see(m, alice.shop_id, sighting)
    members.erase(m, member_id, by=alice.by)
    with tenant(m):
        assert members.take_customers(m, alice.shop_id, [customer], source="import:2", by=SYSTEM) == (0, 0, 1)
        assert sql.scalar("SELECT count(*) FROM members_member") == 1
        [back] = see(m, alice.shop_id, sighting._replace(seen_at=clock.now() + timedelta(days=1)))
        assert back != member_id
        assert members.take_customers(m, alice.shop_id, [customer], source="import:3", by=SYSTEM) == (0, 1, 0)
        assert sql.rows("SELECT id, gender FROM members_member ORDER BY id") == [(member_id, ""), (back, "female")]
        assert checks.run(m) == []
