"""Tests very many keys for membership in a set that few of them belong to.

A one-hash Bloom filter passes one in thirty keys that are not in the set, at a few nanoseconds a
key; a binary search checks those that pass.
"""

import numpy as np

from blocklists.indexes.unique_values import sorted_unique
from fanzha.tables import Bools, Int64s, Uint64s

_MIX = np.uint64(0x9E37_79B9_7F4A_7C15)
_ROOM_BITS, _LEAST_BITS, _MOST_BITS = 5, 12, 27


class KeyFilter:
    """A set of keys, prepared for tests of membership."""

    def __init__(self, keys: Int64s) -> None:
        self.keys: Int64s = sorted_unique(keys)
        bits = min(max(len(self.keys).bit_length() + _ROOM_BITS, _LEAST_BITS), _MOST_BITS)
        self._shift = np.uint64(64 - bits)
        self._marks = np.zeros(2**bits, np.bool_)
        self._marks[self._places(self.keys)] = True

    def __len__(self) -> int:
        return len(self.keys)

    def holds(self, keys: Int64s) -> Bools:
        """Return which of *keys* are in the set, as one bool per key."""
        found: Bools = self._marks.take(self._places(keys))
        let_through = found.nonzero()[0]
        if len(let_through):
            candidates = keys[let_through]
            at = np.minimum(np.searchsorted(self.keys, candidates), len(self.keys) - 1)
            found[let_through] = self.keys[at] == candidates
        return found

    def _places(self, keys: Int64s) -> Int64s:
        mixed: Uint64s = keys.view(np.uint64) * _MIX
        places: Int64s = (mixed >> self._shift).view(np.int64)
        return places
