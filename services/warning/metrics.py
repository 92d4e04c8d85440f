"""Prometheus metrics of the warning pipeline. No metric names a person or a source."""

from prometheus_client import CollectorRegistry, Counter, Gauge


class WarningMetrics:
    """Counters and stream gauges of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._hits = Counter(
            "fanzha_warning_hits",
            "Hits of this service read by intake, by result.",
            ["what"],
            registry=registry,
        )
        self._submitted = Counter(
            "fanzha_warning_submitted",
            "Warnings submitted by sources, by kind of source and result.",
            ["source", "what"],
            registry=registry,
        )
        self._retracted = Counter(
            "fanzha_warning_retractions",
            "Cases closed or kept because an entry or hit was wrong, messages withdrawn, and "
            "corrections queued.",
            ["what"],
            registry=registry,
        )
        self._relayed = Counter(
            "fanzha_warning_relayed",
            "Messages relayed to the stream of a channel; some count twice after a crash.",
            ["channel"],
            registry=registry,
        )
        self._dead = Counter(
            "fanzha_warning_dead_letters",
            "Stream entries given up, by stream.",
            ["stream"],
            registry=registry,
        )
        self._backfilled = Counter(
            "fanzha_warning_backfill_persons",
            "Recipients ingested by backfills, by result.",
            ["what"],
            registry=registry,
        )
        self._init_stream_gauges(registry)

    def _init_stream_gauges(self, registry: CollectorRegistry) -> None:
        self._lag = Gauge(
            "fanzha_warning_stream_lag",
            "Entries of a stream (hits, dismissals, retractions, outbox) not yet delivered to a "
            "consumer; -1: Redis does not know.",
            ["stream"],
            registry=registry,
        )
        self._pending = Gauge(
            "fanzha_warning_stream_pending",
            "Stream entries delivered to a consumer and not acknowledged.",
            ["stream"],
            registry=registry,
        )
        self._dead_kept = Gauge(
            "fanzha_warning_dead_letters_kept", "Dead letters in the store.", registry=registry
        )

    def hits(self, result: str, by: int) -> None:
        """Count hits."""
        self._hits.labels(result).inc(by)

    def submitted(self, source: str, result: str) -> None:
        """Count one warning of a source."""
        self._submitted.labels(source, result).inc()

    def backfilled(self, result: str, by: int) -> None:
        """Count recipients that a backfill ingested."""
        self._backfilled.labels(result).inc(by)

    def retracted(self, what: str, by: int) -> None:
        """Count what came of retractions."""
        self._retracted.labels(what).inc(by)

    def relayed(self, channel: str) -> None:
        """Count a message that was relayed to its channel."""
        self._relayed.labels(channel).inc()

    def dead_letter(self, stream: str) -> None:
        """Count a dead letter; the outboxes of all shards count as one stream."""
        name = "outbox" if stream.endswith(":outbox") else stream
        self._dead.labels(name).inc()

    def stream(self, name: str, lag: int, pending: int) -> None:
        """Set the backlog of a stream."""
        self._lag.labels(name).set(lag)
        self._pending.labels(name).set(pending)

    def dead_letters_kept(self, count: int) -> None:
        """Set the number of dead letters in the store."""
        self._dead_kept.set(count)
