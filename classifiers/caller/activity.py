"""Remembers what numbers have been doing, in one fixed array, updated as traffic is decided.

Each number has one slot of 96 bytes, found by hash, and 8 more once a switch sends handsets or
areas (`classifiers.caller.mobility`). Making a call claims the slot; getting calls, and texts, only
count for a number that holds one. A slot is never shared: while its owner is a busy caller, others
that hash to it stay unknown, and once the owner has been idle for some hours, it starts over for
the next. The memory may forget, but never holds one number's calls against another, and a flood of
callers of one call each cannot flush out those of many.

Events are weighted by their own time, so their order, also within a batch, does not
matter; rows of one batch see each other. Not for use by several threads.
"""

from typing import NamedTuple

import numpy as np

from classifiers.caller import activity_calendar, cardinality, rolling_window
from classifiers.caller.activity_calendar import DAY_MS, HALF_LIFE_MS
from classifiers.caller.mobility import MobilityTable
from classifiers.hashing import spread
from fanzha.phone import FIRST_SENDER
from fanzha.tables import Bools, CallerActivity, Calls, Float32s, Int64s, Texts, Uint64s

HOLD_HALF_LIFE_MS = DAY_MS // 24
"""An idle owner's hold on its slot halves in this time, from its outgoing calls down to one."""

_FADING = np.float32(1 / HALF_LIFE_MS)
_HOLD_FADING = np.float32(-1 / HOLD_HALF_LIFE_MS)

# A slot: words of 64 bits, the last of which hold two counters each.
_OWNER, _SEEN_MS, _DAYS_AND_HOURS, _COUNTERPARTS, _WRITTEN_WITH = 0, 1, 2, 3, 7
_COUNTERS, _WORDS = 8, 12
_LINE = np.dtype(f"V{8 * _WORDS}")
"""A whole slot: numpy writes it in one go, which is much quicker than word by word."""
_EMPTY = np.zeros((), _LINE)
_FLOATS = 2 * _WORDS
_OUTGOING, _INCOMING, _ENDED, _ANSWERED, _CONNECTED, _SECONDS, _SENT, _RECEIVED = range(
    2 * _COUNTERS, _FLOATS
)


_MANY = 128
"""From so many events on, bits that are set already are left out."""


class ActivityEvents(NamedTuple):
    """What happened to numbers that hold a slot: one row per number and event."""

    rows: Int64s
    """Where the event is in its table; both parties' tables laid end to end."""
    slots: Int64s
    times: Int64s


