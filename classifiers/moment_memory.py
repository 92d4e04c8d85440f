"""Remembers how callers have been calling in the last minutes, in one fixed array.

A slot has 64 bytes, a line of the processor's cache, and is found by hash: fading counters, and
the last `HISTORY` callees, each by the low 16 bits of its number. That is enough to know it again
(one stranger in 8,000 is taken for one of them) and to see that it is a neighbour of one. As in
`classifiers.activity`, a slot is never shared: while its owner is busy, others that hash to it
stay unknown, and an idle owner gives way.

Counters are weighted by the events' own time; what is a repeat or a neighbour goes by the order of
the rows. Rows of one batch see each other. Not for use by several threads.
"""

from dataclasses import dataclass, fields
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from classifiers.hashing import spread
from fanzha.phone import FIRST_SENDER, UNREADABLE
from fanzha.tables import Bools, Calls, Float32s, Int64s

MINUTE_MS = 60_000
HALF_LIVES_MS = (MINUTE_MS, 10 * MINUTE_MS, 60 * MINUTE_MS)
"""Of attempts by the minute, by ten minutes, and of everything else."""
HISTORY = 8
"""Callees that are remembered."""
NEAR = 9
"""Numbers so far apart, and no further, are neighbours."""
BRIEF_MS = 2000
"""An answered call that ends sooner is brief."""

Uint16s = npt.NDArray[np.uint16]

# A slot: words of 64 bits. Two hold the last callees, the last four two counters each.
_OWNER, _SEEN_MS, _CALLEES, _COUNTERS, _WORDS = 0, 1, 2, 4, 8
_FIRST, _FLOATS = 2 * _COUNTERS, 2 * _WORDS
# The counters, in the order of `CallerMoment`.
_KINDS = 8
_TEN_MINUTES, _HOUR, _REPEATED, _NEIGHBOURS, _ENDED, _UNANSWERED, _BRIEF = range(1, _KINDS)
_FADING = np.array([-1 / life for life in HALF_LIVES_MS], np.float32)
_BACK = np.arange(1, HISTORY + 1)
_FAR = np.int16(2**15 - 1)


