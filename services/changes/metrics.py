"""Prometheus metrics of change requests."""

from prometheus_client import CollectorRegistry, Gauge


class ChangeMetrics:
    """Gauges of change requests; exported only where a registry is given."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._emergencies = Gauge(
            "fanzha_change_emergencies_unconfirmed",
            "Change requests applied as an emergency and not confirmed yet.",
            registry=registry,
        )
        self._pending = Gauge(
            "fanzha_changes_pending",
            "Change requests that wait for approval by a second person.",
            registry=registry,
        )

    def set(self, *, emergencies: int, pending: int) -> None:
        """Set both gauges."""
        self._emergencies.set(emergencies)
        self._pending.set(pending)
