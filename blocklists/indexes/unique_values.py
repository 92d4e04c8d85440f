"""Distinct values of a column: for millions, many times as fast as `numpy.unique`.

numpy hashes, or sorts indices along with the values, which waits for memory at every step.
"""

from typing import TypeVar

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s, Uint32s, Uint64s

_Keys = TypeVar("_Keys", Int64s, Uint64s)


def sorted_unique(keys: _Keys) -> _Keys:
    """Return the distinct *keys*, sorted."""
    ordered: _Keys = np.sort(keys)
    first = np.ones(len(ordered), np.bool_)
    np.not_equal(ordered[1:], ordered[:-1], out=first[1:])
    return ordered[first]


def compact(places: npt.NDArray[np.unsignedinteger], room: int) -> tuple[Int64s, Uint32s]:
    """Return the used places of *room*, sorted, and each row's index among them."""
    if room > len(places):  # few rows of a large table: unused places are not visited
        few, renumbered = np.unique(places, return_inverse=True)
        return few.astype(np.int64), renumbered.astype(np.uint32)
    is_used = np.bincount(places, minlength=room) > 0
    if is_used.all():
        return np.arange(room), places.astype(np.uint32)
    moved = np.cumsum(is_used, dtype=np.uint32) - np.uint32(1)
    return np.flatnonzero(is_used), moved[places]