@dataclass(frozen=True, slots=True)
class CallerMoment:
    """How each caller has been calling, this call included; all zero: nothing is known."""

    attempts_minute: Float32s
    """Attempts, an attempt of a minute ago counting half."""
    attempts_ten_minutes: Float32s
    attempts_hour: Float32s
    """This and all below: an event of an hour ago counts half."""
    repeated: Float32s
    """Attempts to one of the last `HISTORY` callees before."""
    neighbours: Float32s
    """Attempts to a number within `NEAR` of one of these, and none of them."""
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
        self._floats = self._words.view(np.float32)

    def observe(self, calls: Calls) -> CallerMoment:
        """Count *calls* in, and return how their callers have been calling."""
        slots = self._places(calls.callers)
        readable = (calls.callees != UNREADABLE) & (calls.attempted_at_ms > 0)
        self._claim(calls.callers, slots, calls.attempted_at_ms, readable)
        events = self._events(calls.callers, slots, readable, calls.attempted_at_ms)
        known = np.zeros((len(calls), _KINDS), np.float32)
        if len(events.rows):
            contents = self._slots.take(events.slots, axis=0)
            happened = np.zeros((len(events.rows), _KINDS), np.float32)
            happened[:, :_REPEATED] = 1
            self._dial(contents, events, _short(calls.callees[events.rows]), happened)
            self._count(contents, events, happened)
            known[events.rows] = contents.view(np.float32)[events.groups, _FIRST:]
        return CallerMoment(*known.T.copy())

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
        happened = np.zeros((len(events.rows), _KINDS), np.float32)
        happened[:, _ENDED] = 1
        happened[:, _UNANSWERED] = ~answered[events.rows]
        happened[:, _BRIEF] = (answered & (durations_ms < BRIEF_MS))[events.rows]
        self._count(contents, events, happened)

    def _places(self, callers: Int64s) -> Int64s:
        return (spread(callers) >> self._shift).view(np.int64)

    def _claim(self, callers: Int64s, slots: Int64s, times: Int64s, readable: Bools) -> None:
        # Service codes are many people's, and so are names such as "anonymous".
        personal = (callers > 0) & (callers < FIRST_SENDER)
        others = self._words.take(slots * _WORDS) != callers
        newcomers = np.flatnonzero(others & personal & readable)
        if not len(newcomers):
            return
        slots, times = slots[newcomers], times[newcomers]
        idle = np.abs(times - self._words.take(slots * _WORDS + _SEEN_MS))
        # A hold of one call ends at once, that of sixty in an hour; sooner than counters fade.
        hold = self._floats.take(slots * _FLOATS + _FIRST + _HOUR)
        free = hold * np.exp2(idle.astype(np.float32) * _FADING[_TEN_MINUTES]) <= 1
        at = slots[free] * _WORDS
        self._slots[slots[free]] = 0
        # Of several newcomers in one batch the last gets the slot.
        self._words[at] = callers[newcomers[free]]
        self._words[at + _SEEN_MS] = times[free]

    def _events(self, callers: Int64s, slots: Int64s, readable: Bools, times: Int64s) -> _Events:
        mine = (self._words.take(slots * _WORDS) == callers) & (callers != UNREADABLE)
        rows = np.flatnonzero(mine & readable)
        rows = rows[np.argsort(slots[rows], kind="stable")]
        found = slots[rows]
        begins = np.ones(len(rows), np.bool_)
        np.not_equal(found[1:], found[:-1], out=begins[1:])
        first = np.flatnonzero(begins)
        return _Events(rows, times[rows], first, np.cumsum(begins) - 1, found[first])

    def _count(self, contents: Int64s, events: _Events, happened: Float32s) -> None:
        """Fade what is in the slots, add what *happened*, and put them back."""
        before = contents[:, _SEEN_MS]
        now = np.maximum(np.maximum.reduceat(events.times, events.first), before)
        counters = contents.view(np.float32)[:, _FIRST:]
        _fade(counters, now - before)
        ages = now[events.groups] - events.times
        if ages.any():
            _fade(happened, ages)
        several = len(happened) > len(counters)
        counters += np.add.reduceat(happened, events.first, axis=0) if several else happened
        contents[:, _SEEN_MS] = now
        self._slots[events.slots] = contents

    def _dial(
        self, contents: Int64s, events: _Events, callees: Uint16s, happened: Float32s
    ) -> None:
        """Put *callees* into the histories; say which were there, and which next to one there."""
        words = contents[:, _CALLEES:_COUNTERS]
        before = words.copy().view(np.uint16)
        last = np.append(events.first[1:], len(callees)) - 1
        if len(events.slots) < len(callees):
            # Before the nth row of a caller come its others of this batch, and then what was known.
            places = np.arange(len(callees))
            nth = (places - events.first[events.groups])[:, None]
            known = np.take_along_axis(before[events.groups], np.maximum(_BACK - 1 - nth, 0), 1)
            batch = callees[np.maximum(places[:, None] - _BACK, 0)]
            before = np.where(nth >= _BACK, batch, known)
        words[:] = np.column_stack((callees[last], before[last, :-1])).view(np.int64)
        apart = np.abs((before - callees[:, None]).view(np.int16))
        apart[before == 0] = _FAR
        nearest = apart.min(axis=1)
        happened[:, _REPEATED] = nearest == 0
        happened[:, _NEIGHBOURS] = (nearest > 0) & (nearest <= NEAR)


def _short(callees: Int64s) -> Uint16s:
    """Return what is remembered of a callee; 0 is kept for nobody."""
    return np.maximum(callees.astype(np.uint16), np.uint16(1))


def _fade(counters: Float32s, ages_ms: Int64s) -> None:
    factors = np.exp2(ages_ms.astype(np.float32)[:, None] * _FADING)
    counters[:, :_HOUR] *= factors[:, :_HOUR]
    counters[:, _HOUR:] *= factors[:, _HOUR:]
