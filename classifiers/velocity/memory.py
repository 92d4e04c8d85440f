"""Remembers how callers have been calling in the last minutes, in one fixed array.

A slot has 64 bytes, a line of the processor's cache, and is found by hash: fading counters, and
the last callees (`classifiers.velocity.recent_callees`). As in `classifiers.caller.activity`, a
slot is never shared: while its owner is busy, others that hash to it stay unknown, and an idle
owner gives way.

Counters are weighted by the events' own time; repeats and neighbours by the order of
the rows. Rows of one batch see each other. Not for use by several threads.
"""

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from classifiers.hashing import spread
from classifiers.velocity import recent_callees
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Bools, Calls, Float32s, Int64s

MINUTE_MS = 60_000
HALF_LIVES_MS = (MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS)
"""Of attempts by the minute, by ten minutes, and of everything else."""
BRIEF_MS = 2000
"""An answered call that ends sooner is brief."""

# A slot: words of 64 bits. Two hold the last callees, the last four two counters each.
_OWNER, _SEEN_MS, _CALLEES, _COUNTERS, _WORDS = 0, 1, 2, 4, 8
_FIRST, _FLOATS = 2 * _COUNTERS, 2 * _WORDS
# The counters, in the order of `COUNTERS`.
_KINDS = 8
_LINE = np.dtype(f"V{8 * _WORDS}")
"""A whole slot: numpy writes it in one go, which is much quicker than word by word."""
_EMPTY = np.zeros((), _LINE)
_TEN_MINUTES, _HOUR, _REPEATED, _NEIGHBOURS, _ENDED, _UNANSWERED, _BRIEF = range(1, _KINDS)
_FADING = np.array([-1 / life for life in HALF_LIVES_MS], np.float32)[:, None]
_ROW_BITS = np.int64(32)
_ROW = np.int64(2**32 - 1)


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
last of them. Attempts to one of the last `recent_callees.HISTORY` callees; to a number within
`recent_callees.NEAR` of one of these, and none of them. Attempts whose end was reported; of these,
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


class _SlotGroups(NamedTuple):
    """Events grouped by caller, where a caller has several."""

    first: Int64s
    """Where each caller's events begin."""
    of: Int64s
    """Which caller each event is of."""


class _VelocityEvents(NamedTuple):
    """What happened to callers that hold a slot, caller by caller."""

    rows: Int64s
    """Where the event is in its table; a caller's rows one after the other, in their order."""
    times: Int64s
    slots: Int64s
    """Of each caller."""
    groups: _SlotGroups | None
    """None where no caller has several events, which is quicker to deal with."""


