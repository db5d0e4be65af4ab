"""Figures for whoever watches the installation, in Prometheus' text format."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Iterator, Mapping

from django.db import transaction
from prometheus_client import CollectorRegistry, Histogram, generate_latest, multiprocess
from prometheus_client import Counter as Counted
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import REGISTRY, Collector

from shuke.core import checks, clock, facts, health, jobs, sql
from shuke.core.tenancy import tenant

Figure = Callable[[int], Mapping[str, float]]

REQUESTS = Counted(
    "shuke_requests", "Requests answered, by the pattern of their address.", ["method", "route", "status"]
)
SECONDS = Histogram(
    "shuke_request_seconds",
    "Seconds until a request was answered.",
    ["method", "route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)

_figures: dict[str, tuple[str, str, Figure]] = {
    "shuke_check_violations": (
        "What did not hold in the last nightly check, by module.",
        "module",
        checks.noted_violations,
    )
}


def figure(name: str, help_text: str, label: str) -> Callable[[Figure], Figure]:
    """Have /metrics show what a function counts for a merchant by the values of a label, summed over all merchants."""

    def register(function: Figure) -> Figure:
        _figures[name] = (help_text, label, function)
        return function

    return register


def render() -> bytes:
    """Everything, as text; counters of all processes that share PROMETHEUS_MULTIPROC_DIR."""
    registry = CollectorRegistry()
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        multiprocess.MultiProcessCollector(registry)  # type: ignore[no-untyped-call]  # the library has no types here
        counted = generate_latest(registry)
    else:
        counted = generate_latest(REGISTRY)
    rows = CollectorRegistry()
    rows.register(_Rows())
    return counted + generate_latest(rows)


class _Rows(Collector):
    """What stands in the database at the moment of asking."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge after the other."""
        with transaction.atomic():
            yield _gauge("shuke_workers", "Workers at work.", health.worker_count())
            yield _labelled(
                "shuke_jobs",
                "Jobs by task and status; done ones are not counted.",
                ("task", "status"),
                {
                    (task, status): count
                    for task, status, count in sql.rows(
                        "SELECT task_name, status::text, count(*) FROM procrastinate_jobs"
                        " WHERE status IN ('todo', 'doing', 'failed') GROUP BY 1, 2 ORDER BY 1, 2"
                    )
                },
            )
            age = sql.scalar(
                "SELECT extract(epoch FROM %(now)s - backed_up_at) FROM core_installation", {"now": clock.now()}
            )
            if age is not None:
                yield _gauge("shuke_backup_age_seconds", "Seconds since the last backup.", float(age))
            yield from _of_merchants()


def _of_merchants() -> Iterator[GaugeMetricFamily]:
    pending, oldest = 0, 0.0
    sums: dict[str, Counter[tuple[str, ...]]] = {name: Counter() for name in _figures}
    for merchant_id in jobs.merchant_ids():
        with tenant(merchant_id):
            pending += facts.pending_count(merchant_id)
            oldest = max(oldest, facts.oldest_pending_seconds(merchant_id))
            for name, (_help, _label, function) in _figures.items():
                sums[name].update({(value,): int(count) for value, count in function(merchant_id).items()})
    yield _gauge("shuke_facts_pending", "Facts that no story was told yet.", pending)
    yield _gauge("shuke_facts_oldest_seconds", "Age of the oldest of them.", oldest)
    for name, (help_text, label, _function) in sorted(_figures.items()):
        yield _labelled(name, help_text, (label,), sums[name])


def _gauge(name: str, help_text: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, help_text, value=value)


def _labelled(
    name: str, help_text: str, labels: tuple[str, ...], counted: Mapping[tuple[str, ...], int]
) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, help_text, labels=labels)
    for values, count in sorted(counted.items()):
        family.add_metric(list(values), count)
    return family
