"""Prometheus metrics of sources."""

from collections.abc import Mapping
from dataclasses import dataclass

from prometheus_client import CollectorRegistry, Counter, Gauge

from services.sources.model import DataSource, PullRecord, SourceState


class SourceFigures:
    """Counts pulls and rows by source, and says how old each source's last good pull is."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._pulls = Counter(
            "fanzha_source_pulls_total",
            "Files pulled from a source, and attempts that failed, by outcome.",
            ["source", "outcome"],
            registry=registry,
        )
        self._rows = Counter(
            "fanzha_source_rows_total",
            "Rows of files that were delivered, by what became of them.",
            ["source", "result"],
            registry=registry,
        )
        self._lag = Gauge(
            "fanzha_source_lag_seconds",
            "Seconds since the last good pull of a source, or since it was first known.",
            ["source"],
            registry=registry,
        )
        self._expected = Gauge(
            "fanzha_source_expected_lag_seconds",
            "The lag of a source that is in order.",
            ["source"],
            registry=registry,
        )
        self._unchanged = Gauge(
            "fanzha_source_unchanged_seconds",
            "Seconds since a source last had something new.",
            ["source"],
            registry=registry,
        )
        self._held = Gauge(
            "fanzha_source_held",
            "Files of a source that are held, and wait for a person.",
            ["source"],
            registry=registry,
        )

    def pulled(self, source: str, record: PullRecord) -> None:
        """Count a pull."""
        self._pulls.labels(source, record.outcome.value).inc()
        for result, rows in record.results.items():
            self._rows.labels(source, result).inc(rows)

    def seen(
        self,
        sources: Mapping[str, DataSource],
        states: Mapping[str, SourceState],
        now_ms: int,
    ) -> None:
        """Set the gauges."""
        for name, state in states.items():
            age = SourceAge.of(state, now_ms)
            self._lag.labels(name).set(age.lag_seconds)
            self._expected.labels(name).set(sources[name].expected_lag_seconds)
            self._unchanged.labels(name).set(age.unchanged_seconds)
            self._held.labels(name).set(len(state.held))


@dataclass(frozen=True, slots=True, kw_only=True)
class SourceAge:
    """How old what a source brought is."""

    lag_seconds: float
    unchanged_seconds: float

    @classmethod
    def of(cls, state: SourceState, now_ms: int) -> "SourceAge":
        """Return the ages of a state."""
        return cls(
            lag_seconds=max(now_ms - (state.good_ms or state.since_ms), 0) / 1000,
            unchanged_seconds=max(now_ms - (state.changed_ms or state.since_ms), 0) / 1000,
        )
