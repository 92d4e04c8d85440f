"""Prometheus metrics of backfills: rows of list changes, and what becomes of pending backfills."""

from collections.abc import Mapping

from prometheus_client import CollectorRegistry, Counter, Gauge


class BackfillMetrics:
    """Counters of one process."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._rows = Counter(
            "fanzha_warning_backfill_rows",
            "Rows of list changes, by whether they take effect as blocks of confirmed fraud "
            "(effective) or why not.",
            ["what"],
            registry=registry,
        )
        self._lost = Counter(
            "fanzha_warning_backfill_versions_lost",
            "List versions skipped because neither the list log nor change requests have them.",
            registry=registry,
        )
        self._backfills = Counter(
            "fanzha_warning_pending_backfills",
            "State changes of pending backfills: pending, too_large, auto_started, started, "
            "dropped, withdrawn, no_recipients.",
            ["what"],
            registry=registry,
        )
        self._now = Gauge(
            "fanzha_warning_pending_backfills_now",
            "Backfills that await a decision.",
            registry=registry,
        )

    def rows(self, counts: Mapping[str, int]) -> None:
        """Count the rows of a list change by effect."""
        for effect, by in counts.items():
            self._rows.labels(effect).inc(by)

    def lost(self, versions: int) -> None:
        """Count list versions that were skipped."""
        self._lost.inc(versions)

    def state_changed(self, state: str) -> None:
        """Count a pending backfill that entered a state."""
        self._backfills.labels(state).inc()

    def pending(self, count: int) -> None:
        """Set the number of pending backfills."""
        self._now.set(count)
