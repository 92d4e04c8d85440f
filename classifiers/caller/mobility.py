"""From how many handsets and location areas numbers have been calling, as bitmaps.

One word a slot of `classifiers.caller.activity`: 32 bits for handsets, 32 for areas, by linear
counting as in `classifiers.caller.cardinality`, off by some 15 per cent at 20. A quarter of each
is cleared in turns (`classifiers.caller.rolling_window`). Few switches send either, so memory is
taken only once one does.
"""

import numpy as np

from classifiers.caller import rolling_window
from classifiers.hashing import spread
from fanzha.tables import Bools, Calls, Float32s, Int64s, Uint32s, Uint64s

_BITS = 32
_QUARTER = _BITS // rolling_window.GROUPS
_LOW = np.uint64(2**_BITS - 1)
_EIGHT = (1 << _QUARTER) - 1
_RETAINED = rolling_window.retention_masks(
    tuple(
        _EIGHT << (_QUARTER * group) | _EIGHT << (_BITS + _QUARTER * group)
        for group in range(rolling_window.GROUPS)
    )
)
# By the number of set bits; all set counts as half a bit unset.
_ESTIMATES = (_BITS * np.log(_BITS / np.maximum(_BITS - np.arange(_BITS + 1), 0.5))).astype(
    np.float32
)


class MobilityTable:
    """The bitmaps of *slots* numbers; nothing until the first handset or area. One thread only."""

    def __init__(self, slots: int) -> None:
        self._slots = slots
        self._words: Uint64s | None = None

    def clear(self, slots: Int64s) -> None:
        """Forget the owners of *slots*."""
        if self._words is not None:
            self._words[slots] = 0

    def pass_days(self, slots: Int64s, days_before: Int64s, today: Int64s) -> None:
        """Clear the groups that are over; a slot found twice has the same days twice."""
        if self._words is None:
            return
        over = rolling_window.expired_groups(days_before, today)
        if over is not None:
            kept = rolling_window.retained_bits(over, _RETAINED)
            self._words[slots] = self._words.take(slots) & kept

    def mark(self, calls: Calls, rows: Int64s, slots: Int64s) -> None:
        """Note handset and area of the calls in *rows*, ascending, whose callers hold *slots*.

        Rows beyond the table are those of callees, of whom neither is known.
        """
        if calls.handsets is None and calls.location_areas is None:
            return
        made = rows.searchsorted(len(calls))
        rows, slots = rows[:made], slots[:made]
        if self._words is None:
            self._words = np.full(self._slots, 0, np.uint64)
        for column, first in ((calls.handsets, 0), (calls.location_areas, _BITS)):
            if column is not None:
                np.bitwise_or.at(self._words, slots, _bits(column.take(rows), first))

    def count(self, slots: Int64s, known: Bools) -> tuple[Float32s, Float32s]:
        """Return from how many handsets and from how many areas the owners called.

        0 where unknown, and for rows that are not *known*.
        """
        if self._words is None:
            nothing = np.zeros(len(slots), np.float32)
            return nothing, nothing
        words = self._words.take(slots) * known
        return (
            _ESTIMATES.take(np.bitwise_count(words & _LOW)),
            _ESTIMATES.take(np.bitwise_count(words >> np.uint64(_BITS))),
        )

    def saved(self, slots: Int64s) -> Uint64s | None:
        """Return the words of *slots*, for `restore`."""
        return None if self._words is None else self._words.take(slots)

    def restore(self, slots: Int64s, words: Uint64s | None) -> None:
        """Put back what was `saved`."""
        if words is None or self._words is None:
            self._words = None
        else:
            self._words[slots] = words


def _bits(checksums: Uint32s, first: int) -> Uint64s:
    """Return the bit of each checksum, from bit *first* on; none for 0."""
    hashes = spread(checksums.astype(np.int64))
    places = (hashes >> np.uint64(40)) & np.uint64(_BITS - 1)
    bits: Uint64s = (checksums != 0).astype(np.uint64) << (places + np.uint64(first))
    return bits
