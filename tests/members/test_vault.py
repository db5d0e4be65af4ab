"""Personal values: kept once, shown masked, the newest clear one first, revealed with a reason and within limits."""

from __future__ import annotations

import itertools
import json
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shuke.core import clock, facts, sql
from shuke.core.actors import buyer, staff
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members import actions, checks, queries
from shuke.members.specs import AttributeSpec, ProfileSpec, RevealLimits
from shuke.merchants import actions as merchants
from shuke.merchants import queries as merchant_queries
from tests.conftest import NOW, owner_connection
from tests.make import Place
from tests.members.people import T0, profile, see, told, wang


def masks(place: Place, member_id: int) -> dict[str, str]:
    return {one.field: one.current.mask for one in queries.personal(place.merchant_id, member_id)}


def test_everybody_sees_masks(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang(alipay="xiaomei@163.com"))
    assert masks(shop, member_id) == {
        "name": "王**", "phone": "138****1234", "address": "浙江省杭州市***", "alipay": "x***@163.com",
    }  # fmt: skip


def test_the_newest_clear_value_is_shown_and_a_masked_one_only_where_there_is_none(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang(day=1))
    see(shop.merchant_id, shop.shop_id, wang(day=5, name="", name_masked="李**", phone="", phone_masked="139****0000"))
    assert masks(shop, member_id)["name"] == "王**"
    see(shop.merchant_id, shop.shop_id, wang(day=6, phone="13900005678"))
    assert masks(shop, member_id)["phone"] == "139****5678"
    phones = queries.history(shop.merchant_id, member_id, "phone")
    assert [(one.mask, one.is_clear) for one in phones] == [
        ("139****5678", True), ("138****1234", True), ("139****0000", False),
    ]  # fmt: skip
    [other] = see(shop.merchant_id, shop.shop_id, told("乙", name_masked="张**"))
    assert masks(shop, other) == {"name": "张**"}
    with pytest.raises(Refused) as refused:
        actions.reveal(shop.merchant_id, other, "name", "核对发票抬头", by=shop.by)
    assert refused.value.code == "nothing_clear"


@settings(max_examples=25)
@given(
    days=st.permutations(range(5)),
    phones=st.lists(st.sampled_from(["13800000001", "13800000002", "13800000003"]), min_size=5, max_size=5),
    cuts=st.sets(st.integers(1, 4)),
)
def test_whatever_the_order_of_imports_the_latest_value_is_current(
    shop: Place, days: list[int], phones: list[str], cuts: set[int]
) -> None:
    nick = f"{days}{phones}{cuts}"
    sightings = [told(nick, day=day, phone=phones[day]) for day in days]
    edges = [0, *sorted(cuts), 5]
    for number, (start, end) in enumerate(itertools.pairwise(edges)):
        [member_id] = set(see(shop.merchant_id, shop.shop_id, *sightings[start:end], source=f"import:{number % 2}"))
    found = queries.history(shop.merchant_id, member_id, "phone")
    last_seen = {phone: max(day for day in range(5) if phones[day] == phone) for phone in set(phones)}
    assert [one.mask[-1] for one in found] == [
        phone[-1] for phone in sorted(last_seen, key=last_seen.__getitem__, reverse=True)
    ]
    assert {one.mask[-1]: one.seen_at for one in found} == {
        phone[-1]: T0 + timedelta(days=day) for phone, day in last_seen.items()
    }


def test_a_virtual_number_is_kept_and_flagged(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, told("小美", phone="18400913965-7576"))
    [phone] = queries.personal(shop.merchant_id, member_id)
    assert (phone.current.mask, phone.current.is_virtual) == ("184****3965-****", True)


