"""One person under two names: everything comes together, and parts again as if it had never been."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from threading import Barrier, Thread
from typing import Any

import pytest
from django.db import connection

from shuke.core import clock, facts, progress, sql
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.ledger import actions as ledger
from shuke.ledger import checks as ledger_checks
from shuke.ledger import queries as balances
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.specs import LevelRuleSpec, PointsRuleSpec
from shuke.members import actions as members
from shuke.members import checks as member_checks
from shuke.members import queries as people
from shuke.trade import queries as trade
from tests.loyalty.make_trade import member, record, take
from tests.make import Place

pytestmark = pytest.mark.django_db(transaction=True)


def tell(place: Place) -> None:
    while facts.drain(place.merchant_id):
        pass
    with tenant(place.merchant_id):
        assert facts.stuck(place.merchant_id) == []
        assert sql.scalar("SELECT count(*) FROM core_postponedfact") == 0
        assert ledger_checks.run(place.merchant_id) == []
        assert member_checks.run(place.merchant_id) == []


@pytest.fixture
def shop(alice: Place) -> Place:
    with tenant(alice.merchant_id):
        spec = PointsRuleSpec.model_validate({"start_on": date(2026, 1, 1), "signup_points": 20})
        loyalty.save_points_rule(alice.merchant_id, spec, by=alice.by)
        loyalty.save_level_rule(alice.merchant_id, LevelRuleSpec(), by=alice.by)
        for kind, run in ((loyalty.BACKFILL, loyalty.backfill), (loyalty.REVIEW_ALL, loyalty.review_all)):
            job = progress.latest(alice.merchant_id, kind)
            assert job is not None
            run(alice.merchant_id, job.id)
        take(alice, record("1001", "小荷", 300), record("2001", "荷花", 400))
    tell(alice)
    return alice


def two(place: Place) -> tuple[int, int]:
    with tenant(place.merchant_id):
        return member(place, "小荷"), member(place, "荷花")


def state(place: Place, member_id: int) -> tuple[Any, ...]:
    """(active, pending, reserved, debt, growth, orders, paid, level)."""
    with tenant(place.merchant_id):
        held = balances.balance(place.merchant_id, "points", member_id)
        growth = balances.balance(place.merchant_id, "growth", member_id)
        figures = trade.figures(place.merchant_id, [member_id]).get(member_id)
        level = queries.level_of(place.merchant_id, member_id)
        return (held.active, held.pending, held.reserved, held.debt, growth.active,
                figures.order_count if figures else 0, figures.paid_fen if figures else 0,
                level.standing.level_no if level else 0)  # fmt: skip


def join(place: Place, loser: int, survivor: int, key: str = "k") -> int:
    (merge_id,) = members.merge(place.merchant_id, [(loser, survivor)], by=place.by, key=key)
    tell(place)
    return merge_id


def test_everything_comes_together_and_parts_again(shop: Place) -> None:
    first, second = two(shop)
    before = state(shop, first), state(shop, second)
    assert [one[:1] + one[5:7] for one in before] == [(320, 1, 30000), (420, 1, 40000)]
    merge_id = join(shop, first, second)
    assert state(shop, first)[:7] == (0,) * 7
    assert state(shop, second)[:4] == (740, 0, 0, 0)
    assert state(shop, second)[5:7] == (2, 70000)
    assert state(shop, second)[7] == 2
    with tenant(shop.merchant_id):
        assert people.homes(shop.merchant_id, [first, second]) == {first: second, second: second}
        assert people.search(shop.merchant_id, "小荷") == [second]
        assert {one.value for one in people.identities(shop.merchant_id, second)} == {"小荷", "荷花"}
    members.unmerge(shop.merchant_id, merge_id, by=shop.by)
    tell(shop)
    assert (state(shop, first), state(shop, second)) == before


def test_a_file_told_again_after_joining_posts_nothing(shop: Place) -> None:
    first, second = two(shop)
    join(shop, first, second)
    with tenant(shop.merchant_id):
        before = sql.scalar("SELECT count(*) FROM ledger_transfer")
        take(shop, record("1001", "小荷", 300), record("2001", "荷花", 400))
        orders = trade.order_ids(shop.merchant_id)
        loyalty.settle_orders(shop.merchant_id, orders)
        loyalty.grant_signup_bonus(shop.merchant_id, [first, second])
        assert sql.scalar("SELECT count(*) FROM ledger_transfer") == before


def test_later_orders_go_to_whom_their_name_says(shop: Place) -> None:
    first, second = two(shop)
    merge_id = join(shop, first, second)
    with tenant(shop.merchant_id):
        take(shop, record("1002", "小荷", 50), record("2002", "荷花", 70))
    tell(shop)
    assert state(shop, second)[:1] + state(shop, second)[5:7] == (860, 4, 82000)
    members.unmerge(shop.merchant_id, merge_id, by=shop.by)
    tell(shop)
    assert state(shop, first)[:1] + state(shop, first)[5:7] == (370, 2, 35000)
    assert state(shop, second)[:1] + state(shop, second)[5:7] == (490, 2, 47000)


def test_a_refund_after_joining_takes_from_her_own_lot(shop: Place) -> None:
    first, second = two(shop)
    merge_id = join(shop, first, second)
    with tenant(shop.merchant_id):
        take(shop, record("1001", "小荷", 300, refund_fen=10000))
    tell(shop)
    assert state(shop, second)[0] == 640
    members.unmerge(shop.merchant_id, merge_id, by=shop.by)
    tell(shop)
    assert (state(shop, first)[0], state(shop, second)[0]) == (220, 420)


def test_spending_reserving_and_giving_back_across(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    with tenant(m):
        ledger.spend(m, "points", [ledger.Spend(member_id=first, amount=20, key="own")])
        (held,) = ledger.reserve(
            m, "points", [ledger.Hold(member_id=first, amount=30, key="held", until_at=clock.now() + timedelta(days=2))]
        )
    merge_id = join(shop, first, second)
    assert state(shop, second)[:4] == (690, 0, 30, 0)
    with tenant(m):
        ledger.spend(m, "points", [ledger.Spend(member_id=first, amount=500, key="both")])
        ledger.spend(m, "points", [ledger.Spend(member_id=second, amount=500, key="both")])  # known by either name
        ledger.give_back(m, "points", [ledger.GiveBack(spend_key="own", amount=20, key="back")])
        ledger.commit(m, "points", [held])
    tell(shop)
    assert state(shop, second)[:4] == (210, 0, 0, 0)
    members.unmerge(m, merge_id, by=shop.by)
    tell(shop)
    parted = state(shop, first)[0], state(shop, second)[0]
    assert sum(parted) == 210
    with tenant(m):
        ledger.give_back(m, "points", [ledger.GiveBack(spend_key="both", amount=500, key="all back")])
        ledger.give_back(m, "points", [ledger.GiveBack(spend_key="both", amount=500, key="all back")])
    tell(shop)
    assert (state(shop, first)[0], state(shop, second)[0]) == (290, 420)


def test_a_reservation_of_both_ends_with_the_joining(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    merge_id = join(shop, first, second)
    with tenant(m):
        hold = ledger.Hold(member_id=second, amount=700, key="mixed", until_at=clock.now() + timedelta(days=2))
        ledger.reserve(m, "points", [hold])
    assert state(shop, second)[:4] == (40, 0, 700, 0)
    members.unmerge(m, merge_id, by=shop.by)
    tell(shop)
    assert state(shop, first)[:4] == (320, 0, 0, 0)
    assert state(shop, second)[:4] == (420, 0, 0, 0)


def test_debt_is_repaid_by_joining_and_owed_again_after_parting(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    with tenant(m):
        ledger.spend(m, "points", [ledger.Spend(member_id=first, amount=320, key="all")])
        take(shop, record("1001", "小荷", 300, refund_fen=30000))
    tell(shop)
    before = state(shop, first), state(shop, second)
    assert before[0][:4] == (0, 0, 0, 300)
    merge_id = join(shop, first, second)
    assert state(shop, second)[:4] == (120, 0, 0, 0)
    members.unmerge(m, merge_id, by=shop.by)
    tell(shop)
    assert (state(shop, first)[:4], state(shop, second)[:4]) == (before[0][:4], before[1][:4])


def test_the_higher_level_set_by_hand_comes_along_and_goes_back(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    with tenant(m):
        loyalty.set_level(m, [first], 4, reason="老朋友", by=shop.by)
        loyalty.set_level(m, [second], 3, reason="老客户", by=shop.by)
    tell(shop)
    merge_id = join(shop, first, second)
    assert (state(shop, first)[7], state(shop, second)[7]) == (0, 4)
    members.unmerge(m, merge_id, by=shop.by)
    tell(shop)
    assert (state(shop, first)[7], state(shop, second)[7]) == (4, 3)


def test_chains_part_in_any_order(shop: Place) -> None:
    m = shop.merchant_id
    with tenant(m):
        take(shop, record("3001", "莲子", 100))
    tell(shop)
    with tenant(m):
        a, b, c = (member(shop, nick) for nick in ("小荷", "荷花", "莲子"))
    before = [state(shop, one) for one in (a, b, c)]
    one = join(shop, a, b, "1")
    two_ = join(shop, b, c, "2")
    assert [state(shop, member_id)[0] for member_id in (a, b, c)] == [0, 0, 860]
    members.unmerge(m, one, by=shop.by)
    tell(shop)
    assert [state(shop, member_id)[0] for member_id in (a, b, c)] == [320, 0, 540]
    again = join(shop, a, b, "3")
    assert [state(shop, member_id)[0] for member_id in (a, b, c)] == [0, 0, 860]
    members.unmerge(m, two_, by=shop.by)
    tell(shop)
    members.unmerge(m, again, by=shop.by)
    tell(shop)
    assert [state(shop, member_id) for member_id in (a, b, c)] == before


def test_the_same_key_joins_once_and_refusals_change_nothing(shop: Place, charlie: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    made = members.merge(m, [(first, second)], by=shop.by, key="once")
    assert members.merge(m, [(first, second)], by=shop.by, key="once") == made
    with pytest.raises(Refused) as same:
        members.merge(m, [(first, first)], by=shop.by, key="x")
    assert same.value.code == "same_member"
    with pytest.raises(Missing):
        members.merge(charlie.merchant_id, [(first, second)], by=charlie.by, key="x")
    with pytest.raises(Missing):
        members.unmerge(charlie.merchant_id, made[0], by=charlie.by)
    with tenant(m):
        assert sql.scalar("SELECT count(*) FROM members_merge") == 1
    members.unmerge(m, made[0], by=shop.by)
    members.unmerge(m, made[0], by=shop.by)
    with tenant(m):
        assert people.homes(m, [first]) == {first: first}
        assert len([one for one in facts.timeline(m, first) if one.kind == "members.parted"]) == 1


def test_tags_groups_and_the_blacklist_come_along_and_go_back(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    with tenant(m):
        members.tag(m, [first, second], ["爱买"], by=shop.by)
        members.tag(m, [first], ["回头客"], by=shop.by)
        members.blacklist(m, [first], "恶意退货", by=shop.by)
    (merge_id,) = members.merge(m, [(first, second)], by=shop.by, key="k")
    with tenant(m):
        profile = people.profile(m, second)
        assert profile is not None
        assert ([name for _id, name in profile.tags], profile.is_blacklisted) == (["回头客", "爱买"], True)
    members.unmerge(m, merge_id, by=shop.by)
    with tenant(m):
        profile = people.profile(m, second)
        assert profile is not None
        assert ([name for _id, name in profile.tags], profile.is_blacklisted) == (["爱买"], False)


def test_joining_while_she_spends_and_orders_arrive(shop: Place) -> None:
    """Nothing is lost or doubled when all of it happens at once, time and again."""
    first, second = two(shop)
    m = shop.merchant_id
    barrier, errors = Barrier(3), list[BaseException]()

    def at_once(act: Callable[[], None]) -> Thread:
        def run() -> None:
            try:
                barrier.wait()
                act()
            except BaseException as error:  # told to the test's own thread
                errors.append(error)
            finally:
                connection.close()

        thread = Thread(target=run)
        thread.start()
        return thread

    def spend() -> None:
        for number in range(12):
            try:
                with tenant(m):
                    ledger.spend(m, "points", [ledger.Spend(member_id=first, amount=1, key=f"s{number}")])
            except Refused as refused:
                assert refused.code == "member_moved"  # noqa: PT017 - anything else is an error of the thread
                with tenant(m):
                    ledger.spend(m, "points", [ledger.Spend(member_id=first, amount=1, key=f"s{number}")])

    def order() -> None:
        for number in range(6):
            with tenant(m):
                take(shop, record(f"11{number:02}", "小荷", 10))
            facts.drain(m)

    def join_and_part() -> None:
        for number in range(4):
            (merge_id,) = members.merge(m, [(first, second)], by=shop.by, key=f"race{number}")
            facts.drain(m)
            members.unmerge(m, merge_id, by=shop.by)
            facts.drain(m)

    threads = [at_once(act) for act in (spend, order, join_and_part)]
    for thread in threads:
        thread.join()
    assert errors == []
    with clock.frozen(clock.now() + timedelta(minutes=10)):
        for _round in range(6):
            while facts.drain(m):
                pass
    tell(shop)
    assert state(shop, first)[0] + state(shop, second)[0] == 740 + 60 - 12
    assert state(shop, first)[5] == 7
    with tenant(m):
        assert sql.scalar("SELECT count(*) FROM ledger_home WHERE home_id <> member_id") == 0


def test_a_level_set_by_hand_after_the_joining_outlives_it(shop: Place) -> None:
    first, second = two(shop)
    m = shop.merchant_id
    with tenant(m):
        loyalty.set_level(m, [first], 4, reason="老朋友", by=shop.by)
    tell(shop)
    merge_id = join(shop, first, second)
    with tenant(m):
        loyalty.set_level(m, [second], 2, reason="查过了", by=shop.by)
    members.unmerge(m, merge_id, by=shop.by)
    tell(shop)
    assert (state(shop, first)[7], state(shop, second)[7]) == (4, 2)
