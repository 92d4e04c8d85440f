"""What is counted of the policy zone."""

from prometheus_client import Counter, Gauge

from integrations.common.adapter_metrics import AdapterMetrics


class DnsMetrics(AdapterMetrics):
    """Adds the zone, its transfers and its notifications."""

    def __init__(self) -> None:
        super().__init__("dns")
        self._answers = Counter(
            "fanzha_dns_answers",
            "Answers to secondaries: soa, ns, axfr, ixfr, ixfr_whole (all records), ixfr_none.",
            ("kind",),
            registry=self.registry,
        )
        self._notifications = Counter(
            "fanzha_dns_notifications",
            "NOTIFY messages by result: answered, refused, unanswered.",
            ("result",),
            registry=self.registry,
        )
        self._serial = Gauge(
            "fanzha_dns_zone_serial", "Serial of the policy zone.", registry=self.registry
        )
        self._names = Gauge(
            "fanzha_dns_zone_names", "Listed names in the policy zone.", registry=self.registry
        )

    def count_answer(self, kind: str) -> None:
        """Count an answer to a secondary."""
        self._answers.labels(kind).inc()

    def count_notification(self, result: str) -> None:
        """Count a NOTIFY."""
        self._notifications.labels(result).inc()

    def show_zone(self, serial: int, names: int) -> None:
        """Show what the zone is."""
        self._serial.set(serial)
        self._names.set(names)