def test_revealing_gives_the_value_and_leaves_a_trace_without_it(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang())
    reason = "退货要打电话 13812341234"
    assert actions.reveal(shop.merchant_id, member_id, "phone", reason, by=shop.by) == "13812341234"
    line = merchant_queries.audit_lines(shop.merchant_id, act="member.revealed")[0]
    assert (line.object_id, line.doer, line.details) == (
        member_id, "Alice", {"field": "phone", "reason": "退货要打电话 138****1234"},
    )  # fmt: skip
    told_of = facts.timeline(shop.merchant_id, member_id)[0]
    assert told_of.kind == "members.revealed"
    assert "1234" not in told_of.sentence()


def test_a_reveal_without_a_reason_is_refused_and_leaves_no_trace(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, wang())
    with pytest.raises(Refused) as refused:
        actions.reveal(shop.merchant_id, member_id, "phone", " 看看 ", by=shop.by)
    assert refused.value.code == "reason_missing"
    assert merchant_queries.audit_lines(shop.merchant_id, act="member.revealed") == []


def test_reveals_are_limited_per_person_and_hour_and_day(shop: Place) -> None:
    assert shop.agent_id is not None
    [member_id] = see(shop.merchant_id, shop.shop_id, wang())
    merchants.save_setting(shop.merchant_id, RevealLimits(per_hour=2, per_day=3), by=shop.by)

    def reveal(by: int) -> str:
        return actions.reveal(shop.merchant_id, member_id, "name", "核对发票抬头", by=staff(by))

    def refused(by: int) -> str:
        with pytest.raises(Refused) as found:
            reveal(by)
        return found.value.code

    assert (reveal(shop.owner_id), reveal(shop.owner_id)) == ("王小美", "王小美")
    assert refused(shop.owner_id) == "reveal_limit"
    assert reveal(shop.agent_id) == "王小美"
    with clock.frozen(NOW + timedelta(hours=2)):
        assert reveal(shop.owner_id) == "王小美"
        assert refused(shop.owner_id) == "reveal_limit"
    with clock.frozen(NOW + timedelta(hours=25)):
        assert reveal(shop.owner_id) == "王小美"
    assert len(merchant_queries.audit_lines(shop.merchant_id, act="member.revealed")) == 5


def test_charlie_reveals_nothing_of_alices(alice: Place, charlie: Place) -> None:
    with tenant(alice.merchant_id):
        [member_id] = see(alice.merchant_id, alice.shop_id, wang())
    with tenant(charlie.merchant_id), pytest.raises(Missing):
        actions.reveal(charlie.merchant_id, member_id, "phone", "核对发票抬头", by=charlie.by)


def test_staff_fill_in_a_profile_and_forget_a_field(shop: Place) -> None:
    [member_id] = see(shop.merchant_id, shop.shop_id, told("t**1"))
    spec = ProfileSpec(name="赵敏", gender="female", birthday=date(1988, 5, 1), email="zhaomin@example.com")
    assert actions.edit_profile(shop.merchant_id, member_id, spec, by=shop.by) == [
        "birthday", "email", "gender", "name",
    ]  # fmt: skip
    found = queries.profile(shop.merchant_id, member_id)
    assert found is not None
    assert (found.display_name, found.gender, found.birth_month_day) == ("赵**", "female", 501)
    assert masks(shop, member_id) == {"name": "赵**", "birthday": "****-05-01", "email": "z***@example.com"}
    actions.forget_field(shop.merchant_id, member_id, "birthday", by=shop.by)
    assert masks(shop, member_id) == {"name": "赵**", "email": "z***@example.com"}
    assert profile(shop.merchant_id, member_id).birth_month_day is None
    assert checks.run(shop.merchant_id) == []


