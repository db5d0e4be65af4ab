"""Undoing what one import told of people, and nothing else."""

from __future__ import annotations

from shuke.core import sql
from shuke.members import actions, checks, queries
from tests.make import Place
from tests.members.people import profile, see, told, wang


def tables() -> list[int]:
    return [
        sql.scalar(f"SELECT count(*) FROM members_{table}") for table in ("member", "identity", "card", "sourceuse")
    ]


def test_an_import_alone_is_undone_without_a_rest(shop: Place) -> None:
    found = see(shop.merchant_id, shop.shop_id, wang(), told("乙"))
    assert sorted(actions.undo_source(shop.merchant_id, "import:1", by=shop.by)) == sorted(found)
    assert tables() == [0, 0, 0, 0]


def test_what_a_second_import_told_too_stays_until_that_is_undone(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang(), source="import:1")
    see(shop.merchant_id, shop.shop_id, wang(day=1), source="import:2")
    see(shop.merchant_id, shop.shop_id, wang(day=2, phone="13900005678"), source="import:1")
    assert actions.undo_source(shop.merchant_id, "import:1", keep=[member_id]) == []
    assert [one.mask for one in queries.history(shop.merchant_id, member_id, "phone")] == ["138****1234"]
    assert profile(shop.merchant_id, member_id).source == "import:2"
    assert checks.run(shop.merchant_id) == []
    assert actions.undo_source(shop.merchant_id, "import:2") == [member_id]
    assert tables() == [0, 0, 0, 0]


def test_the_second_import_is_undone_and_the_first_stays(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang(), source="import:1")
    see(shop.merchant_id, shop.shop_id, wang(day=1, ouid="AAE1", phone="13900005678"), told("乙"), source="import:2")
    assert len(actions.undo_source(shop.merchant_id, "import:2", keep=[member_id])) == 1
    assert [one.kind for one in queries.identities(shop.merchant_id, member_id)] == ["nick"]
    assert [one.mask for one in queries.history(shop.merchant_id, member_id, "phone")] == ["138****1234"]
    see(shop.merchant_id, shop.shop_id, wang(day=1, phone="13900005678"), source="import:3")
    assert queries.personal(shop.merchant_id, member_id)[1].current.mask == "139****5678"


def test_a_kept_member_keeps_her_only_name(shop: Place) -> None:
    [kept, gone] = see(shop.merchant_id, shop.shop_id, wang(), told("乙"))
    assert actions.undo_source(shop.merchant_id, "import:1", keep=[kept]) == [gone]
    assert see(shop.merchant_id, shop.shop_id, wang(), source="import:2") == [kept]
    assert [one.field for one in queries.personal(shop.merchant_id, kept)] == ["name", "phone", "address"]


def test_whom_staff_cared_for_stays(shop: Place) -> None:
    [tagged, noted, listed, gone] = see(shop.merchant_id, shop.shop_id, *map(told, "甲乙丙丁"))
    actions.tag(shop.merchant_id, [tagged], ["油皮"], by=shop.by)
    actions.write_note(shop.merchant_id, noted, "老客户", by=shop.by)
    actions.blacklist(shop.merchant_id, [listed], "恶意退款", by=shop.by)
    assert actions.undo_source(shop.merchant_id, "import:1") == [gone]
    assert see(shop.merchant_id, shop.shop_id, *map(told, "甲乙丙"), source="import:2") == [tagged, noted, listed]
    assert checks.run(shop.merchant_id) == []


def test_suspicions_of_removed_members_go_with_them(shop: Place) -> None:
    see(shop.merchant_id, shop.shop_id, told("小美"), source="import:1")
    see(shop.merchant_id, shop.shop_id, told(ouid="AAE1"), source="import:2")
    see(shop.merchant_id, shop.shop_id, told("小美", ouid="AAE1"), source="import:3")
    assert len(queries.suspicions(shop.merchant_id)) == 1
    actions.undo_source(shop.merchant_id, "import:3")
    actions.undo_source(shop.merchant_id, "import:1")
    assert sql.scalar("SELECT count(*) FROM members_suspicion") == 0
    assert tables()[0] == 1
