"""A decision log for tests: an engine decides, and its decisions are written at once."""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from fanzha.phone import HomePlan
from fanzha.tables import Calls, Links, Texts
from services.decision.evidence import ModelSet
from services.decision.observer import Observer
from services.decision.pipeline import DecisionPipeline
from services.decision_log.impact.estimator import Impact, ImpactEstimator
from services.decision_log.log import DecisionLog, LogOptions
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S, an_engine

HOUR_MS = 3_600_000
NOW_MS = NINE_O_CLOCK_MS
"""Default time of logged decisions; previews run a moment later."""


@dataclass(slots=True)
class LogCounts:
    """The counters of the log."""

    buffered: int = 0
    dropped: int = 0
    failed: int = 0
    written: int = 0
    size: int = 0

    def log_buffered(self, rows: int) -> None:
        self.buffered = rows

    def log_dropped(self, rows: int) -> None:
        self.dropped += rows

    def log_failed(self, rows: int) -> None:
        self.failed += rows

    def log_written(self, rows: int, size: int) -> None:
        self.written += rows
        self.size += size


@dataclass(slots=True)
class Clock:
    """Says what a test says."""

    now_ms: int = NOW_MS

    def __call__(self) -> int:
        return self.now_ms


@dataclass(slots=True)
class Logged:
    """An engine whose decisions are logged."""

    folder: Path
    options: LogOptions
    counts: LogCounts = field(default_factory=LogCounts)
    clock: Clock = field(default_factory=Clock)
    log: DecisionLog = field(init=False)

    def __post_init__(self) -> None:
        self.log = DecisionLog(
            self.options, home=HomePlan(), now_ms=self.clock, counters=self.counts
        )

    def decide(
        self, table: Calls | Texts | Links, *entries: Entry, models: ModelSet | None = None
    ) -> None:
        """Decide a table by lists of *entries*, and write what is logged of it."""
        engine = self.engine(*entries, models=models)
        if isinstance(table, Calls):
            engine.decide_calls(table, NINE_O_CLOCK_S)
        elif isinstance(table, Texts):
            engine.decide_texts(table, NINE_O_CLOCK_S)
        else:
            engine.decide_links(table, NINE_O_CLOCK_S)
        self.log.writer.flush()

    def engine(self, *entries: Entry, models: ModelSet | None = None) -> DecisionPipeline:
        """Make an engine with these entries."""
        observer = Observer(
            links_found=self.log.links_found,
            callers_active=self.log.callers_active,
            decided=self.log.decided,
        )
        return an_engine(*entries, models=models, observer=observer)

    def ends(self, *ends: tuple[str, str, int], at_ms: int = NOW_MS) -> None:
        """Log ended calls: caller, callee, and how many seconds they lasted; 0: not answered."""
        home = HomePlan()
        seconds = np.array([end[2] for end in ends], np.int64)
        self.log.call_ends(
            home.sender_keys([end[0] for end in ends]),
            home.number_keys([end[1] for end in ends]),
            seconds > 0,
            seconds * 1000,
            np.full(len(ends), at_ms, np.int64),
        )
        self.log.writer.flush()

    def preview(
        self,
        *additions: Entry,
        removals: Sequence[Entry] = (),
        hours: int = 1,
        now_ms: int | None = None,
        shadows_enforce: bool = False,
    ) -> Impact:
        """Preview a change."""
        return ImpactEstimator(self.folder, threads=2).of(
            EntryTable.from_entries(additions),
            Identities.of((entry.kind, entry.pattern, entry.action) for entry in removals),
            hours=hours,
            now_ms=self.clock() + 1 if now_ms is None else now_ms,
            shadows_enforce=shadows_enforce,
        )


def without_columns(segment: Path, *names: str) -> None:
    """Rewrite a segment as a version that did not know some columns would have written it."""
    file = pq.ParquetFile(segment)
    table, notes = file.read(), file.metadata.metadata
    remaining = table.drop_columns(list(names)).replace_schema_metadata(notes)
    pq.write_table(remaining, segment)


def logged(folder: Path, **options: object) -> Logged:
    """Log all decisions to *folder*, unless *options* say otherwise."""
    log_options = replace(LogOptions(folder=folder, allowed_one_in=1), **options)  # type: ignore[arg-type]
    return Logged(folder, log_options)
