"""What the archive of the decision log has done and what waits, for Prometheus."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.decision_log.archive.follower import ArchiveFollower


class ArchiveMetrics(Collector):
    """The figures of one follower; of a process without the lock they stay at zero."""

    def __init__(self, follower: ArchiveFollower) -> None:
        self._follower = follower

    def collect(self) -> Iterator[Metric]:
        """Collect the metric families; the prometheus_client protocol."""
        figures = self._follower.figures
        yield CounterMetricFamily(
            "fanzha_decision_log_archive_segments",
            "Segments that were archived and verified.",
            figures.segments,
        )
        yield CounterMetricFamily(
            "fanzha_decision_log_archive_bytes", "Bytes of these segments.", figures.bytes
        )
        yield CounterMetricFamily(
            "fanzha_decision_log_archive_read_back",
            "Segments read back to be verified, as the store computes no SHA-256.",
            figures.read_back,
        )
        yield CounterMetricFamily(
            "fanzha_decision_log_archive_expired",
            "Archived segments that were removed because of their age.",
            figures.expired,
        )
        failures = CounterMetricFamily(
            "fanzha_decision_log_archive_failures",
            "Turns of the archive that failed, by cause: unreachable, refused or damaged.",
            labels=("cause",),
        )
        for cause, count in figures.failures.items():
            failures.add_metric((cause,), count)
        yield failures
        yield from self._waiting()

    def _waiting(self) -> Iterator[Metric]:
        figures = self._follower.figures
        yield GaugeMetricFamily(
            "fanzha_decision_log_archive_waiting_hours",
            "Sealed hours of a channel that are not archived.",
            figures.waiting,
        )
        yield GaugeMetricFamily(
            "fanzha_decision_log_archive_lag_seconds",
            "Time since the oldest of these hours was over; 0: none waits.",
            figures.lag_ms / 1000,
        )
