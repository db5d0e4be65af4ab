"""Periodic jobs come as often as they are meant to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from croniter import croniter
from django.db import OperationalError
from procrastinate.contrib.django import app

from shuke.core.jobs import for_each_merchant
from tests.make import Place

FROM = datetime(2026, 11, 22, 12, 1, 2)  # noqa: DTZ001 - cron knows no zone

EVERY = {
    "facts.sweep": timedelta(seconds=5),
    "ledger.tick": timedelta(minutes=10),
    "trade.hourly": timedelta(hours=1),
}


@pytest.mark.parametrize(("name", "gap"), EVERY.items())
def test_a_periodic_job_comes_in_time(name: str, gap: timedelta) -> None:
    [cron] = [task.cron for task in app.periodic_registry.periodic_tasks.values() if task.task.name == name]
    times = croniter(cron, FROM)
    first, second = times.get_next(datetime), times.get_next(datetime)
    assert first - FROM <= gap
    assert second - first == gap


@pytest.mark.django_db(transaction=True)
def test_what_fails_for_one_merchant_is_done_for_the_others(alice: Place, charlie: Place) -> None:
    done: list[tuple[str, int]] = []

    def first(merchant_id: int) -> None:
        if merchant_id == alice.merchant_id:
            raise ValueError("broken")
        done.append(("first", merchant_id))

    def second(merchant_id: int) -> None:
        done.append(("second", merchant_id))

    with pytest.raises(ValueError, match="broken"):
        for_each_merchant(first, second)
    assert done == [("second", alice.merchant_id), ("first", charlie.merchant_id), ("second", charlie.merchant_id)]


@pytest.mark.django_db(transaction=True)
def test_without_a_database_nothing_goes_on(alice: Place, charlie: Place) -> None:
    asked: list[int] = []

    def lose(merchant_id: int) -> None:
        asked.append(merchant_id)
        raise OperationalError("gone")

    with pytest.raises(OperationalError):
        for_each_merchant(lose)
    assert asked == [alice.merchant_id]
