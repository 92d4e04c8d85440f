"""The decision log of one worker: logs decisions of the engine, and ended calls.

On the decision path it costs a few microseconds for a batch; the rest runs in the writer's thread.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from fanzha.decisions import Decisions
from fanzha.phone import HomePlan
from fanzha.tables import Bools, CallerActivity, Channel, Int64s
from services.decision.observer import Table
from services.decision_log.arrow_tables import LoggedEnds
from services.decision_log.buffer import DecisionLogCounters, LogBuffer
from services.decision_log.handsets.handset_hash import HandsetHash
from services.decision_log.rows import RowSampler, cut
from services.decision_log.watchlist import Watchlist
from services.decision_log.writer import LogWriter

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)


@dataclass(frozen=True, slots=True, kw_only=True)
class LogOptions:
    """The settings of the log."""

    folder: Path
    allowed_one_in: int = 100
    ends_one_in: int = 1
    watched: Path | None = None
    texts: bool = False
    handsets: HandsetHash | None = None
    """What hashes the handsets of logged calls; None: nothing is kept of them."""
    buffer_rows: int = 200_000
    flush_seconds: float = 5.0


class DecisionLog:
    """What is logged in one worker. All but `start` and `close` on the decision path."""

    def __init__(
        self,
        options: LogOptions,
        *,
        home: HomePlan,
        now_ms: Callable[[], int],
        counters: DecisionLogCounters,
    ) -> None:
        self._options = options
        self._now_ms = now_ms
        self._watched = Watchlist(options.watched, home)
        self._choice = RowSampler(allowed_one_in=options.allowed_one_in, watched=self._watched)
        self._ends_limit = (
            np.uint64(2**64 // options.ends_one_in - 1) if options.ends_one_in else None
        )
        self._buffer = LogBuffer(options.buffer_rows, counters)
        self._text_links: tuple[Sequence[str], Int64s] | None = None
        self._activity: CallerActivity | None = None
        self.writer = LogWriter(
            self._buffer,
            options.folder,
            flush_seconds=options.flush_seconds,
            now_ms=now_ms,
            counters=counters,
            each_turn=self._watched.refresh,
        )

    def start(self) -> None:
        """Read the watchlist, and start the writer."""
        self._watched.refresh()
        self.writer.start()

    def close(self, seconds: float) -> bool:
        """Flush the buffer and stop; False when the time was not enough."""
        return self.writer.close(seconds)

    def links_found(self, urls: Sequence[str], owners: Int64s) -> None:
        """Take the links found in a batch of texts, before it is decided."""
        self._text_links = urls, owners

    def callers_active(self, activity: CallerActivity) -> None:
        """Take the activity of the callers of a batch, before it is decided."""
        self._activity = activity

    def decided(self, channel: Channel, table: Table, decisions: Decisions) -> None:
        """Log the rows of a batch that are to be logged."""
        batch = cut(
            self._choice,
            channel,
            table,
            decisions,
            decided_at_ms=self._now_ms(),
            text_links=self._text_links,
            with_bodies=self._options.texts,
            activity=self._activity,
            handsets=self._options.handsets,
        )
        self._text_links = self._activity = None
        if batch is not None:
            self._buffer.offer(batch)

    def call_ends(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Log ended calls: all or none of a pair of numbers, so known contacts stay complete."""
        if self._ends_limit is None:
            return
        # Symmetric in caller and callee, so that calls back are included.
        pairs = (callers.view(np.uint64) + callees.view(np.uint64)) * _MIX
        rows = (pairs <= self._ends_limit).nonzero()[0]
        if not len(rows):
            return
        self._buffer.offer(
            LoggedEnds(
                callers=callers[rows],
                callees=callees[rows],
                answered=answered[rows],
                durations_ms=durations_ms[rows],
                ended_at_ms=ended_at_ms[rows],
                weights=np.full(len(rows), self._options.ends_one_in, np.uint32),
                decided_at_ms=self._now_ms(),
            )
        )
