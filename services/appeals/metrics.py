"""Prometheus metrics of appeals; no label names a person, a number or an officer."""

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram

from services.appeals.model import AppealState
from services.appeals.store import QueueSummary

_HOUR_S = 3600.0
_DECISION_BUCKETS = tuple(hours * _HOUR_S for hours in (1, 4, 8, 12, 24, 36, 48, 72, 120, 240))
_LIFT_BUCKETS = (0.1, 0.25, 0.5, 1.0, 1.5, 2.0, 3.0, 5.0, 10.0, 30.0, 60.0)


class AppealFigures:
    """Counters and gauges of appeals."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._opened = Counter("fanzha_appeals_opened_total", "Appeals opened.", registry=registry)
        self._closed = Counter(
            "fanzha_appeals_closed_total",
            "Appeals closed, by outcome.",
            ["outcome"],
            registry=registry,
        )
        self._decision = Histogram(
            "fanzha_appeal_decision_seconds",
            "From the receipt of an appeal until it was upheld or rejected.",
            buckets=_DECISION_BUCKETS,
            registry=registry,
        )
        self._lift = Histogram(
            "fanzha_appeal_lift_seconds",
            "From upholding an appeal until every reporting worker let the traffic through.",
            buckets=_LIFT_BUCKETS,
            registry=registry,
        )
        self._open = Gauge(
            "fanzha_appeals_open", "Appeals that wait for a decision.", registry=registry
        )
        self._due_soon = Gauge(
            "fanzha_appeals_due_soon",
            "Open appeals with half of their time over, the overdue included.",
            registry=registry,
        )
        self._overdue = Gauge(
            "fanzha_appeals_overdue", "Open appeals after their deadline.", registry=registry
        )
        self._lifting = Gauge(
            "fanzha_appeal_lifts_pending",
            "Upheld appeals whose block is not lifted in every worker yet.",
            registry=registry,
        )
        for outcome in (AppealState.UPHELD, AppealState.REJECTED, AppealState.WITHDRAWN):
            self._closed.labels(outcome.value)

    def opened(self) -> None:
        """Count an appeal."""
        self._opened.inc()

    def closed(self, state: AppealState, seconds: float) -> None:
        """Count an appeal that was closed after *seconds*."""
        self._closed.labels(state.value).inc()
        if state is not AppealState.WITHDRAWN:
            self._decision.observe(seconds)

    def lifted(self, seconds: float) -> None:
        """Count a lift."""
        self._lift.observe(seconds)

    def queue(self, summary: QueueSummary) -> None:
        """Set the gauges of the queue."""
        self._open.set(summary.open)
        self._due_soon.set(summary.due_soon)
        self._overdue.set(summary.overdue)
        self._lifting.set(summary.lifting)
