"""What keeping the decision log in order has done, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.decision_log.maintenance import LogMaintenance


class MaintenanceMetrics(Collector):
    """The figures of one keeper; of a process without the lock they stay at zero."""

    def __init__(self, keeper: LogMaintenance) -> None:
        self._keeper = keeper

    def collect(self) -> Iterator[Metric]:
        """Collect the metric families; the prometheus_client protocol."""
        figures = self._keeper.figures
        yield CounterMetricFamily(
            "fanzha_decision_log_torn", "Segments that were torn and set aside.", figures.torn
        )
        yield CounterMetricFamily(
            "fanzha_decision_log_joined", "Small segments joined into large ones.", figures.joined
        )
        removed = CounterMetricFamily(
            "fanzha_decision_log_removed_hours",
            "Hours of a channel removed, by cause: too old, or the log too large.",
            labels=("cause",),
        )
        removed.add_metric(("age",), figures.removed_old)
        removed.add_metric(("size",), figures.removed_large)
        yield removed
        yield GaugeMetricFamily(
            "fanzha_decision_log_size_bytes", "Bytes the decision log takes.", figures.size
        )
        yield GaugeMetricFamily(
            "fanzha_decision_log_segments", "Segments of the decision log.", figures.segments
        )
        yield GaugeMetricFamily(
            "fanzha_decision_log_held_hours",
            "Hours of a channel past their time that stay because they are not archived yet.",
            figures.held,
        )
