"""What the warning process counts, for Prometheus. No numbers of people, no names of sources."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge


class WarningFigures:
    """Counters of one process; they begin at zero with it."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._hits = Counter(
            "fanzha_warning_hits",
            "Hits of this service that were read, by what became of them.",
            ["what"],
            registry=registry,
        )
        self._submitted = Counter(
            "fanzha_warning_submitted",
            "Warnings that sources sent, by kind of source and what became of them.",
            ["source", "what"],
            registry=registry,
        )
        self._handed = Counter(
            "fanzha_warning_handed",
            "Warnings handed to the stream of a channel; after a crash some are counted twice.",
            ["channel"],
            registry=registry,
        )
        self._dead = Counter(
            "fanzha_warning_dead_letters",
            "Entries given up, by the stream they came from.",
            ["stream"],
            registry=registry,
        )

        self._reached = Counter(
            "fanzha_warning_backfill_persons",
            "Persons that backfills took in, by result.",
            ["what"],
            registry=registry,
        )

        self._waiting = Gauge(
            "fanzha_warning_waiting",
            "Entries of a stream that nobody has taken yet; -1: the store cannot tell.",
            ["stream"],
            registry=registry,
        )
        self._held = Gauge(
            "fanzha_warning_held",
            "Entries of a stream that were taken and are not done.",
            ["stream"],
            registry=registry,
        )
        self._letters = Gauge(
            "fanzha_warning_dead_letters_kept", "Entries given up and kept.", registry=registry
        )

    def hits(self, what: str, by: int) -> None:
        """Count hits that were read."""
        self._hits.labels(what).inc(by)

    def submitted(self, source: str, what: str) -> None:
        """Count a warning from outside."""
        self._submitted.labels(source, what).inc()

    def reached(self, what: str, by: int) -> None:
        """Count persons whom a backfill took in."""
        self._reached.labels(what).inc(by)

    def handed(self, channel: str) -> None:
        """Count a warning that went to its channel."""
        self._handed.labels(channel).inc()

    def died(self, stream: str) -> None:
        """Count a dead letter."""
        # The shards of todos are one stream to whoever looks at a graph.
        name = "outbox" if stream.endswith(":outbox") else stream
        self._dead.labels(name).inc()

    def streams(self, name: str, waiting: int, held: int) -> None:
        """Tell what waits in a stream."""
        self._waiting.labels(name).set(waiting)
        self._held.labels(name).set(held)

    def letters(self, kept: int) -> None:
        """Tell how many dead letters there are."""
        self._letters.set(kept)


class LandingCounters:
    """Counts what lands on the lists, and what becomes of the backfills that wait for a person."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "fanzha_warning_landed_rows",
            "Rows of changes to the lists, by their part in a backfill; landed: began to block.",
            ["what"],
            registry=registry,
        )
        self._lost = Counter(
            "fanzha_warning_landed_versions_lost",
            "Versions of the lists of which nobody can tell what they made land.",
            registry=registry,
        )
        self._backfills = Counter(
            "fanzha_warning_pending_backfills",
            "Backfills by what became of them: waiting, left, auto_started, started, dropped, "
            "withdrawn, nobody.",
            ["what"],
            registry=registry,
        )
        self._now = Gauge(
            "fanzha_warning_pending_backfills_now", "Backfills that wait.", registry=registry
        )

    def rows(self, counts: Mapping[str, int]) -> None:
        """Count the rows of a change."""
        for what, by in counts.items():
            self._rows.labels(what).inc(by)

    def lost(self, versions: int) -> None:
        """Count versions that nobody can tell of."""
        self._lost.inc(versions)

    def backfill(self, what: str) -> None:
        """Count what became of a backfill."""
        self._backfills.labels(what).inc()

    def waiting(self, backfills: int) -> None:
        """Say how many wait now."""
        self._now.set(backfills)
