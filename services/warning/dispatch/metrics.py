"""Prometheus metrics of channels and the schedule. No metric names a person."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600, 21_600, 86_400)


class ChannelMetrics:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "fanzha_warning_messages",
            "Messages by channel and result: sent, delayed, refused, not_allowed, obsolete, "
            "in_doubt, dead, receipt_delivered, receipt_failed and so on.",
            ["channel", "what"],
            registry=registry,
        )
        self._seconds = Histogram(
            "fanzha_warning_send_seconds",
            "Seconds from queueing a message until its channel accepted it.",
            ["channel"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._steps = Counter(
            "fanzha_warning_steps",
            "Cases that were due and handled by the schedule, by their last event.",
            ["what"],
            registry=registry,
        )

    def counted(self, channel: str, what: str, seconds: float) -> None:
        """Count the result of a message; *seconds* since it was queued, if it was sent."""
        self._messages.labels(channel, what).inc()
        if what == "sent":
            self._seconds.labels(channel).observe(seconds)

    def escalated(self, what: str) -> None:
        """Count a step of the schedule by its last event."""
        self._steps.labels(what).inc()
