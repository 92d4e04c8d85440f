"""Counts of failures in this process by kind and name, for metrics.

Failures of one kind occur all over the code base, so they are counted in one place:
`services.telemetry.failure_metrics` exports them all. Thread-safe.
"""

import threading
from collections import Counter
from enum import Enum


class FailureKind(Enum):
    """What failed."""

    DAMAGED_RECORD = "damaged_record"
    """A record in the store could not be read; the name says which sort."""
    DEAD_LETTER = "dead_letter"
    """An entry was given up; the name is its stream."""
    PERIODIC_TASK = "periodic_task"
    """One run of a periodic task failed; the name is the task."""


class FailureCounts:
    """Counts by kind and name since the process started."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._counts: Counter[tuple[FailureKind, str]] = Counter()

    def add(self, kind: FailureKind, name: str) -> int:
        """Count one failure; return how many of this kind and name there were."""
        with self._lock:
            self._counts[kind, name] += 1
            return self._counts[kind, name]

    def of(self, kind: FailureKind) -> dict[str, int]:
        """Return the counts of one kind by name."""
        with self._lock:
            return {name: count for (one, name), count in self._counts.items() if one is kind}


FAILURES = FailureCounts()
"""Those of this process."""
