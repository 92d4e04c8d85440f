"""Remembers what numbers have been doing, in one fixed array, updated as traffic is decided.

Each number has one slot of 96 bytes, found by hash, and 8 more once a switch sends handsets or
areas. Making a call claims the slot; getting calls, and texts, only count for a number that holds
one. A slot is never shared: while its owner is a busy caller, others that hash to it stay unknown,
and once the owner has been idle for some hours, it starts over for the next. The memory may forget,
but never holds one number's calls against another, and a flood of callers of one call each cannot
flush out those of many.

What is kept of a number (`kernels/activity.c` reads and writes it):

- counters, in which an event counts half after `HALF_LIFE_MS`;
- the last 32 days and the hours of the day (UTC) with a call, as bits; how many hours there are
  does not depend on the time zone, as long as it is off by whole hours;
- with how many different numbers it had calls and texts, by linear counting (Whang et al., 1990):
  the hash of the other number sets one bit, of 256 for calls and of 64 for texts, and the unset
  bits estimate the number of distinct ones. Calls: exact to a few per cent for up to 100 numbers,
  off by some 15 per cent at 500, full at about 1,200. Texts: off by some 10 per cent at 60, full
  at 300;
- likewise from how many handsets and location areas it called, in 32 bits each, off by some 15 per
  cent at 20.

Bits expire: every five days the next quarter of them is cleared, so that together they cover 7 to
13 days. Events are weighted by their own time, so their order, also within a batch, does not
matter; rows of one batch see each other. Not for use by several threads.
"""

import ctypes

import numpy as np

from fanzha import kernels
from fanzha.tables import Bools, CallerActivity, Calls, Float32s, Int64s, Texts, Uint32s, Uint64s

DAY_MS = 86_400_000
HALF_LIFE_MS = 7 * DAY_MS
"""After this time an event counts half."""
HOLD_HALF_LIFE_MS = DAY_MS // 24
"""An idle owner's hold on its slot halves in this time, from its outgoing calls down to one."""

_WORDS, _COLUMNS = 12, 14
_DAYS, _HALF = 32, 16
_DAY_WEIGHTS = np.exp2(-np.arange(_DAYS) * DAY_MS / HALF_LIFE_MS).astype(np.float32)


def _weights_by_bits(weights: Float32s) -> Float32s:
    """Return what days weigh together, by the bits of those with calls."""
    days = np.arange(len(weights))
    subsets = np.arange(2 ** len(weights))[:, np.newaxis] >> days & 1
    return (subsets @ weights).astype(np.float32)


_RECENT, _EARLIER = _weights_by_bits(_DAY_WEIGHTS[:_HALF]), _weights_by_bits(_DAY_WEIGHTS[_HALF:])

_POINTERS = (kernels.POINTER,)
_observe_calls = kernels.declare("observe_calls", *_POINTERS * 6, kernels.INTEGER, kernels.POINTER)
_observe_texts = kernels.declare("observe_texts", *_POINTERS * 4, kernels.INTEGER)
_record_ends = kernels.declare("record_ends", *_POINTERS * 6, kernels.INTEGER)
_save_slots = kernels.declare(
    "save_slots",
    *_POINTERS * 3,
    *(kernels.INTEGER, kernels.POINTER, kernels.INTEGER),
)


def distinct_by_bits(bits: int) -> Float32s:
    """Return how many distinct things are estimated, by the number of set bits among *bits*."""
    # All set counts as half a bit unset.
    unset = np.maximum(bits - np.arange(bits + 1), 0.5)
    return (bits * np.log(bits / unset)).astype(np.float32)


_DISTINCT, _DISTINCT_PLACES = distinct_by_bits(64), distinct_by_bits(32)


class MemoryTable(ctypes.Structure):
    """`Memory` in the kernel."""

    _fields_ = (
        ("slots", kernels.POINTER),
        ("mobility", kernels.POINTER),
        ("shift", kernels.INTEGER),
        ("recent_days", kernels.POINTER),
        ("earlier_days", kernels.POINTER),
        ("distinct", kernels.POINTER),
        ("distinct_places", kernels.POINTER),
    )


class ActivityTable:
    """Counters for up to *slots* numbers at a time, a power of two."""

    def __init__(self, slots: int = 2**20) -> None:
        bits = slots.bit_length() - 1
        if bits not in range(1, 25) or slots != 1 << bits:
            raise ValueError(f"slots: a power of two up to 2**24, not {slots}")
        # Written once now: memory that is only promised costs milliseconds a call later.
        self._slots = np.full((slots, _WORDS), 0, np.int64)
        self._mobility: Uint64s | None = None
        tables = (_RECENT, _EARLIER, _DISTINCT, _DISTINCT_PLACES)
        self._table = MemoryTable(
            kernels.address(self._slots), None, 64 - bits, *map(kernels.address, tables)
        )
        self._at = ctypes.byref(self._table)

    def observe(self, calls: Calls) -> CallerActivity:
        """Count *calls*, and return the activity of their callers, these calls included."""
        rows, known = len(calls), np.empty((_COLUMNS, len(calls)), np.float32)
        if rows:
            handsets, areas = self._places(calls.handsets), self._places(calls.location_areas)
            _observe_calls(
                *(self._at, kernels.address(calls.callers), kernels.address(calls.callees)),
                *(kernels.address(calls.attempted_at_ms), handsets, areas, rows),
                kernels.address(known),
            )
        return CallerActivity.of_columns(known)

    def peek(self, calls: Calls) -> CallerActivity:
        """Return what `observe` would, and count nothing."""
        had_mobility = self._mobility is not None
        parties = np.concatenate((calls.callers, calls.callees))
        saved = np.empty((len(parties), _WORDS), np.int64)
        places = np.empty(len(parties), np.uint64)
        arguments = (
            *(self._at, kernels.address(parties), kernels.address(saved), len(parties)),
            kernels.address(places),
        )
        _save_slots(*arguments, 0)
        try:
            return self.observe(calls)
        finally:
            if not had_mobility:
                self._mobility, self._table.mobility = None, None
            _save_slots(*arguments, 1)

    def observe_texts(self, texts: Texts) -> None:
        """Count *texts* in for the numbers whose calls are being counted."""
        if len(texts):
            columns = (texts.senders, texts.receivers, texts.submitted_at_ms)
            _observe_texts(self._at, *map(kernels.address, columns), len(texts))

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
        columns = (callers, callees, answered, durations_ms, ended_at_ms)
        if len(callers):
            _record_ends(self._at, *map(kernels.address, columns), len(callers))

    def _places(self, checksums: Uint32s | None) -> int | None:
        """Return where checksums of handsets or areas lie; memory is taken with the first."""
        if checksums is None:
            return None
        if self._mobility is None:
            self._mobility = np.full(len(self._slots), 0, np.uint64)
            self._table.mobility = kernels.address(self._mobility)
        return kernels.address(checksums)
