"""Finds keys among very many, in about the same time however many there are.

Keys are mixed into *slots*, spread evenly over 64 bits, and kept sorted. A directory
says where the slots with each leading bits begin, two to four of them on average, so a
look-up reads one place of the directory and one or two cache lines of slots, where a
binary search would wait for memory once per halving. The mixing can be undone: a slot
is its key, and nothing but the directory (1 to 2 bytes per key) is stored besides.
Someone who picks keys that share their leading bits makes a look-up of these a plain
binary search, no worse.
"""

from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from fanzha.tables import Int64s, Uint32s, Uint64s

# The golden ratio of 2**64, and what multiplies with it to 1.
_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_UNMIX = np.uint64(pow(0x9E37_79B9_7F4A_7C15, -1, 2**64))
_WIDEST = 16
"""Slots compared side by side; a bucket with more is searched by halving."""
_STEPS = np.arange(_WIDEST, dtype=np.int64)


class Found(NamedTuple):
    """Pairs of what was asked and where it is; a key that stands twice gives two pairs."""

    queries: Int64s
    positions: Int64s


def slots_of(keys: Int64s) -> Uint64s:
    """Spread keys evenly over 64 bits."""
    return keys.view(np.uint64) * _MIX


def keys_of(slots: Uint64s) -> Int64s:
    """Undo `slots_of`."""
    return (slots * _UNMIX).view(np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class SlotIndex:
    """Sorted slots with their directory; never empty."""

    slots: Uint64s
    directory: Uint32s
    """Where each bucket begins, and a last one: how many slots there are."""

    @classmethod
    def build(cls, slots: Uint64s) -> Self:
        """Index *slots*, which are sorted and fewer than 2**32."""
        bits = directory_bits(len(slots))
        buckets = (slots >> np.uint64(64 - bits)).view(np.int64)
        directory = np.zeros(2**bits + 1, np.uint32)
        np.cumsum(np.bincount(buckets, minlength=2**bits), out=directory[1:])
        return cls(slots=slots, directory=directory)

    def find(self, wanted: Uint64s) -> Found:
        """Return where each wanted slot stands, in the order asked."""
        buckets = (wanted >> np.uint64(65 - len(self.directory).bit_length())).view(np.int64)
        starts = self.directory.take(buckets).astype(np.int64)
        sizes = self.directory.take(buckets + 1) - starts
        width = int(sizes.max(initial=0))
        if width > _WIDEST:
            return self._find_by_halving(wanted)
        grid = starts[:, None] + _STEPS[:width]
        hits = np.flatnonzero(self.slots.take(grid, mode="clip") == wanted[:, None])
        if not len(hits):
            return Found(hits, hits)
        queries = hits // width
        positions = starts[queries] + hits % width
        # Beyond the end, clipping repeats the last slot.
        real = positions < len(self.slots)
        return Found(queries[real], positions[real])

    def _find_by_halving(self, wanted: Uint64s) -> Found:
        first = np.searchsorted(self.slots, wanted, side="left")
        count = np.searchsorted(self.slots, wanted, side="right") - first
        queries = np.repeat(np.arange(len(wanted)), count)
        nth = np.arange(len(queries)) - np.repeat(np.cumsum(count) - count, count)
        return Found(queries, first[queries] + nth)


def directory_bits(rows: int) -> int:
    """Return how many leading bits tell buckets apart, for two to four slots in each."""
    return max(rows.bit_length() - 2, 1)
