"""Adjustments above a limit: a second person decides, never the same one, and once."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections

from shuke.core import clock, facts, sql
from shuke.core.actors import Actor, staff
from shuke.core.errors import Refused
from shuke.core.tenancy import tenant
from shuke.loyalty import actions as loyalty
from shuke.loyalty import queries
from shuke.loyalty.queries.requests import request, requests, waiting_count
from shuke.loyalty.specs import AdjustLimitSpec
from shuke.merchants import actions as merchants
from tests.conftest import NOW
from tests.loyalty.make_trade import holding, member, record, take
from tests.make import Place


@pytest.fixture
def bob(shop: Place) -> Actor:
    """Bob is service lead, the limits are 100 in one go and 250 a day, and 小荷 and 阿青 are customers."""
    assert shop.agent_id is not None
    merchants.set_role(shop.merchant_id, shop.agent_id, "service_lead", by=shop.by)
    merchants.save_setting(shop.merchant_id, AdjustLimitSpec(limit_points=100, day_points=250), by=shop.by)
    take(shop, record("1001"), record("1002", "阿青"))
    return staff(shop.agent_id)


def submit(place: Place, by: Actor, amount: int, key: str = "k1", nick: str = "小荷") -> int | None:
    items = [loyalty.Adjustment(member(place, nick), amount)]
    return loyalty.submit_adjustment(place.merchant_id, items, reason="老客户补偿", by=by, key=key)


def test_within_the_limits_it_is_done_at_once(shop: Place, bob: Actor) -> None:
    assert submit(shop, bob, 100) is None
    assert submit(shop, bob, 100) is None
    assert (holding(shop), requests(shop.merchant_id)) == ((100, 0, 0), [])


def test_above_the_limit_a_second_person_approves_and_the_line_names_both(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, 101)
    assert number is not None
    assert submit(shop, bob, 101) == number
    assert (holding(shop), waiting_count(shop.merchant_id), waiting_count(shop.merchant_id, without=bob.label)) == (
        (0, 0, 0), 1, 0,
    )  # fmt: skip
    with pytest.raises(Refused) as refused:
        loyalty.approve_adjustment(shop.merchant_id, number, by=bob)
    assert (refused.value.code, holding(shop)) == ("own_request", (0, 0, 0))
    loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
    loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
    assert (holding(shop), waiting_count(shop.merchant_id)) == ((101, 0, 0), 0)
    (told,) = queries.history(shop.merchant_id, member(shop))
    assert told.sentence == "Alice赠送 101 积分，由Bob提出，原因：老客户补偿"
    assert [one.sentence() for one in facts.timeline(shop.merchant_id, member(shop))][:3] == [
        "手动赠送 101 积分", "手动调整 +101 积分已批准", "手动调整 +101 积分，等待第二人复核",
    ]  # fmt: skip


def test_the_limit_of_a_day_counts_what_was_given_and_what_was_taken(shop: Place, bob: Actor) -> None:
    for key, amount in (("a", 100), ("b", -50), ("c", 100)):
        assert submit(shop, bob, amount, key) is None
    assert submit(shop, bob, 1, "d") is not None
    assert holding(shop) == (150, 0, 0)
    with clock.frozen(NOW + timedelta(hours=13)):
        assert submit(shop, bob, 1, "e") is None
    assert holding(shop) == (151, 0, 0)


def test_who_may_not_adjust_may_not_decide(shop: Place, bob: Actor) -> None:
    number = submit(shop, shop.by, 101)
    assert number is not None
    assert bob.id is not None
    merchants.set_role(shop.merchant_id, bob.id, "agent", by=shop.by)
    with pytest.raises(Refused) as refused:
        loyalty.approve_adjustment(shop.merchant_id, number, by=bob)
    assert (refused.value.code, holding(shop)) == ("not_allowed", (0, 0, 0))


def test_a_refused_request_is_over(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, 101)
    assert number is not None
    with pytest.raises(Refused):
        loyalty.refuse_adjustment(shop.merchant_id, number, reason=" ", by=shop.by)
    loyalty.refuse_adjustment(shop.merchant_id, number, reason="金额不对", by=shop.by)
    loyalty.refuse_adjustment(shop.merchant_id, number, reason="金额不对", by=shop.by)
    with pytest.raises(Refused) as refused:
        loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
    found = request(shop.merchant_id, number)
    assert found is not None
    assert (refused.value.code, found.state, found.answer, holding(shop)) == (
        "decided",
        "refused",
        "金额不对",
        (0, 0, 0),
    )


def test_after_a_week_a_request_cannot_be_approved_even_if_no_job_ran(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, 101)
    assert number is not None
    with clock.frozen(NOW + timedelta(days=7)):
        with pytest.raises(Refused) as refused:
            loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
        assert (refused.value.code, holding(shop)) == ("request_over", (0, 0, 0))
        assert (loyalty.expire_adjustments(shop.merchant_id), loyalty.expire_adjustments(shop.merchant_id)) == (1, 0)
    assert [one.state for one in requests(shop.merchant_id)] == ["expired"]


def test_one_s_own_request_can_be_withdrawn(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, 101)
    assert number is not None
    with pytest.raises(Refused) as refused:
        loyalty.withdraw_adjustment(shop.merchant_id, number, by=shop.by)
    assert refused.value.code == "not_yours"
    loyalty.withdraw_adjustment(shop.merchant_id, number, by=bob)
    loyalty.withdraw_adjustment(shop.merchant_id, number, by=bob)
    assert waiting_count(shop.merchant_id) == 0


def test_what_the_ledger_refuses_leaves_the_request_waiting(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, -101)
    assert number is not None
    with pytest.raises(Refused) as refused:
        loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
    assert (refused.value.code, waiting_count(shop.merchant_id)) == ("not_enough", 1)


def test_a_key_with_other_content_is_refused(shop: Place, bob: Actor) -> None:
    submit(shop, bob, 101)
    with pytest.raises(Refused) as refused:
        submit(shop, bob, 102)
    assert refused.value.code == "key_reused"


@pytest.mark.django_db(transaction=True)
def test_two_approvers_at_once_post_once(alice: Place) -> None:
    assert alice.agent_id is not None
    with tenant(alice.merchant_id):
        merchants.set_role(alice.merchant_id, alice.agent_id, "service_lead", by=alice.by)
        third = merchants.employ(
            alice.merchant_id, merchants.create_user("dora", "Dora", "correct horse battery"), "service_lead",
            by=alice.by,
        )  # fmt: skip
        merchants.save_setting(alice.merchant_id, AdjustLimitSpec(limit_points=100), by=alice.by)
        take(alice, record("1001"))
        number = submit(alice, alice.by, 500)
    assert number is not None

    def approve(staff_id: int) -> str:
        try:
            with clock.frozen(NOW), tenant(alice.merchant_id):
                loyalty.approve_adjustment(alice.merchant_id, number, by=staff(staff_id))
        except Refused as refused:
            return refused.code
        else:
            return "posted"
        finally:
            connections.close_all()

    with ThreadPoolExecutor(4) as pool:
        answers = sorted(pool.map(approve, [alice.agent_id, third] * 2))
    with tenant(alice.merchant_id):
        assert holding(alice) == (500, 0, 0)
        posted = sql.scalar(
            "SELECT count(*) FROM loyalty_adjustment WHERE merchant_id = %(m)s", {"m": alice.merchant_id}
        )
    assert (posted, set(answers) <= {"posted", "decided"}) == (1, True)


def test_what_was_decided_cannot_be_withdrawn(shop: Place, bob: Actor) -> None:
    number = submit(shop, bob, 101)
    assert number is not None
    loyalty.approve_adjustment(shop.merchant_id, number, by=shop.by)
    with pytest.raises(Refused) as refused:
        loyalty.withdraw_adjustment(shop.merchant_id, number, by=bob)
    assert (refused.value.code, holding(shop)) == ("decided", (101, 0, 0))


def test_withdrawing_leaves_other_requests_alone(shop: Place, bob: Actor) -> None:
    old = submit(shop, shop.by, 101, "k1")
    with clock.frozen(NOW + timedelta(days=8)):
        own = submit(shop, bob, 101, "k2", "阿青")
        assert old is not None
        assert own is not None
        loyalty.withdraw_adjustment(shop.merchant_id, own, by=bob)
        found = request(shop.merchant_id, old)
        assert found is not None
        assert (found.state, found.decided_by) == ("waiting", "")
        assert loyalty.expire_adjustments(shop.merchant_id) == 1
