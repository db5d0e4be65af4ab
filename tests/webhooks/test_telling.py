"""Facts arrive at another program: signed, each once, in order, without a word about who she is."""

from __future__ import annotations

import threading
from datetime import timedelta

import pytest
from django.db import connection, connections

from shuke.core import clock, facts
from shuke.core.errors import Missing, Refused
from shuke.core.tenancy import tenant
from shuke.members.events import MemberBlacklisted, NoteWritten
from shuke.merchants import actions as merchants
from shuke.webhooks import actions as webhooks
from shuke.webhooks import checks, queries, rules
from shuke.webhooks.actions.delivering import claim, record
from shuke.webhooks.specs import EndpointSpec
from tests.conftest import NOW
from tests.make import Place
from tests.webhooks.conftest import Hook
from tests.webhooks.receiver import contents


def test_a_fact_arrives_once_signed_and_in_order(hook: Hook) -> None:
    hook.happen(1, 2, 3)
    hook.tend()
    hook.tend()
    found = hook.receiver.messages(hook.secret)
    assert [one["data"]["subject_id"] for one in found] == [1, 2, 3]
    assert found[0] == {
        "type": "members.note_written",
        "timestamp": NOW.isoformat(),
        "data": {
            "merchant_id": hook.merchant_id,
            "fact_id": found[0]["data"]["fact_id"],
            "member_id": 7,
            "subject_id": 1,
        },
    }
    assert [(one.state, one.attempt_count, one.status) for one in hook.log()] == [("sent", 1, 200)] * 3
    assert len(set(hook.receiver.ids())) == 3
    with tenant(hook.merchant_id):
        assert checks.run(hook.merchant_id) == []


def test_only_chosen_kinds_are_told_and_nothing_of_before(hook: Hook) -> None:
    hook.tend()
    hook.happen(1)
    with tenant(hook.merchant_id):
        spec = EndpointSpec(url=hook.receiver.url, kinds=["members.blacklisted"])
        other_id, _secret = webhooks.create_endpoint(hook.merchant_id, spec, by=hook.place.by)
        webhooks.delete_endpoint(hook.merchant_id, hook.endpoint_id, by=hook.place.by)
    hook.happen(2)
    hook.happen_otherwise()
    hook.tend()
    assert [contents(body).get("is_on") for _headers, body in hook.receiver.came] == [True]
    with tenant(hook.merchant_id):
        assert [one.kind for one in queries.deliveries(hook.merchant_id, other_id)] == ["members.blacklisted"]


def test_the_first_endpoint_hears_nothing_of_yesterday(transactional_db: None, alice: Place) -> None:
    with tenant(alice.merchant_id):
        facts.publish(alice.merchant_id, [NoteWritten(member_id=1, subject_id=1, happened_at=NOW)])
    with tenant(alice.merchant_id):
        webhooks.create_endpoint(alice.merchant_id, EndpointSpec(url="https://erp.example.com/"), by=alice.by)
    assert webhooks.spread(alice.merchant_id) == 0


def test_what_somebody_wrote_in_her_own_words_stays_here(hook: Hook) -> None:
    with tenant(hook.merchant_id):
        facts.publish(
            hook.merchant_id,
            [MemberBlacklisted(member_id=7, is_on=True, reason="王小姐 13812345678", happened_at=clock.now())],
        )
    hook.tend()
    ((_headers, body),) = hook.receiver.came
    assert set(contents(body)) == {"merchant_id", "fact_id", "member_id", "subject_id", "is_on"}
    assert "13812345678" not in hook.log()[0].body


def test_a_fact_whose_transaction_ends_later_is_not_skipped(hook: Hook) -> None:
    """The reader waits below the oldest open transaction, as the stories do."""
    opened, go_on = threading.Event(), threading.Event()

    def slow() -> None:
        try:
            with tenant(hook.merchant_id):
                facts.publish(hook.merchant_id, [NoteWritten(member_id=7, subject_id=1, happened_at=NOW)])
                opened.set()
                assert go_on.wait(20)
        finally:
            connections.close_all()

    writer = threading.Thread(target=slow)
    writer.start()
    assert opened.wait(20)
    hook.happen(2)
    hook.tend()
    assert hook.receiver.came == []
    go_on.set()
    writer.join()
    hook.tend()
    assert [one["data"]["subject_id"] for one in hook.receiver.messages(hook.secret)] == [1, 2]


def test_two_workers_send_each_message_once(hook: Hook) -> None:
    hook.happen(*range(100))
    failures: list[BaseException] = []

    def work() -> None:
        try:
            hook.tend()
        except BaseException as error:  # shown by the assertion below
            failures.append(error)
        finally:
            connections.close_all()

    workers = [threading.Thread(target=work) for _ in range(3)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert failures == []
    hook.tend()
    assert sorted(one["data"]["subject_id"] for one in hook.receiver.messages(hook.secret)) == list(range(100))
    assert {one.state for one in hook.log()} == {"sent"}


def test_a_worker_that_died_between_claim_and_call_loses_nothing(hook: Hook) -> None:
    hook.happen(1)
    webhooks.spread(hook.merchant_id)
    (lost,) = claim(hook.merchant_id)
    assert hook.log()[0].state == "sending"
    hook.tend()
    assert hook.receiver.came == [], "another worker may be at it"
    with clock.frozen(NOW + rules.CLAIM_FOR + timedelta(seconds=1)):
        hook.tend()
        assert hook.receiver.ids() == [lost.message_id]
        assert [(one.state, one.attempt_count) for one in hook.log()] == [("sent", 2)]
        record(lost, webhooks.Outcome(None, "timeout"), chance=0.5)
        assert hook.log()[0].state == "sent", "the late one changes nothing"


def test_after_a_restore_nothing_is_sent_until_it_is_released(hook: Hook) -> None:
    hook.tend()
    hook.happen(1)
    with tenant(hook.merchant_id):
        assert webhooks.spread(hook.merchant_id) == 1
    with connection.cursor() as cursor:
        cursor.execute("UPDATE core_installation SET place = 'elsewhere'")
    hook.tend()
    assert hook.receiver.came == []
    with tenant(hook.merchant_id):
        assert merchants.release_sending(hook.merchant_id, by=hook.place.by)
        assert not merchants.release_sending(hook.merchant_id, by=hook.place.by)
    hook.tend()
    assert len(hook.receiver.came) == 1


def test_endpoints_of_others_are_not_there(hook: Hook, charlie: Place) -> None:
    with tenant(charlie.merchant_id):
        assert queries.endpoints(charlie.merchant_id) == []
        for act in (webhooks.delete_endpoint, webhooks.rotate_secret, webhooks.send_test, webhooks.resume_endpoint):
            with pytest.raises(Missing):
                act(charlie.merchant_id, hook.endpoint_id, by=charlie.by)
        assert webhooks.replay_dead(charlie.merchant_id, hook.endpoint_id, by=charlie.by) == 0
    assert hook.endpoint().is_active


def test_there_are_at_most_twenty(hook: Hook) -> None:
    with tenant(hook.merchant_id):
        spec = EndpointSpec(url=hook.receiver.url)
        for _turn in range(19):
            webhooks.create_endpoint(hook.merchant_id, spec, by=hook.place.by)
        with pytest.raises(Refused) as refused:
            webhooks.create_endpoint(hook.merchant_id, spec, by=hook.place.by)
        assert refused.value.code == "too_many"
        assert len(queries.endpoints(hook.merchant_id)) == 20
