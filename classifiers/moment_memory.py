"""Remembers how callers have been calling in the last minutes, in one fixed array.

A slot has 64 bytes, a line of the processor's cache, and is found by hash: fading counters, and
the last callees (`classifiers.last_callees`). As in `classifiers.activity`, a slot is never
shared: while its owner is busy, others that hash to it stay unknown, and an idle owner gives way.

Counters are weighted by the events' own time; what is a repeat or a neighbour goes by the order of
the rows. Rows of one batch see each other. Not for use by several threads.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np

from classifiers import last_callees
from classifiers.hashing import spread
from fanzha.phone import FIRST_SENDER, UNREADABLE
from fanzha.tables import Bools, Calls, Float32s, Int64s

MINUTE_MS = 60_000
HALF_LIVES_MS = (MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS)
"""Of attempts by the minute, by ten minutes, and of everything else."""
BRIEF_MS = 2000
"""An answered call that ends sooner is brief."""

# A slot: words of 64 bits. Two hold the last callees, the last four two counters each.
_OWNER, _SEEN_MS, _CALLEES, _COUNTERS, _WORDS = 0, 1, 2, 4, 8
_FIRST, _FLOATS = 2 * _COUNTERS, 2 * _WORDS
# The counters, in the order of `CallerMoment`.
_KINDS = 8
_LINE = np.dtype(f"V{8 * _WORDS}")
"""A whole slot: numpy writes it in one go, which is much quicker than word by word."""
_EMPTY = np.zeros((), _LINE)
_TEN_MINUTES, _HOUR, _REPEATED, _NEIGHBOURS, _ENDED, _UNANSWERED, _BRIEF = range(1, _KINDS)
_FADING = np.array([-1 / life for life in HALF_LIVES_MS], np.float32)[:, None]
_ROW_BITS = np.int64(32)
_ROW = np.int64(2**32 - 1)


@dataclass(frozen=True, slots=True)
class CallerMoment:
    """How each caller has been calling, this call included; all zero: nothing is known."""

    attempts_minute: Float32s
    """Attempts, an attempt of a minute ago counting half."""
    attempts_ten_minutes: Float32s
    attempts_hour: Float32s
    """This and all below: an event of an hour ago counts half."""
    repeated: Float32s
    """Attempts to one of the last `last_callees.HISTORY` callees."""
    neighbours: Float32s
    """Attempts to a number within `last_callees.NEAR` of one of these, and none of them."""
    ended: Float32s
    """Attempts whose end was reported."""
    unanswered: Float32s
    brief: Float32s
    """Answered, and over within `BRIEF_MS`."""

    def __len__(self) -> int:
        return len(self.attempts_minute)

    def take(self, rows: Int64s) -> "CallerMoment":
        """Return some rows."""
        return CallerMoment(*[getattr(self, name).take(rows) for name in _NAMES])


_NAMES = tuple(field.name for field in fields(CallerMoment))


class _Events(NamedTuple):
    """What happened to callers that hold a slot, caller by caller."""

    rows: Int64s
    """Where the event is in its table; a caller's rows one after the other, in their order."""
    times: Int64s
    first: Int64s
    """Where each caller's events begin."""
    groups: Int64s
    """Which caller each event is of, by its place in what follows."""
    slots: Int64s

    @property
    def single(self) -> bool:
        """Tell whether no caller has several of them, which is quicker to deal with."""
        return len(self.slots) == len(self.rows)


