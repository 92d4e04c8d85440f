"""Prometheus metrics of change requests."""

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.changes.redo.lost_changes import LossOutcome


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

        self._lost = Counter(
            "fanzha_lost_list_changes",
            "Changes of the lists that the store acknowledged and lost, by what became of them.",
            ["outcome"],
            registry=registry,
        )
        for outcome in LossOutcome:
            self._lost.labels(outcome.value)

    def lost(self, outcome: LossOutcome) -> None:
        """Count a change that the store lost."""
        self._lost.labels(outcome.value).inc()

    def set(self, *, emergencies: int, pending: int) -> None:
        """Set both gauges."""
        self._emergencies.set(emergencies)
        self._pending.set(pending)
