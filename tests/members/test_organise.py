"""Tags, groups, the blacklist, notes and custom attributes, for many members at once."""

from __future__ import annotations

import pytest

from shuke.core import facts, sql
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members import actions, queries
from shuke.members.specs import AttributeSpec, GroupSpec
from tests.make import Place
from tests.members.people import profile, see, told


@pytest.fixture
def three(shop: Place) -> list[int]:
    """Three members of Alice's."""
    return see(shop.merchant_id, shop.shop_id, told("甲"), told("乙"), told("丙"))


def kinds(place: Place, member_id: int) -> list[str]:
    return [type(one).kind for one in facts.timeline(place.merchant_id, member_id)]


def test_tags_go_on_and_off_many_at_once(shop: Place, three: list[int]) -> None:
    assert actions.tag(shop.merchant_id, [*three, 99], ["油皮", " 敏感肌 "], by=shop.by) == 3
    assert actions.tag(shop.merchant_id, three, ["油皮"], by=shop.by) == 0
    assert [(one.name, one.member_count) for one in queries.tags(shop.merchant_id)] == [("敏感肌", 3), ("油皮", 3)]
    assert actions.untag(shop.merchant_id, three[:2], ["油皮", "没有的"], by=shop.by) == 2
    assert [name for _, name in profile(shop.merchant_id, three[0]).tags] == ["敏感肌"]
    sentences = [one.sentence() for one in facts.timeline(shop.merchant_id, three[0])]
    assert kinds(shop, three[0]).count("members.tagged") == 2
    assert any("油皮" in sentence for sentence in sentences)
    oily = queries.tags(shop.merchant_id)[1]
    actions.delete_tag(shop.merchant_id, oily.id, by=shop.by)
    assert [one.name for one in queries.tags(shop.merchant_id)] == ["敏感肌"]


def test_a_phone_number_is_no_tag(shop: Place, three: list[int]) -> None:
    with pytest.raises(Refused) as refused:
        actions.tag(shop.merchant_id, three, ["打13812341234"], by=shop.by)
    assert refused.value.code == "personal_text"
    assert queries.tags(shop.merchant_id) == []


def test_groups_keep_their_offer_and_their_members(shop: Place, three: list[int]) -> None:
    made = actions.create_group(shop.merchant_id, GroupSpec(name="老客", offer="满 200 减 30"), by=shop.by)
    with pytest.raises(Refused) as refused:
        actions.create_group(shop.merchant_id, GroupSpec(name="老客"), by=shop.by)
    assert refused.value.code == "name_taken"
    assert actions.add_to_group(shop.merchant_id, made, three, by=shop.by) == 3
    assert actions.add_to_group(shop.merchant_id, made, three, by=shop.by) == 0
    assert actions.remove_from_group(shop.merchant_id, made, three[:1], by=shop.by) == 1
    actions.edit_group(shop.merchant_id, made, GroupSpec(name="老朋友", strategy="每月一次"), by=shop.by)
    found = queries.group(shop.merchant_id, made)
    assert found is not None
    assert (found.name, found.offer, found.strategy, found.member_count) == ("老朋友", "", "每月一次", 2)
    actions.delete_group(shop.merchant_id, made, by=shop.by)
    assert queries.groups(shop.merchant_id) == []
    with pytest.raises(Missing):
        actions.add_to_group(shop.merchant_id, made, three, by=shop.by)


def test_the_blacklist_needs_a_reason(shop: Place, three: list[int]) -> None:
    with pytest.raises(Refused) as refused:
        actions.blacklist(shop.merchant_id, three, " ", by=shop.by)
    assert refused.value.code == "reason_missing"
    assert actions.blacklist(shop.merchant_id, three[:2], "恶意退款", by=shop.by) == 2
    assert actions.blacklist(shop.merchant_id, three[:2], "恶意退款", by=shop.by) == 0
    found = queries.profile(shop.merchant_id, three[0])
    assert found is not None
    assert (found.is_blacklisted, found.status_reason) == (True, "恶意退款")
    assert set(queries.blacklisted_since(shop.merchant_id, three)) == set(three[:2])
    assert actions.unblacklist(shop.merchant_id, three, by=shop.by) == 2
    assert profile(shop.merchant_id, three[0]).status_reason == ""


