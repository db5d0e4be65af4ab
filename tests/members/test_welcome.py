"""Customers told by a customer file: made, known again, filled in, and taken back."""

from __future__ import annotations

from shuke.core import sql
from shuke.core.actors import SYSTEM
from shuke.members import actions, checks, queries
from shuke.members.actions import Customer, Welcomed, take_customers
from tests.make import Place
from tests.members.people import profile, see, told, wang


def li(**more: object) -> Customer:
    """李小雨, a customer by her phone and mail address."""
    known = {"name": "李小雨", "phone": "13900001111", "phone_is_own": True, "email": "Yu.Li@example.com",
             "email_is_own": True, "shown_nick": "小雨", "birthday": "1992-05-17"}  # fmt: skip
    return Customer(told(**{**known, **more}), "female", ("老客", "送过礼"))  # type: ignore[arg-type]  # texts by name


def take(shop: Place, *customers: Customer, source: str = "import:1") -> Welcomed:
    return take_customers(shop.merchant_id, shop.shop_id, customers, source=source, by=SYSTEM)


def words(found: list[tuple[int, str]]) -> list[str]:
    return [name for _id, name in found]


def test_a_customer_who_never_bought_becomes_a_member_with_all_that_is_told(shop: Place) -> None:
    assert take(shop, li()) == Welcomed(1, 0, 0)
    [member_id] = queries.search(shop.merchant_id, "yu.li@EXAMPLE.com")
    found = profile(shop.merchant_id, member_id)
    assert (found.display_name, found.gender, found.birth_month_day) == ("小雨", "female", 517)
    assert (found.relation_source, words(found.tags)) == ("recruited", ["老客", "送过礼"])
    kinds = [one.kind for one in queries.identities(shop.merchant_id, member_id)]
    assert kinds == ["phone", "email"]
    masks = {field: [one.mask for one in queries.history(shop.merchant_id, member_id, field)]
             for field in ("name", "phone", "email", "birthday")}  # fmt: skip
    assert masks == {"name": ["李**"], "phone": ["139****1111"], "email": ["Y***@example.com"],
                     "birthday": ["****-05-17"]}  # fmt: skip
    assert checks.run(shop.merchant_id) == []


def test_the_same_file_again_changes_nothing(shop: Place) -> None:
    take(shop, li())
    facts = sql.scalar("SELECT count(*) FROM core_fact")
    assert take(shop, li(), source="import:2") == Welcomed(0, 0, 1)
    assert sql.scalar("SELECT count(*) FROM members_member") == 1
    assert sql.scalar("SELECT count(*) FROM core_fact") == facts


def test_a_buyer_known_by_phone_or_mail_is_filled_in_and_never_overwritten(shop: Place) -> None:
    [by_phone, by_mail] = see(
        shop.merchant_id,
        shop.shop_id,
        told(phone="13900001111", phone_is_own=True, name="李晓雨", day=3, traded=True),
        told(email="w@example.com", email_is_own=True, day=3, traded=True),
        source="import:7",
    )
    other = li(phone="", email="w@example.com", birthday="1980-01-02")
    assert take(shop, li(), other) == Welcomed(0, 2, 0)
    found = profile(shop.merchant_id, by_phone)
    assert (found.relation_source, found.gender, found.birth_month_day) == ("traded", "female", 517)
    assert profile(shop.merchant_id, by_mail).birth_month_day == 102
    assert queries.history(shop.merchant_id, by_phone, "name")[0].mask == "李**"
    again = li(birthday="1970-12-31")._replace(gender="male")
    take(shop, again, source="import:2")
    found = profile(shop.merchant_id, by_phone)
    assert (found.gender, found.birth_month_day) == ("female", 517)


def test_undoing_takes_back_what_the_file_brought_and_nothing_else(shop: Place) -> None:
    [known] = see(shop.merchant_id, shop.shop_id, told(phone="13900001111", phone_is_own=True), source="import:7")
    actions.tag(shop.merchant_id, [known], ["老客"], by=shop.by)
    new = li(phone="13700002222", email="")
    take(shop, li(), new)
    take(shop, li(), source="import:2")
    assert len(actions.undo_source(shop.merchant_id, "import:1")) == 1
    found = profile(shop.merchant_id, known)
    assert words(found.tags) == ["老客", "送过礼"]
    assert (found.gender, found.birth_month_day) == ("", None)
    assert actions.undo_source(shop.merchant_id, "import:2", keep=[known]) == []
    found = profile(shop.merchant_id, known)
    assert words(found.tags) == ["老客"]
    assert [one.kind for one in queries.identities(shop.merchant_id, known)] == ["phone"]
    assert checks.run(shop.merchant_id) == []


def test_what_staff_wrote_since_stays(shop: Place) -> None:
    take(shop, li())
    [member_id] = queries.search(shop.merchant_id, "yu.li@example.com")
    sql.run("UPDATE members_member SET gender = 'male'")
    actions.tag(shop.merchant_id, [member_id], ["大客户"], by=shop.by)
    assert actions.undo_source(shop.merchant_id, "import:1") == []
    found = profile(shop.merchant_id, member_id)
    assert (found.gender, found.birth_month_day, words(found.tags)) == ("male", None, ["大客户"])


def test_tags_that_are_somebodys_number_are_left_out(shop: Place) -> None:
    take(shop, li()._replace(tags=("13912345678", "老客", "x" * 41, "")))
    assert sql.rows("SELECT name FROM members_tag") == [("老客",)]


def test_a_buyer_is_recruited_until_she_buys(shop: Place) -> None:
    take(shop, li())
    [member_id] = see(shop.merchant_id, shop.shop_id, wang("", phone="13900001111", phone_is_own=True, day=2))
    assert profile(shop.merchant_id, member_id).relation_source == "traded"
