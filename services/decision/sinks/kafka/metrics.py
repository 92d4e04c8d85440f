"""Prometheus metrics of the hits that go to Kafka. None names a person."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class HitTopicMetrics:
    """Counters and gauges of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._sent = Counter(
            "fanzha_hits_kafka_sent",
            "Hits that all in-sync replicas of Kafka have.",
            registry=registry,
        )
        self._failed = Counter(
            "fanzha_hits_kafka_failures",
            "Batches of hits that Kafka did not take, and that are sent again.",
            registry=registry,
        )
        self._given_up = Counter(
            "fanzha_hits_kafka_dead_letters",
            "Hits that Kafka will never take, or that cannot be read.",
            registry=registry,
        )
        self._waiting = Gauge(
            "fanzha_hits_kafka_waiting",
            "Hits of a stream that are not in Kafka yet; -1: Redis does not know.",
            ["stream"],
            registry=registry,
        )

    def sent(self, count: int) -> None:
        """Count hits that were acknowledged."""
        self._sent.inc(count)

    def failed(self) -> None:
        """Count a batch that failed."""
        self._failed.inc()

    def given_up(self) -> None:
        """Count a dead letter."""
        self._given_up.inc()

    def waiting(self, stream: str, count: int) -> None:
        """Set how many hits of a stream wait."""
        self._waiting.labels(stream).set(count)
