"""What channels count, for Prometheus. No numbers of people."""

from prometheus_client import CollectorRegistry, Counter, Histogram

_SECONDS = (0.1, 0.25, 0.5, 1, 2, 5, 15, 60, 300, 3600, 21_600, 86_400)


class ChannelMetrics:
    """Counters of one process; they begin at zero with it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._messages = Counter(
            "fanzha_warning_messages",
            "Warnings by channel and what became of them: sent, put_off, refused, not_allowed, "
            "in_doubt, dead, receipt_delivered, receipt_failed and so on.",
            ["channel", "what"],
            registry=registry,
        )
        self._seconds = Histogram(
            "fanzha_warning_send_seconds",
            "From the hand-over to a channel until the channel has it.",
            ["channel"],
            buckets=_SECONDS,
            registry=registry,
        )
        self._steps = Counter(
            "fanzha_warning_steps",
            "What the schedule did with cases that were due, by the last event.",
            ["what"],
            registry=registry,
        )

    def counted(self, channel: str, what: str, seconds: float) -> None:
        """Count what became of a message."""
        self._messages.labels(channel, what).inc()
        if what == "sent":
            self._seconds.labels(channel).observe(seconds)

    def escalated(self, what: str) -> None:
        """Count a case that was due."""
        self._steps.labels(what).inc()
