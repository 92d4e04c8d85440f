"""What Prometheus is told of change requests."""

from prometheus_client import CollectorRegistry, Gauge


class ChangeMetrics:
    """Gauges of list administration; without a registry, they are nobody's."""

    def __init__(self, registry: CollectorRegistry | None) -> None:
        self._emergencies = Gauge(
            "fanzha_change_emergencies_unconfirmed",
            "Change requests applied as an emergency, which nobody has confirmed.",
            registry=registry,
        )
        self._waiting = Gauge(
            "fanzha_changes_waiting",
            "Change requests that wait for a second person.",
            registry=registry,
        )

    def seen(self, *, emergencies: int, waiting: int) -> None:
        """Say how many there are."""
        self._emergencies.set(emergencies)
        self._waiting.set(waiting)
