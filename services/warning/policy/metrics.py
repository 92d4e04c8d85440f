"""Tells Prometheus how regions were found, and how many messages went without their facts."""

from collections.abc import Callable, Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from services.warning.policy.regions import RegionFinder


class RulebookMetrics(Collector):
    """The counts of one process."""

    def __init__(self, regions: RegionFinder, left_out: Callable[[], int]) -> None:
        self._regions = regions
        self._left_out = left_out

    def collect(self) -> Iterator[Metric]:
        """Give what Prometheus asks for."""
        counted = CounterMetricFamily(
            "fanzha_warning_regions",
            "Numbers whose region was looked up, by what it was found by.",
            labels=["how"],
        )
        for how, count in self._regions.counts.items():
            counted.add_metric([how], count)
        yield counted
        yield CounterMetricFamily(
            "fanzha_warning_facts_left_out",
            "Messages that went without facts of the case, because a fact held a link, a number "
            "or the like.",
            value=self._left_out(),
        )
