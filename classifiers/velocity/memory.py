"""Remembers how callers have been calling in the last minutes, in one fixed array.

A slot has 64 bytes, a line of the processor's cache, and is found by hash: fading counters, and the
low 16 bits of the last `HISTORY` callees, which recognises a repeated number (with a false match in
8,000) and a neighbour of one. As in `classifiers.caller.activity`, a slot is never shared: while
its owner is busy, others that hash to it stay unknown, and an idle owner gives way. The loops over
calls are in `kernels/velocity.c`.

Counters are weighted by the events' own time; repeats and neighbours by the order of
the rows. Rows of one batch see each other. Not for use by several threads.
"""

from dataclasses import dataclass

import numpy as np

from classifiers.hashing import spread
from fanzha import kernels
from fanzha.tables import Bools, Calls, Float32s, Int64s

MINUTE_MS = 60_000
HALF_LIVES_MS = (MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS)
"""Of attempts by the minute, by ten minutes, and of everything else."""
BRIEF_MS = 2000
"""An answered call that ends sooner is brief."""

HISTORY = 8
"""Callees that are remembered."""
NEAR = 9
"""Numbers so far apart, and no further, are neighbours."""

_WORDS = 8
_TEN_MINUTES, _HOUR, _REPEATED, _NEIGHBOURS, _ENDED, _UNANSWERED, _BRIEF = range(1, 8)

_observe_attempts = kernels.declare(
    "observe_attempts",
    *(kernels.POINTER, kernels.INTEGER, kernels.POINTER, kernels.POINTER, kernels.POINTER),
    *(kernels.INTEGER, kernels.POINTER),
)
_record_attempt_ends = kernels.declare(
    "record_attempt_ends",
    *(kernels.POINTER, kernels.INTEGER, kernels.POINTER, kernels.POINTER, kernels.POINTER),
    *(kernels.POINTER, kernels.INTEGER),
)


COUNTERS = (
    "attempts_minute",
    "attempts_ten_minutes",
    "attempts_hour",
    "repeated",
    "neighbours",
    "ended",
    "unanswered",
    "brief",
)
"""Attempts, one of a minute ago, of ten, or of an hour ago counting half; all below fade as the
last of them. Attempts to one of the last `HISTORY` callees; to a number within
`NEAR` of one of these, and none of them. Attempts whose end was reported; of these,
the unanswered ones; and those that were answered and over within `BRIEF_MS`."""


@dataclass(frozen=True, slots=True)
class CallerVelocity:
    """How each caller has been calling, this call included; all zero: nothing is known."""

    counters: Float32s
    """A row for each of `COUNTERS`."""

    def __len__(self) -> int:
        return len(self.counters[0])

    def take(self, rows: Int64s) -> "CallerVelocity":
        """Return some rows."""
        return CallerVelocity(self.counters.take(rows, axis=1))

    def _row(self, place: int) -> Float32s:
        row: Float32s = self.counters[place]
        return row

    @property
    def attempts_minute(self) -> Float32s:
        """Attempts, one of a minute ago counting half."""
        return self._row(0)

    @property
    def attempts_ten_minutes(self) -> Float32s:
        """Attempts, one of ten minutes ago counting half."""
        return self._row(_TEN_MINUTES)

    @property
    def attempts_hour(self) -> Float32s:
        """Attempts, one of an hour ago counting half."""
        return self._row(_HOUR)

    @property
    def repeated(self) -> Float32s:
        """Attempts to one of the last callees."""
        return self._row(_REPEATED)

    @property
    def neighbours(self) -> Float32s:
        """Attempts to a number next to one of the last callees."""
        return self._row(_NEIGHBOURS)

    @property
    def ended(self) -> Float32s:
        """Attempts whose end was reported."""
        return self._row(_ENDED)

    @property
    def unanswered(self) -> Float32s:
        """Ended attempts without an answer."""
        return self._row(_UNANSWERED)

    @property
    def brief(self) -> Float32s:
        """Attempts that were answered and over within `BRIEF_MS`."""
        return self._row(_BRIEF)


class VelocityMemory:
    """The last minutes of up to *slots* callers at a time, a power of two."""

    def __init__(self, slots: int = 2**18) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 29) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**28, not {slots}")
        self._shift = 64 - bits
        # Written once now, as in `classifiers.caller.activity`.
        self._slots = np.full((slots, _WORDS), 0, np.int64)
        self._at = kernels.address(self._slots)

    def observe(self, calls: Calls) -> CallerVelocity:
        """Count *calls* in, and return how their callers have been calling."""
        rows, counters = len(calls), np.empty((len(COUNTERS), len(calls)), np.float32)
        if rows:
            columns = (calls.callers, calls.callees, calls.attempted_at_ms)
            _observe_attempts(
                *(self._at, self._shift, *map(kernels.address, columns), rows),
                kernels.address(counters),
            )
        return CallerVelocity(counters)

    def peek(self, calls: Calls) -> CallerVelocity:
        """Return what `observe` would, and count nothing."""
        slots = (spread(calls.callers) >> np.uint64(self._shift)).view(np.int64)
        before = self._slots[slots]
        try:
            return self.observe(calls)
        finally:
            self._slots[slots] = before

    def record_ends(
        self,
        callers: Int64s,
        callees: Int64s,  # noqa: ARG002 - common signature of observers of ended calls
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count ended calls in for callers that are known."""
        columns = (callers, answered, durations_ms, ended_at_ms)
        if len(callers):
            _record_attempt_ends(
                self._at, self._shift, *map(kernels.address, columns), len(callers)
            )
