"""Prometheus metrics of the audit log."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.audit.log import AuditLog


class AuditMetrics(Collector):
    """Metrics of one audit log."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """Return the metrics."""
        state = self._log.state()
        yield GaugeMetricFamily(
            "fanzha_audit_sequence", "Sequence of the newest audit record.", value=state.sequence
        )
        yield GaugeMetricFamily(
            "fanzha_audit_uncovered_records",
            "Audit records since the last signed checkpoint.",
            value=state.uncovered,
        )
        yield GaugeMetricFamily(
            "fanzha_audit_uncopied_checkpoints",
            "Checkpoints of the audit log not copied to Redis, or to audit_anchor_dir, yet.",
            value=state.uncopied,
        )
        yield CounterMetricFamily(
            "fanzha_audit_write_failures",
            "Audit records that could not be written; the actions they were for were refused.",
            value=state.refused,
        )
