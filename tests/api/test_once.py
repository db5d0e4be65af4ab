"""Idempotency: one key, one effect, the same answer again, whatever dies or comes at the same time."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection

from shuke.core import clock, sql
from shuke.core.tenancy import tenant
from shuke.ledger import queries as ledger
from shuke.loyalty import actions as loyalty
from shuke.members import queries as members
from shuke.merchants import actions as merchants
from shuke.merchants.actions import answers
from tests import make
from tests.api.program import Program, Said, program
from tests.api.test_points import someone
from tests.conftest import NOW


@pytest.mark.django_db
def test_every_write_needs_a_key_of_its_own(erp: Program) -> None:
    for key in ("é", " ", "x" * 101):
        said = erp.send("POST", "/groups", {"name": "老客"}, key=key)
        assert (said.status, said.code) == (400, "idempotency_key_missing")
    assert erp.get("/groups").json == {"items": []}


@pytest.mark.django_db
def test_a_retry_gets_the_first_answer_and_has_no_second_effect(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    first = erp.send("POST", f"/members/{lin}/notes", {"text": "喜欢龙井"}, key="note")
    again = erp.send("POST", f"/members/{lin}/notes", {"text": "喜欢龙井"}, key="note")
    assert (again.status, again.json) == (201, first.json)
    assert len(erp.get(f"/members/{lin}/notes").json["items"]) == 1


@pytest.mark.django_db
def test_a_key_never_means_two_calls(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    erp.send("POST", f"/members/{lin}/notes", {"text": "喜欢龙井"}, key="note")
    for method, path, body in (
        ("POST", f"/members/{lin}/notes", {"text": "喜欢普洱"}),
        ("POST", "/members/unblacklist", {"member_ids": [lin]}),
    ):
        said = erp.send(method, path, body, key="note")
        assert (said.status, said.code) == (422, "idempotency_key_reused")
    assert [one["text"] for one in erp.get(f"/members/{lin}/notes").json["items"]] == ["喜欢龙井"]


@pytest.mark.django_db
def test_two_programs_may_use_the_same_key(alice: make.Place, erp: Program) -> None:
    assert erp.send("POST", "/groups", {"name": "老客"}, key="one").status == 201
    assert program(alice).send("POST", "/groups", {"name": "新客"}, key="one").status == 201


@pytest.mark.django_db
def test_a_refused_call_left_nothing_and_may_be_tried_again(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    assert erp.send("POST", "/points/spend", {"member_id": lin, "amount": 5}, key="cup").code == "not_enough"
    erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 5, "reason": "补发活动积分"})
    assert erp.send("POST", "/points/spend", {"member_id": lin, "amount": 5}, key="cup").json["active"] == 0


@pytest.mark.django_db
def test_answers_are_sealed_and_forgotten_after_a_day_while_the_ledger_still_knows_the_key(
    alice: make.Place, erp: Program
) -> None:
    lin = someone(alice)
    body = {"member_id": lin, "amount": 5, "reason": "补发活动积分"}
    erp.send("PATCH", f"/members/{lin}/profile", {"phone": "13912345678"})
    assert (
        erp.send("POST", f"/members/{lin}/reveal", {"field": "phone", "reason": "回电确认地址"}).json["value"]
        == "13912345678"
    )
    erp.send("POST", "/points/adjust", body, key="gift")
    with tenant(alice.merchant_id):
        kept = sql.rows("SELECT string_agg(a::text, ' '), count(*) FROM merchants_apianswer a")[0]
        assert "13912345678" not in kept[0]
        assert b"13912345678".hex() not in kept[0]
        assert kept[1] == 3
        with clock.frozen(NOW + timedelta(hours=24, seconds=1)):
            assert answers.forget_answers(alice.merchant_id) == 3
    with clock.frozen(NOW + timedelta(hours=25)):
        assert erp.send("POST", "/points/adjust", body, key="gift").json["active"] == 5
    with clock.frozen(NOW + timedelta(hours=50)):
        said = erp.send("POST", "/points/adjust", {**body, "amount": 6}, key="gift")
        assert (said.status, said.code) == (422, "key_reused")


@pytest.mark.django_db(transaction=True)
def test_what_dies_between_effect_and_answer_leaves_neither(
    alice: make.Place, erp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = someone(alice)

    def die(*_arguments: Any) -> None:
        raise ConnectionError

    with monkeypatch.context() as patch:
        patch.setattr(merchants, "keep_answers", die)
        said = erp.send("POST", f"/members/{lin}/notes", {"text": "喜欢龙井"}, key="note")
    assert (said.status, said.code) == (500, "broken")
    with tenant(alice.merchant_id):
        assert members.notes(alice.merchant_id, lin) == []
        assert sql.scalar("SELECT count(*) FROM merchants_apianswer") == 0
    assert erp.send("POST", f"/members/{lin}/notes", {"text": "喜欢龙井"}, key="note").status == 201


def at_once(count: int, act: Any) -> list[Any]:
    """What `act(number)` gives in threads that start together."""
    gate, found = threading.Barrier(count), [None] * count

    def run(number: int) -> None:
        gate.wait()
        try:
            found[number] = act(number)
        finally:
            connection.close()

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


@pytest.mark.django_db(transaction=True)
def test_the_same_call_many_times_at_once_has_one_effect(alice: make.Place, erp: Program) -> None:
    lin = someone(alice)
    body = {"member_id": lin, "amount": 5, "reason": "补发活动积分"}
    for path, sent in (("/points/adjust", body), (f"/members/{lin}/notes", {"text": "喜欢龙井"})):
        found: list[Said] = at_once(8, lambda _number, path=path, sent=sent: erp.send("POST", path, sent, key=path))
        assert {one.status for one in found} <= {200, 201}
        assert len({one.body for one in found}) == 1
    with tenant(alice.merchant_id):
        assert ledger.balance(alice.merchant_id, "points", lin).active == 5
        assert len(members.notes(alice.merchant_id, lin)) == 1


@pytest.mark.django_db(transaction=True)
def test_calls_that_arrive_together_each_get_their_own_answer(alice: make.Place, erp: Program) -> None:
    people = [someone(alice, f"客人{number}") for number in range(12)]
    for person in people[:6]:
        erp.send("POST", "/points/adjust", {"member_id": person, "amount": 100, "reason": "补发活动积分"})
    found = at_once(
        12, lambda number: erp.send("POST", "/points/spend", {"member_id": people[number], "amount": 10 + number})
    )
    assert [(one.status, one.json.get("active", one.json.get("code"))) for one in found] == [
        *((200, 90 - number) for number in range(6)), *((409, "not_enough") for _number in range(6)),
    ]  # fmt: skip
    with tenant(alice.merchant_id):
        left = ledger.balances(alice.merchant_id, "points", people)
    assert [left[person].active for person in people] == [90, 89, 88, 87, 86, 85, 0, 0, 0, 0, 0, 0]


@pytest.mark.django_db(transaction=True)
def test_one_key_on_a_joined_and_on_another_route_at_once_cannot_deadlock(
    alice: make.Place, erp: Program, monkeypatch: pytest.MonkeyPatch
) -> None:
    lin = someone(alice)
    erp.send("POST", "/points/adjust", {"member_id": lin, "amount": 50, "reason": "补发活动积分"})
    claimed, adjusted = threading.Event(), threading.Event()
    claim, credit = merchants.claim_answers, loyalty.credit

    def claim_then_wait(merchant_id: int, claims: Any) -> Any:
        found = claim(merchant_id, claims)
        claimed.set()
        assert adjusted.wait(20)
        return found

    def credit_once_claimed(*arguments: Any, **named: Any) -> Any:
        assert claimed.wait(20)
        found = credit(*arguments, **named)  # the member is locked now
        adjusted.set()
        return found

    monkeypatch.setattr(merchants, "claim_answers", claim_then_wait)
    monkeypatch.setattr(loyalty, "credit", credit_once_claimed)
    calls = (("/points/adjust", {"member_id": lin, "amount": 5, "reason": "补发活动积分"}),
             ("/points/reservations", {"member_id": lin, "amount": 10, "minutes": 30}))  # fmt: skip
    joined, other = at_once(2, lambda number: erp.send("POST", *calls[number], key="same"))
    assert (joined.status, joined.json["active"]) == (200, 55)
    assert (other.status, other.code) == (422, "idempotency_key_reused")
    with tenant(alice.merchant_id):
        found = ledger.balance(alice.merchant_id, "points", lin)
        assert (found.active, found.reserved) == (55, 0)
