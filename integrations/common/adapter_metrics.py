"""What every adapter counts, and the page that shows it."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, start_http_server

from integrations.common.process import address_of

BUCKETS = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""Of seconds an adapter waits for a decision."""


class AdapterMetrics:
    """Counters of one adapter, on a registry of its own; *adapter* is a label of each."""

    def __init__(self, adapter: str) -> None:
        self.registry = CollectorRegistry()
        self._adapter = adapter
        self._decisions = Counter(
            "fanzha_adapter_decisions",
            "Decisions by channel and result: let_through, blocked, failed, withheld.",
            ("adapter", "channel", "result"),
            registry=self.registry,
        )
        self._seconds = Histogram(
            "fanzha_adapter_decision_seconds",
            "Seconds that traffic waited for a decision.",
            ("adapter", "channel"),
            buckets=BUCKETS,
            registry=self.registry,
        )
        self._open = Gauge(
            "fanzha_adapter_breaker_open",
            "Whether the circuit breaker withholds requests.",
            ("adapter", "channel"),
            registry=self.registry,
        )
        self._faults = Counter(
            "fanzha_adapter_peer_faults",
            "Messages of peers that could not be read, by kind.",
            ("adapter", "kind"),
            registry=self.registry,
        )

    def count(self, channel: str, result: str, rows: int = 1) -> None:
        """Count decided rows."""
        self._decisions.labels(self._adapter, channel, result).inc(rows)

    @contextmanager
    def timed(self, channel: str) -> Iterator[None]:
        """Measure how long traffic waits."""
        started = time.perf_counter()
        try:
            yield
        finally:
            seconds = time.perf_counter() - started
            self._seconds.labels(self._adapter, channel).observe(seconds)

    def show_breaker(self, channel: str, *, is_open: bool) -> None:
        """Show the state of a breaker."""
        self._open.labels(self._adapter, channel).set(is_open)

    def count_fault(self, kind: str) -> None:
        """Count a message of a peer that could not be read."""
        self._faults.labels(self._adapter, kind).inc()


@dataclass(frozen=True, slots=True)
class AdapterMetricsServer:
    """A page in a thread of its own."""

    port: int

    @classmethod
    def start(cls, metrics: AdapterMetrics, listen: str) -> "AdapterMetricsServer | None":
        """Serve /metrics at ``host:port``; None where *listen* is empty."""
        if not listen:
            return None
        host, port = address_of(listen)
        server, _thread = start_http_server(port, addr=host, registry=metrics.registry)
        return cls(server.server_port)
