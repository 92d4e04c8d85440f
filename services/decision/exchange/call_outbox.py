"""Collects the calls of one worker that the others are to hear of; bounded, and never in the way.

When there are more than may be told, those of callers that have called most often lately, in this
worker, go first: a second call of a ring says more than the first of ten thousand people. How often
is counted by a hash of the caller, halved every `HALVED_MS`.
"""

import asyncio
from collections import deque
from collections.abc import Callable, Sequence

import numpy as np

from classifiers.hashing import spread
from fanzha.tables import Bools, Calls, Float32s, Int64s, Uint32s
from services.decision.exchange.told_calls import ATTEMPT_COLUMNS, END_COLUMNS, ToldCalls

CAPACITY = 65_536
"""Rows that wait at most; what is beyond is left out and counted."""
HALVED_MS = 30_000
_PLACES = 16
"""Bits of the hash under which the calls of callers are counted."""


class CallOutbox:
    """The calls of one worker that are to be told. One thread only."""

    def __init__(
        self, *, left_out: Callable[[int], None] = lambda _rows: None, capacity: int = CAPACITY
    ) -> None:
        self.open = False
        """Whether there is anybody to tell; while not, nothing is kept."""
        self._left_out = left_out
        self._capacity = capacity
        self._calls = deque[Calls]()
        self._ends = deque[Int64s]()
        self._rows = 0
        self.filled = asyncio.Event()
        """Set when rows come in."""
        self._often = np.zeros(2**_PLACES, np.float32)
        self._halved_at_ms = 0

    def __len__(self) -> int:
        return self._rows

    def decided(self, calls: Calls) -> None:
        """Keep the calls of a decided batch."""
        if self.open and self._has_room(len(calls)):
            self._calls.append(calls)

    def ended(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Keep ended calls."""
        if self.open and self._has_room(len(callers)):
            columns = (callers, callees, answered.astype(np.int64), durations_ms, ended_at_ms)
            self._ends.append(np.stack(columns))

    def take(self, most: int, now_ms: int) -> ToldCalls:
        """Remove all; return at most *most* attempts and as many ends."""
        calls, ends = list(self._calls), list(self._ends)
        self._calls.clear()
        self._ends.clear()
        self._rows = 0
        attempts, places = self._attempts(calls)
        often = self._count(attempts[0], now_ms)
        if surplus := max(attempts.shape[1] - most, 0):
            # In the order of time, which counters of repeats and neighbours want.
            kept = np.sort(np.argsort(-often, kind="stable")[:most])
            attempts = attempts[:, kept]
            places = places[:, kept] if places.shape[1] else places
        told_ends = np.concatenate(ends, axis=1) if ends else np.empty((END_COLUMNS, 0), np.int64)
        surplus += max(told_ends.shape[1] - most, 0)
        if surplus:
            self._left_out(surplus)
        return ToldCalls(attempts=attempts, places=places, ends=told_ends[:, :most])

    def _has_room(self, rows: int) -> bool:
        if self._rows + rows > self._capacity:
            self._left_out(rows)
            return False
        self._rows += rows
        self.filled.set()
        return True

    def _attempts(self, calls: Sequence[Calls]) -> tuple[Int64s, Uint32s]:
        """Return the readable attempts of some batches, and where they were made."""
        if not calls:
            return np.empty((ATTEMPT_COLUMNS, 0), np.int64), np.empty((2, 0), np.uint32)
        columns = [(one.callers, one.callees, one.attempted_at_ms) for one in calls]
        attempts = np.stack([np.concatenate(parts) for parts in zip(*columns, strict=True)])
        readable = (attempts[0] != 0) & (attempts[1] != 0) & (attempts[2] > 0)
        places = _places(calls)
        return attempts[:, readable], places[:, readable] if places.shape[1] else places

    def _count(self, callers: Int64s, now_ms: int) -> Float32s:
        """Count callers, and return how often each has called lately."""
        if (halvings := (now_ms - self._halved_at_ms) // HALVED_MS) > 0:
            self._often *= np.float32(0.5 ** min(halvings, 64))
            self._halved_at_ms = now_ms
        at = (spread(callers) >> np.uint64(64 - _PLACES)).astype(np.int64)
        np.add.at(self._often, at, np.float32(1))
        return self._often[at]


def _places(calls: Sequence[Calls]) -> Uint32s:
    if all(one.handsets is None and one.location_areas is None for one in calls):
        return np.empty((2, 0), np.uint32)
    unknown = [np.zeros(len(one), np.uint32) for one in calls]
    columns = [
        (
            none if one.handsets is None else one.handsets,
            none if one.location_areas is None else one.location_areas,
        )
        for one, none in zip(calls, unknown, strict=True)
    ]
    return np.stack([np.concatenate(parts) for parts in zip(*columns, strict=True)])