class ActivityTable:
    """Counters for up to *slots* numbers at a time, a power of two."""

    def __init__(self, slots: int = 2**20) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 25) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**24, not {slots}")
        self._shift = np.uint64(64 - bits)
        # Written once now: memory that is only promised costs milliseconds a call later.
        self._slots = np.full((slots, _WORDS), 0, np.int64)
        # The same memory, flat: the fastest to index.
        self._words = self._slots.reshape(-1)
        self._lines = self._words.view(_LINE)
        self._bits = self._words.view(np.uint64)
        self._floats = self._words.view(np.float32)
        self._mobility = MobilityTable(slots)

    def observe(self, calls: Calls) -> CallerActivity:
        """Count *calls*, and return the activity of their callers, these calls included."""
        rows, times = len(calls), calls.attempted_at_ms
        parties = np.concatenate((calls.callers, calls.callees))
        hashes = spread(parties)
        slots = (hashes >> self._shift).view(np.int64)
        readable = _readable(calls.callers, calls.callees, times)
        held = self._claim(parties, slots, times, readable)
        events = _events(held, readable, slots, times)
        latest, today = self._age(events)
        kinds = np.where(events.rows < rows, _OUTGOING, _INCOMING)
        self._add(events, kinds, _faded(events.times - latest))
        # The other party of a row is half the table further on.
        self._mark(events, today, hashes.take(events.rows + rows, mode="wrap"))
        self._mobility.mark(calls, events.rows, events.slots)
        return self._known(calls.callers, held[:rows], slots[:rows])

    def peek(self, calls: Calls) -> CallerActivity:
        """Return what `observe` would, and count nothing."""
        parties = np.concatenate((calls.callers, calls.callees))
        slots = (spread(parties) >> self._shift).view(np.int64)
        before, places = self._lines[slots], self._mobility.saved(slots)
        try:
            return self.observe(calls)
        finally:
            self._lines[slots] = before
            self._mobility.restore(slots, places)

    def observe_texts(self, texts: Texts) -> None:
        """Count *texts* in for the numbers whose calls are being counted."""
        events, hashes = self._events(texts.senders, texts.receivers, texts.submitted_at_ms)
        kinds = np.where(events.rows < len(texts), _SENT, _RECEIVED)
        self._add(events, kinds, self._weights(events))
        others = np.roll(hashes, len(texts))[events.rows]
        at = events.slots * _WORDS + _WRITTEN_WITH
        np.bitwise_or.at(self._bits, at, cardinality.text_bits(others))

    def record_ends(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        """Count ended calls in for the numbers whose calls are being counted.

        *durations_ms* is the talk time; it is ignored for calls that were not answered.
        """
        events, _hashes = self._events(callers, callees, ended_at_ms)
        weights = self._weights(events)
        which = events.rows % max(len(callers), 1)
        connected = weights * answered[which]
        # Nothing from outside may make a counter infinite.
        seconds = np.clip(durations_ms, 0, DAY_MS).astype(np.float32) / np.float32(1000)
        self._add(events, _CONNECTED, connected)
        self._add(events, _SECONDS, connected * seconds[which])
        by_caller = (events.rows < len(callers)).astype(np.float32)
        self._add(events, _ENDED, weights * by_caller)
        self._add(events, _ANSWERED, connected * by_caller)

    def _events(
        self, parties: Int64s, others: Int64s, times: Int64s
    ) -> tuple[ActivityEvents, Uint64s]:
        both = np.concatenate((parties, others))
        hashes = spread(both)
        slots = (hashes >> self._shift).view(np.int64)
        held = self._held(both, slots)
        events = _events(held, _readable(parties, others, times), slots, times)
        self._age(events)
        return events, hashes

    def _held(self, parties: Int64s, slots: Int64s) -> Bools:
        """Return a mask of which parties hold their slots."""
        held: Bools = self._words.take(slots * _WORDS) == parties
        return held

    def _claim(self, parties: Int64s, slots: Int64s, times: Int64s, readable: Bools) -> Bools:
        """Give free slots to callers without one; return a mask of parties that hold theirs then.

        Callers are the first half of *parties*.
        """
        held = self._held(parties, slots)
        # True is more than False: readable, and a free slot.
        newcomers = (readable > held[: len(readable)]).nonzero()[0]
        if not len(newcomers):
            return held
        callers = parties[newcomers]
        # Service codes are shared by many callers, and so are names such as "anonymous".
        personal = (callers > 0) & (callers < FIRST_SENDER)
        newcomers, callers = newcomers[personal], callers[personal]
        acquired, times = slots[newcomers], times[newcomers]
        idle = np.abs(times - self._words.take(acquired * _WORDS + _SEEN_MS)).astype(np.float32)
        hold = self._floats.take(acquired * _FLOATS + _OUTGOING) * np.exp2(idle * _HOLD_FADING)
        free = hold <= 1
        at = acquired[free] * _WORDS
        self._lines[acquired[free]] = _EMPTY
        self._mobility.clear(acquired[free])
        # Of several newcomers in one batch the last gets the slot.
        self._words[at] = callers[free]
        self._words[at + _SEEN_MS] = times[free]
        return self._held(parties, slots)

    def _age(self, events: ActivityEvents) -> tuple[Int64s, Int64s]:
        """Decay the slots to the time of their latest event; return that time, and its day."""
        slots = self._slots.take(events.slots, axis=0)
        before = slots[:, _SEEN_MS].copy()
        seen_at = events.slots * _WORDS + _SEEN_MS
        np.maximum.at(self._words, seen_at, events.times)
        now = slots[:, _SEEN_MS] = self._words.take(seen_at)
        counters = slots.view(np.float32)[:, 2 * _COUNTERS :]
        # A row for each counter: rows as short as eight numbers are slow to multiply.
        by_counter = np.ascontiguousarray(counters.T)
        by_counter *= _faded(before - now)
        counters[:] = by_counter.T
        days_before, today = before // DAY_MS, now // DAY_MS
        if np.count_nonzero(days_before != today):
            _pass_days(slots.view(np.uint64), days_before, today)
            self._mobility.pass_days(events.slots, days_before, today)
        # A slot found twice gets the same values twice.
        self._lines[events.slots] = slots.view(_LINE)[:, 0]
        return now, today

    def _weights(self, events: ActivityEvents) -> Float32s:
        return _faded(events.times - self._words.take(events.slots * _WORDS + _SEEN_MS))

    def _add(self, events: ActivityEvents, kinds: int | Int64s, amounts: Float32s) -> None:
        np.add.at(self._floats, events.slots * _FLOATS + kinds, amounts)

    def _mark(self, events: ActivityEvents, today: Int64s, hashes_of_others: Uint64s) -> None:
        at = events.slots * _WORDS
        marks = activity_calendar.bits_of(events.times, today)
        _set_bits(self._bits, at + _DAYS_AND_HOURS, marks)
        words, bits = cardinality.bit_positions(hashes_of_others)
        _set_bits(self._bits, at + _COUNTERPARTS + words, bits)

    def _known(self, callers: Int64s, held: Bools, slots: Int64s) -> CallerActivity:
        words = self._slots.take(slots, axis=0)
        # What cannot be read is 0, and so is the owner of an empty slot.
        known = np.logical_and(held, callers)
        if np.count_nonzero(known) < len(known):
            words[~known] = 0
        column = np.ascontiguousarray(words.view(np.float32)[:, _OUTGOING:].T)
        bits = np.ascontiguousarray(words.view(np.uint64)[:, _DAYS_AND_HOURS:_COUNTERS].T)
        talked_with, written_with = cardinality.estimate(bits[1:])
        handsets, areas = self._mobility.count(slots, known)
        return CallerActivity(
            outgoing_calls=column[0],
            incoming_calls=column[1],
            counterparts=talked_with,
            active_days=activity_calendar.count_days(bits[0]),
            active_hours=activity_calendar.count_hours(bits[0]),
            ended_calls=column[2],
            answered_calls=column[3],
            connected_calls=column[4],
            connected_seconds=column[5],
            texts_sent=column[6],
            texts_received=column[7],
            text_counterparts=written_with,
            handsets=handsets,
            location_areas=areas,
        )


def _readable(parties: Int64s, others: Int64s, times: Int64s) -> Bools:
    # What cannot be read is 0.
    readable = np.logical_and(parties, others)
    readable &= times > 0
    return readable


def _events(held: Bools, readable: Bools, slots: Int64s, times: Int64s) -> ActivityEvents:
    """Return the events of those that hold a slot; both parties' halves are as long as *times*."""
    rows = (held & np.concatenate((readable, readable))).nonzero()[0]
    return ActivityEvents(rows, slots.take(rows), times.take(rows, mode="wrap"))


def _set_bits(words: Uint64s, at: Int64s, bits: Uint64s) -> None:
    """Set *bits* of *words*, in place; a word may stand several times in *at*."""
    if len(at) >= _MANY:
        # Of known callers most are set already, and looking costs a third of setting.
        rows = (bits & ~words.take(at)).nonzero()[0]
        at, bits = at[rows], bits[rows]
    np.bitwise_or.at(words, at, bits)


def _faded(ages_ms: Int64s) -> Float32s:
    faded: Float32s = np.exp2(ages_ms.astype(np.float32) * _FADING)
    return faded


def _pass_days(slots: Uint64s, days_before: Int64s, today: Int64s) -> None:
    over = rolling_window.expired_groups(days_before, today)
    days = slots[:, _DAYS_AND_HOURS]
    days[:] = activity_calendar.advance(days, today - days_before, over)
    if over is not None:
        words, written_with = slots[:, _COUNTERPARTS:_WRITTEN_WITH], slots[:, _WRITTEN_WITH]
        words[:] = cardinality.expire(words, over)
        written_with[:] = cardinality.expire_texts(written_with, over)
