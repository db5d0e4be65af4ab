"""Periodic jobs come as often as they are meant to."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from croniter import croniter
from procrastinate.contrib.django import app

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
