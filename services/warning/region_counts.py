"""Tells Prometheus by what regions were found, and how many people have none."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from services.warning.regions import Regions


class RegionCounts(Collector):
    """The counts of one process."""

    def __init__(self, regions: Regions) -> None:
        self._regions = regions

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
