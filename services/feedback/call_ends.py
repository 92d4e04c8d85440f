"""Adds ended calls, as switches report them, to the counters of callers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from fanzha.errors import InvalidInput
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import MAX_ROWS, Bools, Int64s

MAX_DURATION_MS = 7 * 86_400_000
"""One week; longer calls are errors of the switch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CallEnds:
    """Ended calls, one array per field; parties as they came."""

    callers: Sequence[str]
    callees: Sequence[str]
    answered: Bools
    durations_ms: Int64s
    ended_at_ms: Int64s
    """0 where not reported."""


class RecordEnds(Protocol):
    """Adds ended calls to the counters of callers."""

    def __call__(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count all rows."""
        ...


class CallEndReports:
    """Accepts reports of ended calls; best effort, nothing is stored but counters."""

    def __init__(
        self, *, home: HomePlan, record_ends: RecordEnds, now_ms: Callable[[], int]
    ) -> None:
        self._home = home
        self._record_ends = record_ends
        self._now_ms = now_ms

    def report(self, ends: CallEnds) -> dict[int, str]:
        """Count ended calls; return the error of each row that could not be read."""
        rows = len(ends.callers)
        if not 1 <= rows <= MAX_ROWS:
            raise InvalidInput(
                "ends: 1 to {max_rows} rows, not {rows}", max_rows=MAX_ROWS, rows=rows
            )
        callers = self._home.sender_keys(ends.callers)
        callees = self._home.number_keys(ends.callees)
        errors = _errors(ends, callers, callees)
        good = np.ones(rows, np.bool_)
        good[list(errors)] = False
        ended = np.where(ends.ended_at_ms == 0, self._now_ms(), ends.ended_at_ms)
        self._record_ends(
            callers[good], callees[good], ends.answered[good], ends.durations_ms[good], ended[good]
        )
        return errors


def _errors(ends: CallEnds, callers: Int64s, callees: Int64s) -> dict[int, str]:
    durations = ends.durations_ms
    faults = {
        "caller: cannot be read": callers == UNREADABLE,
        "callee: cannot be read": callees == UNREADABLE,
        "ended_at_ms: before 1970": ends.ended_at_ms < 0,
        "duration_ms: not a duration": (durations < 0) | (durations > MAX_DURATION_MS),
        "duration_ms: of a call nobody answered": (durations > 0) & ~ends.answered,
    }
    errors: dict[int, str] = {}
    for fault, where in faults.items():
        for row in np.flatnonzero(where).tolist():
            errors.setdefault(row, fault)
    return errors