def test_notes_are_kept_and_numbers_in_them_masked(shop: Place, three: list[int]) -> None:
    actions.write_note(shop.merchant_id, three[0], "喜欢蓝色,电话 13812341234", by=shop.by)
    [note] = queries.notes(shop.merchant_id, three[0])
    assert (note.text, note.by) == ("喜欢蓝色,电话 138****1234", shop.by.label)
    with pytest.raises(Missing):
        actions.write_note(shop.merchant_id, 99, "没有这个人", by=shop.by)
    with pytest.raises(Refused):
        actions.write_note(shop.merchant_id, three[0], "  ", by=shop.by)
    assert sql.scalar("SELECT count(*) FROM members_note") == 1


def test_attributes_are_checked_by_their_kind(shop: Place, three: list[int]) -> None:
    skin = actions.create_attribute(
        shop.merchant_id, AttributeSpec(name="肤质", kind="choice", choices=["干性", "油性"]), by=shop.by
    )
    height = actions.create_attribute(shop.merchant_id, AttributeSpec(name="身高", kind="number"), by=shop.by)
    child = actions.create_attribute(
        shop.merchant_id, AttributeSpec(name="孩子生日", kind="date", is_personal=True), by=shop.by
    )
    setting = actions.AttributeSetting
    given = [
        setting(three[0], skin, "油性"),
        setting(three[0], height, "165.0"),
        setting(three[0], child, "2020-02-29"),
    ]
    assert actions.set_attributes(shop.merchant_id, given, by=shop.by) == 3
    found = queries.attribute_values(shop.merchant_id, three[0])
    assert [(one.name, one.value) for one in found] == [("肤质", "油性"), ("身高", "165"), ("孩子生日", "***")]
    for wrong in (
        setting(three[0], skin, "中性"),
        setting(three[0], height, "高"),
        setting(three[0], child, "2021-02-29"),
    ):
        with pytest.raises(Refused) as refused:
            actions.set_attributes(shop.merchant_id, [setting(three[1], skin, "干性"), wrong], by=shop.by)
        assert refused.value.code == "bad_value"
    assert actions.reveal(shop.merchant_id, three[0], f"attribute:{child}", "准备生日礼", by=shop.by) == "2020-02-29"
    assert actions.set_attributes(shop.merchant_id, [setting(three[0], height, "")], by=shop.by) == 1
    with pytest.raises(Refused) as refused:
        actions.edit_attribute(shop.merchant_id, height, AttributeSpec(name="身高"), by=shop.by)
    assert refused.value.code == "kind_fixed"
    actions.edit_attribute(
        shop.merchant_id, height, AttributeSpec(name="身高 cm", kind="number"), is_active=False, by=shop.by
    )
    assert [one.name for one in queries.attributes(shop.merchant_id)] == ["肤质", "孩子生日"]


def test_charlie_sorts_none_of_alices_members(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        hers = see(alice.merchant_id, alice.shop_id, told("甲"))
        group = actions.create_group(alice.merchant_id, GroupSpec(name="老客"), by=alice.by)
    with tenant(charlie.merchant_id):
        assert actions.tag(charlie.merchant_id, hers, ["油皮"], by=charlie.by) == 0
        assert actions.blacklist(charlie.merchant_id, hers, "捣乱", by=charlie.by) == 0
        with pytest.raises(Missing):
            actions.add_to_group(charlie.merchant_id, group, hers, by=charlie.by)
        with pytest.raises(Missing):
            actions.write_note(charlie.merchant_id, hers[0], "捣乱", by=charlie.by)
    with tenant(alice.merchant_id):
        assert profile(alice.merchant_id, hers[0]).status == "normal"
        kept = queries.group(alice.merchant_id, group)
        assert kept is not None
        assert kept.member_count == 0


def test_who_was_listed_for_her_own_reason_stays_listed_when_parted(shop: Place) -> None:
    first, second = see(shop.merchant_id, shop.shop_id, told("甲"), told("乙"))
    actions.blacklist(shop.merchant_id, [first], "恶意退货", by=shop.by)
    [merge_id] = actions.merge(shop.merchant_id, [(first, second)], by=shop.by, key="k")
    actions.blacklist(shop.merchant_id, [second], "辱骂客服", by=shop.by)
    actions.unmerge(shop.merchant_id, merge_id, by=shop.by)
    assert [profile(shop.merchant_id, one).status_reason for one in (first, second)] == ["恶意退货", "辱骂客服"]
