"""Exports the failures that background work of this process counts (`infra.failure_counts`)."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from infra.failure_counts import FailureCounts, FailureKind


class FailureMetrics(Collector):
    """Counters by kind; a series appears with its first failure."""

    def __init__(self, failures: FailureCounts) -> None:
        self._failures = failures

    def collect(self) -> Iterator[Metric]:
        """Return one counter family per kind of failure."""
        damaged = CounterMetricFamily(
            "fanzha_damaged_records",
            "Records in the store that could not be read, by kind of record.",
            labels=("what",),
        )
        yield self._filled(damaged, FailureKind.DAMAGED_RECORD)
        dead = CounterMetricFamily(
            "fanzha_dead_letters", "Stream entries given up, by consumer group.", labels=("group",)
        )
        yield self._filled(dead, FailureKind.DEAD_LETTER)
        failed = CounterMetricFamily(
            "fanzha_periodic_task_failures",
            "Runs of background tasks that failed and are retried, by task.",
            labels=("task",),
        )
        yield self._filled(failed, FailureKind.PERIODIC_TASK)

    def _filled(self, family: CounterMetricFamily, kind: FailureKind) -> CounterMetricFamily:
        for name, number in sorted(self._failures.of(kind).items()):
            family.add_metric((name,), number)
        return family