def test_a_buyer_tells_her_birthday_once_and_staff_may_change_it(shop: Place) -> None:
    first, second = see(shop.merchant_id, shop.shop_id, told("t**1"), told("t**2"))
    birthday, other = ProfileSpec(birthday=date(1988, 5, 1)), ProfileSpec(gender="male", birthday=date(1988, 9, 1))
    assert actions.edit_profile(shop.merchant_id, first, birthday, by=buyer(first)) == ["birthday"]
    assert actions.edit_profile(shop.merchant_id, first, birthday, by=buyer(first)) == []
    with pytest.raises(Refused) as refused:
        actions.edit_profile(shop.merchant_id, first, other, by=buyer(first))
    assert refused.value.code == "birthday_told"
    found = profile(shop.merchant_id, first)
    assert (found.birth_month_day, found.gender) == (501, "")
    actions.merge(shop.merchant_id, [(first, second)], by=shop.by, key="k")
    with pytest.raises(Refused):
        actions.edit_profile(shop.merchant_id, second, other, by=buyer(second))
    actions.edit_profile(shop.merchant_id, first, other, by=shop.by)
    assert profile(shop.merchant_id, first).birth_month_day == 901


MARKS = ["王小美", "13812341234", "文三路90号", "xiaomei@163.com", "18655550001", "1988-05-01", "西溪路7号", "过敏体质"]


def test_no_clear_value_is_found_in_any_table(alice: Place) -> None:
    with tenant(alice.merchant_id):
        [member_id] = see(alice.merchant_id, alice.shop_id, wang(alipay="xiaomei@163.com"))
        see(alice.merchant_id, alice.shop_id, told("18655550001", phone="18655550001", phone_is_own=True))
        spec = ProfileSpec(birthday=date(1988, 5, 1), address="杭州市西溪路7号")
        actions.edit_profile(alice.merchant_id, member_id, spec, by=alice.by)
        actions.write_note(alice.merchant_id, member_id, "请打 18655550001,王小美本人接", by=alice.by)
        made = actions.create_attribute(alice.merchant_id, AttributeSpec(name="体质", is_personal=True), by=alice.by)
        actions.set_attributes(alice.merchant_id, [actions.AttributeSetting(member_id, made, "过敏体质")], by=alice.by)
        for field in ("name", "phone", "address", f"attribute:{made}"):
            actions.reveal(alice.merchant_id, member_id, field, "核对 18655550001", by=alice.by)
        tables = [row[0] for row in sql.rows(
            "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
            " AND (tablename LIKE 'members%%' OR tablename LIKE 'core%%' OR tablename LIKE 'merchants%%'"
            " OR tablename LIKE 'procrastinate%%')"
        )]  # fmt: skip
        dump = "\n".join(row[0] for table in tables for row in sql.rows(f"SELECT row_to_json(x)::text FROM {table} x"))
        assert "小王爱买买" in dump
        assert [mark for mark in MARKS if mark in dump or json.dumps(mark)[1:-1] in dump] == []
        assert [mark for mark in MARKS if mark.encode().hex() in dump] == []
        assert checks.run(alice.merchant_id) == []


def test_checks_find_what_was_broken_on_purpose(shop: Place) -> None:
    first, second = see(shop.merchant_id, shop.shop_id, wang(), wang("乙"))
    actions.write_note(shop.merchant_id, first, "老客户", by=shop.by)
    assert checks.run(shop.merchant_id) == []
    sql.run(
        "UPDATE members_card a SET sealed = b.sealed FROM members_card b"
        " WHERE a.member_id = %(first)s AND b.member_id = %(second)s",
        {"first": first, "second": second},
    )
    sql.run("UPDATE members_member SET status_reason = '电话13812341234' WHERE id = %(first)s", {"first": first})
    sql.run("UPDATE members_note SET member_id = 7")
    sql.run("UPDATE members_identity SET value = 't**1' WHERE member_id = %(second)s", {"second": second})
    assert {(one.name, one.count) for one in checks.run(shop.merchant_id)} == {
        ("card does not open", 1), ("open phone number in member", 1), ("note without member", 1),
        ("malformed identity", 1),
    }  # fmt: skip


def test_the_owner_of_the_tables_reads_no_value_either(transactional_db: None) -> None:
    with owner_connection() as connection:
        found = connection.execute(
            "SELECT count(*) FROM pg_class WHERE relname LIKE 'members%' AND relkind = 'r' AND NOT relforcerowsecurity"
        ).fetchone()
    assert found == (0,)
