"""Finds keys among very many, in about the same time however many there are.

Keys are mixed into *slots*, spread evenly over 64 bits, and kept sorted. A directory
says where the slots with each leading bits begin, two to four of them on average, so a
look-up reads one place of the directory and one or two cache lines of slots, where a
binary search would wait for memory once per halving. Most keys are absent: a bitmap over a few
more leading bits answers four fifths of those with one read.
The mixing can be undone: a slot is its key, and nothing but directory and marks (1.5 to
3 bytes per key) is stored besides. Someone who picks keys that share their leading bits
makes a look-up of these a plain binary search, no worse.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from fanzha.tables import Int64s, Uint8s, Uint32s, Uint64s

# The golden ratio of 2**64, and what multiplies with it to 1.
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_UNMIX = np.uint64(pow(0x9E37_79B9_7F4A_7C15, -1, 2**64))
_LOWEST_BIT = np.uint8(1)
_WIDEST = 16
"""Slots compared side by side; a bucket with more is searched by halving."""
_STEPS = np.arange(_WIDEST, dtype=np.int64)
_MARK_BITS = 4
"""So many more leading bits have marks than have places in the directory."""
_WORTH_MARKS = 128
"""For fewer, a step more costs more than it saves."""


class SlotMatches(NamedTuple):
    """Pairs of query and position; a key that occurs twice gives two pairs."""

    queries: Int64s
    positions: Int64s


def slots_of(keys: Int64s) -> Uint64s:
    """Spread keys evenly over 64 bits."""
    return keys.view(np.uint64) * _MIX


def keys_of(slots: Uint64s) -> Int64s:
    """Undo `slots_of`."""
    return (slots * _UNMIX).view(np.int64)


def key_of(slot: int) -> int:
    """Return the key of one slot, quicker than by `keys_of`."""
    bits = slot * int(_UNMIX) % 2**64
    return bits - 2**64 if bits >= 2**63 else bits


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotIndex:
    """Sorted slots with their directory; never empty."""

    slots: Uint64s
    directory: Uint32s
    """Where each bucket begins, and a last one: how many slots there are."""
    marks: Uint8s | None = None
    """A bit for each way to lead a slot, set where there is one; None from earlier versions."""

    @classmethod
    def build(cls, slots: Uint64s) -> Self:
        """Index *slots*, which are sorted and fewer than 2**32."""
        bits = directory_bits(len(slots))
        buckets = (slots >> np.uint64(64 - bits)).view(np.int64)
        directory = np.zeros(2**bits + 1, np.uint32)
        np.cumsum(np.bincount(buckets, minlength=2**bits), out=directory[1:])
        marked = np.zeros(2 ** (bits + _MARK_BITS), np.bool_)
        marked[(slots >> np.uint64(64 - bits - _MARK_BITS)).view(np.int64)] = True
        marks = np.packbits(marked, bitorder="little")
        return cls(slots=slots, directory=directory, marks=marks)

    def find(self, slots_sought: Uint64s) -> SlotMatches:
        """Return the positions of *slots_sought* slots, in query order."""
        if self.marks is None or len(slots_sought) < _WORTH_MARKS:
            return self._find_all(slots_sought)
        leads = (slots_sought >> np.uint64(62 - len(self.marks).bit_length())).view(np.int64)
        marks = self.marks.take(leads >> 3)
        marks >>= (leads & 7).astype(np.uint8)
        marks &= _LOWEST_BIT
        marked = marks.nonzero()[0]
        if not len(marked):
            return SlotMatches(marked, marked)
        queries, positions = self._find_all(slots_sought.take(marked))
        return SlotMatches(marked.take(queries), positions)

    def _find_all(self, slots_sought: Uint64s) -> SlotMatches:
        buckets = (slots_sought >> np.uint64(65 - len(self.directory).bit_length())).view(np.int64)
        starts = self.directory.take(buckets).astype(np.int64)
        sizes = self.directory.take(buckets + 1) - starts
        width = int(np.maximum.reduce(sizes, initial=0))
        if width > _WIDEST:
            return self._find_by_halving(slots_sought)
        grid = starts[:, None] + _STEPS[:width]
        same = self.slots.take(grid, mode="clip") == slots_sought[:, None]
        hits = same.ravel().nonzero()[0]
        if not len(hits):
            return SlotMatches(hits, hits)
        queries = hits // width
        positions = starts[queries] + hits % width
        # Beyond the end, clipping repeats the last slot.
        real = positions < len(self.slots)
        return SlotMatches(queries[real], positions[real])

    def _find_by_halving(self, slots_sought: Uint64s) -> SlotMatches:
        first = np.searchsorted(self.slots, slots_sought, side="left")
        count = np.searchsorted(self.slots, slots_sought, side="right") - first
        queries = np.repeat(np.arange(len(slots_sought)), count)
        nth = np.arange(len(queries)) - np.repeat(np.cumsum(count) - count, count)
        return SlotMatches(queries, first[queries] + nth)


def directory_bits(rows: int) -> int:
    """Return how many leading bits select a bucket of two to four slots."""
    return max(rows.bit_length() - 2, 1)
