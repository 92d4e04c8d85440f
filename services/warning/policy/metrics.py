"""Prometheus metrics of region lookups and composed messages."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from services.warning.policy.regions import RegionFinder


class RulebookMetrics(Collector):
    """Counters of one process."""

    def __init__(self, regions: RegionFinder, left_out: Callable[[], int]) -> None:
        self._regions = regions
        self._left_out = left_out

    def collect(self) -> Iterator[Metric]:
        """Yield the metrics."""
        counted = CounterMetricFamily(
            "fanzha_warning_regions",
            "Region lookups of numbers, by the table that had the number.",
            labels=["how"],
        )
        for how, count in self._regions.counts.items():
            counted.add_metric([how], count)
        yield counted
        yield CounterMetricFamily(
            "fanzha_warning_facts_left_out",
            "Messages composed without facts of the case, because the linter refused a fact.",
            value=self._left_out(),
        )