class VelocityMemory:
    """The last minutes of up to *slots* callers at a time, a power of two."""

    def __init__(self, slots: int = 2**18) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 29) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**28, not {slots}")
        self._shift = np.uint64(64 - bits)
        # Written once now, as in `classifiers.caller.activity`.
        self._slots = np.full((slots, _WORDS), 0, np.int64)
        self._words = self._slots.reshape(-1)
        self._lines = self._words.view(_LINE)
        self._floats = self._words.view(np.float32)

    def observe(self, calls: Calls) -> CallerVelocity:
        """Count *calls* in, and return how their callers have been calling."""
        callers, times = calls.callers, calls.attempted_at_ms
        slots = self._places(callers)
        # What cannot be read is 0.
        counted = np.logical_and(callers, calls.callees)
        counted &= times > 0
        counted &= self._claim(callers, slots, times, counted)
        events = _events(slots, counted, times)
        if not len(events.rows):
            return CallerVelocity(np.zeros((_KINDS, len(calls)), np.float32))
        contents = self._slots.take(events.slots, axis=0)
        happened = np.zeros((_KINDS, len(events.rows)), np.float32)
        happened[:_REPEATED] = 1
        callees = recent_callees.truncate(calls.callees.take(events.rows))
        words = contents[:, _CALLEES:_COUNTERS]
        if events.groups is None:
            before = recent_callees.push(words, callees)
        else:
            before = recent_callees.push_several(words, callees, *events.groups)
        happened[_REPEATED], happened[_NEIGHBOURS] = recent_callees.match(before, callees)
        return CallerVelocity(_by_row(self._count(contents, events, happened), events, len(calls)))

    def peek(self, calls: Calls) -> CallerVelocity:
        """Return what `observe` would, and count nothing."""
        slots = self._places(calls.callers)
        before = self._lines[slots]
        try:
            return self.observe(calls)
        finally:
            self._lines[slots] = before

    def record_ends(
        self,
        callers: Int64s,
        callees: Int64s,  # noqa: ARG002 - common signature of observers of ended calls
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count ended calls in for callers that are known."""
        slots = self._places(callers)
        counted = np.logical_and(callers, ended_at_ms > 0)
        counted &= self._held(callers, slots)
        events = _events(slots, counted, ended_at_ms)
        if not len(events.rows):
            return
        contents = self._slots.take(events.slots, axis=0)
        happened = np.zeros((_KINDS, len(events.rows)), np.float32)
        happened[_ENDED] = 1
        happened[_UNANSWERED] = ~answered[events.rows]
        happened[_BRIEF] = (answered & (durations_ms < BRIEF_MS))[events.rows]
        self._count(contents, events, happened)

    def _places(self, callers: Int64s) -> Int64s:
        return (spread(callers) >> self._shift).view(np.int64)

    def _held(self, callers: Int64s, slots: Int64s) -> Bools:
        """Return a mask of which callers hold their slots."""
        held: Bools = self._words.take(slots * _WORDS) == callers
        return held

    def _claim(self, callers: Int64s, slots: Int64s, times: Int64s, counted: Bools) -> Bools:
        """Give free slots to new callers; return a mask of callers that hold theirs then."""
        held = self._held(callers, slots)
        # True is more than False: to be counted, and a free slot.
        newcomers = (counted > held).nonzero()[0]
        if not len(newcomers):
            return held
        some = callers[newcomers]
        # Service codes are shared by many callers, and so are names such as "anonymous".
        newcomers = newcomers[(some > 0) & (some < FIRST_SENDER)]
        taken, times = slots[newcomers], times[newcomers]
        idle = np.abs(times - self._words.take(taken * _WORDS + _SEEN_MS))
        # A hold of one call ends at once, that of sixty in an hour; sooner than counters fade.
        hold = self._floats.take(taken * _FLOATS + _FIRST + _HOUR)
        free = hold * np.exp2(idle.astype(np.float32) * _FADING[1]) <= 1
        at = taken[free] * _WORDS
        self._lines[taken[free]] = _EMPTY
        # Of several newcomers in one batch the last gets the slot.
        self._words[at] = callers[newcomers[free]]
        self._words[at + _SEEN_MS] = times[free]
        return self._held(callers, slots)

    def _count(self, contents: Int64s, events: _VelocityEvents, happened: Float32s) -> Float32s:
        """Decay the counters of the slots, add *happened*, store them, and return them.

        *happened* has a row for each counter, for rows as short as eight numbers are slow.
        """
        groups, before = events.groups, contents[:, _SEEN_MS]
        latest = events.times if groups is None else np.maximum.reduceat(events.times, groups.first)
        now = np.maximum(latest, before)
        in_slots = contents.view(np.float32)[:, _FIRST:]
        counters = np.ascontiguousarray(in_slots.T)
        _fade(counters, now - before)
        ages = (now if groups is None else now[groups.of]) - events.times
        if np.count_nonzero(ages):
            _fade(happened, ages)
        if groups is None:
            counters += happened
        else:
            for counter, amounts in zip(counters, happened, strict=True):
                np.add.at(counter, groups.of, amounts)
        in_slots[:] = counters.T
        contents[:, _SEEN_MS] = now
        self._lines[events.slots] = contents.view(_LINE)[:, 0]
        return counters


def _events(slots: Int64s, counted: Bools, times: Int64s) -> _VelocityEvents:
    """Put the rows that are *counted* in order, caller by caller."""
    # Slot and row in one number: sorting these is the quickest way to put rows in order.
    rows = counted.nonzero()[0]
    ordered = slots.take(rows)
    ordered <<= _ROW_BITS
    ordered |= rows
    ordered.sort()
    rows = ordered & _ROW
    ordered >>= _ROW_BITS
    begins = np.ones(len(rows), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=begins[1:])
    if np.count_nonzero(begins) == len(begins):
        return _VelocityEvents(rows, times.take(rows), ordered, None)
    first = begins.nonzero()[0]
    groups = np.cumsum(begins, dtype=np.int64) - 1
    return _VelocityEvents(rows, times.take(rows), ordered[first], _SlotGroups(first, groups))


def _by_row(counters: Float32s, events: _VelocityEvents, rows: int) -> Float32s:
    """Return the counters of each caller in the rows of its events; 0 in those without one."""
    groups, of_rows = events.groups, np.empty(rows, np.int64)
    if len(events.rows) < rows:
        # A last column, of zeros, is that of all other rows.
        counters = np.concatenate((counters, np.zeros((_KINDS, 1), np.float32)), axis=1)
        of_rows.fill(counters.shape[1] - 1)
    # Taking columns costs a third of writing them where they belong.
    of_rows[events.rows] = np.arange(len(events.rows)) if groups is None else groups.of
    return counters.take(of_rows, axis=1)


def _fade(counters: Float32s, ages_ms: Int64s) -> None:
    factors = np.exp2(ages_ms.astype(np.float32) * _FADING)
    counters[:_HOUR] *= factors[:_HOUR]
    counters[_HOUR:] *= factors[_HOUR]
