"""Forgetting a person: nothing of hers is found any more, the books stay, and no old file or backup brings her back."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from django.conf import settings

from shuke.core import clock, facts, sql
from shuke.core.actors import buyer
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.ledger import checks as ledger_checks
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries as loyalty_queries
from shuke.loyalty.specs import LevelRuleSpec
from shuke.members import actions as members
from shuke.members import checks as member_checks
from shuke.members import queries
from shuke.members.actions import Word
from shuke.members.specs import ProfileSpec
from shuke.trade import queries as trade
from tests.architecture.doors import tenant_tables
from tests.conftest import NOW
from tests.loyalty.make_trade import DAY, member, record, take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)

MARKS = {
    "nick": "望舒夜行", "phone": "13677778888", "name": "沈望舒", "address": "云南省大理市苍山路7号", "email": "wangshu@example.com",
}  # fmt: skip
ORDER = "3900000000000007777"


@pytest.fixture(autouse=True)
def _home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(settings, "SHUKE_HOME", tmp_path)


def tell(place: Place) -> None:
    while facts.drain(place.merchant_id):
        pass
    with tenant(place.merchant_id):
        assert sql.scalar("SELECT count(*) FROM core_postponedfact") == 0
        assert ledger_checks.run(place.merchant_id) == []
        assert member_checks.run(place.merchant_id) == []


def wangshu(place: Place) -> int:
    with tenant(place.merchant_id):
        more = {name: MARKS[name] for name in ("phone", "name", "address")}
        take(place, record(ORDER, MARKS["nick"], 300, message=MARKS["name"], **more))
        take(place, record(ORDER, MARKS["nick"], 300, message=MARKS["phone"], refund_fen=100, **more))
        member_id = member(place, MARKS["nick"])
        members.write_note(place.merchant_id, member_id, f"{MARKS['name']}喜欢素色", by=place.by)
        members.tag(place.merchant_id, [member_id], ["望舒的朋友"], by=place.by)
        members.edit_profile(
            place.merchant_id,
            member_id,
            ProfileSpec(email=MARKS["email"], gender="female", province="云南省"),
            by=place.by,
        )
        evidence = f"{MARKS['name']}当面同意"
        members.record_consent(
            place.merchant_id, member_id, [Word("sms", "care", True)], source="staff", evidence=evidence, by=place.by
        )
        ledger.post(
            place.merchant_id, "points", [ledger.Posting(member_id=member_id, amount=88, kind="bonus", key="b")]
        )
    tell(place)
    return member_id


def everything(place: Place) -> str:
    """All rows of the merchant as text, what is sealed opened as far as it can be."""
    with tenant(place.merchant_id):
        return "\n".join(str(sql.rows(f'SELECT * FROM "{table}"')) for table in tenant_tables())


def clear_of(place: Place, member_id: int) -> str:
    with tenant(place.merchant_id):
        orders = trade.orders_of(place.merchant_id, member_id)
        return str(
            [
                [trade.private_of(place.merchant_id, one.id) for one in orders],
                queries.notes(place.merchant_id, member_id),
                queries.personal(place.merchant_id, member_id),
                queries.identities(place.merchant_id, member_id),
            ]
        )


def test_nothing_of_hers_is_found_and_the_books_stay(alice: Place) -> None:
    member_id = wangshu(alice)
    m = alice.merchant_id
    assert MARKS["nick"] in everything(alice)
    assert MARKS["name"] in clear_of(alice, member_id)
    with tenant(m):
        before = trade.figures(m, [member_id])[member_id], balances.balance(m, "points", member_id)
        paid = sql.scalar("SELECT sum(paid_fen) FROM trade_order")
    members.erase(m, member_id, by=alice.by)
    tell(alice)
    left = everything(alice) + clear_of(alice, member_id)
    assert [mark for mark in MARKS.values() if mark in left] == []
    with tenant(m):
        for mark in (*MARKS.values(), "8888"):
            assert queries.search(m, mark) == []
        assert (trade.figures(m, [member_id])[member_id], balances.balance(m, "points", member_id)) == before
        assert sql.scalar("SELECT sum(paid_fen) FROM trade_order") == paid
        assert sql.scalar("SELECT count(*) FROM trade_order WHERE private_sealed IS NOT NULL") == 0
        assert sql.scalar("SELECT count(*) FROM trade_change WHERE before->>'private_sealed' IS NOT NULL") == 0
        profile = queries.profile(m, member_id)
        assert profile is not None
        assert profile.display_name == "已删除的客户"
        with pytest.raises(Missing):
            members.erase(m, member_id, by=alice.by)


def test_her_level_does_not_come_back(alice: Place) -> None:
    """Her orders stay with her empty row, and every rule that is saved looks at their members again."""
    m = alice.merchant_id
    with tenant(m):
        loyalty.save_level_rule(m, LevelRuleSpec(), by=alice.by)
    member_id = wangshu(alice)
    with tenant(m):
        before = loyalty_queries.level_counts(m)
    members.erase(m, member_id, by=alice.by)
    tell(alice)
    with tenant(m):
        assert loyalty.review_levels(m, [member_id]) == []
        assert (before[1], loyalty_queries.level_counts(m)) == (1, {0: 0})


def test_an_old_file_does_not_bring_her_back_but_a_new_order_makes_a_new_person(alice: Place) -> None:
    member_id = wangshu(alice)
    members.erase(alice.merchant_id, member_id, by=alice.by)
    tell(alice)
    more = {name: MARKS[name] for name in ("phone", "name", "address")}
    with tenant(alice.merchant_id):
        take(alice, record(ORDER, MARKS["nick"], 300, message="改了", refund_fen=500, **more))
        take(alice, record("3900000000000007778", MARKS["nick"], 70, placed_at=NOW - 40 * DAY, **more))
        assert sql.scalar("SELECT count(*) FROM members_identity") == 0
        assert sql.scalar("SELECT count(*) FROM members_card") == 0
        assert set(sql.rows("SELECT member_id, private_sealed FROM trade_order")) == {(member_id, None)}
    tell(alice)
    with tenant(alice.merchant_id), clock.frozen(clock.now() + DAY):
        take(alice, record("3900000000000007779", MARKS["nick"], 50, placed_at=clock.now(), state="paid"))
        new = member(alice, MARKS["nick"])
        assert new != member_id
        take(alice, record(ORDER, MARKS["nick"], 300, message="又改了", refund_fen=600, **more))
        assert trade.figures(alice.merchant_id, [member_id])[member_id].order_count == 2
        assert trade.figures(alice.merchant_id, [new])[new].order_count == 1
    tell(alice)


def test_the_do_not_contact_list_outlives_her(alice: Place) -> None:
    member_id = wangshu(alice)
    m = alice.merchant_id
    members.suppress_members(m, [member_id], reason="本人要求", by=alice.by)
    members.erase(m, member_id, by=alice.by)
    tell(alice)
    with tenant(m), clock.frozen(clock.now() + DAY):
        take(alice, record("3900000000000007779", "新昵称", 50, phone=MARKS["phone"], placed_at=clock.now()))
        new = member(alice, "新昵称")
        members.record_consent(m, new, [Word("sms", "care", True)], source="portal", by=buyer(new))
        assert queries.may_contact(m, [new], "sms", "care").left_out == {new: "suppressed"}


def test_an_older_backup_is_brought_up_to_date(alice: Place) -> None:
    """What is in the file is erased again in a database that knows nothing of it."""
    member_id = wangshu(alice)
    m = alice.merchant_id
    members.erase(m, member_id, by=alice.by)
    log = (Path(settings.SHUKE_HOME) / "erasures.log").read_bytes()
    assert [mark for mark in MARKS.values() if mark.encode() in log] == []
    with tenant(m):  # the backup: she is there as if nothing had happened, and her marks are gone
        sql.run("DELETE FROM members_tombstone")
        sql.run("UPDATE members_member SET erased_at = NULL, display_name = %(n)s WHERE id = %(id)s",
                {"n": MARKS["nick"], "id": member_id})  # fmt: skip
        sql.run("UPDATE members_erasurerequest SET state = 'cancelled'")
        sql.run("INSERT INTO members_identity (merchant_id, member_id, kind, shop_id, value, source, created_at)"
                " VALUES (%(m)s, %(id)s, 'nick', %(s)s, %(n)s, '', now())",
                {"m": m, "id": member_id, "s": alice.shop_id, "n": MARKS["nick"]})  # fmt: skip
    assert members.replay_erasures() == 1
    assert members.replay_erasures() == 0
    tell(alice)
    assert MARKS["nick"] not in everything(alice)
    with tenant(m):
        take(alice, record("3900000000000007778", MARKS["nick"], 70, placed_at=NOW - 40 * DAY))
        assert sql.scalar("SELECT count(*) FROM members_identity") == 0


def test_she_may_call_it_off_until_it_is_due(alice: Place) -> None:
    member_id = wangshu(alice)
    m = alice.merchant_id
    due_at = members.request_erasure(m, member_id, by=buyer(member_id))
    assert due_at == clock.now() + timedelta(days=3)
    with clock.frozen(clock.now() + timedelta(hours=1)):
        assert members.request_erasure(m, member_id, by=buyer(member_id)) == due_at
    assert members.erase_due(m) == 0
    members.cancel_erasure(m, member_id, by=buyer(member_id))
    with pytest.raises(Refused):
        members.cancel_erasure(m, member_id, by=buyer(member_id))
    with clock.frozen(due_at):
        assert members.erase_due(m) == 0
    members.request_erasure(m, member_id, by=buyer(member_id))
    with clock.frozen(due_at):
        assert members.erase_due(m) == 1
        assert members.erase_due(m) == 0
    with tenant(m):
        assert queries.erased(m, [member_id]) == {member_id}


def test_who_was_joined_to_her_is_forgotten_too(alice: Place, charlie: Place) -> None:
    member_id = wangshu(alice)
    m = alice.merchant_id
    with tenant(m):
        take(alice, record("1", "望舒小号", 10))
        other = member(alice, "望舒小号")
    members.merge(m, [(other, member_id)], by=alice.by, key="k")
    tell(alice)
    with pytest.raises(Missing):
        members.erase(charlie.merchant_id, member_id, by=charlie.by)
    members.erase(m, other, by=alice.by)
    tell(alice)
    assert "望舒小号" not in everything(alice)
    with tenant(m):
        assert queries.erased(m, [member_id, other]) == {member_id, other}
