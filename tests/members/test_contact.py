"""Who may be written to: consent with its proof, what outranks it, and what joined people said."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from shuke.core import sql
from shuke.core.actors import buyer
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members import actions as members
from shuke.members import queries
from shuke.members.actions import Word
from tests.make import Place
from tests.members.people import see, told, wang

pytestmark = pytest.mark.django_db
YES, NO = Word("sms", "marketing", True), Word("sms", "marketing", False)


@pytest.fixture
def shop(alice: Place) -> Iterator[Place]:
    with tenant(alice.merchant_id):
        yield alice


def say(place: Place, member_id: int, word: Word) -> int:
    return members.record_consent(
        place.merchant_id,
        member_id,
        [word],
        source="portal",
        wording_version="1",
        wording="我同意",
        by=buyer(member_id),
    )


def may(place: Place, *member_ids: int) -> tuple[list[int], dict[int, str]]:
    found = queries.may_contact(place.merchant_id, member_ids, "sms", "marketing")
    return found.allowed, found.left_out


def test_an_order_is_no_consent_and_the_last_word_counts(shop: Place) -> None:
    (one,) = see(shop.merchant_id, shop.shop_id, wang())
    assert may(shop, one) == ([], {one: "not_given"})
    assert say(shop, one, YES) == 1
    assert say(shop, one, YES) == 0
    assert may(shop, one) == ([one], {})
    assert queries.may_contact(shop.merchant_id, [one], "mail", "marketing").left_out == {one: "not_given"}
    assert say(shop, one, NO) == 1
    assert may(shop, one) == ([], {one: "withdrawn"})
    proofs = queries.proofs(shop.merchant_id, one)
    assert [(proof.is_given, proof.wording_version, len(proof.wording_hash)) for proof in proofs] == [
        (False, "1", 12),
        (True, "1", 12),
    ]


def test_staff_need_evidence_and_it_is_sealed(shop: Place) -> None:
    (one,) = see(shop.merchant_id, shop.shop_id, wang())
    with pytest.raises(Refused) as refused:
        members.record_consent(shop.merchant_id, one, [YES], source="staff", by=shop.by)
    assert refused.value.code == "no_evidence"
    assert sql.scalar("SELECT count(*) FROM members_consent") == 0
    members.record_consent(
        shop.merchant_id, one, [YES], source="staff", evidence="旺旺里回复同意，电话13812341234", by=shop.by
    )
    assert [proof.evidence for proof in queries.proofs(shop.merchant_id, one)] == ["旺旺里回复同意，电话138****1234"]
    assert "旺旺".encode() not in bytes(sql.scalar("SELECT sealed FROM members_evidence"))
    with pytest.raises(Refused):
        members.record_consent(shop.merchant_id, one, [Word("fax", "marketing", True)], source="x", by=buyer(one))


def test_the_list_outranks_everything(shop: Place) -> None:
    one, two = see(shop.merchant_id, shop.shop_id, wang(), wang("另一位", phone="13900001111"))
    say(shop, one, YES)
    say(shop, two, YES)
    taken = members.suppress(
        shop.merchant_id, ["138 1234 1234", "+86 13812341234", "abc", ""], reason="回复TD", by=shop.by
    )
    assert taken == (1, 0, ["abc"])
    assert members.suppress(shop.merchant_id, ["13812341234"], reason="回复TD", by=shop.by) == (0, 1, [])
    assert may(shop, one, two) == ([two], {one: "suppressed"})
    members.blacklist(shop.merchant_id, [two], "恶意差评", by=shop.by)
    assert may(shop, two) == ([], {two: "blacklisted"})
    assert members.suppress_members(shop.merchant_id, [two], reason="本人要求", by=shop.by) == 1
    assert may(shop, two) == ([], {two: "suppressed"})
    entry = next(item for item in queries.suppressions(shop.merchant_id) if item.kind == "phone")
    members.unsuppress(shop.merchant_id, entry.id, reason="误加", by=shop.by)
    assert may(shop, one) == ([one], {})
    with pytest.raises(Missing):
        members.unsuppress(shop.merchant_id, entry.id, reason="误加", by=shop.by)
    assert "13812341234" not in str(sql.rows("SELECT * FROM members_suppression"))


def test_of_joined_people_the_stricter_word_counts_until_something_new_is_said(shop: Place) -> None:
    one, two = see(shop.merchant_id, shop.shop_id, told("小荷"), told("荷花"))
    say(shop, one, YES)
    say(shop, one, NO)
    say(shop, two, YES)
    (merge_id,) = members.merge(shop.merchant_id, [(one, two)], by=shop.by, key="k")
    assert may(shop, one, two) == ([], {one: "unknown", two: "withdrawn"})
    members.unmerge(shop.merchant_id, merge_id, by=shop.by)
    assert may(shop, one, two) == ([two], {one: "withdrawn"})


def test_nobody_elses_members_are_answered_for(shop: Place, charlie: Place) -> None:
    (one,) = see(shop.merchant_id, shop.shop_id, wang())
    say(shop, one, YES)
    with tenant(charlie.merchant_id):
        assert queries.may_contact(charlie.merchant_id, [one], "sms", "marketing").left_out == {one: "unknown"}
        with pytest.raises(Missing):
            members.record_consent(charlie.merchant_id, one, [NO], source="portal", by=buyer(one))
    assert may(shop, one) == ([one], {})


def test_cards_that_agree_are_suspected_with_a_reason(shop: Place) -> None:
    one, two, three, four = see(
        shop.merchant_id, shop.shop_id, wang("甲"), wang("乙"), wang("丙", phone="13999991234"),
        told("丁", email="ding@example.com", name="丁小姐"),
    )  # fmt: skip
    (five,) = see(shop.merchant_id, shop.shop_id, told("戊", email="Ding@example.com"))
    assert members.suspect_all(shop.merchant_id) == 4
    assert members.suspect_all(shop.merchant_id) == 0
    found = {(pair.first_member_id, pair.second_member_id): pair for pair in queries.suspicions(shop.merchant_id)}
    assert {pair: (one.strength, one.is_strong) for pair, one in found.items()} == {
        (one, two): (95, True), (one, three): (70, False), (two, three): (70, False), (four, five): (90, True),
    }  # fmt: skip
    assert found[one, two].why == "两份记录的收货手机号和收件人姓名都相同"
    assert members.judge(shop.merchant_id, [found[one, three].id], verdict="different", by=shop.by) == 1
    assert members.suspect_all(shop.merchant_id) == 0
    members.merge(shop.merchant_id, [(one, two)], by=shop.by, key="k")
    assert [pair.why for pair in queries.suspicions(shop.merchant_id)] == [
        "两份记录的邮箱相同",
        "姓名相同，手机尾号四位也相同",
    ]


@pytest.mark.parametrize(
    ("names", "strength", "is_strong"),
    [(("王小美", "王小美"), 95, True), (("王小美", " 王 小美"), 95, True), (("王小美", "王建国"), 40, False),
     (("王小美", "李小美"), 40, False), (("王小美", ""), 60, False)],
)  # fmt: skip
def test_a_family_that_shares_a_phone_is_not_taken_for_one(
    shop: Place, names: tuple[str, str], strength: int, *, is_strong: bool
) -> None:
    see(shop.merchant_id, shop.shop_id, wang("甲", name=names[0]), wang("乙", name=names[1]))
    members.suspect_all(shop.merchant_id)
    [found] = queries.suspicions(shop.merchant_id)
    assert (found.strength, found.is_strong) == (strength, is_strong)
    assert ("一家人" in found.why) == (strength == 40)


def test_names_that_a_platform_masked_are_compared_by_what_shows(shop: Place) -> None:
    m = shop.merchant_id
    see(m, shop.shop_id, wang("甲"), wang("乙", name="", name_masked="王*美"), wang("丙", name="", name_masked="李**"))
    members.suspect_all(m)
    found = {(one.first_name, one.second_name): one.strength for one in queries.suspicions(m)}
    assert found == {("甲", "乙"): 95, ("甲", "丙"): 40, ("乙", "丙"): 40}


def test_names_of_records_joined_before_count_too(shop: Place) -> None:
    m = shop.merchant_id
    one, two, three = see(
        m, shop.shop_id, wang("甲", name="王建国"), wang("乙"), wang("丙", phone="13999990000", name="王建国")
    )
    see(m, shop.shop_id, wang("丙", day=3))
    members.merge(m, [(three, one)], by=shop.by, key="k")
    members.suspect_all(m)
    [found] = [pair for pair in queries.suspicions(m) if {pair.first_member_id, pair.second_member_id} == {one, two}]
    assert found.strength == 95  # 丙, who is 甲 now, had a parcel to this number under her own name


def test_a_number_that_many_share_says_nothing(shop: Place) -> None:
    see(shop.merchant_id, shop.shop_id, *(wang(f"驿站{n}", name=f"客人{n}") for n in range(6)))
    assert members.suspect_all(shop.merchant_id) == 0
