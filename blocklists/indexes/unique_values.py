"""Finds what is distinct in a column: of millions, many times as quick as np.unique.

That one hashes, or sorts places along with the values, which waits for memory at every step.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s, Uint32s, Uint64s

_Keys = TypeVar("_Keys", Int64s, Uint64s)


def sorted_unique(keys: _Keys) -> _Keys:
    """Return *keys* in order, each once."""
    ordered: _Keys = np.sort(keys)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def compact(places: npt.NDArray[np.unsignedinteger], room: int) -> tuple[Int64s, Uint32s]:
    """Return which of *room* places are used, in order, and for each row which of them it is."""
    if room > len(places):  # a few rows of very much: what they leave out is not looked at
        few, renumbered = np.unique(places, return_inverse=True)
        return few.astype(np.int64), renumbered.astype(np.uint32)
    is_used = np.bincount(places, minlength=room) > 0
    if is_used.all():
        return np.arange(room), places.astype(np.uint32)
    moved = np.cumsum(is_used, dtype=np.uint32) - np.uint32(1)
    return np.flatnonzero(is_used), moved[places]
