"""Prometheus metrics of actions because of outcomes of cases. No metric names a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class OutcomeMetrics:
    """Counters and the backlog of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._actions = Counter(
            "fanzha_warning_outcomes",
            "Actions because of outcomes of cases, by outcome and result: docs/how-to/outcomes.md.",
            ["outcome", "what"],
            registry=registry,
        )
        self._dead = Counter(
            "fanzha_warning_outcomes_dead_letters",
            "Outcomes given up after all retries.",
            registry=registry,
        )
        self._backlog = Gauge(
            "fanzha_warning_outcomes_backlog",
            "Closed cases not yet acted on: in the stream (-1: unknown), or delayed.",
            ["where"],
            registry=registry,
        )

    def action(self, outcome: str, result: str) -> None:
        """Count an action by the outcome of its case and its result."""
        self._actions.labels(outcome, result).inc()

    def dead_letter(self) -> None:
        """Count an outcome that was given up."""
        self._dead.inc()

    def backlog(self, stream: int, delayed: int) -> None:
        """Set the number of outcomes in the stream (-1: unknown) and in the delay queue."""
        self._backlog.labels("stream").set(stream)
        self._backlog.labels("delayed").set(delayed)
