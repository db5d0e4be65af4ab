"""Facts: told once each, in order, with their member's later facts waiting behind a failing one."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import ClassVar

import pytest
from django.db import connection

from shuke.core import clock, facts, sql
from shuke.core.facts import Fact, fact, story
from shuke.core.tenancy import tenant
from tests.conftest import NOW
from tests.make import Place


@fact
@dataclass(frozen=True, slots=True, kw_only=True)
class Rang(Fact):
    """A bell rang, for tests."""

    kind: ClassVar[str] = "tests.rang"
    times: int


heard: list[list[int]] = []
broken: set[int] = set()


@story(Rang)
def rang(merchant_id: int, batch: Sequence[Rang]) -> None:
    """Notes what it hears; fails on what is broken."""
    if any(one.times in broken for one in batch):
        raise RuntimeError("cracked")
    heard.append([one.times for one in batch])


@pytest.fixture(autouse=True)
def silence() -> Iterator[None]:
    yield
    heard.clear()
    broken.clear()


def ring(place: Place, *times: int, member_id: int | None = None) -> None:
    with tenant(place.merchant_id):
        facts.publish(place.merchant_id, [Rang(times=n, member_id=member_id, happened_at=NOW) for n in times])


@pytest.mark.django_db(transaction=True)
def test_a_batch_is_told_once_and_in_order(alice: Place, charlie: Place) -> None:
    ring(alice, 1, 2, 3)
    ring(charlie, 9)
    assert facts.drain(alice.merchant_id) == 3
    assert facts.drain(alice.merchant_id) == 0
    assert heard == [[1, 2, 3]]


@pytest.mark.django_db(transaction=True)
def test_nothing_is_told_of_what_was_rolled_back(alice: Place) -> None:
    with pytest.raises(ZeroDivisionError), tenant(alice.merchant_id):  # noqa: PT012 - the failure is the point
        facts.publish(alice.merchant_id, [Rang(times=1, happened_at=NOW)])
        raise ZeroDivisionError
    assert facts.drain(alice.merchant_id) == 0
    assert heard == []


@pytest.mark.django_db(transaction=True)
def test_a_failing_fact_waits_and_holds_back_its_members_later_ones(alice: Place) -> None:
    broken.add(2)
    ring(alice, 1, member_id=5)
    ring(alice, 2, member_id=6)
    ring(alice, 3, member_id=7)
    facts.drain(alice.merchant_id)
    assert heard == [[1], [3]]
    ring(alice, 4, member_id=6)
    facts.drain(alice.merchant_id)
    assert heard == [[1], [3]]
    assert facts.pending_count(alice.merchant_id) == 2
    broken.clear()
    with clock.frozen(NOW + timedelta(minutes=1)):
        facts.drain(alice.merchant_id)
    assert heard == [[1], [3], [2, 4]]
    assert facts.pending_count(alice.merchant_id) == 0


@pytest.mark.django_db(transaction=True)
def test_a_fact_that_never_succeeds_is_shown_as_stuck_without_its_values(alice: Place) -> None:
    broken.add(2)
    ring(alice, 2, member_id=6)
    for attempt in range(10):
        with clock.frozen(NOW + timedelta(hours=attempt)):
            facts.drain(alice.merchant_id)
    [(_, kind, error)] = facts.stuck(alice.merchant_id)
    assert kind == "tests.rang"
    assert error.startswith("RuntimeError in rang, line ")
    assert "cracked" not in error


@pytest.mark.django_db(transaction=True)
def test_facts_of_a_longer_transaction_are_not_skipped(alice: Place) -> None:
    from tests.conftest import owner_connection

    with owner_connection() as slow:
        slow.autocommit = False
        slow.execute(
            "INSERT INTO core_fact (merchant_id, kind, payload, by, happened_at) VALUES (%s, 'tests.rang',"
            " '{\"times\": 1}', 'system', now())",
            [alice.merchant_id],
        )
        ring(alice, 2)
        facts.drain(alice.merchant_id)
        assert heard == []
        slow.commit()
    facts.drain(alice.merchant_id)
    assert heard == [[1, 2]]


@pytest.mark.django_db(transaction=True)
def test_a_reader_follows_transactions_by_number_and_not_by_how_it_is_written(alice: Place) -> None:
    from tests.conftest import owner_connection

    with owner_connection() as owner:
        for xid in (9, 10, 11, 100):
            owner.execute(
                "INSERT INTO core_fact (merchant_id, xid, kind, payload, by, happened_at)"
                " VALUES (%s, %s::text::xid8, 'tests.rang', '{}', 'system', now())",
                [alice.merchant_id, xid],
            )
    with tenant(alice.merchant_id):
        assert facts.newest_place(alice.merchant_id).xid == "100"
        first = facts.read_after(alice.merchant_id, facts.Place(), limit=2)
        rest = facts.read_after(alice.merchant_id, first[-1].place, limit=2)
    assert [one.place.xid for one in (*first, *rest)] == ["9", "10", "11", "100"]


def test_the_application_may_not_change_facts(shop: Place) -> None:
    facts.publish(shop.merchant_id, [Rang(times=1, happened_at=NOW)])
    from django.db import transaction
    from django.db.utils import ProgrammingError

    for statement in ("UPDATE core_fact SET kind = 'x'", "DELETE FROM core_fact", "TRUNCATE core_fact"):
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            sql.run(statement)
    assert not connection.needs_rollback


def test_the_timeline_shows_the_latest_first(shop: Place) -> None:
    for days in (3, 1, 2):
        facts.publish(
            shop.merchant_id, [Rang(times=days, member_id=8, happened_at=NOW - timedelta(days=days))], by=shop.by
        )
    found = facts.timeline(shop.merchant_id, 8)
    assert [one.times for one in found if isinstance(one, Rang)] == [1, 2, 3]