class MomentMemory:
    """The last minutes of up to *slots* callers at a time, a power of two."""

    def __init__(self, slots: int = 2**18) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 29) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**28, not {slots}")
        self._shift = np.uint64(64 - bits)
        # Written once now, as in `classifiers.activity`.
        self._slots = np.full((slots, _WORDS), 0, np.int64)
        self._words = self._slots.reshape(-1)
        self._lines = self._words.view(_LINE)
        self._floats = self._words.view(np.float32)

    def observe(self, calls: Calls) -> CallerMoment:
        """Count *calls* in, and return how their callers have been calling."""
        slots = self._places(calls.callers)
        readable = (calls.callees != UNREADABLE) & (calls.attempted_at_ms > 0)
        self._claim(calls.callers, slots, calls.attempted_at_ms, readable)
        events = self._events(calls.callers, slots, readable, calls.attempted_at_ms)
        if not len(events.rows):
            return CallerMoment(*np.zeros((_KINDS, len(calls)), np.float32))
        contents = self._slots.take(events.slots, axis=0)
        happened = np.zeros((_KINDS, len(events.rows)), np.float32)
        happened[:_REPEATED] = 1
        callees = last_callees.short(calls.callees[events.rows])
        words = contents[:, _CALLEES:_COUNTERS]
        if events.single:
            before = last_callees.push(words, callees)
        else:
            before = last_callees.push_several(words, callees, events.first, events.groups)
        happened[_REPEATED], happened[_NEIGHBOURS] = last_callees.known_and_near(before, callees)
        counters = self._count(contents, events, happened)
        # Nothing is known of rows that are no event: the last column.
        known = np.zeros((_KINDS, len(events.slots) + 1), np.float32)
        known[:, :-1] = counters
        columns = np.full(len(calls), len(events.slots))
        columns[events.rows] = events.groups
        return CallerMoment(*known.take(columns, axis=1))

    def record_ends(
        self,
        callers: Int64s,
        callees: Int64s,  # noqa: ARG002 - as everyone who is told of ended calls
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count ended calls in for callers that are known."""
        events = self._events(callers, self._places(callers), ended_at_ms > 0, ended_at_ms)
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

    def _claim(self, callers: Int64s, slots: Int64s, times: Int64s, readable: Bools) -> None:
        # Service codes are many people's, and so are names such as "anonymous".
        personal = (callers > 0) & (callers < FIRST_SENDER)
        others = self._words.take(slots * _WORDS) != callers
        newcomers = (others & personal & readable).nonzero()[0]
        if not len(newcomers):
            return
        slots, times = slots[newcomers], times[newcomers]
        idle = np.abs(times - self._words.take(slots * _WORDS + _SEEN_MS))
        # A hold of one call ends at once, that of sixty in an hour; sooner than counters fade.
        hold = self._floats.take(slots * _FLOATS + _FIRST + _HOUR)
        free = hold * np.exp2(idle.astype(np.float32) * _FADING[1]) <= 1
        at = slots[free] * _WORDS
        self._lines[slots[free]] = _EMPTY
        # Of several newcomers in one batch the last gets the slot.
        self._words[at] = callers[newcomers[free]]
        self._words[at + _SEEN_MS] = times[free]

    def _events(self, callers: Int64s, slots: Int64s, readable: Bools, times: Int64s) -> _Events:
        mine = (self._words.take(slots * _WORDS) == callers) & (callers != UNREADABLE)
        rows = (mine & readable).nonzero()[0]
        # Slot and row in one number: sorting these is the quickest way to put rows in order.
        ordered = np.sort(slots[rows] << _ROW_BITS | rows)
        rows, found = ordered & _ROW, ordered >> _ROW_BITS
        begins = np.ones(len(rows), np.bool_)
        np.not_equal(found[1:], found[:-1], out=begins[1:])
        first = begins.nonzero()[0]
        groups = np.cumsum(begins.astype(np.int64)) - 1
        return _Events(rows, times[rows], first, groups, found[first])

    def _count(self, contents: Int64s, events: _Events, happened: Float32s) -> Float32s:
        """Fade what is in the slots, add what *happened*, put them back, and return them.

        *happened* has a row for each counter, for rows as short as eight numbers are slow.
        """
        before = contents[:, _SEEN_MS]
        now = np.maximum(np.maximum.reduceat(events.times, events.first), before)
        in_slots = contents.view(np.float32)[:, _FIRST:]
        counters = np.ascontiguousarray(in_slots.T)
        _fade(counters, now - before)
        ages = now[events.groups] - events.times
        if np.count_nonzero(ages):
            _fade(happened, ages)
        if events.single:
            counters += happened
        else:
            for counter, amounts in zip(counters, happened, strict=True):
                np.add.at(counter, events.groups, amounts)
        in_slots[:] = counters.T
        contents[:, _SEEN_MS] = now
        self._lines[events.slots] = contents.view(_LINE)[:, 0]
        return counters


def _fade(counters: Float32s, ages_ms: Int64s) -> None:
    factors = np.exp2(ages_ms.astype(np.float32) * _FADING)
    counters[:_HOUR] *= factors[:_HOUR]
    counters[_HOUR:] *= factors[_HOUR]
