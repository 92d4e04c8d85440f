"""Passes logged rows from the decision path to the writer's thread without blocking.

The buffer is bounded by rows. When it is full the newest rows are dropped and counted: the
log then has a complete period followed by a gap, not a thinned mixture. Ended calls, which
may be a hundred times as many as logged decisions, have as much room of their own.
"""

import threading
from collections import deque
from typing import Protocol

from services.decision_log.arrow_tables import LoggedEnds
from services.decision_log.rows import LoggedRows

Batch = LoggedRows | LoggedEnds


class DecisionLogCounters(Protocol):
    """Where the log counts: the event loop what it drops, the writer's thread the rest."""

    def log_buffered(self, rows: int) -> None:
        """Say how many rows wait."""
        ...

    def log_dropped(self, rows: int) -> None:
        """Count rows that found the buffer full."""
        ...

    def log_written(self, rows: int, size: int) -> None:
        """Count rows written, and the bytes they took."""
        ...

    def log_failed(self, rows: int) -> None:
        """Count rows lost because they could not be written."""
        ...


class LogBuffer:
    """Rows on their way to the disk, *capacity* of them at most."""

    def __init__(self, capacity: int, counters: DecisionLogCounters) -> None:
        self._capacity = capacity
        self._counters = counters
        self._batches: deque[Batch] = deque()
        self._lock = threading.Lock()
        self._rows = {LoggedRows: 0, LoggedEnds: 0}
        self._dropped = 0
        self.pressing = threading.Event()
        """Set when half the buffer is full: the writer then starts before its interval ends."""

    def __len__(self) -> int:
        return sum(self._rows.values())

    def offer(self, batch: Batch) -> None:
        """Take rows in, or drop them."""
        rows, kind = len(batch), type(batch)
        # Held for a few instructions by either side; no holder blocks.
        with self._lock:
            buffered = self._rows[kind] + rows
            fits = buffered <= self._capacity
            if fits:
                self._batches.append(batch)
                self._rows[kind] = buffered
            else:
                self._dropped += rows
        if not fits:
            self._counters.log_dropped(rows)
        self._counters.log_buffered(len(self))
        if buffered * 2 >= self._capacity:
            self.pressing.set()

    def take_all(self) -> tuple[list[Batch], int]:
        """Take out all rows; return how many were dropped since the last time, too."""
        with self._lock:
            taken, self._batches = list(self._batches), deque()
            dropped, self._dropped = self._dropped, 0
            self._rows = dict.fromkeys(self._rows, 0)
        self.pressing.clear()
        return taken, dropped
