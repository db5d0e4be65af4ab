"""Receivers that refuse, hang, redirect or come back after days."""

from __future__ import annotations

import time
from datetime import timedelta

import pytest

from shuke.core import clock
from shuke.core.tenancy import tenant
from shuke.merchants import queries as merchants
from shuke.webhooks import actions as webhooks
from shuke.webhooks import calling, queries
from tests.conftest import NOW
from tests.webhooks.conftest import Hook
from tests.webhooks.receiver import dripping, endless, status


def test_a_refusing_receiver_is_tried_ten_times_in_three_days_and_then_given_up(hook: Hook) -> None:
    hook.receiver.answers = [status(500)]
    hook.happen(1)
    at, waits = NOW, []
    while hook.log() == [] or hook.log()[0].state != "dead":
        with clock.frozen(at):
            hook.tend()
            (one,) = hook.log()
            waits.append(one.next_at - at)
            at = max(one.next_at, at + timedelta(seconds=600))
    assert len(hook.receiver.came) == one.attempt_count == 10
    assert len(set(hook.receiver.ids())) == 1
    assert timedelta(days=2) < at - NOW < timedelta(days=4)
    assert waits[0] < timedelta(seconds=7)
    assert waits[8] > timedelta(hours=19)
    assert (one.status, one.trouble) == (500, "broken")


def test_what_was_given_up_is_sent_again_when_asked_for(hook: Hook) -> None:
    hook.receiver.answers = [status(410)]
    hook.happen(1)
    hook.tend()
    assert [(one.state, one.status) for one in hook.log()] == [("dead", 410)]
    assert hook.endpoint().paused_at == NOW
    hook.receiver.answers = [status(200)]
    with tenant(hook.merchant_id):
        webhooks.resume_endpoint(hook.merchant_id, hook.endpoint_id, by=hook.place.by)
        assert webhooks.replay_dead(hook.merchant_id, hook.endpoint_id, by=hook.place.by) == 1
        assert webhooks.replay_dead(hook.merchant_id, hook.endpoint_id, by=hook.place.by) == 0
    hook.tend()
    assert [(one.state, one.attempt_count) for one in hook.log()] == [("sent", 1)]
    assert len(set(hook.receiver.ids())) == 1, "known by the same id"


def test_everything_since_an_instant_is_sent_again(hook: Hook) -> None:
    hook.happen(1)
    hook.tend()
    with clock.frozen(NOW + timedelta(hours=1)):
        hook.happen(2, 3)
        hook.tend()
        with tenant(hook.merchant_id):
            since = NOW + timedelta(minutes=30)
            assert webhooks.replay_since(hook.merchant_id, hook.endpoint_id, since, by=hook.place.by) == 2
        hook.tend()
    assert [one["data"]["subject_id"] for one in hook.receiver.messages(hook.secret)] == [1, 2, 3, 2, 3]


def test_an_endpoint_that_fails_for_days_is_paused_and_keeps_what_waits(hook: Hook) -> None:
    hook.receiver.answers = [status(503)]
    hook.happen(1)
    hook.tend()
    with clock.frozen(NOW + timedelta(days=3, minutes=1)):
        hook.tend()
        assert hook.endpoint().paused_at is not None
        hook.happen(2)
        hook.tend()
    assert len(hook.receiver.came) == 2
    with tenant(hook.merchant_id):
        assert queries.paused(hook.merchant_id) == [hook.receiver.url]
        assert merchants.audit_lines(hook.merchant_id, act="webhook.paused")[0].object_id == hook.endpoint_id
        webhooks.resume_endpoint(hook.merchant_id, hook.endpoint_id, by=hook.place.by)
    hook.receiver.answers = [status(200)]
    with clock.frozen(NOW + timedelta(days=3, minutes=2)):
        hook.tend()
    assert [one.state for one in hook.log()] == ["sent", "sent"]


def test_when_it_is_down_the_others_wait_without_being_tried(hook: Hook) -> None:
    hook.receiver.answers = [status(500), status(200)]
    hook.happen(1, 2, 3)
    hook.tend()
    assert len(hook.receiver.came) == 1
    assert [(one.state, one.attempt_count) for one in hook.log()] == [("failed", 1), ("failed", 0), ("failed", 0)]
    with clock.frozen(NOW + timedelta(seconds=30)):
        hook.tend()
    assert {one.state for one in hook.log()} == {"sent"}
    assert len(hook.receiver.came) == 4


def test_the_receivers_wish_to_wait_is_heeded(hook: Hook) -> None:
    hook.receiver.answers = [status(429, retry_after="1200")]
    hook.happen(1)
    hook.tend()
    assert hook.log()[0].next_at == NOW + timedelta(seconds=1200)


def test_redirects_are_not_followed(hook: Hook) -> None:
    hook.receiver.answers = [status(302, location=hook.receiver.url)]
    hook.happen(1)
    hook.tend()
    assert len(hook.receiver.came) == 1
    assert (hook.log()[0].state, hook.log()[0].trouble) == ("failed", "redirect")


def test_an_answer_without_end_is_cut_off(hook: Hook) -> None:
    hook.receiver.answers = [endless]
    hook.happen(1)
    before = time.monotonic()
    hook.tend()
    assert time.monotonic() - before < 5
    assert hook.log()[0].state == "sent"


def test_an_answer_that_drips_holds_nobody_up(hook: Hook, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(calling, "SECONDS", 0.5)
    hook.receiver.answers = [dripping]
    hook.happen(1)
    before = time.monotonic()
    hook.tend()
    assert time.monotonic() - before < 5
    assert (hook.log()[0].state, hook.log()[0].trouble) == ("failed", "timeout")


def test_both_secrets_sign_for_a_day_after_a_change(hook: Hook) -> None:
    with tenant(hook.merchant_id):
        new = webhooks.rotate_secret(hook.merchant_id, hook.endpoint_id, by=hook.place.by)
    hook.happen(1)
    hook.tend()
    assert len(hook.receiver.messages(hook.secret)) == len(hook.receiver.messages(new)) == 1
    assert new != hook.secret
    with clock.frozen(NOW + timedelta(hours=25)):
        hook.happen(2)
        hook.tend()
    assert " " not in hook.receiver.came[1][0]["webhook-signature"]


def test_a_test_message_goes_out_even_to_an_endpoint_that_wants_little(hook: Hook) -> None:
    with tenant(hook.merchant_id):
        delivery_id = webhooks.send_test(hook.merchant_id, hook.endpoint_id, by=hook.place.by)
    hook.tend()
    with tenant(hook.merchant_id):
        found = queries.delivery(hook.merchant_id, delivery_id)
    assert found is not None
    assert (found.state, found.kind) == ("sent", "webhooks.test")
