"""Prometheus metrics of educational campaigns."""

from prometheus_client import CollectorRegistry, Counter, Gauge

RESULTS = ("queued", "sent", "delivered", "failed", "withheld")


class EducationMetrics:
    """Counts messages by what became of them, and those that wait."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "fanzha_education_messages",
            "Educational messages, by what became of them.",
            ["result"],
            registry=registry,
        )
        self._waiting = Gauge(
            "fanzha_education_waiting",
            "People of running campaigns who are not written to yet.",
            registry=registry,
        )
        for result in RESULTS:
            self._messages.labels(result)

    def counted(self, result: str, messages: int = 1) -> None:
        """Count messages by one of `RESULTS`."""
        self._messages.labels(result).inc(messages)

    def waits(self, people: int) -> None:
        """Set how many people wait."""
        self._waiting.set(people)
