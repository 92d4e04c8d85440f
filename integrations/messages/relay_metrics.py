"""What a relay of messages counts, beside what every adapter does."""

from functools import cache

from prometheus_client import Counter, Gauge

from integrations.common.adapter_metrics import AdapterMetrics
from integrations.messages.carried_message import MessageDirection


class RelayMetrics:
    """Counters on the registry of the adapter."""

    def __init__(self, adapter: str, shared: AdapterMetrics) -> None:
        self.shared = shared
        registry = shared.registry
        messages = Counter(
            "fanzha_relay_messages",
            "PDUs with a message, by direction and what became of them: forwarded, refused, "
            "dropped; forwarded without a decision: unjudged (no text in it), receipt, off.",
            ("adapter", "direction", "result"),
            registry=registry,
        )
        segments = Counter(
            "fanzha_relay_concatenated",
            "Messages of several parts: judged whole, judged incomplete, or part by part.",
            ("adapter", "direction", "result"),
            registry=registry,
        )
        flash = Counter(
            "fanzha_relay_flash",
            "PDUs with a message of class 0, which phones show at once.",
            ("adapter", "direction"),
            registry=registry,
        )
        # Looking up labels costs as much as counting.
        self._message = cache(lambda *labels: messages.labels(adapter, *labels))
        self._segment = cache(lambda *labels: segments.labels(adapter, *labels))
        self._flash = cache(lambda direction: flash.labels(adapter, direction))
        self._count_sessions(adapter)

    def count_message(self, direction: MessageDirection, result: str) -> None:
        """Count a PDU with a message."""
        self._message(direction.value, result).inc()

    def count_concatenated(self, direction: MessageDirection, result: str) -> None:
        """Count a message of several parts."""
        self._segment(direction.value, result).inc()

    def count_flash(self, direction: MessageDirection) -> None:
        """Count a message that phones show at once."""
        self._flash(direction.value).inc()

    def count_throttled(self, direction: MessageDirection) -> None:
        """Count a request that the relay would not hold."""
        self._throttle(direction.value).inc()

    def count_fault(self, kind: str) -> None:
        """Count a PDU that could not be read."""
        self.shared.count_fault(kind)

    def open_session(self) -> None:
        """Count a client that connected."""
        self._sessions.inc()

    def end_session(self, reason: str) -> None:
        """Count a session that ended."""
        self._sessions.dec()
        self._end(reason).inc()

    def _count_sessions(self, adapter: str) -> None:
        registry = self.shared.registry
        self._sessions = Gauge(
            "fanzha_relay_sessions", "Clients connected.", ("adapter",), registry=registry
        ).labels(adapter)
        ends = Counter(
            "fanzha_relay_session_ends",
            "Sessions that ended, by reason.",
            ("adapter", "reason"),
            registry=registry,
        )
        throttled = Counter(
            "fanzha_relay_throttled",
            "Requests answered as throttled by the relay itself.",
            ("adapter", "direction"),
            registry=registry,
        )
        self._end = cache(lambda reason: ends.labels(adapter, reason))
        self._throttle = cache(lambda direction: throttled.labels(adapter, direction))
