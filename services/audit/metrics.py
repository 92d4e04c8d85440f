"""Tells Prometheus how the audit log is: growing, covered, copied, refused by the disk."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from services.audit.log import AuditLog


class AuditGauges(Collector):
    """The figures of one log."""

    def __init__(self, log: AuditLog) -> None:
        self._log = log

    def collect(self) -> Iterator[Metric]:
        """Give what Prometheus asks for."""
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
            "Checkpoints of the audit log that wait to be copied to the store.",
            value=state.uncopied,
        )
        yield CounterMetricFamily(
            "fanzha_audit_refused_records",
            "Audit records that the disk refused; what they were of did not happen.",
            value=state.refused,
        )
